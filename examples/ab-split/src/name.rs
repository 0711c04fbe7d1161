//! Names that can stand in a cookie, in an attribute and in a field as they are.

use std::ops::Deref;

use serde::de::{Deserialize, Deserializer, Error};

/// Small letters, digits and `-`, a letter first, at most 32.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name(String);

impl Name {
    fn parse(text: &str) -> Result<Self, String> {
        let fine = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let first = text
            .bytes()
            .next()
            .is_some_and(|byte| byte.is_ascii_lowercase());
        match first && text.len() <= 32 && text.bytes().all(fine) {
            true => Ok(Name(text.to_owned())),
            false => Err(format!(
                "`{}` is not a name: write at most 32 small letters, digits and -, a letter first",
                text.escape_debug()
            )),
        }
    }
}

impl Deref for Name {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Name::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}
