//! Text that no problem quotes: whatever is wrong with it, it may be a secret all the same.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error, Visitor};

use crate::config::read::Refusal;
use crate::config::secret::Secret;

/// As written: the token of the admin listener.
#[derive(Debug)]
pub(in crate::config) struct Token(pub(in crate::config) Secret);

impl<'de> Deserialize<'de> for Token {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Hidden)
    }
}

struct Hidden;

/// serde's own answers for these quote what was found.
macro_rules! not_shown {
    ($($visit:ident: $type:ty),*) => {
        $(fn $visit<E: Error>(self, _: $type) -> Result<Token, E> {
            Err(E::custom(Refusal::new("expected text, found something else", "put it in quotes")))
        })*
    };
}

impl Visitor<'_> for Hidden {
    type Value = Token;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Token, E> {
        let token = Secret::token(text);
        token
            .map(Token)
            .map_err(|(message, help)| E::custom(Refusal::new(message, help)))
    }

    not_shown!(visit_bool: bool, visit_i64: i64, visit_i128: i128, visit_u64: u64, visit_u128: u128, visit_f64: f64);

    fn visit_unit<E: Error>(self) -> Result<Token, E> {
        let help = "write a value, or remove it";
        Err(E::custom(Refusal::new(
            "expected text, found nothing",
            help,
        )))
    }
}

impl JsonSchema for Token {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Token".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": r"^([!-~]{16,1024}|.*\$\{.*)$" })
    }
}
