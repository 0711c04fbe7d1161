//! `metrics`: the plugin's own series, kept by whoever embeds this crate.

use super::say;
use crate::bindings::tidegate::plugin::log::Level;
use crate::bindings::tidegate::plugin::metrics;
use crate::instance::Host;
use wasmtime::Result;
use wasmtime::component::Resource;

/// A counter of the embedder's metrics.
pub trait CounterSink: Send + Sync {
    /// Adds.
    fn add(&self, n: u64);
}

/// A gauge of the embedder's metrics.
pub trait GaugeSink: Send + Sync {
    /// Replaces the value.
    fn set(&self, value: f64);
}

/// A histogram of the embedder's metrics.
pub trait HistogramSink: Send + Sync {
    /// Adds one observation.
    fn observe(&self, value: f64);
}

/// Where the series of one use of a plugin go. Names and help are the guest's, so
/// hostile: an implementation checks them, and says in one sentence what is wrong.
pub trait SeriesSink: Send + Sync + 'static {
    /// Opens the counter of that name.
    fn counter(&self, name: &str, help: &str) -> Result<Box<dyn CounterSink>, String>;
    /// Opens the gauge of that name.
    fn gauge(&self, name: &str, help: &str) -> Result<Box<dyn GaugeSink>, String>;
    /// Opens the histogram of that name with those upper bounds.
    fn histogram(
        &self,
        name: &str,
        help: &str,
        buckets: &[f64],
    ) -> Result<Box<dyn HistogramSink>, String>;
}

/// A sink that keeps nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoSeries;

struct Nothing;
impl CounterSink for Nothing {
    fn add(&self, _: u64) {}
}
impl GaugeSink for Nothing {
    fn set(&self, _: f64) {}
}
impl HistogramSink for Nothing {
    fn observe(&self, _: f64) {}
}

impl SeriesSink for NoSeries {
    fn counter(&self, _: &str, _: &str) -> Result<Box<dyn CounterSink>, String> {
        Ok(Box::new(Nothing))
    }
    fn gauge(&self, _: &str, _: &str) -> Result<Box<dyn GaugeSink>, String> {
        Ok(Box::new(Nothing))
    }
    fn histogram(&self, _: &str, _: &str, _: &[f64]) -> Result<Box<dyn HistogramSink>, String> {
        Ok(Box::new(Nothing))
    }
}

/// A counter, as an instance holds it.
pub struct Counter(Box<dyn CounterSink>);
/// A gauge, as an instance holds it.
pub struct Gauge(Box<dyn GaugeSink>);
/// A histogram, as an instance holds it.
pub struct Histogram(Box<dyn HistogramSink>);

impl metrics::Host for Host {}

impl Host {
    fn complain(&self, name: &str, problem: &str) {
        say(
            &self.shared,
            Level::Error,
            &format!("the series `{name}` counts nowhere: {problem}"),
        );
    }
}

impl metrics::HostCounter for Host {
    fn new(&mut self, name: String, help: String) -> Result<Resource<Counter>> {
        let sink = self
            .shared
            .series
            .counter(&name, &help)
            .unwrap_or_else(|problem| {
                self.complain(&name, &problem);
                Box::new(Nothing)
            });
        Ok(self.table.push(Counter(sink))?)
    }

    fn add(&mut self, counter: Resource<Counter>, n: u64) -> Result<()> {
        self.table.get(&counter)?.0.add(n);
        Ok(())
    }

    fn drop(&mut self, counter: Resource<Counter>) -> Result<()> {
        self.table.delete(counter)?;
        Ok(())
    }
}

impl metrics::HostGauge for Host {
    fn new(&mut self, name: String, help: String) -> Result<Resource<Gauge>> {
        let sink = self
            .shared
            .series
            .gauge(&name, &help)
            .unwrap_or_else(|problem| {
                self.complain(&name, &problem);
                Box::new(Nothing)
            });
        Ok(self.table.push(Gauge(sink))?)
    }

    fn set(&mut self, gauge: Resource<Gauge>, value: f64) -> Result<()> {
        self.table.get(&gauge)?.0.set(value);
        Ok(())
    }

    fn drop(&mut self, gauge: Resource<Gauge>) -> Result<()> {
        self.table.delete(gauge)?;
        Ok(())
    }
}

impl metrics::HostHistogram for Host {
    fn new(
        &mut self,
        name: String,
        help: String,
        buckets: Vec<f64>,
    ) -> Result<Resource<Histogram>> {
        let sink = self
            .shared
            .series
            .histogram(&name, &help, &buckets)
            .unwrap_or_else(|problem| {
                self.complain(&name, &problem);
                Box::new(Nothing)
            });
        Ok(self.table.push(Histogram(sink))?)
    }

    fn observe(&mut self, histogram: Resource<Histogram>, value: f64) -> Result<()> {
        self.table.get(&histogram)?.0.observe(value);
        Ok(())
    }

    fn drop(&mut self, histogram: Resource<Histogram>) -> Result<()> {
        self.table.delete(histogram)?;
        Ok(())
    }
}
