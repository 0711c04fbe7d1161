//! YAML text to a tree.
//!
//! Bounds what a file may cost before it is understood: its depth, its nodes (those that
//! aliases repeat included), its documents (one). Refuses duplicate keys and unknown tags.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_yaml::options::NonFiniteFloatPolicy;
use serde_yaml::{DuplicateKeyPolicy, Error, Options, Spanned};

use super::node::{Entry, Kind, Node};
use crate::config::problem::{Report, Spot, quote};

/// The tree of the only document of `text`; nothing if it is not YAML, which is reported.
pub(super) fn parse(text: &str, report: &Report) -> Option<Node> {
    // The parser stops at the first duplicate key. Only then is the text read again, letting
    // duplicates through, to find them all; the first one is never lost.
    let (raw, first) = match from_str(text, DuplicateKeyPolicy::Error) {
        Ok(raw) => (raw, None),
        Err(error) if matches!(error, Error::DuplicateMappingKey { .. }) => {
            match from_str(text, DuplicateKeyPolicy::LastWins) {
                Ok(raw) => (raw, Some(error)),
                Err(error) => {
                    refuse(&error, text, report);
                    return None;
                }
            }
        }
        Err(error) => {
            refuse(&error, text, report);
            return None;
        }
    };
    let mut duplicates = 0;
    let root = node(raw, &Spot::default(), report, &mut duplicates);
    // The second reading folds keys that are equal as numbers (`1` and `0x1`) into one.
    if let (Some(error), 0) = (first, duplicates) {
        refuse(&error, text, report);
    }
    Some(root)
}

fn from_str(text: &str, duplicate_keys: DuplicateKeyPolicy) -> Result<Spanned<Raw>, Error> {
    let options: Options = serde_yaml::options! {
        budget: serde_yaml::budget! {
            max_depth: 32,
            // 65,536 endpoints with weight, zone and a few labels, and room to spare.
            max_nodes: 2_000_000,
            max_events: 4_000_000,
            // One anchor for a thousand endpoints is a good use of it; what aliases repeat is
            // bounded by the nodes and by the limits of replay below.
            enforce_alias_anchor_ratio: false,
        },
        alias_limits: serde_yaml::alias_limits! {
            max_total_replayed_events: 1_000_000,
            max_replay_stack_depth: 16,
        },
        duplicate_keys: duplicate_keys,
        // `on`, `off`, `yes` and `no` are words here, as in YAML 1.2.
        strict_booleans: true,
        non_finite_float_policy: NonFiniteFloatPolicy::AsString,
        reject_unsupported_tags: true,
        with_snippet: false,
    };
    serde_yaml::from_str_with_options(text, options)
}

fn refuse(error: &Error, text: &str, report: &Report) {
    let place = error.location().unwrap_or(serde_yaml::Location::UNKNOWN);
    let spot = Spot {
        path: String::new(),
        line: u32::try_from(place.line()).unwrap_or(0).max(1),
        column: u32::try_from(place.column()).unwrap_or(0).max(1),
    };
    let (message, mut help) = explain(error);
    let line = text.lines().nth(spot.line as usize - 1).unwrap_or_default();
    if message.starts_with(NOT_YAML) && line.contains("${") {
        help = "inside `[…]` and `{…}` put text with `${NAME}` in quotes";
    }
    report.refuse(&spot, message, help);
}

const NOT_YAML: &str = "not valid YAML";

fn explain(error: &Error) -> (String, &'static str) {
    match error {
        Error::AliasError { error, .. } => explain(error),
        Error::DuplicateMappingKey { key, .. } => {
            (duplicate(key.as_deref().unwrap_or("?")), DUPLICATE_HELP)
        }
        Error::UnknownAnchor { .. } => (
            "this alias names an anchor that is not defined above".into(),
            "define it with `&name`, or put text that starts with `*` in quotes",
        ),
        Error::MultipleDocuments { .. } => (
            "a second document starts here".into(),
            "a configuration is one document: remove the `---` or `...` line",
        ),
        Error::Budget { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. } => (
            "the file is too large, too deep, or its aliases repeat too much".into(),
            "at most 32 levels and 2,000,000 values are read",
        ),
        Error::RecursiveReferencesRequireWeakTypes { .. } => {
            ("this alias contains itself".into(), "remove the alias")
        }
        Error::NullIntoString { .. } => ("a key is empty".into(), "put the key in quotes"),
        Error::MergeValueNotMapOrSeqOfMaps { .. } => (
            "`<<` merges only mappings".into(),
            "write `<<: *name` where `&name` is a mapping",
        ),
        other => {
            let text = other.to_string();
            // The place is a field of the problem, not a part of its text.
            let text = text.split(" at line ").next().unwrap_or_default();
            let help = if text.contains("tag") {
                "remove the tag: the word that starts with `!`"
            } else if text.contains("tabs") {
                "indent with spaces"
            } else {
                "look for an open bracket, an open quote or a wrong indentation here and above"
            };
            (format!("{NOT_YAML}: {text}"), help)
        }
    }
}

const DUPLICATE_HELP: &str = "remove one of the two";

fn duplicate(key: &str) -> String {
    format!("the key {} is written twice", quote(key))
}

fn node(raw: Spanned<Raw>, spot: &Spot, report: &Report, duplicates: &mut usize) -> Node {
    let (line, column) = position(&raw);
    let kind = match raw.value {
        Raw::Scalar(kind) => kind,
        Raw::List(items) => Kind::List(
            items
                .into_iter()
                .enumerate()
                .map(|(index, item)| {
                    let spot = Spot {
                        path: spot.index(index),
                        line,
                        column,
                    };
                    node(item, &spot, report, duplicates)
                })
                .collect(),
        ),
        Raw::Mapping(pairs) => {
            let mut entries: Vec<Entry> = Vec::with_capacity(pairs.len());
            let mut seen = std::collections::HashSet::with_capacity(pairs.len());
            for (key, value) in pairs {
                let (line, column) = position(&key);
                let spot = Spot {
                    path: spot.key(&key.value),
                    line,
                    column,
                };
                let value = node(value, &spot, report, duplicates);
                if seen.insert(key.value.clone()) {
                    entries.push(Entry {
                        key: key.value,
                        line,
                        column,
                        value,
                    });
                } else {
                    *duplicates += 1;
                    report.refuse(&spot, duplicate(&key.value), DUPLICATE_HELP);
                }
            }
            Kind::Mapping(entries)
        }
    };
    Node { kind, line, column }
}

fn position<T>(spanned: &Spanned<T>) -> (u32, u32) {
    let number = |n| u32::try_from(n).unwrap_or(u32::MAX);
    (
        number(spanned.defined.line()),
        number(spanned.defined.column()),
    )
}

/// What serde sees of YAML: pairs instead of a map, so that no duplicate is lost.
enum Raw {
    Scalar(Kind),
    List(Vec<Spanned<Raw>>),
    Mapping(Vec<(Spanned<String>, Spanned<Raw>)>),
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Scalar(Kind::Nothing))
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Raw, E> {
        Ok(Raw::Scalar(Kind::Truth(truth)))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Raw, E> {
        Ok(Raw::Scalar(Kind::Whole(number.into())))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Raw, E> {
        Ok(Raw::Scalar(Kind::Whole(number.into())))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Raw, E> {
        Ok(Raw::Scalar(Kind::Fraction(number)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Raw, E> {
        Ok(Raw::Scalar(Kind::Text(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Raw, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Raw::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Raw, A::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = access.next_entry()? {
            pairs.push(pair);
        }
        Ok(Raw::Mapping(pairs))
    }
}
