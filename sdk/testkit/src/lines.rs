//! The lines that a plugin logs or prints, taken from where the sandbox writes them.
//!
//! Only on the thread of the call that a test makes: the spare instance, which the sandbox
//! configures on a thread of its own and whenever it likes, is not heard, so a test reads the
//! same lines each time.

use std::fmt::{Debug, Write as _};
use std::sync::Arc;

use parking_lot::Mutex;
use tidegate_sdk::log::Level;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// The sandbox writes plugins' lines for this target.
const TARGET: &str = "plugin";
/// A field of the sandbox's own line about a fault. Faults are values here.
const OF_A_FAULT: &str = "kind";

/// Lines so far; clones share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lines(Arc<Mutex<Vec<(Level, String)>>>);

impl Lines {
    pub(crate) fn so_far(&self) -> Vec<(Level, String)> {
        self.0.lock().clone()
    }
}

impl Subscriber for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == TARGET
    }

    fn event(&self, event: &Event<'_>) {
        let metadata = event.metadata();
        if metadata.target() != TARGET || metadata.fields().field(OF_A_FAULT).is_some() {
            return;
        }
        let mut message = Message::default();
        event.record(&mut message);
        let level = match *metadata.level() {
            tracing::Level::ERROR => Level::Error,
            tracing::Level::WARN => Level::Warn,
            tracing::Level::INFO => Level::Info,
            _ => Level::Debug,
        };
        self.0.lock().push((level, message.0));
    }

    // The sandbox opens no spans that a plugin could see.
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[derive(Default)]
struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "message" {
            // Writing to a string cannot fail.
            let _ = write!(self.0, "{value:?}");
        }
    }
}
