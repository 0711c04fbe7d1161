//! Handles for upstreams: what concerns a group of endpoints, not one of them.

use super::exposition::Page;
use super::histogram::Durations;
use super::labels::{Counters, FallbackReason, Label, QueueRefusal, RetryReason, RetryRefusal};
use super::names::{self, Spec};
use super::series::{Key, Living};
use super::value::{Gauge, Value};
use std::sync::Arc;
use std::time::Duration;

/// What is counted of one upstream.
pub(super) struct Upstream {
    attempts: Durations,
    retries: Counters<RetryReason>,
    retries_refused: Counters<RetryRefusal>,
    fallback: Counters<FallbackReason>,
    queue_length: Gauge,
    queue_wait: Durations,
    queue_refused: Counters<QueueRefusal>,
    panic: Gauge,
    spilled: Gauge,
}

impl Upstream {
    pub(super) fn new() -> Self {
        Self {
            attempts: Durations::new(names::ATTEMPT_BUCKETS),
            retries: Counters::new(),
            retries_refused: Counters::new(),
            fallback: Counters::new(),
            queue_length: Gauge::default(),
            queue_wait: Durations::new(names::QUEUE_BUCKETS),
            queue_refused: Counters::new(),
            panic: Gauge::default(),
            spilled: Gauge::default(),
        }
    }
}

/// One upstream.
#[derive(Clone)]
pub struct UpstreamSeries(pub(super) Arc<Upstream>);

impl UpstreamSeries {
    /// The head of a response has come, so long after its attempt began.
    pub fn attempt_took(&self, took: Duration) {
        self.0.attempts.observe(took);
    }

    /// An attempt is repeated.
    pub fn retry(&self, reason: RetryReason) {
        self.0.retries.of(reason).inc();
    }

    /// An attempt failed of something that its route would have retried, and was not
    /// repeated.
    pub fn retry_refused(&self, reason: RetryRefusal) {
        self.0.retries_refused.of(reason).inc();
    }

    /// The host chose instead of the selector.
    pub fn fallback(&self, reason: FallbackReason) {
        self.0.fallback.of(reason).inc();
    }

    /// Requests that wait for a place.
    pub fn queue_length(&self) -> &Gauge {
        &self.0.queue_length
    }

    /// A request got its place after waiting that long.
    pub fn queue_wait(&self, waited: Duration) {
        self.0.queue_wait.observe(waited);
    }

    /// A request got no place.
    pub fn queue_refused(&self, reason: QueueRefusal) {
        self.0.queue_refused.of(reason).inc();
    }

    /// 1 while so few endpoints are fit that all of them are used.
    pub fn panic(&self) -> &Gauge {
        &self.0.panic
    }

    /// 1 while endpoints of a lower priority are in use.
    pub fn spilled(&self) -> &Gauge {
        &self.0.spilled
    }
}

/// Writes the families of upstreams.
pub(super) fn write(page: &mut Page, upstreams: &Living<Upstream, 1>) {
    let all = upstreams.all();
    single(page, &all, &names::ATTEMPT_DURATION, |each| &each.attempts);
    by(page, &all, &names::RETRIES, |each| &each.retries);
    by(page, &all, &names::RETRIES_REFUSED, |each| {
        &each.retries_refused
    });
    by(page, &all, &names::FALLBACK, |each| &each.fallback);
    single(page, &all, &names::QUEUE_LENGTH, |each| &each.queue_length);
    single(page, &all, &names::QUEUE_WAIT, |each| &each.queue_wait);
    by(page, &all, &names::QUEUE_REFUSED, |each| {
        &each.queue_refused
    });
    single(page, &all, &names::PANIC, |each| &each.panic);
    single(page, &all, &names::SPILLED, |each| &each.spilled);
}

type All = [(Key<1>, Arc<Upstream>)];

/// A family with one series for each upstream.
fn single(page: &mut Page, all: &All, spec: &Spec, value: fn(&Upstream) -> &dyn Value) {
    page.family(spec, |family| {
        for ([upstream], each) in all {
            family.add(&[upstream], value(each));
        }
    });
}

/// A family with one series for each upstream and each value of a label.
fn by<L: Label>(page: &mut Page, all: &All, spec: &Spec, of: fn(&Upstream) -> &Counters<L>) {
    page.family(spec, |family| {
        for ([upstream], each) in all {
            for (word, counter) in of(each).each() {
                family.add(&[upstream, word], counter);
            }
        }
    });
}
