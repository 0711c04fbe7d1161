//! Numbers with at most two decimals, kept as whole hundredths so that two files that mean
//! the same compare equal.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};

use crate::config::problem::quote;
use crate::config::read::Refusal;

/// A number from `MIN` to `MAX` hundredths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::config) struct Hundredths<const MIN: u32, const MAX: u32>(pub(in crate::config) u32);

impl<'de, const MIN: u32, const MAX: u32> Deserialize<'de> for Hundredths<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_f64(Number::<MIN, MAX>)
    }
}

struct Number<const MIN: u32, const MAX: u32>;

impl<const MIN: u32, const MAX: u32> Visitor<'_> for Number<MIN, MAX> {
    type Value = Hundredths<MIN, MAX>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (min, max) = (f64::from(MIN) / 100.0, f64::from(MAX) / 100.0);
        write!(f, "a number from {min} to {max} with at most two decimals")
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
        let hundredths = (number * 100.0).round();
        let exact = (number * 100.0 - hundredths).abs() < 1e-9;
        if exact && (f64::from(MIN)..=f64::from(MAX)).contains(&hundredths) {
            Ok(Hundredths(hundredths as u32))
        } else {
            Err(E::invalid_value(Unexpected::Float(number), &self))
        }
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        match u32::try_from(number).map(|number| number.saturating_mul(100)) {
            Ok(hundredths) if (MIN..=MAX).contains(&hundredths) => Ok(Hundredths(hundredths)),
            _ => Err(E::invalid_value(Unexpected::Unsigned(number), &self)),
        }
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        let message = format!(
            "expected {}, found the text {}",
            &self as &dyn serde::de::Expected,
            quote(text)
        );
        Err(match text.parse::<f64>() {
            Ok(_) => E::custom(Refusal::new(message, "remove the quotes")),
            Err(_) => E::custom(message),
        })
    }
}

impl<const MIN: u32, const MAX: u32> JsonSchema for Hundredths<MIN, MAX> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Hundredths_{MIN}_{MAX}").into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "anyOf": [
                {
                    "type": "number",
                    "minimum": f64::from(MIN) / 100.0,
                    "maximum": f64::from(MAX) / 100.0,
                },
                { "type": "string", "pattern": r"\$\{" },
            ],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Hundredths, Number};
    use proptest::prelude::*;
    use serde::de::Visitor;
    use serde::de::value::Error;

    fn read(number: f64) -> Option<u32> {
        Number::<10, 1000>
            .visit_f64::<Error>(number)
            .ok()
            .map(|Hundredths(number)| number)
    }

    #[test]
    fn what_it_cannot_hold_is_refused() {
        for number in [
            0.0,
            0.09,
            0.1 - 1e-9,
            1.905,
            10.01,
            -1.9,
            f64::NAN,
            f64::INFINITY,
        ] {
            assert_eq!(read(number), None, "{number}");
        }
        assert_eq!(read(1.9), Some(190));
    }

    proptest! {
        #[test]
        fn two_decimals_are_exact(hundredths in 10_u32..=1000) {
            let written = format!("{}.{:02}", hundredths / 100, hundredths % 100);
            prop_assert_eq!(read(written.parse().unwrap()), Some(hundredths));
        }
    }
}
