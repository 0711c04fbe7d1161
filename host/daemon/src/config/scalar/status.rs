//! Statuses of responses: one, `503`, or a range, `502-504`, both ends included.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer};
use tidegate_policy::StatusSet;

use super::from_text_or_number;
use crate::config::problem::quote;
use crate::config::read::Refusal;

/// Statuses from `MIN` to `MAX`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::config) struct Statuses<const MIN: u16, const MAX: u16> {
    first: u16,
    last: u16,
}

pub(super) const EXPECTED: &str = "a status such as 503, or a range such as 502-504";

impl<const MIN: u16, const MAX: u16> Statuses<MIN, MAX> {
    pub(in crate::config) fn set(self) -> StatusSet {
        StatusSet::range(self.first, self.last)
    }

    pub(super) fn parse(text: &str) -> Result<Self, Refusal> {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let (Some(first), Some(last)) = (number(first), number(last)) else {
            return Err(Refusal::new(
                format!("expected {EXPECTED}, found {}", quote(text)),
                help(text),
            ));
        };
        if first > last {
            return Err(Refusal::new(
                format!("{} ends before it begins", quote(text)),
                format!("write `{last}-{first}`"),
            ));
        }
        if first < MIN || last > MAX {
            return Err(Refusal::new(
                format!("{} is out of range", quote(text)),
                format!("write statuses from {MIN} to {MAX}"),
            ));
        }
        Ok(Self { first, last })
    }

    /// The forms that are accepted, for an `anyOf`.
    pub(super) fn forms() -> [Schema; 2] {
        [
            json_schema!({ "type": "integer", "minimum": MIN, "maximum": MAX }),
            json_schema!({
                "type": "string",
                "pattern": r"^([0-9]+(-[0-9]+)?|.*\$\{.*)$",
                "description": format!("A status, or a range such as 502-504, from {MIN} to {MAX}"),
            }),
        ]
    }
}

fn number(text: &str) -> Option<u16> {
    let digits = text.bytes().all(|letter| letter.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}

/// What was probably meant by `5xx`.
fn help(text: &str) -> String {
    match text.to_ascii_lowercase().strip_suffix("xx") {
        Some(class) if matches!(class, "1" | "2" | "3" | "4" | "5") => {
            format!("write `{class}00-{class}99`")
        }
        _ => "write one or two whole numbers, and `-` between them".into(),
    }
}

impl<'de, const MIN: u16, const MAX: u16> Deserialize<'de> for Statuses<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        from_text_or_number(deserializer, EXPECTED, Self::parse)
    }
}

impl<const MIN: u16, const MAX: u16> JsonSchema for Statuses<MIN, MAX> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Statuses_{MIN}_{MAX}").into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": Self::forms() })
    }
}

#[cfg(test)]
mod tests {
    use super::Statuses;
    use proptest::prelude::*;

    type Failures = Statuses<400, 599>;

    #[test]
    fn says_what_to_write_instead() {
        let numbers = "write one or two whole numbers, and `-` between them";
        for (text, help) in [
            ("5xx", "write `500-599`"),
            ("4XX", "write `400-499`"),
            ("9xx", numbers),
            ("", numbers),
            ("-", numbers),
            ("503-", numbers),
            ("+503", numbers),
            ("502-503-504", numbers),
            ("99999", numbers),
            ("504-502", "write `502-504`"),
            ("302", "write statuses from 400 to 599"),
            ("500-600", "write statuses from 400 to 599"),
        ] {
            assert_eq!(Failures::parse(text).unwrap_err().help, help, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_range_holds_what_is_between_its_ends(
            first in 400_u16..=599, last in 400_u16..=599, status in 390_u16..610,
        ) {
            match Failures::parse(&format!("{first}-{last}")) {
                Ok(statuses) => prop_assert_eq!(
                    statuses.set().contains(status),
                    (first..=last).contains(&status)
                ),
                Err(_) => prop_assert!(first > last),
            }
            prop_assert!(Failures::parse(&first.to_string()).is_ok_and(|one| one.set().contains(first)));
        }
    }
}
