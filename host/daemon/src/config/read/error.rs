//! The error of the deserializer, in the operator's words.

use std::fmt;

use serde::de::{Expected, Unexpected};

use crate::config::problem::{Report, Spot, quote};

/// What is wrong with a value, and what to do. A `Deserialize` returns it through
/// `serde::de::Error::custom`: its text carries both, a line break between them.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::config) struct Refusal {
    pub(in crate::config) message: String,
    pub(in crate::config) help: String,
}

impl Refusal {
    pub(in crate::config) fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            help: help.into(),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n{}", self.message, self.help)
    }
}

/// Why a value could not be made; it learns its place on the way up.
#[derive(Debug)]
pub(super) struct Error {
    spot: Option<Spot>,
    message: String,
    help: Option<String>,
    /// The reason is in the report already.
    reported: bool,
}

impl Error {
    pub(super) fn new(message: impl Into<String>, help: Option<String>) -> Self {
        Self {
            spot: None,
            message: message.into(),
            help,
            reported: false,
        }
    }

    pub(super) fn reported() -> Self {
        Self {
            spot: None,
            message: String::new(),
            help: None,
            reported: true,
        }
    }

    /// Says where it happened, unless someone nearer to it did.
    pub(super) fn at(mut self, spot: &Spot) -> Self {
        self.spot.get_or_insert_with(|| spot.clone());
        self
    }

    pub(super) fn record(self, report: &Report) {
        if !self.reported {
            report.add(&self.spot.unwrap_or_default(), self.message, self.help);
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

impl serde::de::Error for Error {
    fn custom<T: fmt::Display>(text: T) -> Self {
        let text = text.to_string();
        match text.split_once('\n') {
            Some((message, help)) => Self::new(message, Some(help.to_owned())),
            None => Self::new(text, None),
        }
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(format!("expected {expected}, found {}", name(found)), None)
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid_type(found, expected)
    }
}

fn name(found: Unexpected<'_>) -> String {
    match found {
        Unexpected::Bool(truth) => format!("`{truth}`"),
        Unexpected::Unsigned(number) => format!("the number {number}"),
        Unexpected::Signed(number) => format!("the number {number}"),
        Unexpected::Float(number) => format!("the number {number}"),
        Unexpected::Str(text) => format!("the text {}", quote(text)),
        Unexpected::Unit | Unexpected::Option => "nothing".into(),
        Unexpected::Seq => "a list".into(),
        Unexpected::Map => "a mapping".into(),
        other => other.to_string(),
    }
}
