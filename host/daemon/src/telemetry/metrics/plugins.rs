//! What the host counts of its plugins. (What they count themselves is in `own`.)

use super::exposition::{Family, Page};
use super::histogram::Durations;
use super::labels::{Counters, Deed, Label, Phase};
use super::names;
use super::series::Living;
use super::value::{Counter, Gauge, Reading};
use prometheus::proto::MetricType::COUNTER;
use std::sync::Arc;
use tidegate_runtime::{FaultKind, Place};

/// What is counted of one plugin in one place.
pub(super) struct Plugin {
    /// The phases that there are for it, each at its own position.
    phases: Vec<(Phase, Calls)>,
    deeds: Option<Counters<Deed>>,
    instances: Gauge,
    memory: Gauge,
    quarantined: Gauge,
    generation: Gauge,
}

struct Calls {
    timed: Durations,
    untimed: Counter,
    faults: Counters<FaultKind>,
    bypassed: Counter,
}

impl Plugin {
    pub(super) fn new(place: &Place) -> Self {
        let phases = match place {
            Place::Upstream(_) => &Phase::ALL[..1],
            Place::Route(..) => &Phase::ALL[1..],
        };
        let calls = || Calls {
            timed: Durations::new(names::CALL_BUCKETS),
            untimed: Counter::default(),
            faults: Counters::new(),
            bypassed: Counter::default(),
        };
        Self {
            phases: phases.iter().map(|phase| (*phase, calls())).collect(),
            deeds: place.route().map(|_| Counters::new()),
            instances: Gauge::default(),
            memory: Gauge::default(),
            quarantined: Gauge::default(),
            generation: Gauge::default(),
        }
    }

    /// A phase that there is not for this kind of plugin is never asked for; were it, it
    /// would count as the first.
    fn calls(&self, phase: Phase) -> &Calls {
        let first = self.phases[0].0.position();
        let position = phase.position().saturating_sub(first);
        &self.phases[position.min(self.phases.len() - 1)].1
    }
}

/// One plugin in one place.
#[derive(Clone)]
pub struct PluginSeries(pub(super) Arc<Plugin>);

impl PluginSeries {
    /// A call is over, after so many nanoseconds.
    pub fn call(&self, phase: Phase, nanos: u64) {
        self.0.calls(phase).timed.observe_nanos(nanos);
    }

    /// A call is over whose time was not taken: two readings of the clock cost a
    /// third of a call.
    pub fn call_untimed(&self, phase: Phase) {
        self.0.calls(phase).untimed.inc();
    }

    /// A call failed; it counts as a call too, by one of the above.
    pub fn fault(&self, phase: Phase, kind: FaultKind) {
        self.0.calls(phase).faults.of(kind).inc();
    }

    /// A call was not made.
    pub fn bypassed(&self, phase: Phase) {
        self.0.calls(phase).bypassed.inc();
    }

    /// A filter did something.
    pub fn deed(&self, deed: Deed) {
        if let Some(deeds) = &self.0.deeds {
            deeds.of(deed).inc();
        }
    }

    /// Live instances.
    pub fn instances(&self) -> &Gauge {
        &self.0.instances
    }

    /// The most memory that one instance has had, in bytes.
    pub fn memory(&self) -> &Gauge {
        &self.0.memory
    }

    /// 1 while it is set aside.
    pub fn quarantined(&self) -> &Gauge {
        &self.0.quarantined
    }

    /// Generation of the configuration that brought the running version.
    pub fn generation(&self) -> &Gauge {
        &self.0.generation
    }
}

type All = Vec<(super::series::Key<3>, Arc<Plugin>)>;

/// Writes the families of plugins.
pub(super) fn write(page: &mut Page, plugins: &Living<Plugin, 3>) {
    let all = plugins.all();
    page.family(&names::PLUGIN_CALLS, |family| {
        each_phase(&all, |labels, calls| {
            let total = calls.timed.count() + calls.untimed.value();
            family.add(labels, &Reading(COUNTER, total as f64));
        });
    });
    page.family(&names::PLUGIN_FAULTS, |family| {
        each_phase(&all, |[plugin, upstream, route, phase], calls| {
            for (kind, n) in calls.faults.each() {
                family.add(&[plugin, upstream, route, phase, kind], n);
            }
        });
    });
    page.family(&names::PLUGIN_BYPASSED, |family| {
        each_phase(&all, |labels, calls| family.add(labels, &calls.bypassed));
    });
    page.family(&names::PLUGIN_CALL, |family| {
        each_phase(&all, |labels, calls| family.add(labels, &calls.timed));
    });
    page.family(&names::PLUGIN_DEEDS, |family| {
        for ([plugin, upstream, route], series) in &all {
            for (deed, n) in series.deeds.iter().flat_map(Counters::each) {
                family.add(&[plugin, upstream, route, deed], n);
            }
        }
    });
    let mut gauges = |spec, gauge: fn(&Plugin) -> &Gauge| {
        page.family(spec, |family| each(&all, family, gauge));
    };
    gauges(&names::PLUGIN_INSTANCES, |plugin| &plugin.instances);
    gauges(&names::PLUGIN_MEMORY, |plugin| &plugin.memory);
    gauges(&names::PLUGIN_QUARANTINED, |plugin| &plugin.quarantined);
    gauges(&names::PLUGIN_GENERATION, |plugin| &plugin.generation);
}

fn each(all: &All, family: &mut Family<'_>, gauge: fn(&Plugin) -> &Gauge) {
    for ([plugin, upstream, route], series) in all {
        family.add(&[plugin, upstream, route], gauge(series));
    }
}

fn each_phase<'a>(all: &'a All, mut write: impl FnMut(&[&'a str; 4], &'a Calls)) {
    for ([plugin, upstream, route], series) in all {
        for (phase, calls) in &series.phases {
            write(&[plugin, upstream, route, phase.word()], calls);
        }
    }
}
