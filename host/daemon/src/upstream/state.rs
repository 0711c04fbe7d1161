//! What is known of an endpoint now. Survives reloads; nothing here is configuration.
//!
//! Asking is free of effects; [`EndpointState::admit`] commits one endpoint and hands
//! out a [`Permit`], which is settled exactly once, by its `Drop` at the latest.

use super::load::Cell;
use crate::telemetry::{AttemptOutcome, EndpointSeries};
use parking_lot::Mutex;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::{Duration, Instant};
use tidegate_policy::{Cause, Limit, Outcome, PeakEwma, Ticket};

/// The state of one endpoint of one upstream.
pub struct EndpointState {
    address: SocketAddr,
    cell: Cell,
    total: Arc<AtomicU32>,
    series: EndpointSeries,
    policies: Mutex<Policies>,
}

#[derive(Debug)]
struct Policies {
    limit: Limit,
    latency: PeakEwma,
}

impl EndpointState {
    /// A fresh endpoint. `total` counts the requests in flight of its upstream.
    pub fn new(
        address: SocketAddr,
        cell: Cell,
        total: Arc<AtomicU32>,
        series: EndpointSeries,
    ) -> Arc<Self> {
        let policies = Policies {
            limit: Limit::new(None),
            latency: PeakEwma::default(),
        };
        Arc::new(Self {
            address,
            cell,
            total,
            series,
            policies: Mutex::new(policies),
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its numbers.
    pub fn cell(&self) -> &Cell {
        &self.cell
    }

    /// What is counted for it.
    pub fn series(&self) -> &EndpointSeries {
        &self.series
    }

    /// A new bound on requests in flight; those that are there stay.
    pub fn set_limit(&self, max: Option<u32>) {
        self.policies.lock().limit.resize(max);
    }

    /// Leave for one attempt, or none when the endpoint is full.
    pub fn admit(self: &Arc<Self>) -> Option<Permit> {
        let ticket = self.policies.lock().limit.admit()?;
        self.cell.enter();
        self.total.fetch_add(1, Relaxed);
        Some(Permit {
            state: self.clone(),
            ticket: Some(ticket),
            began: Instant::now(),
        })
    }

    /// Whether an attempt would be admitted now.
    pub fn eligible(&self) -> bool {
        self.policies.lock().limit.eligible()
    }
}

/// Leave to make one attempt, and the duty to say how it ended.
pub struct Permit {
    state: Arc<EndpointState>,
    ticket: Option<Ticket>,
    began: Instant,
}

impl Permit {
    /// The endpoint that admitted.
    pub fn endpoint(&self) -> &Arc<EndpointState> {
        &self.state
    }

    /// When the attempt was admitted.
    pub fn began(&self) -> Instant {
        self.began
    }

    /// The response head has come, that long after the attempt began.
    pub fn answered(&self, now: Instant) -> Duration {
        let took = now.saturating_duration_since(self.began);
        let average = self.state.policies.lock().latency.observe(now, took);
        self.state.cell.observed(average.max(1));
        took
    }

    /// Settles the attempt; later calls change nothing.
    pub fn settle(&mut self, outcome: Outcome) {
        self.report(outcome);
    }

    fn report(&mut self, outcome: Outcome) {
        if let Some(ticket) = self.ticket.take() {
            self.state.policies.lock().limit.settle(ticket);
            self.state.cell.leave();
            self.state.total.fetch_sub(1, Relaxed);
            self.state.series.attempt(label(outcome));
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.report(Outcome::Unknown);
    }
}

fn label(outcome: Outcome) -> AttemptOutcome {
    match outcome {
        Outcome::Success => AttemptOutcome::Success,
        Outcome::Failure(Cause::ConnectFailure) => AttemptOutcome::ConnectFailure,
        Outcome::Failure(Cause::ConnectTimeout) => AttemptOutcome::ConnectTimeout,
        Outcome::Failure(Cause::Reset) => AttemptOutcome::Reset,
        Outcome::Failure(Cause::ResponseTimeout) => AttemptOutcome::ResponseTimeout,
        Outcome::Failure(Cause::Status(_)) => AttemptOutcome::Status,
        Outcome::Unknown => AttemptOutcome::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::super::load::Block;
    use super::*;

    fn endpoint() -> (Arc<EndpointState>, Arc<AtomicU32>) {
        let total = Arc::new(AtomicU32::new(0));
        let cell = Cell::new(&Block::new(1), 0);
        let series = crate::telemetry::Metrics::new("test").endpoint("web", "127.0.0.1:80");
        (
            EndpointState::new(([127, 0, 0, 1], 80).into(), cell, total.clone(), series),
            total,
        )
    }

    #[test]
    fn every_permit_is_settled_once() {
        let (endpoint, total) = endpoint();
        endpoint.set_limit(Some(2));
        let mut first = endpoint.admit().unwrap();
        let second = endpoint.admit().unwrap();
        assert!(!endpoint.eligible() && endpoint.admit().is_none());
        assert_eq!((endpoint.cell().in_flight(), total.load(Relaxed)), (2, 2));
        first.settle(Outcome::Success);
        drop(second);
        assert_eq!((endpoint.cell().in_flight(), total.load(Relaxed)), (0, 0));
        assert!(endpoint.eligible());
    }

    #[test]
    fn the_first_answer_sets_the_latency() {
        let (endpoint, _) = endpoint();
        assert_eq!(endpoint.cell().latency(), 0);
        let permit = endpoint.admit().unwrap();
        permit.answered(permit.began() + Duration::from_millis(5));
        assert!((4_900..=5_000).contains(&endpoint.cell().latency()));
    }
}
