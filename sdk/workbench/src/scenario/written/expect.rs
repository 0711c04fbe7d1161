//! What must come of a step. What is not written is not looked at, but a fault fails every step
//! that does not expect it.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

use crate::scenario::scalar::{Share, Text, Time};
use crate::scenario::shape::{Column, OneOrMany};

/// Expectations; those that are for selectors, those that are for filters, and those for both.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Expect {
    /// Selectors: one of these.
    pub choice: Option<OneOrMany<Pick>>,
    /// Selectors: whether every repetition chooses what the step before chose, or, in the first
    /// step, what the first repetition did.
    pub same: Option<bool>,
    /// Selectors: shares of the repetitions.
    pub distribution: Option<Column<Share>>,
    /// By how many percentage points a share may be off; 1 % unless written.
    pub tolerance: Option<Share>,
    /// Selectors: fields of the edits of the response, and a text in each value.
    pub edits: Option<BTreeMap<String, Option<Text>>>,
    /// Filters: what it said of the head.
    pub verdict: Option<Verdict>,
    /// Filters: the answer in the place of an endpoint's.
    pub answer: Option<Message>,
    /// Filters: the request as it goes on.
    pub request: Option<Onward>,
    /// Filters: the response as the client gets it.
    pub response: Option<Message>,
    /// Filters: the calls out of each repetition, in their order.
    pub callouts: Option<Vec<Callout>>,
    /// The kind of the fault, or `none`.
    pub fault: Option<String>,
    /// The median of the calls takes at most so long.
    pub within: Option<Time>,
    /// A line with each of these texts was logged in this step.
    pub log: Vec<String>,
    /// And no line with any of these.
    pub not_logged: Vec<String>,
    /// Series of the plugin's own: a counter's sum, a gauge's value, how often a histogram
    /// observed.
    pub metrics: BTreeMap<String, f64>,
    /// What the plugin keeps.
    pub state: Kept,
}

/// A choice: a position, an address, or none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pick {
    /// By position in the list.
    Position(u32),
    /// By address.
    Address(String),
    /// The plugin has no opinion.
    None,
}

impl From<u32> for Pick {
    fn from(position: u32) -> Self {
        Self::Position(position)
    }
}

impl From<String> for Pick {
    fn from(text: String) -> Self {
        match text.as_str() {
            "none" => Self::None,
            _ => text.parse().map_or(Self::Address(text), Self::Position),
        }
    }
}

impl<'de> Deserialize<'de> for Pick {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Text::deserialize(deserializer).map(|text| Self::from(text.0))
    }
}

/// What a filter says of a head.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Go on.
    Pass,
    /// Go on with edits.
    Edit,
    /// Answer.
    Answer,
}

impl Verdict {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Edit => "edit",
            Self::Answer => "answer",
        }
    }
}

/// A response. Texts are contained in what is there; null: it is absent.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Message {
    /// The status.
    pub status: Option<u16>,
    /// Fields.
    pub headers: BTreeMap<String, Option<Text>>,
    /// The body.
    pub body: Option<String>,
}

/// A request that goes on. Texts are exact; null: it is absent.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Onward {
    /// Path and query.
    pub path: Option<String>,
    /// The upstream in the place of the route's.
    #[serde(deserialize_with = "present")]
    pub upstream: Option<Option<String>>,
    /// Fields.
    pub headers: BTreeMap<String, Option<Text>>,
    /// Attributes.
    pub attributes: BTreeMap<String, Option<Text>>,
    /// The body.
    pub body: Option<String>,
}

/// Tells a null from a key that is not there.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// One call out.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Callout {
    /// To whom.
    pub upstream: String,
    /// Its method, if it matters.
    #[serde(default)]
    pub method: Option<String>,
    /// Path and query, if they matter.
    #[serde(default)]
    pub path: Option<String>,
    /// Fields.
    #[serde(default)]
    pub headers: BTreeMap<String, Option<Text>>,
    /// A text in its body.
    #[serde(default)]
    pub body: Option<String>,
}

/// What a plugin keeps in `state`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Kept {
    /// Values of counters.
    pub counters: BTreeMap<String, i64>,
    /// Values as text, exact; null: it is absent.
    pub values: BTreeMap<String, Option<Text>>,
}
