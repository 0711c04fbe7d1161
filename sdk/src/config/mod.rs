//! From the operator's `config` section to an author's type. Errors are written for the operator:
//! the path of the key first, then what is wrong with it.
//!
//! A configuration is a type that serde can read. What it may hold is said by types and by serde's
//! attributes, and not by code in `configure`: what serde refuses has the path of its key, what
//! `configure` refuses has none. So there is no derive of this crate's own.
//!
//! ```
//! use std::collections::BTreeMap;
//! use std::time::Duration;
//!
//! use serde::Deserialize;
//! use tidegate_sdk::config::{self, Config, EditableName, FieldValue, Key, Target};
//!
//! #[derive(Debug, Deserialize)]
//! #[serde(deny_unknown_fields)]               // a misspelt key is refused, not ignored
//! struct Settings {
//!     key: Key,                               // required
//!     #[serde(default)]
//!     mode: Mode,                             // absent: what `Default` says
//!     #[serde(default = "ten")]
//!     limit: u32,                             // absent: 10
//!     share: Option<Share>,                   // absent: `None`
//!     #[serde(default, deserialize_with = "config::optional_duration")]
//!     ttl: Option<Duration>,                  // `5s`; absent: `None`
//!     #[serde(default)]
//!     rules: Vec<Rule>,                       // nested
//!     #[serde(default)]
//!     set: BTreeMap<EditableName, FieldValue>,
//!     #[serde(rename = "type")]               // a key that Rust has as a word
//!     kind: Option<String>,
//! }
//!
//! fn ten() -> u32 {
//!     10
//! }
//!
//! /// One of a few words.
//! #[derive(Debug, Default, Deserialize, PartialEq)]
//! #[serde(rename_all = "snake_case")]
//! enum Mode {
//!     #[default]
//!     FailOpen,
//!     FailClosed,
//! }
//!
//! /// A range: read as a number, then checked where it is read.
//! #[derive(Debug, Deserialize, PartialEq)]
//! #[serde(try_from = "u32")]
//! struct Share(u32);
//!
//! impl TryFrom<u32> for Share {
//!     type Error = String;
//!
//!     fn try_from(percent: u32) -> Result<Self, String> {
//!         match percent {
//!             0..=100 => Ok(Share(percent)),
//!             _ => Err(format!("{percent} is not a share: write 0 to 100, in percent")),
//!         }
//!     }
//! }
//!
//! /// Keys that belong together are checked together, in the same way.
//! #[derive(Debug, Deserialize)]
//! #[serde(try_from = "WrittenRule")]
//! struct Rule {
//!     from: Target,
//!     to: Target,
//! }
//!
//! #[derive(Deserialize)]
//! #[serde(deny_unknown_fields)]
//! struct WrittenRule {
//!     from: Target,
//!     to: Target,
//! }
//!
//! impl TryFrom<WrittenRule> for Rule {
//!     type Error = String;
//!
//!     fn try_from(WrittenRule { from, to }: WrittenRule) -> Result<Self, String> {
//!         match from == to {
//!             true => Err(format!("`{}` would lead to itself", &*from)),
//!             false => Ok(Rule { from, to }),
//!         }
//!     }
//! }
//!
//! let settings = Settings::parse(r#"{"key": {"header": "X-User"}, "share": 20}"#).unwrap();
//! assert_eq!((settings.mode, settings.limit, settings.ttl), (Mode::FailOpen, 10, None));
//! assert_eq!(settings.share, Some(Share(20)));
//! # assert!(settings.rules.is_empty() && settings.set.is_empty() && settings.kind.is_none());
//! # let rule = Settings::parse(r#"{"key": "path", "rules": [{"from": "/a", "to": "/b"}]}"#).unwrap();
//! # assert_eq!((&*rule.rules[0].from, &*rule.rules[0].to), ("/a", "/b"));
//!
//! // What the operator reads, for the rest of the file as it should be:
//! let says = |wrong: &str| {
//!     Settings::parse(&format!(r#"{{"key": "path", {wrong}}}"#)).unwrap_err()
//! };
//! assert_eq!(Settings::parse("{}").unwrap_err(), "missing field `key`");
//! assert_eq!(says(r#""mode": "open""#),
//!     "mode: unknown variant `open`, expected `fail_open` or `fail_closed`");
//! assert_eq!(says(r#""limit": -1"#),
//!     "limit: invalid value: integer `-1`, expected a whole number from 0 to 4294967295");
//! assert_eq!(says(r#""limit": "7""#),
//!     "limit: invalid type: string \"7\", expected a whole number from 0 to 4294967295");
//! assert_eq!(says(r#""share": 101"#), "share: 101 is not a share: write 0 to 100, in percent");
//! assert_eq!(says(r#""ttl": "5""#),
//!     "ttl: `5` is not a duration: write one like 250ms, 5s, 1m, 1h or 7d");
//! assert_eq!(says(r#""rules": [{"from": "/a", "to": "/a"}]"#),
//!     "rules[0]: `/a` would lead to itself");
//! assert_eq!(says(r#""rules": [{"from": "/a"}]"#), "rules[0]: missing field `to`");
//! assert_eq!(says(r#""rules": [{"from": "a", "to": "/b"}]"#),
//!     "rules[0].from: the path `a` does not begin with a slash");
//! assert_eq!(says(r#""set": {"Host": "a"}"#), "set.Host: the field `Host` belongs to the host");
//! assert_eq!(says(r#""set": {"x-age": 5}"#),
//!     "set.x-age: invalid type: integer `5`, expected text (put a number or a truth value in quotes)");
//! assert_eq!(says(r#""type": 1"#), "type: invalid type: integer `1`, expected text");
//! assert!(says(r#""tpye": "a""#).starts_with("tpye: unknown field `tpye`, expected one of `key`"));
//! ```
//!
//! Avoid `#[serde(untagged)]` and `#[serde(flatten)]`: serde reads them through a copy, and the
//! message has neither the path below nor the reason. Two forms of one value are better told apart
//! by a word: `{ header: NAME }` or `{ cookie: NAME }`, an enum as [`Key`] is one.
//!
//! ```
//! use tidegate_sdk::config::Config;
//!
//! #[derive(Debug, serde::Deserialize)]
//! struct Settings {
//!     #[allow(dead_code)]
//!     who: Who,
//! }
//!
//! #[derive(Debug, serde::Deserialize)]
//! #[serde(untagged)]
//! # #[allow(dead_code)]
//! enum Who {
//!     One(String),
//!     Many(Vec<String>),
//! }
//!
//! assert_eq!(
//!     Settings::parse(r#"{"who": ["ann", 7]}"#).unwrap_err(),
//!     "who: data did not match any variant of untagged enum Who",   // and not `who[1]`
//! );
//! ```

