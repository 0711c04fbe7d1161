//! Patterns for the value of a field.

use http::HeaderValue;

/// What the value of a field must be. Values are compared as bytes: upper case differs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HeaderPattern {
    /// This value.
    Exact(Box<[u8]>),
    /// Any value that starts with this.
    Prefix(Box<[u8]>),
    /// Any value; the field must be there.
    Present,
}

impl HeaderPattern {
    /// Parses a value, `*` for any value, or `prefix*`. A `*` before the end stands for
    /// itself.
    ///
    /// # Errors
    ///
    /// A sentence for the operator when no request could ever carry the value.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text == "*" {
            return Ok(Self::Present);
        }
        if HeaderValue::from_str(text).is_err() {
            return Err("a value has no control letters".into());
        }
        // RFC 9110, 5.5: white space around a value is not part of it.
        if text.trim_ascii() != text {
            return Err("a value neither starts nor ends with white space".into());
        }
        Ok(match text.strip_suffix('*') {
            Some(prefix) => Self::Prefix(prefix.as_bytes().into()),
            None => Self::Exact(text.as_bytes().into()),
        })
    }

    /// Whether this value fits.
    pub fn matches(&self, value: &HeaderValue) -> bool {
        match self {
            Self::Exact(exact) => value.as_bytes() == &**exact,
            Self::Prefix(prefix) => value.as_bytes().starts_with(prefix),
            Self::Present => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_prefix_and_present() {
        let fits = |pattern: &str, value: &'static str| {
            let pattern = HeaderPattern::parse(pattern).expect(pattern);
            pattern.matches(&HeaderValue::from_static(value))
        };
        assert!(fits("1", "1") && !fits("1", "10") && !fits("a", "A"));
        assert!(fits("v2.*", "v2.1") && fits("v2.*", "v2.") && !fits("v2.*", "v2"));
        assert!(fits("*", "") && fits("*", "anything"));
        assert!(fits("", "") && !fits("", "x"));
        assert!(fits("*/*", "*/json") && !fits("*/*", "text/json"));
    }

    #[test]
    fn a_value_that_nobody_can_send_is_refused() {
        for text in [" a", "a ", "a\nb", "a\0"] {
            assert!(HeaderPattern::parse(text).is_err(), "{text:?}");
        }
    }
}
