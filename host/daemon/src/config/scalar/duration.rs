//! Durations: a whole number and a unit, `250ms`, `5s`, `1m`, `1h`, `1d`. A bare number is refused:
//! it means seconds to one reader and milliseconds to the next.

use std::borrow::Cow;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer};

use super::{from_text, number_and_unit};
use crate::config::problem::quote;
use crate::config::read::Refusal;

/// A duration from `MIN` to `MAX` milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::config) struct Time<const MIN: u64, const MAX: u64>(pub(in crate::config) Duration);

/// An hour in milliseconds.
pub(in crate::config) const HOUR: u64 = 3_600_000;
/// A day in milliseconds: hardly a duration of this file needs more.
pub(in crate::config) const DAY: u64 = 24 * HOUR;
/// Two years in milliseconds.
pub(in crate::config) const YEARS: u64 = 730 * DAY;

const EXPECTED: &str = "a duration such as 250ms, 5s, 1m or 1h";

impl<'de, const MIN: u64, const MAX: u64> Deserialize<'de> for Time<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        from_text(deserializer, EXPECTED, |text| {
            parse(text, MIN, MAX).map(Self)
        })
    }
}

fn parse(text: &str, min: u64, max: u64) -> Result<Duration, Refusal> {
    let refuse = |help: String| {
        Err(Refusal::new(
            format!("expected {EXPECTED}, found {}", quote(text)),
            help,
        ))
    };
    let Some((number, unit)) = number_and_unit(text) else {
        return refuse("write a whole number and a unit".into());
    };
    let unit = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => HOUR,
        "d" => DAY,
        "" => return refuse(format!("write the unit: `{number}ms` or `{number}s`")),
        _ => return refuse("the units are ms, s, m, h and d, and the number is whole".into()),
    };
    match number.checked_mul(unit) {
        Some(millis) if (min..=max).contains(&millis) => Ok(Duration::from_millis(millis)),
        _ => Err(Refusal::new(
            format!("{} is out of range", quote(text)),
            format!("write a duration from {} to {}", show(min), show(max)),
        )),
    }
}

/// Milliseconds in the largest unit that has no remainder.
fn show(millis: u64) -> String {
    match millis {
        0 => "0s".into(),
        _ if millis > DAY && millis.is_multiple_of(DAY) => format!("{}d", millis / DAY),
        _ if millis.is_multiple_of(3_600_000) => format!("{}h", millis / 3_600_000),
        _ if millis.is_multiple_of(60_000) => format!("{}m", millis / 60_000),
        _ if millis.is_multiple_of(1_000) => format!("{}s", millis / 1_000),
        _ => format!("{millis}ms"),
    }
}

impl<const MIN: u64, const MAX: u64> JsonSchema for Time<MIN, MAX> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Duration_{MIN}_{MAX}").into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": r"^([0-9]+(ms|s|m|h|d)|.*\$\{.*)$",
            "description": format!("A duration from {} to {}", show(MIN), show(MAX)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{DAY, YEARS, parse, show};
    use proptest::prelude::*;
    use std::time::Duration;

    #[test]
    fn reads_each_unit() {
        for (text, millis) in [
            ("0s", 0),
            ("250ms", 250),
            ("5s", 5_000),
            ("1m", 60_000),
            ("24h", DAY),
            ("365d", 365 * DAY),
        ] {
            assert_eq!(
                parse(text, 0, YEARS),
                Ok(Duration::from_millis(millis)),
                "{text}"
            );
        }
    }

    #[test]
    fn refuses_what_is_not_a_duration() {
        for text in [
            "",
            "5",
            "s",
            "-5s",
            "1.5s",
            "5 s",
            "5S",
            "1m30s",
            "25h",
            "99999999999999999h",
        ] {
            assert!(parse(text, 0, DAY).is_err(), "{text}");
        }
        assert_eq!(
            parse("5", 0, DAY).unwrap_err().help,
            "write the unit: `5ms` or `5s`"
        );
        assert!(parse("0s", 1, DAY).is_err());
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read(millis in 0..=YEARS) {
            prop_assert_eq!(parse(&show(millis), 0, YEARS), Ok(Duration::from_millis(millis)));
        }
    }
}
