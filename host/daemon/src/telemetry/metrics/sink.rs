//! Lets the sandbox count: [`OwnSeries`] as the runtime's [`SeriesSink`].

use super::histogram::Numbers;
use super::own::OwnSeries;
use super::value::{Counter, FloatGauge};
use std::sync::Arc;
use tidegate_runtime::{CounterSink, GaugeSink, HistogramSink, SeriesSink};

/// A series as an instance of a plugin holds it.
struct Handle<T>(Arc<T>);

impl CounterSink for Handle<Counter> {
    fn add(&self, n: u64) {
        self.0.add(n);
    }
}

impl GaugeSink for Handle<FloatGauge> {
    fn set(&self, value: f64) {
        self.0.set(value);
    }
}

impl HistogramSink for Handle<Numbers> {
    fn observe(&self, value: f64) {
        self.0.observe(value);
    }
}

impl SeriesSink for OwnSeries {
    fn counter(&self, name: &str, help: &str) -> Result<Box<dyn CounterSink>, String> {
        Ok(Box::new(Handle(OwnSeries::counter(self, name, help)?)))
    }

    fn gauge(&self, name: &str, help: &str) -> Result<Box<dyn GaugeSink>, String> {
        Ok(Box::new(Handle(OwnSeries::gauge(self, name, help)?)))
    }

    fn histogram(
        &self,
        name: &str,
        help: &str,
        buckets: &[f64],
    ) -> Result<Box<dyn HistogramSink>, String> {
        Ok(Box::new(Handle(OwnSeries::histogram(
            self, name, help, buckets,
        )?)))
    }
}
