//! Handles for endpoints: what is tried there, and whether they are fit to be chosen.
//! (The requests that they answered are counted in `requests`.)
//!
//! The gauges show what other layers decide. Nothing here decides: a gauge may be
//! filled when it turns, or only when somebody looks.

use super::exposition::Page;
use super::labels::{AttemptOutcome, Counters, Ejection};
use super::names::{self, Spec};
use super::requests::Table;
use super::series::Living;
use super::value::{Counter, Gauge, Value};
use std::sync::Arc;

/// What is counted of one endpoint.
pub(super) struct Endpoint {
    active: Gauge,
    attempts: Counters<AttemptOutcome>,
    health: Gauge,
    eligible: Gauge,
    breaker: Gauge,
    breaker_opened: Counter,
    ejected_now: Gauge,
    ejected: Counters<Ejection>,
    /// Requests that this endpoint answered, of every route that leads to it.
    pub(super) requests: Table,
}

impl Endpoint {
    pub(super) fn new() -> Self {
        Self {
            active: Gauge::default(),
            attempts: Counters::new(),
            // Nobody has said otherwise: an endpoint without checks is up.
            health: Gauge::of(1),
            eligible: Gauge::of(1),
            breaker: Gauge::default(),
            breaker_opened: Counter::default(),
            ejected_now: Gauge::default(),
            ejected: Counters::new(),
            requests: Table::default(),
        }
    }
}

/// One endpoint of one upstream.
#[derive(Clone)]
pub struct EndpointSeries(pub(super) Arc<Endpoint>);

impl EndpointSeries {
    /// Requests in flight. It can be the only such count of an endpoint: whoever
    /// admits requests may add and take away here and read the value back.
    pub fn active(&self) -> &Gauge {
        &self.0.active
    }

    /// One attempt is over.
    pub fn attempt(&self, outcome: AttemptOutcome) {
        self.0.attempts.of(outcome).inc();
    }

    /// What the health checks say: 1 for up, 0 for down. Up until it is set.
    pub fn health(&self) -> &Gauge {
        &self.0.health
    }

    /// 1 while it may be chosen, whatever speaks against it otherwise. 1 until it is
    /// set.
    pub fn eligible(&self) -> &Gauge {
        &self.0.eligible
    }

    /// Its breaker: 0 for closed (traffic flows), 1 for open, 2 for half open.
    pub fn breaker(&self) -> &Gauge {
        &self.0.breaker
    }

    /// Its breaker opened, from closed or from half open.
    pub fn breaker_opened(&self) {
        self.0.breaker_opened.inc();
    }

    /// 1 while it is ejected as an outlier.
    pub fn ejected_now(&self) -> &Gauge {
        &self.0.ejected_now
    }

    /// It was ejected as an outlier.
    pub fn ejected(&self, reason: Ejection) {
        self.0.ejected.of(reason).inc();
    }
}

/// Writes the families of endpoints, but for their requests.
pub(super) fn write(page: &mut Page, endpoints: &Living<Endpoint, 2>) {
    let all = endpoints.all();
    let mut single = |spec: &Spec, value: fn(&Endpoint) -> &dyn Value| {
        page.family(spec, |family| {
            for ([upstream, backend], endpoint) in &all {
                family.add(&[backend, upstream], value(endpoint));
            }
        });
    };
    single(&names::ACTIVE, |endpoint| &endpoint.active);
    single(&names::HEALTH, |endpoint| &endpoint.health);
    single(&names::ELIGIBLE, |endpoint| &endpoint.eligible);
    single(&names::BREAKER, |endpoint| &endpoint.breaker);
    single(&names::BREAKER_OPENED, |endpoint| &endpoint.breaker_opened);
    single(&names::EJECTED, |endpoint| &endpoint.ejected_now);
    page.family(&names::EJECTIONS, |family| {
        for ([upstream, backend], endpoint) in &all {
            for (reason, counter) in endpoint.ejected.each() {
                family.add(&[backend, upstream, reason], counter);
            }
        }
    });
    page.family(&names::ATTEMPTS, |family| {
        for ([upstream, backend], endpoint) in &all {
            for (outcome, counter) in endpoint.attempts.each() {
                family.add(&[backend, upstream, outcome], counter);
            }
        }
    });
}
