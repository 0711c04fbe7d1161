//! Names of programs, as they stand in `user-agent`, and patterns of them.

use serde::de::{Deserialize, Deserializer, Error};

/// Bytes of a name that are looked at: a client may send as much as the host's bound of a head.
const LOOKED_AT: usize = 1024;
const LONGEST: usize = 128;

/// What a client calls itself, in small letters and not too long.
pub struct Agent(String);

impl Agent {
    pub fn new(field: &[u8]) -> Self {
        let looked_at = &field[..field.len().min(LOOKED_AT)];
        Agent(String::from_utf8_lossy(looked_at).to_ascii_lowercase())
    }
}

/// Text with `*` for any letters, also none: `*bot*`, `curl/*`. Case does not matter.
#[derive(Debug, PartialEq)]
pub struct Pattern {
    /// What stands between the stars: one piece for a text without any.
    pieces: Vec<String>,
}

impl Pattern {
    fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() || text.len() > LONGEST {
            return Err(format!("a pattern has from 1 to {LONGEST} letters"));
        }
        if text.bytes().all(|byte| byte == b'*') {
            return Err(format!("`{text}` is everybody"));
        }
        let text = text.to_ascii_lowercase();
        Ok(Pattern {
            pieces: text.split('*').map(str::to_owned).collect(),
        })
    }

    /// In time that grows with the length of the name and not with its square: the first place of
    /// each piece is the best one.
    pub fn matches(&self, Agent(name): &Agent) -> bool {
        let [first, middle @ .., last] = &self.pieces[..] else {
            return self.pieces.first().is_some_and(|only| only == name);
        };
        let Some(mut rest) = name.strip_prefix(&**first) else {
            return false;
        };
        for piece in middle {
            let Some(place) = rest.find(&**piece) else {
                return false;
            };
            rest = &rest[place + piece.len()..];
        }
        rest.ends_with(&**last)
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Pattern::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, name: &str) -> bool {
        Pattern::parse(pattern)
            .unwrap()
            .matches(&Agent::new(name.as_bytes()))
    }

    #[test]
    fn a_star_is_any_text() {
        for (pattern, name) in [
            ("*bot*", "Mozilla/5.0 (compatible; Googlebot/2.1)"),
            ("*bot*", "BOT"),
            ("curl/*", "curl/8.5.0"),
            ("*/8.5", "curl/8.5"),
            ("a*b*a", "aba"),
            ("a**b", "ab"),
            ("Wget", "wget"),
        ] {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [
            ("curl/*", "libcurl/8.5.0"),
            ("curl", "curl/8.5.0"),
            ("a*a", "a"),
            ("*ab*bc*", "abc"),
            ("*bot", "bots"),
            ("*bot*", ""),
        ] {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
    }

    #[test]
    fn only_the_beginning_of_a_huge_name_is_looked_at() {
        let name = "x".repeat(1 << 16);
        assert!(!matches("*bot*", &format!("{name}bot")));
        assert!(matches("*bot*", &format!("bot{name}")));
        assert!(!matches("*x*x*x*x*x*x*x*x*y", &name));
        let bytes = [b'\xff'; 2000];
        assert!(!matches_bytes("*bot*", &bytes));
    }

    fn matches_bytes(pattern: &str, name: &[u8]) -> bool {
        Pattern::parse(pattern).unwrap().matches(&Agent::new(name))
    }

    #[test]
    fn a_pattern_of_nothing_or_everybody_is_refused() {
        for text in ["", "*", "**", &"a".repeat(LONGEST + 1)] {
            assert!(Pattern::parse(text).is_err(), "{text}");
        }
    }
}
