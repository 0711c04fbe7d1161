//! The numbers themselves: what a request adds to, and what a scrape reads.
//!
//! Each is one or two relaxed atomic additions. Readers see every addition sooner or
//! later and in no promised order, which is all that a metrics page needs. They are
//! our own instead of the `prometheus` crate's because those carry their name, help
//! and labels with every series (about 700 bytes) and use four ordered operations,
//! one of them a loop, for each observation of a histogram.

use prometheus::proto::{self, Metric, MetricType};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};

/// What a scrape can read.
pub(super) trait Value: std::any::Any + Send + Sync {
    /// What the page says it is.
    fn kind(&self) -> MetricType;
    /// Writes the value as it is now.
    fn fill(&self, sample: &mut Metric);
}

/// A number that only grows. Wraps after 2⁶⁴, which a scraper takes for a restart.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Adds one.
    pub fn inc(&self) {
        self.add(1);
    }

    /// Adds `n`.
    pub fn add(&self, n: u64) {
        self.0.fetch_add(n, Relaxed);
    }

    /// The sum so far.
    pub fn value(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// A whole number that goes up and down.
#[derive(Debug, Default)]
pub struct Gauge(AtomicI64);

impl Gauge {
    /// One that starts with that value.
    pub(super) fn of(value: i64) -> Self {
        Self(AtomicI64::new(value))
    }

    /// Adds one.
    pub fn inc(&self) {
        self.0.fetch_add(1, Relaxed);
    }

    /// Takes one away.
    pub fn dec(&self) {
        self.0.fetch_sub(1, Relaxed);
    }

    /// Replaces the value.
    pub fn set(&self, value: i64) {
        self.0.store(value, Relaxed);
    }

    /// The value now.
    pub fn value(&self) -> i64 {
        self.0.load(Relaxed)
    }
}

/// Any number, as the last one who set it left it.
#[derive(Debug, Default)]
pub struct FloatGauge(AtomicU64);

impl FloatGauge {
    /// Replaces the value.
    pub fn set(&self, value: f64) {
        self.0.store(value.to_bits(), Relaxed);
    }

    /// The value now.
    pub fn value(&self) -> f64 {
        f64::from_bits(self.0.load(Relaxed))
    }
}

/// A number made for one scrape.
pub(super) struct Reading(pub MetricType, pub f64);

impl Value for Counter {
    fn kind(&self) -> MetricType {
        MetricType::COUNTER
    }

    fn fill(&self, sample: &mut Metric) {
        sample.set_counter(counter(self.value() as f64));
    }
}

impl Value for Gauge {
    fn kind(&self) -> MetricType {
        MetricType::GAUGE
    }

    fn fill(&self, sample: &mut Metric) {
        sample.set_gauge(gauge(self.value() as f64));
    }
}

impl Value for FloatGauge {
    fn kind(&self) -> MetricType {
        MetricType::GAUGE
    }

    fn fill(&self, sample: &mut Metric) {
        sample.set_gauge(gauge(self.value()));
    }
}

impl Value for Reading {
    fn kind(&self) -> MetricType {
        self.0
    }

    fn fill(&self, sample: &mut Metric) {
        match self.0 {
            MetricType::COUNTER => sample.set_counter(counter(self.1)),
            _ => sample.set_gauge(gauge(self.1)),
        }
    }
}

fn counter(value: f64) -> proto::Counter {
    let mut counter = proto::Counter::default();
    counter.set_value(value);
    counter
}

fn gauge(value: f64) -> proto::Gauge {
    let mut gauge = proto::Gauge::default();
    gauge.set_value(value);
    gauge
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_addition_of_any_thread_is_lost() {
        let (counter, gauge) = (Counter::default(), Gauge::default());
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for n in 0..10_000 {
                        counter.add(n % 3);
                        gauge.inc();
                        gauge.dec();
                    }
                });
            }
        });
        let expected: u64 = (0..10_000).map(|n| n % 3).sum();
        assert_eq!(counter.value(), 4 * expected);
        assert_eq!(gauge.value(), 0);
    }

    #[test]
    fn a_gauge_may_go_below_zero_and_a_float_keeps_its_bits() {
        let gauge = Gauge::default();
        gauge.dec();
        assert_eq!(gauge.value(), -1);
        let float = FloatGauge::default();
        assert_eq!(float.value(), 0.0);
        float.set(-0.25);
        assert_eq!(float.value(), -0.25);
    }
}