mod field;
mod key;
mod quoted;
mod target;

use std::time::Duration;

pub use field::{EditableName, FieldName, FieldValue};
pub use key::Key;
pub use quoted::Quoted;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
pub use target::Target;

/// What a plugin's `config` section is read into. Everything that serde can deserialize is one:
/// derive `serde::Deserialize` and do not implement this.
///
/// ```
/// use tidegate_sdk::config::Config;
///
/// #[derive(Debug, serde::Deserialize)]
/// #[serde(deny_unknown_fields)]
/// struct Limits {
///     per_second: u32,
/// }
///
/// let limits = Limits::parse(r#"{"per_second": 10}"#).unwrap();
/// assert_eq!(limits.per_second, 10);
/// let refused = Limits::parse(r#"{"per_second": "ten"}"#).unwrap_err();
/// assert_eq!(
///     refused,
///     "per_second: invalid type: string \"ten\", expected a whole number from 0 to 4294967295",
/// );
/// ```
pub trait Config: Sized {
    /// Reads the JSON text that the host hands to `configure`.
    ///
    /// # Errors
    /// The path of the key, when there is one, and the reason: `key.header: invalid type: …`.
    fn parse(text: &str) -> Result<Self, String>;
}

impl<C: DeserializeOwned> Config for C {
    fn parse(text: &str) -> Result<Self, String> {
        let mut json = serde_json::Deserializer::from_str(text);
        let config = serde_path_to_error::deserialize(&mut json).map_err(|error| {
            let path = error.path().to_string();
            let reason = reason(error.inner());
            // A dot is how the path of the section as a whole is written.
            if path == "." {
                reason
            } else {
                format!("{path}: {reason}")
            }
        })?;
        json.end().map_err(|error| reason(&error))?;
        Ok(config)
    }
}

/// The configuration of a plugin that has none: any key is refused.
///
/// Read without serde: a parser that only ever finds nothing would be half of a small plugin.
///
/// ```
/// # use tidegate_sdk::config::{Config, NoConfig};
/// assert!(NoConfig::parse("{}").is_ok());
/// let refused = NoConfig::parse(r#"{"key": 1}"#).unwrap_err();
/// assert_eq!(refused, "key: unknown key, this plugin has no configuration");
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NoConfig {}

