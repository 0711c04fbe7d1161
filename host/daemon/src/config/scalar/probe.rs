//! A probe in one word: only `tcp` needs no keys.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer};

use super::from_text;
use crate::config::problem::quote;
use crate::config::read::Refusal;

/// A probe that needs no keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::config) enum ProbeWord {
    Tcp,
}

const EXPECTED: &str = "`tcp` or a mapping";

impl<'de> Deserialize<'de> for ProbeWord {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        from_text(deserializer, EXPECTED, parse)
    }
}

fn parse(text: &str) -> Result<ProbeWord, Refusal> {
    let help = match text {
        "tcp" => return Ok(ProbeWord::Tcp),
        "http" | "https" | "grpc" => format!("write `{{ {text}: {{}} }}`"),
        "off" => "remove it: nothing is probed unless it is written".to_owned(),
        _ if text.starts_with('/') => {
            format!(
                "write {}",
                quote(&format!("{{ http: {{ path: {text} }} }}"))
            )
        }
        _ => "the mapping has one of `tcp`, `http`, `https` and `grpc`".to_owned(),
    };
    Err(Refusal::new(
        format!("expected {EXPECTED}, found {}", quote(text)),
        help,
    ))
}

impl JsonSchema for ProbeWord {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "ProbeWord".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "const": "tcp", "description": "Whether a connection is accepted." })
    }
}
