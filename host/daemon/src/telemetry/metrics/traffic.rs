//! Handles for traffic: endpoints, upstreams and listeners. (Routes count in
//! `requests`.) Cloning one is cheap; the snapshot holds them.

use super::exposition::Page;
use super::labels::{AttemptOutcome, Counters, FallbackReason, RetryReason};
use super::names;
use super::requests::Table;
use super::series::Living;
use super::value::{Counter, Gauge};
use std::sync::Arc;

/// What is counted of one endpoint.
pub(super) struct Endpoint {
    pub(super) active: Gauge,
    pub(super) attempts: Counters<AttemptOutcome>,
    /// Requests that this endpoint answered, of every route that leads to it.
    pub(super) requests: Table,
}

impl Endpoint {
    pub(super) fn new() -> Self {
        Self {
            active: Gauge::default(),
            attempts: Counters::new(),
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
}

/// What is counted of one upstream.
pub(super) struct Upstream {
    retries: Counters<RetryReason>,
    fallback: Counters<FallbackReason>,
}

impl Upstream {
    pub(super) fn new() -> Self {
        Self {
            retries: Counters::new(),
            fallback: Counters::new(),
        }
    }
}

/// One upstream.
#[derive(Clone)]
pub struct UpstreamSeries(pub(super) Arc<Upstream>);

impl UpstreamSeries {
    /// An attempt is repeated.
    pub fn retry(&self, reason: RetryReason) {
        self.0.retries.of(reason).inc();
    }

    /// The host chose instead of the selector.
    pub fn fallback(&self, reason: FallbackReason) {
        self.0.fallback.of(reason).inc();
    }
}

/// What is counted of one listener.
#[derive(Default)]
pub(super) struct Listener {
    open: Gauge,
    accepted: Counter,
}

/// One listener.
#[derive(Clone)]
pub struct ListenerSeries(pub(super) Arc<Listener>);

impl ListenerSeries {
    /// A client connected; the connection is open until the answer is dropped.
    #[must_use = "the connection counts as closed when this is dropped"]
    pub fn connection(&self) -> Connection {
        self.0.accepted.inc();
        self.0.open.inc();
        Connection(Arc::clone(&self.0))
    }
}

/// One open connection of a client.
pub struct Connection(Arc<Listener>);

impl Drop for Connection {
    fn drop(&mut self) {
        self.0.open.dec();
    }
}

/// Writes the families of endpoints, but for their requests.
pub(super) fn write_endpoints(page: &mut Page, endpoints: &Living<Endpoint, 2>) {
    let all = endpoints.all();
    page.family(&names::ACTIVE, |family| {
        for ([upstream, backend], endpoint) in &all {
            family.add(&[backend, upstream], &endpoint.active);
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

/// Writes the families of upstreams.
pub(super) fn write_upstreams(page: &mut Page, upstreams: &Living<Upstream, 1>) {
    let all = upstreams.all();
    page.family(&names::RETRIES, |family| {
        for ([upstream], series) in &all {
            series
                .retries
                .each()
                .for_each(|(reason, n)| family.add(&[upstream, reason], n));
        }
    });
    page.family(&names::FALLBACK, |family| {
        for ([upstream], series) in &all {
            series
                .fallback
                .each()
                .for_each(|(reason, n)| family.add(&[upstream, reason], n));
        }
    });
}

/// Writes the families of listeners.
pub(super) fn write_listeners(page: &mut Page, listeners: &Living<Listener, 1>) {
    let all = listeners.all();
    page.family(&names::CONNECTIONS, |family| {
        all.iter()
            .for_each(|([listener], series)| family.add(&[listener], &series.open));
    });
    page.family(&names::CONNECTIONS_TOTAL, |family| {
        all.iter()
            .for_each(|([listener], series)| family.add(&[listener], &series.accepted));
    });
}