impl Config for NoConfig {
    fn parse(text: &str) -> Result<Self, String> {
        let inside = text
            .trim()
            .strip_prefix('{')
            .and_then(|rest| rest.strip_suffix('}'));
        if inside.is_some_and(|keys| keys.trim().is_empty()) {
            return Ok(NoConfig {});
        }
        let reason = "this plugin has no configuration";
        match inside.and_then(|keys| keys.split('"').nth(1)) {
            Some(key) => Err([key, ": unknown key, ", reason].concat()),
            None => Err(reason.to_owned()),
        }
    }
}

/// Reads a [`Duration`] that is written as in the operator's file: a whole number and one of `ms`,
/// `s`, `m`, `h`, `d`. Use it as `#[serde(deserialize_with = "tidegate_sdk::config::duration")]`.
///
/// ```
/// # use std::time::Duration;
/// use tidegate_sdk::config::{self, Config};
///
/// #[derive(Debug, serde::Deserialize)]
/// struct Cache {
///     #[serde(deserialize_with = "config::duration")]
///     ttl: Duration,
/// }
///
/// assert_eq!(Cache::parse(r#"{"ttl": "5m"}"#).unwrap().ttl, Duration::from_secs(300));
/// assert_eq!(
///     Cache::parse(r#"{"ttl": "5"}"#).unwrap_err(),
///     "ttl: `5` is not a duration: write one like 250ms, 5s, 1m, 1h or 7d",
/// );
/// ```
///
/// # Errors
/// Anything else.
pub fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse_duration(&text).ok_or_else(|| {
        D::Error::custom(format!(
            "`{text}` is not a duration: write one like 250ms, 5s, 1m, 1h or 7d"
        ))
    })
}

/// The same for a key that may be absent; add `default` to the attribute.
///
/// ```
/// # use std::time::Duration;
/// use tidegate_sdk::config::{self, Config};
///
/// #[derive(Debug, serde::Deserialize)]
/// struct Cache {
///     #[serde(default, deserialize_with = "config::optional_duration")]
///     ttl: Option<Duration>,
/// }
///
/// assert_eq!(Cache::parse(r#"{"ttl": "1h"}"#).unwrap().ttl, Some(Duration::from_secs(3600)));
/// assert_eq!(Cache::parse("{}").unwrap().ttl, None);
/// ```
///
/// # Errors
/// As [`duration`].
pub fn optional_duration<'de, D>(deserializer: D) -> Result<Option<Duration>, D::Error>
where
    D: Deserializer<'de>,
{
    duration(deserializer).map(Some)
}

fn parse_duration(text: &str) -> Option<Duration> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().ok()?;
    let seconds = match unit {
        "ms" => return Some(Duration::from_millis(number)),
        "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        _ => return None,
    };
    number.checked_mul(seconds).map(Duration::from_secs)
}

/// Without the line and column of a JSON text that the operator never wrote.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    in_words_of_a_file(text.strip_suffix(&place).unwrap_or(&text))
}

