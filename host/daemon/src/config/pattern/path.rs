//! Patterns for the path of a request, segment by segment.
//!
//! Paths are compared as they stand on the wire: percent-encoding is not decoded and dots
//! are not resolved, since the endpoint gets the path as it came. Upper case differs.

use std::fmt;

/// Longer patterns are refused: they bound the depth of the router's tree.
const LONGEST: usize = 2048;

/// An exact path, a prefix, or a glob.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PathPattern {
    segments: Box<[Segment]>,
}

/// What one part between slashes must be.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Segment {
    /// This text. Empty after the last slash of `/a/`.
    Literal(Box<str>),
    /// Text with gaps, like `*.png`.
    Glob(Glob),
    /// `*`: any text but the empty one.
    One,
    /// `**`: any number of segments, none included.
    Any,
}

/// Text with gaps that any letters but `/` fill, or none.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Glob {
    first: Box<str>,
    middle: Box<[Box<str>]>,
    last: Box<str>,
}

impl PathPattern {
    /// Parses one of three forms.
    ///
    /// - Without `*`: exactly this path.
    /// - One `*`, as the last segment: a prefix, up to a slash. `/v1/*` matches `/v1`,
    ///   `/v1/` and `/v1/x/y`, not `/v10`. `/v1/**` is the same.
    /// - Otherwise a glob. `*` matches within a segment; as a whole segment it matches any
    ///   but an empty one. `**` is a segment of its own and matches any number of them.
    ///
    /// # Errors
    ///
    /// A sentence for the operator when no path could ever match.
    pub fn parse(text: &str) -> Result<Self, String> {
        let Some(rest) = text.strip_prefix('/') else {
            return Err("a path starts with `/`".into());
        };
        if text.len() > LONGEST {
            return Err(format!("a pattern has at most {LONGEST} letters"));
        }
        if !text.is_ascii() {
            return Err("write letters beyond ASCII percent-encoded, as clients send them".into());
        }
        if text.contains(['?', '#']) {
            return Err("a path has no query and no fragment".into());
        }
        if text.bytes().any(|b| b.is_ascii_control() || b == b' ') {
            return Err("a path has no white space; write `%20`".into());
        }
        let mut segments = Vec::new();
        for part in rest.split('/') {
            let segment = Segment::parse(part)?;
            // `/**/**` matches what `/**` does.
            if segment != Segment::Any || segments.last() != Some(&Segment::Any) {
                segments.push(segment);
            }
        }
        if text.ends_with("/*") && text.matches('*').count() == 1 {
            segments.pop();
            segments.push(Segment::Any);
        }
        Ok(Self {
            segments: segments.into(),
        })
    }

    /// The parts between the slashes.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// Whether only one path matches.
    pub fn is_exact(&self) -> bool {
        self.segments
            .iter()
            .all(|segment| matches!(segment, Segment::Literal(_)))
    }

    /// How many letters of the pattern, slashes included, stand for themselves. The more, the
    /// more specific it is.
    pub fn literal_len(&self) -> usize {
        self.segments
            .iter()
            .map(|segment| 1 + segment.literal_len())
            .sum()
    }
}

impl fmt::Display for PathPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for segment in &self.segments {
            match segment {
                Segment::Literal(text) => write!(f, "/{text}")?,
                Segment::Glob(glob) => write!(f, "/{glob}")?,
                Segment::One => f.write_str("/*")?,
                Segment::Any => f.write_str("/**")?,
            }
        }
        Ok(())
    }
}

impl Segment {
    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "*" => Ok(Self::One),
            "**" => Ok(Self::Any),
            _ if text.contains("**") => Err("`**` is a segment of its own, between slashes".into()),
            _ => Ok(Glob::parse(text).map_or_else(|| Self::Literal(text.into()), Self::Glob)),
        }
    }

    /// Whether this one segment fits. [`Segment::Any`] fits each.
    pub fn matches(&self, text: &str) -> bool {
        match self {
            Self::Literal(literal) => **literal == *text,
            Self::Glob(glob) => glob.matches(text),
            Self::One => !text.is_empty(),
            Self::Any => true,
        }
    }

    fn literal_len(&self) -> usize {
        match self {
            Self::Literal(text) => text.len(),
            Self::Glob(glob) => {
                let middle: usize = glob.middle.iter().map(|text| text.len()).sum();
                glob.first.len() + middle + glob.last.len()
            }
            Self::One | Self::Any => 0,
        }
    }
}

