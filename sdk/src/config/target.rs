//! A path and query in an operator's file.

use std::ops::Deref;

use serde::de::{Deserialize, Deserializer, Error};

/// A path, perhaps with a query, as a request has it: begins with a slash, percent-encoded, without
/// a fragment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target(String);

impl Target {
    /// Reads it.
    ///
    /// # Errors
    /// It cannot stand in a request.
    pub fn parse(text: &str) -> Result<Self, String> {
        let shown = text.escape_debug();
        if !text.starts_with('/') {
            return Err(format!("the path `{shown}` does not begin with a slash"));
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
