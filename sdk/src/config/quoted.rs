//! Text for a place between quotes in a field, such as a realm.

use std::ops::Deref;

use serde::de::{Deserialize, Deserializer, Error};

/// Text that can stand between quotes as it is (RFC 9110, 5.6.4): printable ASCII without quotes
/// and backslashes.
///
/// ```
/// # use tidegate_sdk::config::Quoted;
/// let realm = Quoted::parse("staff of #7").unwrap();
/// assert_eq!(format!("Basic realm=\"{}\"", &*realm), "Basic realm=\"staff of #7\"");
/// assert!(Quoted::parse("the \"staff\"").is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quoted(String);

impl Quoted {
    /// Reads it.
    ///
    /// # Errors
    /// It has other characters.
    pub fn parse(text: &str) -> Result<Self, String> {
        let plain = |byte: u8| matches!(byte, b' '..=b'~') && !b"\"\\".contains(&byte);
        match text.bytes().all(plain) {
            true => Ok(Quoted(text.to_owned())),
            false => Err(format!(
                "`{}` has more than letters of ASCII, or has quotes or backslashes",
                text.escape_debug()
            )),
        }
    }
}

impl Deref for Quoted {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Quoted {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Quoted::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_end_the_quotes_is_refused() {
        assert_eq!(&*Quoted::parse("staff of #7").unwrap(), "staff of #7");
        for text in ["a\"b", "a\\b", "a\nb", "\u{fc}"] {
            assert!(Quoted::parse(text).is_err(), "{text}");
        }
    }
}