impl Glob {
    /// `None` when there is no gap.
    fn parse(text: &str) -> Option<Self> {
        let (first, rest) = text.split_once('*')?;
        let (middle, last) = rest.rsplit_once('*').unwrap_or(("", rest));
        let middle = middle.split('*').filter(|text| !text.is_empty());
        Some(Self {
            first: first.into(),
            middle: middle.map(Into::into).collect(),
            last: last.into(),
        })
    }

    /// Whether the text fits. Linear in its length: each piece is taken where it first
    /// occurs, which leaves the most room for those after it.
    pub fn matches(&self, text: &str) -> bool {
        let Some(rest) = text.strip_prefix(&*self.first) else {
            return false;
        };
        let Some(mut rest) = rest.strip_suffix(&*self.last) else {
            return false;
        };
        self.middle
            .iter()
            .all(|piece| match rest.split_once(&**piece) {
                Some((_, after)) => {
                    rest = after;
                    true
                }
                None => false,
            })
    }
}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}*", self.first)?;
        for piece in &self.middle {
            write!(f, "{piece}*")?;
        }
        f.write_str(&self.last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> PathPattern {
        PathPattern::parse(text).expect(text)
    }

    #[test]
    fn different_spellings_are_one_pattern() {
        assert_eq!(parsed("/v1/*"), parsed("/v1/**"));
        assert_eq!(parsed("/a/**/**/b"), parsed("/a/**/b"));
        assert_ne!(parsed("/a"), parsed("/a/"));
        assert_ne!(
            parsed("/*/a/*"),
            parsed("/*/a/**"),
            "a second `*` makes it a glob"
        );
    }

    #[test]
    fn a_pattern_prints_as_one_that_parses_to_it() {
        for text in [
            "/", "/a", "/a/", "/a/*", "/*/b/*", "/**/x", "/a*b*/c", "/*.png",
        ] {
            assert_eq!(parsed(&parsed(text).to_string()), parsed(text), "{text}");
        }
    }

    #[test]
    fn specificity_counts_the_letters_that_stand_for_themselves() {
        for (text, literals) in [
            ("/", 1),
            ("/*", 1),
            ("/v1/*", 4),
            ("/v1/**", 4),
            ("/*/b", 3),
            ("/a*b*c/**", 5),
        ] {
            assert_eq!(parsed(text).literal_len(), literals, "{text}");
        }
        assert!(parsed("/a/b").is_exact() && !parsed("/a/*").is_exact());
    }

    #[test]
    fn gaps_are_filled_by_any_letters_or_none() {
        let fits =
            |pattern: &str, text: &str| Segment::parse(pattern).expect(pattern).matches(text);
        assert!(fits("*.png", "a.png") && fits("*.png", ".png") && !fits("*.png", "png"));
        assert!(
            fits("a*a", "aa") && !fits("a*a", "a"),
            "pieces do not overlap"
        );
        assert!(fits("a*b*c", "abc") && fits("a*b*c", "axbbyc") && !fits("a*b*c", "acb"));
        assert!(fits("*ab*", "aab") && !fits("*ab*", "ba"));
        assert!(fits("*", "x") && !fits("*", ""));
    }

    #[test]
    fn what_no_path_can_match_is_refused() {
        for text in [
            "", "a", "*", "/a?b", "/a#b", "/a b", "/a\n", "/größe", "/a**", "/***",
        ] {
            assert!(PathPattern::parse(text).is_err(), "{text:?}");
        }
        assert!(PathPattern::parse(&format!("/{}", "a".repeat(LONGEST))).is_err());
    }
}
