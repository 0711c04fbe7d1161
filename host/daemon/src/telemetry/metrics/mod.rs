//! Counts, and the page that shows them (`GET /metrics`).
//!
//! Whoever compiles a snapshot asks [`Metrics`] for the handles of its endpoints,
//! routes, upstreams and plugins and keeps them; requests count through those. Asking
//! again for the same labels gives the same series, so counts go on over a reload;
//! a series leaves the page with the last handle on it.
//!
//! There is no global: two `Metrics` share nothing.

mod endpoints;
mod exposition;
mod histogram;
mod labels;
mod listeners;
mod names;
mod own;
mod own_rules;
mod plugins;
mod process;
mod requests;
mod series;
mod sink;
mod upstreams;
mod value;

pub use endpoints::EndpointSeries;
pub use exposition::CONTENT_TYPE;
pub use histogram::{Durations, Numbers};
pub use labels::{
    AttemptOutcome, Deed, Ejection, FallbackReason, Label, Phase, QueueRefusal, RetryReason,
    RetryRefusal,
};
pub use listeners::{Connection, ListenerSeries};
pub use own::OwnSeries;
pub use plugins::PluginSeries;
pub use requests::RouteSeries;
pub use upstreams::UpstreamSeries;
pub use value::{Counter, FloatGauge, Gauge};

use exposition::Page;
use labels::{Counters, ReloadResult};
use series::Living;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::SystemTime;
use tidegate_runtime::Place;
use value::{Reading, Value};

/// Everything that is counted.
pub struct Metrics {
    version: &'static str,
    started: SystemTime,
    endpoints: Living<endpoints::Endpoint, 2>,
    upstreams: Living<upstreams::Upstream, 1>,
    listeners: Living<listeners::Listener, 1>,
    routes: Living<requests::Route, 2>,
    next_route: AtomicU64,
    plugins: Living<plugins::Plugin, 3>,
    own: Arc<own::Book>,
    generation: Gauge,
    reloads: Counters<ReloadResult>,
    last_reload: Gauge,
    access_log_dropped: Arc<Counter>,
}

impl Metrics {
    /// Nothing counted yet. Call it at the start of the process (after it went to the
    /// background): the time of this call is shown as the process's start.
    pub fn new(version: &'static str) -> Arc<Self> {
        Arc::new(Self {
            version,
            started: SystemTime::now(),
            endpoints: Living::default(),
            upstreams: Living::default(),
            listeners: Living::default(),
            routes: Living::default(),
            next_route: AtomicU64::new(0),
            plugins: Living::default(),
            own: Arc::default(),
            generation: Gauge::default(),
            reloads: Counters::new(),
            last_reload: Gauge::default(),
            access_log_dropped: Arc::default(),
        })
    }

    /// Series of an endpoint, labelled `backend` with its address.
    pub fn endpoint(&self, upstream: &str, backend: &str) -> EndpointSeries {
        EndpointSeries(
            self.endpoints
                .of([upstream, backend], |_| endpoints::Endpoint::new()),
        )
    }

    /// Series of an upstream.
    pub fn upstream(&self, upstream: &str) -> UpstreamSeries {
        UpstreamSeries(
            self.upstreams
                .of([upstream], |_| upstreams::Upstream::new()),
        )
    }

    /// Series of a listener, by its address as configured.
    pub fn listener(&self, listener: &str) -> ListenerSeries {
        ListenerSeries(
            self.listeners
                .of([listener], |_| listeners::Listener::default()),
        )
    }

    /// Series of a route to an upstream. Requests that no route matched are counted
    /// under `("", "")`.
    pub fn route(&self, upstream: &str, route: &str) -> RouteSeries {
        RouteSeries(self.routes.of([upstream, route], |labels| {
            requests::Route::new(self.next_route.fetch_add(1, Relaxed), labels)
        }))
    }

    /// Series of a plugin in a place.
    pub fn plugin(&self, plugin: &str, place: &Place) -> PluginSeries {
        PluginSeries(
            self.plugins
                .of(labels(plugin, place), |_| plugins::Plugin::new(place)),
        )
    }

    /// Where a plugin in a place opens series of its own. Each loaded version gets
    /// one, and what it opened is kept as long as that.
    pub fn own(&self, plugin: &str, place: &Place) -> OwnSeries {
        OwnSeries::new(&self.own, labels(plugin, place))
    }

    /// The first configuration runs.
    pub fn started(&self, generation: u64) {
        self.generation.set(generation.cast_signed());
        self.last_reload.set(1);
    }

    /// A reload was applied, and this generation runs.
    pub fn reloaded(&self, generation: u64) {
        self.started(generation);
        self.reloads.of(ReloadResult::Applied).inc();
    }

    /// A reload was refused, and the former configuration runs on.
    pub fn reload_refused(&self) {
        self.last_reload.set(0);
        self.reloads.of(ReloadResult::Refused).inc();
    }

    /// Counts lines that the access log could not take.
    pub fn access_log_dropped(&self) -> Arc<Counter> {
        Arc::clone(&self.access_log_dropped)
    }

    /// The page, of media type [`CONTENT_TYPE`].
    pub fn render(&self) -> String {
        let mut page = Page::default();
        self.write_host(&mut page);
        requests::write(&mut page, &self.routes, &self.endpoints);
        endpoints::write(&mut page, &self.endpoints);
        upstreams::write(&mut page, &self.upstreams);
        listeners::write(&mut page, &self.listeners);
        plugins::write(&mut page, &self.plugins);
        self.own.write(&mut page);
        process::write(&mut page, self.started);
        page.text()
    }

    fn write_host(&self, page: &mut Page) {
        let one = Reading(prometheus::proto::MetricType::GAUGE, 1.0);
        page.family(&names::BUILD, |family| family.add(&[self.version], &one));
        page.family(&names::CONFIG_RELOADS, |family| {
            self.reloads
                .each()
                .for_each(|(result, n)| family.add(&[result], n));
        });
        let single: [(_, &dyn Value); 3] = [
            (&names::CONFIG_GENERATION, &self.generation),
            (&names::CONFIG_LAST_RELOAD, &self.last_reload),
            (&names::ACCESS_LOG_DROPPED, &*self.access_log_dropped),
        ];
        for (spec, value) in single {
            page.family(spec, |family| family.add(&[], value));
        }
    }
}

/// Several uses of a plugin in one route are counted together.
fn labels<'a>(plugin: &'a str, place: &'a Place) -> [&'a str; 3] {
    let (upstream, route) = (place.upstream(), place.route());
    [
        plugin,
        upstream.unwrap_or_default(),
        route.unwrap_or_default(),
    ]
}

#[cfg(test)]
mod shipped;
#[cfg(test)]
mod tests;
