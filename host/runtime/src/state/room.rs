//! Bytes that the names and the buckets' keys of one namespace take: a guest makes them up,
//! or passes on what clients made up.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Bytes of one namespace: its counters' and buckets' names, and the keys of all its buckets.
const BOUND: u64 = 16 << 20;
/// What an entry costs beyond its text.
const OVERHEAD: u64 = 64;

/// The room of one namespace, shared by all that is in it.
#[derive(Clone, Debug, Default)]
pub(super) struct Room(Arc<AtomicU64>);

impl Room {
    /// Takes the room for one more text; false, and nothing taken, when there is not enough.
    pub(super) fn take(&self, text: &str) -> bool {
        let enough = |used: u64| used.checked_add(cost(text)).filter(|sum| *sum <= BOUND);
        self.0.fetch_update(Relaxed, Relaxed, enough).is_ok()
    }

    /// Whether there is enough for one more.
    pub(super) fn fits(&self, text: &str) -> bool {
        self.0.load(Relaxed) + cost(text) <= BOUND
    }

    /// Gives back what a text took.
    pub(super) fn give_back(&self, text: &str) {
        self.0.fetch_sub(cost(text), Relaxed);
    }
}

fn cost(text: &str) -> u64 {
    text.len() as u64 + OVERHEAD
}
