//! What the operator reads of a fault, and how often.

use crate::rude;
use crate::support::{Request, ask, by, endpoints, start};
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

pub type Line = BTreeMap<&'static str, String>;

/// Keeps the fields of what is logged for plugins on this thread.
#[derive(Clone, Default)]
pub struct Lines(Arc<Mutex<Vec<Line>>>);

impl Lines {
    pub fn so_far(&self) -> Vec<Line> {
        self.0.lock().unwrap().clone()
    }
}

impl Subscriber for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "plugin"
    }
    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields(Line::new());
        event.record(&mut fields);
        self.0.lock().unwrap().push(fields.0);
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

struct Fields(Line);

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.into());
    }
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }
}

#[test]
fn a_fault_is_logged_with_its_place_and_many_are_logged_seldom() {
    let list = endpoints(3);
    let lines = Lines::default();
    // While there is one subscriber only, tracing decides by the thread that meets a line
    // first whether anybody wants it; that may be the thread of another test.
    let _another = tracing::Dispatch::new(Lines::default());
    tracing::subscriber::with_default(lines.clone(), || {
        let selector = start(&rude::guest(), by("web"), &list).unwrap();
        for _ in 0..500 {
            ask(&selector, &list, Request::new(1, &[])).unwrap_err();
        }
    });
    let lines = lines.so_far();
    let first = &lines[0];
    assert_eq!(
        (first["plugin"].as_str(), first["upstream"].as_str()),
        ("test", "web")
    );
    assert_eq!(first["kind"], "trap");
    assert!(
        first["backtrace"].starts_with("named_in_backtraces < "),
        "{first:?}"
    );
    assert!(first["message"].starts_with("plugin fault: "), "{first:?}");
    // Ten a second; a machine so slow that this takes half a minute still passes.
    assert!((10..300).contains(&lines.len()), "{}", lines.len());
}
