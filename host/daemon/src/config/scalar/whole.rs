//! Whole numbers with their bounds in the type.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error, Expected, Unexpected, Visitor};

use crate::config::problem::quote;
use crate::config::read::Refusal;

/// A number from `MIN` to `MAX`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::config) struct Whole<const MIN: u32, const MAX: u32>(pub(in crate::config) u32);

impl<'de, const MIN: u32, const MAX: u32> Deserialize<'de> for Whole<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_u64(Number::<MIN, MAX>)
    }
}

struct Number<const MIN: u32, const MAX: u32>;

impl<const MIN: u32, const MAX: u32> Visitor<'_> for Number<MIN, MAX> {
    type Value = Whole<MIN, MAX>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a whole number from {MIN} to {MAX}")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        match u32::try_from(number) {
            Ok(number) if (MIN..=MAX).contains(&number) => Ok(Whole(number)),
            _ => Err(E::invalid_value(Unexpected::Unsigned(number), &self)),
        }
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        let message = format!(
            "expected a whole number from {MIN} to {MAX}, found the text {}",
            quote(text)
        );
        Err(match text.parse::<u64>() {
            Ok(_) => E::custom(Refusal::new(message, "remove the quotes")),
            Err(_) => E::custom(message),
        })
    }
}

/// An endpoint's share compared with the others. None at all is what `draining` is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::config) struct Weight(pub(in crate::config) u32);

impl<'de> Deserialize<'de> for Weight {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_u64(Share)
    }
}

struct Share;

type Any = Number<1, 1_000_000>;

impl Visitor<'_> for Share {
    type Value = Weight;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Any {}.expecting(f)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Weight, E> {
        if number == 0 {
            return Err(E::custom(Refusal::new(
                format!("expected {}, found the number 0", &self as &dyn Expected),
                "to send nothing new there, write `draining: true`",
            )));
        }
        Any {}.visit_u64(number).map(|Whole(number)| Weight(number))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Weight, E> {
        Any {}.visit_str(text).map(|Whole(number)| Weight(number))
    }
}

impl JsonSchema for Weight {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Weight".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Whole::<1, 1_000_000>::json_schema(generator)
    }
}

impl<const MIN: u32, const MAX: u32> JsonSchema for Whole<MIN, MAX> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Whole_{MIN}_{MAX}").into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "anyOf": [
                { "type": "integer", "minimum": MIN, "maximum": MAX },
                { "type": "string", "pattern": r"\$\{" },
            ],
        })
    }
}
