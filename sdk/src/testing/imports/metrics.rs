//! Series that only record.

use crate::testing::world::{Metric, World};

fn write(name: &str, new: Metric, change: impl FnOnce(&mut Metric)) {
    World::with(|world| change(world.metrics.entry(name.to_owned()).or_insert(new)));
}

#[derive(Debug)]
pub struct Counter(String);

impl Counter {
    pub fn new(name: &str, _help: &str) -> Self {
        write(name, Metric::Counter(0), |_| ());
        Counter(name.to_owned())
    }
    pub fn add(&self, n: u64) {
        write(&self.0, Metric::Counter(0), |metric| {
            if let Metric::Counter(sum) = metric {
                *sum = sum.saturating_add(n);
            }
        });
    }
}

#[derive(Debug)]
pub struct Gauge(String);

impl Gauge {
    pub fn new(name: &str, _help: &str) -> Self {
        write(name, Metric::Gauge(0.0), |_| ());
        Gauge(name.to_owned())
    }
    pub fn set(&self, value: f64) {
        write(&self.0, Metric::Gauge(0.0), |metric| {
            if let Metric::Gauge(current) = metric {
                *current = value;
            }
        });
    }
}

#[derive(Debug)]
pub struct Histogram(String);

impl Histogram {
    pub fn new(name: &str, _help: &str, _buckets: &[f64]) -> Self {
        write(name, Metric::Histogram(Vec::new()), |_| ());
        Histogram(name.to_owned())
    }
    pub fn observe(&self, value: f64) {
        write(&self.0, Metric::Histogram(Vec::new()), |metric| {
            if let Metric::Histogram(values) = metric {
                values.push(value);
            }
        });
    }
}
