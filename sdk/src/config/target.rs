//! A path and query in an operator's file.

use std::ops::Deref;

use serde::de::{Deserialize, Deserializer, Error};

/// A path, perhaps with a query, as a request has it: begins with a slash, percent-encoded, without
/// a fragment.
///
/// ```
/// # use tidegate_sdk::config::Target;
/// assert_eq!(&*Target::parse("/login?next=%2Fcart").unwrap(), "/login?next=%2Fcart");
/// assert_eq!(Target::parse("login").unwrap_err(), "the path `login` does not begin with a slash");
/// assert!(Target::may_have(b'%') && !Target::may_have(b' '));
/// assert!(Target::parse(&format!("/{}", "a".repeat(Target::LONGEST))).is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target(String);

impl Target {
    /// Bytes of the longest that the host takes from a plugin.
    pub const LONGEST: usize = 8 << 10;

    /// Reads it.
    ///
    /// # Errors
    /// It cannot stand in a request.
    pub fn parse(text: &str) -> Result<Self, String> {
        let shown = text.escape_debug();
        if !text.starts_with('/') {
            return Err(format!("the path `{shown}` does not begin with a slash"));
        }
        if text.len() > Target::LONGEST {
            let (length, longest) = (text.len(), Target::LONGEST);
            return Err(format!("a path of {length} bytes; at most {longest}"));
        }
        match text.bytes().all(Target::may_have) {
            true => Ok(Target(text.to_owned())),
            false => Err(format!("the path `{shown}` is not percent-encoded")),
        }
    }

    /// Whether a byte may stand in a path and query as it is.
    pub fn may_have(byte: u8) -> bool {
        byte.is_ascii_graphic() && byte != b'#'
    }
}

impl Deref for Target {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Target {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Target::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_request_cannot_have_is_refused() {
        for text in ["/", "/a/b?c=d&e", "//", "/%C3%BC", "/a;b,c"] {
            assert_eq!(&*Target::parse(text).unwrap(), text);
        }
        let long = format!("/{}", "a".repeat(Target::LONGEST));
        assert!(Target::parse(&long).unwrap_err().contains("8193 bytes"));
        for text in ["", "a", "?a", "*", "http://a/"] {
            assert!(
                Target::parse(text)
                    .unwrap_err()
                    .ends_with("begin with a slash"),
                "{text}"
            );
        }
        for text in ["/a b", "/#a", "/\u{fc}", "/a\r\n"] {
            assert!(
                Target::parse(text)
                    .unwrap_err()
                    .ends_with("percent-encoded"),
                "{text}"
            );
        }
    }
}
