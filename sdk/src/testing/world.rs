//! All that the fakes of one thread know.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::Request;
use crate::log::Level;

thread_local! {
    static WORLD: RefCell<World> = RefCell::new(World::default());
}

/// A series that a plugin wrote.
#[derive(Debug, Clone, PartialEq)]
pub enum Metric {
    /// The sum of what was added.
    Counter(u64),
    /// The value last set.
    Gauge(f64),
    /// Every observed value, in order.
    Histogram(Vec<f64>),
}

pub(super) struct World {
    /// None: there is no exchange, as in `configure` and `update`.
    pub request: Option<Request>,
    /// While `configure` or `update` runs, the exchange is hidden.
    pub hidden: bool,
    pub in_flight: Vec<u32>,
    pub latency: Vec<u32>,
    pub excluded: BTreeSet<u32>,
    pub random: u64,
    pub now: Duration,
    pub wall: Duration,
    pub counters: BTreeMap<String, i64>,
    pub buckets: BTreeMap<String, Bucket>,
    pub values: BTreeMap<String, Value>,
    pub metrics: BTreeMap<String, Metric>,
    pub lines: Vec<(Level, String)>,
}

#[derive(Default)]
pub(super) struct Bucket {
    pub rate: f64,
    pub burst: f64,
    /// Tokens of each key, and when they were counted.
    pub tokens: BTreeMap<String, (f64, Duration)>,
}

#[derive(Clone)]
pub(super) struct Value {
    pub bytes: Vec<u8>,
    pub until: Option<Duration>,
}

impl Default for World {
    fn default() -> Self {
        World {
            request: Some(Request::get("/")),
            hidden: false,
            in_flight: Vec::new(),
            latency: Vec::new(),
            excluded: BTreeSet::new(),
            random: 0,
            now: Duration::from_secs(1),
            wall: Duration::from_secs(1_700_000_000),
            counters: BTreeMap::new(),
            buckets: BTreeMap::new(),
            values: BTreeMap::new(),
            metrics: BTreeMap::new(),
            lines: Vec::new(),
        }
    }
}

impl World {
    /// Runs `f` on the world of this thread. `f` must not call a plugin.
    pub fn with<T>(f: impl FnOnce(&mut World) -> T) -> T {
        WORLD.with_borrow_mut(f)
    }

    /// What `f` reads of the exchange, or nothing when there is none.
    pub fn exchange<T: Default>(f: impl FnOnce(&World, &Request) -> T) -> T {
        World::with(|world| match &world.request {
            Some(request) if !world.hidden => f(world, request),
            _ => T::default(),
        })
    }

    /// The value of a key that has not ended.
    pub fn value(&self, key: &str) -> Option<&Value> {
        self.values
            .get(key)
            .filter(|value| value.until.is_none_or(|until| self.now < until))
    }
}
