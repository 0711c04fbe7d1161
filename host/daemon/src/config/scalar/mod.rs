//! The scalars of a configuration file: each is parsed once, here, into a type that cannot
//! hold anything else, and describes itself to the JSON Schema.

pub(super) mod address;
pub(super) mod cause;
pub(super) mod digest;
pub(super) mod duration;
pub(super) mod hidden;
pub(super) mod host_name;
pub(super) mod http;
pub(super) mod hundredths;
pub(super) mod network;
pub(super) mod percent;
pub(super) mod probe;
pub(super) mod size;
pub(super) mod status;
pub(super) mod whole;

use std::fmt;

use serde::de::{Deserializer, Error, Unexpected, Visitor};

use super::read::Refusal;

/// Reads text and parses it. A bare number is parsed too, but only for the sake of the
/// refusal, which knows better what to do than "expected text".
fn from_text<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    expecting: &'static str,
    parse: fn(&str) -> Result<T, Refusal>,
) -> Result<T, D::Error> {
    deserializer.deserialize_any(Text {
        expecting,
        parse,
        numbers: false,
    })
}

/// Reads text or a number and parses it: for what looks like a number and often is one.
fn from_text_or_number<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    expecting: &'static str,
    parse: fn(&str) -> Result<T, Refusal>,
) -> Result<T, D::Error> {
    deserializer.deserialize_any(Text {
        expecting,
        parse,
        numbers: true,
    })
}

struct Text<T> {
    expecting: &'static str,
    parse: fn(&str) -> Result<T, Refusal>,
    /// Whether a number is as good as its text.
    numbers: bool,
}

impl<T> Text<T> {
    fn number<E: Error>(self, number: &impl ToString) -> Result<T, E> {
        let number = number.to_string();
        match (self.parse)(&number) {
            Ok(value) if self.numbers => Ok(value),
            Ok(_) => Err(Refusal::new(
                format!("expected {}, found the number {number}", self.expecting),
                "put it in quotes",
            )),
            Err(refusal) => Err(refusal),
        }
        .map_err(E::custom)
    }
}

impl<T> Visitor<'_> for Text<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expecting)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        (self.parse)(text).map_err(E::custom)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<T, E> {
        self.number(&number)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<T, E> {
        self.number(&number)
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<T, E> {
        self.number(&number)
    }

    fn visit_unit<E: Error>(self) -> Result<T, E> {
        Err(E::custom(Refusal::new(
            format!("expected {}, found nothing", self.expecting),
            "write a value, or remove it",
        )))
    }

    fn visit_bool<E: Error>(self, truth: bool) -> Result<T, E> {
        Err(E::invalid_type(Unexpected::Bool(truth), &self))
    }
}

/// A whole number and its unit: `250ms` is `(250, "ms")`. Nothing if there is no number.
fn number_and_unit(text: &str) -> Option<(u64, &str)> {
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    Some((number.parse().ok()?, unit))
}
