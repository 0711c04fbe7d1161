//! Sizes of memory: a whole number and a unit, `512B`, `1KiB`, `16MiB`, `10MB`.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer};

use super::{from_text, number_and_unit};
use crate::config::problem::quote;
use crate::config::read::Refusal;

/// A number of bytes from `MIN` to `MAX`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::config) struct Size<const MIN: u64, const MAX: u64>(pub(in crate::config) u64);

/// One kibibyte.
pub(in crate::config) const KIB: u64 = 1 << 10;
/// One mebibyte.
pub(in crate::config) const MIB: u64 = 1 << 20;
/// One gibibyte.
pub(in crate::config) const GIB: u64 = 1 << 30;

const EXPECTED: &str = "a size such as 64KiB, 16MiB or 1GiB";

impl<'de, const MIN: u64, const MAX: u64> Deserialize<'de> for Size<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        from_text(deserializer, EXPECTED, |text| {
            parse(text, MIN, MAX).map(Self)
        })
    }
}

fn parse(text: &str, min: u64, max: u64) -> Result<u64, Refusal> {
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
        "B" => 1,
        "KiB" => KIB,
        "MiB" => MIB,
        "GiB" => GIB,
        "kB" | "KB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "" => return refuse(format!("write the unit: `{number}B` or `{number}MiB`")),
        _ => return refuse("the units are B, KiB, MiB, GiB, kB, MB and GB".into()),
    };
    match number.checked_mul(unit) {
        Some(bytes) if (min..=max).contains(&bytes) => Ok(bytes),
        _ => Err(Refusal::new(
            format!("{} is out of range", quote(text)),
            format!("write a size from {} to {}", show(min), show(max)),
        )),
    }
}

/// Bytes in the largest binary unit that has no remainder.
fn show(bytes: u64) -> String {
    match bytes {
        0 => "0B".into(),
        _ if bytes.is_multiple_of(GIB) => format!("{}GiB", bytes / GIB),
        _ if bytes.is_multiple_of(MIB) => format!("{}MiB", bytes / MIB),
        _ if bytes.is_multiple_of(KIB) => format!("{}KiB", bytes / KIB),
        _ => format!("{bytes}B"),
    }
}

impl<const MIN: u64, const MAX: u64> JsonSchema for Size<MIN, MAX> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Size_{MIN}_{MAX}").into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": r"^([0-9]+(B|KiB|MiB|GiB|kB|KB|MB|GB)|.*\$\{.*)$",
            "description": format!("A size from {} to {}", show(MIN), show(MAX)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{GIB, parse, show};
    use proptest::prelude::*;

    #[test]
    fn reads_each_unit() {
        for (text, bytes) in [
            ("0B", 0),
            ("1KiB", 1024),
            ("16MiB", 16 << 20),
            ("4GiB", 4 * GIB),
            ("10MB", 10_000_000),
        ] {
            assert_eq!(parse(text, 0, 4 * GIB), Ok(bytes), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_not_a_size() {
        for text in [
            "",
            "5",
            "MiB",
            "-1B",
            "1.5GiB",
            "1 MiB",
            "1mib",
            "5GiB",
            "99999999999999999GB",
        ] {
            assert!(parse(text, 0, 4 * GIB).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read(bytes in 0..=4 * GIB) {
            prop_assert_eq!(parse(&show(bytes), 0, 4 * GIB), Ok(bytes));
        }
    }
}
