//! What the instances of one plugin use share, kept by the host in this process.
//!
//! A [`Namespace`] belongs to one use of a plugin and lives as long as something
//! holds it: the running snapshot, or the next one while it is being made. That is
//! how state survives the replacement of the plugin that wrote it.

mod bucket;
mod room;
mod values;

use crate::instance::Place;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

pub use bucket::Bucket;
use room::Room;
use values::Values;

/// Names of each kind that one namespace may hold.
const MAX_NAMES: usize = 1_024;

/// A shared counter, as an instance holds it.
#[derive(Clone, Debug, Default)]
pub struct Counter(Arc<AtomicI64>);

impl Counter {
    pub(crate) fn add(&self, delta: i64) -> i64 {
        self.0.fetch_add(delta, Ordering::Relaxed)
    }

    pub(crate) fn value(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The state of one use of one plugin.
#[derive(Debug, Default)]
pub(crate) struct Namespace {
    counters: Mutex<HashMap<String, Counter>>,
    buckets: Mutex<HashMap<String, Bucket>>,
    values: Mutex<Values>,
    room: Room,
}

impl Namespace {
    /// The counter of that name; none when there are too many names, or no room for one more.
    pub(crate) fn counter(&self, name: &str) -> Option<Counter> {
        let mut counters = self.counters.lock();
        if let Some(counter) = counters.get(name) {
            return Some(counter.clone());
        }
        if counters.len() >= MAX_NAMES || !self.room.take(name) {
            return None;
        }
        Some(counters.entry(name.to_owned()).or_default().clone())
    }

    /// The value of a counter that somebody opened.
    pub(crate) fn counted(&self, name: &str) -> Option<i64> {
        self.counters.lock().get(name).map(Counter::value)
    }

    /// The bucket of that name, refilled by these numbers for who opens it here; none
    /// when there are too many names, or no room for one more.
    pub(crate) fn bucket(&self, name: &str, rate: f64, burst: f64) -> Option<Bucket> {
        let mut buckets = self.buckets.lock();
        if let Some(bucket) = buckets.get(name) {
            return Some(bucket.by(rate, burst));
        }
        if buckets.len() >= MAX_NAMES || !self.room.take(name) {
            return None;
        }
        Some(
            buckets
                .entry(name.to_owned())
                .or_insert_with(|| self.private_bucket(rate, burst))
                .clone(),
        )
    }

    /// A bucket of nobody else's. Its keys are in the same room.
    pub(crate) fn private_bucket(&self, rate: f64, burst: f64) -> Bucket {
        Bucket::new(rate, burst, self.room.clone())
    }

    pub(crate) fn value(&self, key: &str, now: Instant) -> Option<Vec<u8>> {
        self.values.lock().value(key, now)
    }

    pub(crate) fn set(
        &self,
        key: String,
        value: Vec<u8>,
        ttl: Option<Duration>,
        quota: u64,
        now: Instant,
    ) -> Result<(), String> {
        self.values.lock().set(key, value, ttl, quota, now)
    }

    pub(crate) fn delete(&self, key: &str) {
        self.values.lock().delete(key);
    }

    pub(crate) fn swap(
        &self,
        key: String,
        expected: Option<&[u8]>,
        value: Vec<u8>,
        quota: u64,
        now: Instant,
    ) -> bool {
        self.values.lock().swap(key, expected, value, quota, now)
    }
}

/// All namespaces of a sandbox by the use that they belong to.
#[derive(Debug, Default)]
pub(crate) struct Namespaces(Mutex<HashMap<(String, Place), Weak<Namespace>>>);

impl Namespaces {
    /// The namespace of that plugin in that place: the living one or a fresh one.
    pub(crate) fn open(&self, plugin: &str, place: &Place) -> Arc<Namespace> {
        let mut all = self.0.lock();
        all.retain(|_, namespace| namespace.strong_count() > 0);
        let entry = all.entry((plugin.to_owned(), place.clone())).or_default();
        if let Some(namespace) = entry.upgrade() {
            return namespace;
        }
        let namespace = Arc::new(Namespace::default());
        *entry = Arc::downgrade(&namespace);
        namespace
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_use_finds_its_state_while_somebody_holds_it() {
        let all = Namespaces::default();
        let [web, api] = ["web", "api"].map(|name| Place::Upstream(name.into()));
        let first = all.open("rr", &web);
        first.counter("next").unwrap().add(5);
        let again = all.open("rr", &web);
        assert_eq!(again.counter("next").unwrap().value(), 5);
        let other = all.open("rr", &api);
        assert_eq!(
            other.counter("next").unwrap().value(),
            0,
            "another upstream is another use"
        );
        drop((first, again));
        assert_eq!(all.open("rr", &web).counter("next").unwrap().value(), 0);
    }

    #[test]
    fn names_are_bounded() {
        let space = Namespace::default();
        assert!((0..MAX_NAMES).all(|i| space.counter(&i.to_string()).is_some()));
        assert!(space.counter("one more").is_none());
        assert!(space.counter("0").is_some(), "known names still open");
    }

    #[test]
    fn bytes_of_names_are_bounded() {
        let space = Namespace::default();
        let long = |n: u32| format!("{n}{}", "x".repeat(1 << 20));
        let opened = (0..100).filter(|n| space.counter(&long(*n)).is_some());
        assert!(opened.count() < 16);
        let opened = (0..100).filter(|n| space.bucket(&long(*n), 1.0, 1.0).is_some());
        assert_eq!(opened.count(), 0, "it is one room");
    }
}
