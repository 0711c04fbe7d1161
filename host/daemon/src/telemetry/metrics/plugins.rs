//! What the host counts of its plugins. (What they count themselves is in `own`.)

use super::exposition::Page;
use super::histogram::Durations;
use super::labels::Counters;
use super::names;
use super::series::Living;
use super::value::{Counter, Gauge, Reading};
use prometheus::proto::MetricType::COUNTER;
use std::sync::Arc;
use tidegate_runtime::FaultKind;

/// What is counted of one plugin in one upstream.
pub(super) struct Plugin {
    calls: Durations,
    untimed: Counter,
    faults: Counters<FaultKind>,
    instances: Gauge,
    generation: Gauge,
}

impl Plugin {
    pub(super) fn new() -> Self {
        Self {
            calls: Durations::new(names::CALL_BUCKETS),
            untimed: Counter::default(),
            faults: Counters::new(),
            instances: Gauge::default(),
            generation: Gauge::default(),
        }
    }
}

/// One plugin in one upstream.
#[derive(Clone)]
pub struct PluginSeries(pub(super) Arc<Plugin>);

impl PluginSeries {
    /// A call is over, after so many nanoseconds.
    pub fn call(&self, nanos: u64) {
        self.0.calls.observe_nanos(nanos);
    }

    /// A call is over whose time was not taken: two readings of the clock cost a
    /// third of a call.
    pub fn call_untimed(&self) {
        self.0.untimed.inc();
    }

    /// A call failed; it counts as a call too, by one of the above.
    pub fn fault(&self, kind: FaultKind) {
        self.0.faults.of(kind).inc();
    }

    /// Live instances.
    pub fn instances(&self) -> &Gauge {
        &self.0.instances
    }

    /// Generation of the configuration that brought the running version.
    pub fn generation(&self) -> &Gauge {
        &self.0.generation
    }
}

/// Writes the families of plugins.
pub(super) fn write(page: &mut Page, plugins: &Living<Plugin, 2>) {
    let all = plugins.all();
    page.family(&names::PLUGIN_CALLS, |family| {
        for ([plugin, upstream], series) in &all {
            let calls = series.calls.count() + series.untimed.value();
            family.add(&[plugin, upstream], &Reading(COUNTER, calls as f64));
        }
    });
    page.family(&names::PLUGIN_FAULTS, |family| {
        for ([plugin, upstream], series) in &all {
            series
                .faults
                .each()
                .for_each(|(kind, n)| family.add(&[plugin, upstream, kind], n));
        }
    });
    page.family(&names::PLUGIN_CALL, |family| {
        all.iter()
            .for_each(|([plugin, upstream], s)| family.add(&[plugin, upstream], &s.calls));
    });
    page.family(&names::PLUGIN_INSTANCES, |family| {
        all.iter()
            .for_each(|([plugin, upstream], s)| family.add(&[plugin, upstream], &s.instances));
    });
    page.family(&names::PLUGIN_GENERATION, |family| {
        all.iter()
            .for_each(|([plugin, upstream], s)| family.add(&[plugin, upstream], &s.generation));
    });
}
