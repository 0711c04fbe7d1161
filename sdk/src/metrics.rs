//! Series of the plugin's own in the host's metrics: `lb_plugin_<name>`, with the labels `plugin`,
//! `upstream` (of a selector) and `route` (of a filter).
//!
//! Names are `[a-z][a-z0-9_]*` of at most 64 letters. Open each once, in `configure`. One that is
//! invalid, that exists as another kind, or that is beyond 64 of a plugin is logged and counts
//! nowhere.

use crate::imports;

/// A number that only grows.
#[derive(Debug)]
pub struct Counter(imports::metrics::Counter);

impl Counter {
    /// Opens the series of that name.
    pub fn open(name: &str, help: &str) -> Self {
        Counter(imports::metrics::Counter::new(name, help))
    }

    /// Adds `n`.
    pub fn add(&self, n: u64) {
        self.0.add(n);
    }
}

/// A number that goes up and down.
#[derive(Debug)]
pub struct Gauge(imports::metrics::Gauge);

impl Gauge {
    /// Opens the series of that name.
    pub fn open(name: &str, help: &str) -> Self {
        Gauge(imports::metrics::Gauge::new(name, help))
    }

    /// Replaces the value.
    pub fn set(&self, value: f64) {
        self.0.set(value);
    }
}

/// Counts of values by size.
#[derive(Debug)]
pub struct Histogram(imports::metrics::Histogram);

impl Histogram {
    /// Opens the series of that name. `buckets` are upper bounds, ascending, at most 32.
    pub fn open(name: &str, help: &str, buckets: &[f64]) -> Self {
        Histogram(imports::metrics::Histogram::new(name, help, buckets))
    }

    /// Counts one value.
    pub fn observe(&self, value: f64) {
        self.0.observe(value);
    }
}
