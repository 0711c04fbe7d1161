//! Shares: a whole number of hundredths, `20%`. A bare number is refused: it means hundredths
//! to one reader and the whole to the next.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer};

use super::{from_text, number_and_unit};
use crate::config::problem::quote;
use crate::config::read::Refusal;

/// A share from `MIN` to `MAX` hundredths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::config) struct Percent<const MIN: u32, const MAX: u32>(pub(in crate::config) u32);

const EXPECTED: &str = "a share such as 20%";

impl<'de, const MIN: u32, const MAX: u32> Deserialize<'de> for Percent<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        from_text(deserializer, EXPECTED, |text| {
            parse(text, MIN, MAX).map(Self)
        })
    }
}

fn parse(text: &str, min: u32, max: u32) -> Result<u32, Refusal> {
    let refuse = |help: String| {
        Err(Refusal::new(
            format!("expected {EXPECTED}, found {}", quote(text)),
            help,
        ))
    };
    let number = match number_and_unit(text) {
        Some((number, "%")) => number,
        Some((number, "")) => return refuse(format!("write the sign: `{number}%`")),
        _ if text == "off" && max > 100 => {
            return refuse(format!("`{max}%` is as good as no bound"));
        }
        _ => return refuse(help(text)),
    };
    match u32::try_from(number) {
        Ok(share) if (min..=max).contains(&share) => Ok(share),
        _ => Err(Refusal::new(
            format!("{} is out of range", quote(text)),
            format!("write a share from {min}% to {max}%"),
        )),
    }
}

/// What was probably meant by `0.2`.
fn help(text: &str) -> String {
    let hundredths = text.parse::<f64>().map(|share| share * 100.0);
    match hundredths {
        Ok(share) if (1.0..100.0).contains(&share) && (share - share.round()).abs() < 1e-6 => {
            format!("write `{}%`", share.round())
        }
        _ => "write a whole number and `%`".into(),
    }
}

impl<const MIN: u32, const MAX: u32> JsonSchema for Percent<MIN, MAX> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Percent_{MIN}_{MAX}").into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": r"^([0-9]+%|.*\$\{.*)$",
            "description": format!("A share from {MIN}% to {MAX}%"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::parse;
    use proptest::prelude::*;

    #[test]
    fn says_what_to_write_instead() {
        for (text, help) in [
            ("20", "write the sign: `20%`"),
            ("0.2", "write `20%`"),
            ("0.29", "write `29%`"),
            ("1.5%", "write a whole number and `%`"),
            ("%", "write a whole number and `%`"),
            ("-5%", "write a whole number and `%`"),
            ("101%", "write a share from 1% to 100%"),
            ("0%", "write a share from 1% to 100%"),
            ("99999999999%", "write a share from 1% to 100%"),
            ("off", "write a whole number and `%`"),
        ] {
            assert_eq!(parse(text, 1, 100).unwrap_err().help, help, "{text}");
        }
        assert_eq!(
            parse("off", 0, 1000).unwrap_err().help,
            "`1000%` is as good as no bound"
        );
    }

    proptest! {
        #[test]
        fn what_is_in_range_is_read(share in 0_u32..2000) {
            let read = parse(&format!("{share}%"), 10, 1000).ok();
            prop_assert_eq!(read, (10..=1000).contains(&share).then_some(share));
        }
    }
}
