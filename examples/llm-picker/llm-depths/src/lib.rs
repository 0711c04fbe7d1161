//! Reads the depth of its queue off each endpoint's responses, and tells all that is known to the
//! selector `llm-picker`, with the key of the prompt's prefix.
//!
//! A selector sees no response, and two plugins share no state: an attribute of the request is the
//! only way from here to there. The prefix comes in a header because attributes can be left in
//! `on_request` alone, before there is a body.

mod board;

use std::time::Duration;

use serde::Deserialize;
use tidegate_sdk::algorithms::hash;
use tidegate_sdk::config::{EditableName, Key, duration};
use tidegate_sdk::prelude::*;

use reports::{DEPTHS, MOST_DEPTH, PREFIX};

/// The plugin's `config`; the README explains the keys.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    /// What tells one prefix from another.
    key: Key,
    /// The field of the responses.
    #[serde(default = "x_queue_depth")]
    report: EditableName,
    /// How long a report counts.
    #[serde(default = "ten_seconds", deserialize_with = "duration")]
    ttl: Duration,
    /// Whether clients see the field too.
    #[serde(default)]
    forward: bool,
}

struct Depths {
    config: Config,
    kept: metrics::Counter,
    refused: metrics::Counter,
}

impl Filter for Depths {
    type Config = Config;

    fn configure(config: Config) -> Result<Self, String> {
        if config.ttl < Duration::from_millis(100) || config.ttl > Duration::from_secs(3600) {
            return Err("ttl: must be from 100ms to 1h".to_owned());
        }
        Ok(Depths {
            config,
            kept: metrics::Counter::open("depth_reports", "Queue depths that endpoints reported"),
            refused: metrics::Counter::open(
                "depth_reports_refused",
                "Reports that were no number, or came with a failure",
            ),
        })
    }

    fn interest(&self) -> Interest {
        Interest::REQUEST.response()
    }

    /// The key stands in the attribute as its hash: a client may send one of any length.
    fn on_request(&mut self) -> Verdict {
        let edits = RequestEdits::new().attribute(DEPTHS, board::attribute(self.config.ttl));
        match self.config.key.read() {
            Some(key) => edits
                .attribute(PREFIX, format!("{:016x}", hash(key.as_bytes())))
                .into(),
            None => edits.into(),
        }
    }

    fn on_response(&mut self) -> Option<ResponseEdits> {
        let written = response::header(&self.config.report)?;
        if let Some(endpoint) = response::endpoint() {
            match depth(&written).filter(|_| response::status() < 500) {
                Some(depth) if board::keep(&endpoint, depth, self.config.ttl) => self.kept.add(1),
                Some(_) => (),
                None => self.refused.add(1),
            }
        }
        (!self.config.forward).then(|| ResponseEdits::new().remove(&*self.config.report))
    }
}

/// A whole number, cut to what counts. An endpoint that fails at once has an empty queue too: what
/// comes with a failure is not asked.
fn depth(written: &[u8]) -> Option<u32> {
    let text = str::from_utf8(written).ok()?.trim();
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // More digits than a number holds are many requests, too.
    Some(
        text.parse()
            .map_or(MOST_DEPTH, |depth: u32| depth.min(MOST_DEPTH)),
    )
}

fn x_queue_depth() -> EditableName {
    EditableName::parse("x-queue-depth").expect("it is a name")
}

fn ten_seconds() -> Duration {
    Duration::from_secs(10)
}

export_filter!(Depths);

#[cfg(test)]
mod tests;
