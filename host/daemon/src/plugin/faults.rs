//! The last faults of a plugin, as `GET /plugins/NAME/faults` tells them.

use crate::telemetry::Phase;
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::SystemTime;
use tidegate_runtime::{Exchange, Fault, FaultKind};

/// Faults that are kept.
const KEPT: usize = 32;
/// Bytes of a text that came from outside.
const CUT: usize = 256;

/// What a call was about, cut to what a reader needs. Values of fields are not kept: they
/// may be secrets.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs)]
pub struct Inputs {
    pub method: String,
    pub authority: String,
    pub target: String,
    pub client: String,
    pub route: String,
    pub attempt: u32,
    /// Names of the fields.
    pub fields: Vec<String>,
    /// Bytes of the piece of a body.
    pub chunk: Option<usize>,
}

impl Inputs {
    /// What can be told of that exchange.
    pub fn of(exchange: &dyn Exchange, chunk: Option<usize>) -> Self {
        let head = exchange.head();
        let target = head
            .uri
            .path_and_query()
            .map_or("", |target| target.as_str());
        let fields = head.headers.keys().take(64);
        Self {
            method: cut(head.method.as_str()),
            authority: cut(exchange.authority()),
            target: cut(target),
            client: exchange.client().to_string(),
            route: exchange.route().to_owned(),
            attempt: exchange.attempt(),
            fields: fields.map(|name| cut(name.as_str())).collect(),
            chunk,
        }
    }
}

fn cut(text: &str) -> String {
    text[..text.floor_char_boundary(CUT)].to_owned()
}

/// One fault.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct Record {
    pub at: SystemTime,
    /// SHA-256 of the plugin's bytes.
    pub digest: Arc<str>,
    pub phase: Phase,
    pub kind: FaultKind,
    pub message: String,
    pub backtrace: Vec<String>,
    pub inputs: Inputs,
}

/// The last ones.
#[derive(Default)]
pub(super) struct Faults(Mutex<VecDeque<Record>>);

impl Faults {
    pub(super) fn keep(&self, digest: Arc<str>, phase: Phase, fault: &Fault, inputs: Inputs) {
        let record = Record {
            at: SystemTime::now(),
            digest,
            phase,
            kind: fault.kind,
            message: cut(&fault.message),
            backtrace: fault.backtrace.iter().map(|frame| cut(frame)).collect(),
            inputs,
        };
        let mut kept = self.0.lock();
        kept.truncate(KEPT - 1);
        kept.push_front(record);
    }

    pub(super) fn latest_first(&self) -> Vec<Record> {
        self.0.lock().iter().cloned().collect()
    }
}
