//! What an attempt died of: a word, or statuses.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer};

use super::from_text_or_number;
use super::status::{self, Statuses};
use crate::config::nearest::nearest;
use crate::config::problem::quote;
use crate::config::read::Refusal;

/// What is worth another attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::config) enum RetryOn {
    ConnectFailure,
    Reset,
    Timeout,
    Statuses(Statuses<400, 599>),
}

/// Each word, what it stands for, and what an editor says of it.
const WORDS: [(&str, RetryOn, &str); 3] = [
    (
        "connect_failure",
        RetryOn::ConnectFailure,
        "No connection: nothing was sent, so any request may be repeated.",
    ),
    (
        "reset",
        RetryOn::Reset,
        "The connection broke: only requests that may be repeated are.",
    ),
    (
        "timeout",
        RetryOn::Timeout,
        "No response head in time: only requests that may be repeated are.",
    ),
];

impl<'de> Deserialize<'de> for RetryOn {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        from_text_or_number(deserializer, "a cause such as reset, or a status", parse)
    }
}

fn parse(text: &str) -> Result<RetryOn, Refusal> {
    if let Some((_, cause, _)) = WORDS.iter().find(|(word, ..)| *word == text) {
        return Ok(*cause);
    }
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return Statuses::parse(text).map(RetryOn::Statuses);
    }
    let words = WORDS.map(|(word, ..)| word);
    let help = match nearest(text, words) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "responses are named by their statuses, from 400 to 599".to_owned(),
    };
    let words = words.map(quote).join(", ");
    let message = format!(
        "expected {words}, {}, found {}",
        status::EXPECTED,
        quote(text)
    );
    Err(Refusal::new(message, help))
}

impl JsonSchema for RetryOn {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "RetryOn".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let words = WORDS.map(
            |(word, _, description)| json_schema!({ "const": word, "description": description }),
        );
        let forms = words.into_iter().chain(Statuses::<400, 599>::forms());
        json_schema!({ "anyOf": forms.collect::<Vec<_>>() })
    }
}
