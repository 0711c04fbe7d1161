//! A SHA-256 digest as 64 hexadecimal digits.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer};

use super::from_text;
use crate::config::problem::quote;
use crate::config::read::Refusal;

/// The digest that a plugin's bytes must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::config) struct Sha256(pub(in crate::config) [u8; 32]);

const EXPECTED: &str = "64 hexadecimal digits";

impl<'de> Deserialize<'de> for Sha256 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        from_text(deserializer, EXPECTED, |text| match parse(text) {
            Some(digest) => Ok(Self(digest)),
            None => Err(Refusal::new(
                format!("expected {EXPECTED}, found {}", quote(text)),
                "write what `sha256sum` prints for the plugin's file, in quotes",
            )),
        })
    }
}

fn parse(text: &str) -> Option<[u8; 32]> {
    let mut digest = [0; 32];
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if pairs.len() != digest.len() || !rest.is_empty() {
        return None;
    }
    let value = |digit: u8| {
        char::from(digit)
            .to_digit(16)
            .and_then(|v| u8::try_from(v).ok())
    };
    for (byte, [high, low]) in digest.iter_mut().zip(pairs) {
        *byte = value(*high)? << 4 | value(*low)?;
    }
    Some(digest)
}

impl JsonSchema for Sha256 {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Sha256".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": r"^([0-9a-fA-F]{64}|.*\$\{.*)$",
            "description": "A SHA-256 digest in hexadecimal",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn reads_64_digits_and_nothing_else() {
        let digest = parse(&"0aF0".repeat(16)).unwrap();
        assert_eq!((digest[0], digest[1], digest[31]), (0x0a, 0xf0, 0xf0));
        assert_eq!(parse(&"0".repeat(63)), None);
        assert_eq!(parse(&"0".repeat(65)), None);
        assert_eq!(parse(&"g".repeat(64)), None);
        assert_eq!(parse(&"é".repeat(32)), None);
    }
}
