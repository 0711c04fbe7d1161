//! Series of the plugin's own in the host's metrics: `lb_plugin_<name>`, with the labels `plugin`,
//! `upstream` (of a selector) and `route` (of a filter).
//!
//! Names are `[a-z][a-z0-9_]*` of at most 64 letters. Open each once, in `configure`. One that is
//! invalid, that exists as another kind, or that is beyond 64 of a plugin is logged and counts
//! nowhere.

use crate::imports;

/// A number that only grows.
///
/// ```
/// use tidegate_sdk::metrics::Counter;
/// # use tidegate_sdk::testing::{Host, Metric};
/// # let host = Host::new();
///
/// let refused = Counter::open("refused_total", "Requests without a ticket.");
/// refused.add(1);
/// refused.add(2);
/// assert_eq!(host.metric("refused_total"), Some(Metric::Counter(3)));
/// ```
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
///
/// ```
/// use tidegate_sdk::metrics::Gauge;
/// # use tidegate_sdk::testing::{Host, Metric};
/// # let host = Host::new();
///
/// let near = Gauge::open("near", "Endpoints in our zone.");
/// near.set(3.0);
/// near.set(2.0);
/// assert_eq!(host.metric("near"), Some(Metric::Gauge(2.0)));
/// ```
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
///
/// ```
/// use tidegate_sdk::metrics::Histogram;
/// # use tidegate_sdk::testing::{Host, Metric};
/// # let host = Host::new();
///
/// let sizes = Histogram::open("body_bytes", "Sizes of bodies.", &[1e3, 1e6]);
/// sizes.observe(512.0);
/// assert_eq!(host.metric("body_bytes"), Some(Metric::Histogram(vec![512.0])));
/// ```
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