/// Serde names what it expects by the types of Rust, which an operator need not know.
fn in_words_of_a_file(reason: &str) -> String {
    // How the parser of JSON says that a number is no word of an enum.
    if reason == "expected value" {
        return "another kind of value is needed, such as a word".to_owned();
    }
    let Some((found, expected)) = reason.split_once(", expected ") else {
        return reason.to_owned();
    };
    let words = match expected {
        "u8" => "a whole number from 0 to 255",
        "u16" => "a whole number from 0 to 65535",
        "u32" => "a whole number from 0 to 4294967295",
        "u64" | "usize" | "u128" => "a whole number, 0 or more",
        "i8" | "i16" | "i32" | "i64" | "isize" | "i128" => "a whole number",
        "f32" | "f64" => "a number",
        "a boolean" => "`true` or `false`",
        "a string" => "text",
        "a sequence" => "a list",
        "a map" => "a mapping",
        other if other.starts_with("struct ") => "a mapping",
        other => other,
    };
    [found, ", expected ", words].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse<C: Config>(text: &str) -> Result<C, String> {
        C::parse(text)
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        inner: Vec<Inner>,
        #[serde(default, deserialize_with = "optional_duration")]
        ttl: Option<Duration>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        weight: u8,
    }

    #[test]
    fn an_error_names_the_key_by_its_path_and_no_line() {
        let refused = parse::<Outer>(r#"{"inner": [{"weight": 1}, {"weight": 300}]}"#).unwrap_err();
        assert_eq!(
            refused,
            "inner[1].weight: invalid value: integer `300`, expected a whole number from 0 to 255"
        );
        let refused = parse::<Outer>(r#"{"inner": [{"wieght": 1}]}"#).unwrap_err();
        assert_eq!(
            refused,
            "inner[0].wieght: unknown field `wieght`, expected `weight`"
        );
        let refused = parse::<Outer>("{}").unwrap_err();
        assert_eq!(refused, "missing field `inner`");
    }

    #[test]
    fn an_operator_reads_no_types_of_rust() {
        #[derive(Debug, Default, Deserialize)]
        #[serde(default)]
        struct All {
            small: u8,
            signed: i64,
            share: f64,
            on: bool,
            word: Option<Word>,
            list: Vec<u32>,
            inner: Option<Inner>,
            names: std::collections::BTreeMap<String, u64>,
        }
        #[derive(Debug, Deserialize)]
        enum Word {
            One,
        }
        for (text, expected) in [
            (r#"{"small": 256}"#, "expected a whole number from 0 to 255"),
            (r#"{"signed": 1.5}"#, "expected a whole number"),
            (r#"{"share": "1"}"#, "expected a number"),
            (r#"{"on": "yes"}"#, "expected `true` or `false`"),
            (
                r#"{"word": 1}"#,
                "another kind of value is needed, such as a word",
            ),
            (
                r#"{"word": "Two"}"#,
                "unknown variant `Two`, expected `One`",
            ),
            (r#"{"list": {}}"#, "expected a list"),
            (r#"{"inner": 1}"#, "expected a mapping"),
            (r#"{"names": 1}"#, "expected a mapping"),
            (
                r#"{"names": {"a": -1}}"#,
                "expected a whole number, 0 or more",
            ),
        ] {
            let refused = parse::<All>(text).unwrap_err();
            assert!(refused.ends_with(expected), "{text}: {refused}");
        }
        assert!(matches!(parse::<Word>(r#""One""#), Ok(Word::One)));
    }

    #[test]
    fn no_config_takes_nothing_and_refuses_any_key() {
        assert_eq!(parse("{}"), Ok(NoConfig {}));
        assert_eq!(parse(" { } "), Ok(NoConfig {}));
        let refused = parse::<NoConfig>(r#"{"key": {"a": 1}, "b": 2}"#).unwrap_err();
        assert_eq!(
            refused,
            "key: unknown key, this plugin has no configuration"
        );
        for text in ["", "1", "[]", "null", "{"] {
            assert_eq!(
                parse::<NoConfig>(text).unwrap_err(),
                "this plugin has no configuration"
            );
        }
    }

    #[test]
    fn text_after_the_section_is_refused() {
        let refused = parse::<Outer>(r#"{"inner": []} {}"#).unwrap_err();
        assert_eq!(refused, "trailing characters");
        assert_eq!(
            parse::<NoConfig>("{} {}").unwrap_err(),
            "this plugin has no configuration"
        );
    }

    #[test]
    fn durations_are_a_whole_number_and_a_unit() {
        let parsed = |ttl: &str| parse::<Outer>(&format!(r#"{{"inner": [], "ttl": {ttl}}}"#));
        for (text, expected) in [
            ("250ms", Duration::from_millis(250)),
            ("5s", Duration::from_secs(5)),
            ("2m", Duration::from_secs(120)),
            ("1h", Duration::from_secs(3600)),
            ("7d", Duration::from_secs(604_800)),
        ] {
            assert_eq!(
                parsed(&format!("\"{text}\"")).unwrap().ttl,
                Some(expected),
                "{text}"
            );
        }
        for text in [
            "",
            "1",
            "h",
            "1 h",
            "-1s",
            "1.5s",
            "1w",
            "99999999999999999999s",
            "9999999999999999d",
        ] {
            let refused = parsed(&format!("\"{text}\"")).unwrap_err();
            assert!(refused.starts_with("ttl: "), "{refused}");
        }
        assert!(parsed("60").is_err(), "a bare number has no unit");
        assert_eq!(parse::<Outer>(r#"{"inner": []}"#).unwrap().ttl, None);
    }
}
