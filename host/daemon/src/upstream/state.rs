//! What is known of an endpoint now. Survives reloads; nothing here is configuration.
//!
//! Asking is free of effects; [`EndpointState::admit`] commits one endpoint and hands
//! out a [`Permit`], which is settled exactly once, by its `Drop` at the latest.

use super::Group;
use super::group::Suspect;
use super::load::Cell;
use crate::telemetry::{AttemptOutcome, EndpointSeries};
use parking_lot::Mutex;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};
use tidegate_policy::{
    Breaker, BreakerRule, BreakerState, Cause, Limit, Outcome, OutlierRule, Pass, PeakEwma,
    Suspicion, Tally, Ticket, Verdict,
};

/// The state of one endpoint of one upstream.
pub struct EndpointState {
    name: Arc<str>,
    id: u64,
    address: Option<SocketAddr>,
    cell: Cell,
    group: Arc<Group>,
    series: EndpointSeries,
    drained: AtomicBool,
    policies: Mutex<Policies>,
}

/// Who an endpoint is.
pub struct Identified {
    /// Its address as text, or the name that has none yet.
    pub name: Arc<str>,
    /// The same in every process that knows it by this name in this upstream.
    pub id: u64,
    /// Where it listens; none while its name is not resolved.
    pub address: Option<SocketAddr>,
}

#[derive(Debug)]
pub(super) struct Policies {
    limit: Limit,
    latency: PeakEwma,
    pub(super) breaker: Breaker,
    pub(super) tally: Tally,
    pub(super) outlier: Option<OutlierRule>,
    pub(super) presence: Presence,
}

/// Since when an endpoint is there for requests, for slow start.
#[derive(Clone, Copy, Debug)]
pub(super) struct Presence {
    /// What the probes said when last looked at.
    pub(super) verdict: Verdict,
    /// Whether it could be chosen when last looked at.
    pub(super) eligible: bool,
    /// When it came back, or came; none for one that was there from the start.
    pub(super) since: Option<Instant>,
}

/// Why an endpoint does not admit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denied {
    /// As many requests in flight as it may have.
    Full,
    /// Its breaker is open, or half open with all its probes out; or it has no address.
    Barred,
}

impl EndpointState {
    /// A fresh endpoint. `came` says when it joined an upstream that ran already.
    pub fn new(
        identified: Identified,
        cell: Cell,
        group: Arc<Group>,
        series: EndpointSeries,
        came: Option<Instant>,
    ) -> Arc<Self> {
        let Identified { name, id, address } = identified;
        let policies = Policies {
            limit: Limit::new(None),
            latency: PeakEwma::default(),
            breaker: Breaker::new(NEVER),
            tally: Tally::default(),
            outlier: None,
            presence: Presence {
                verdict: Verdict::Up,
                eligible: true,
                since: came,
            },
        };
        Arc::new(Self {
            name,
            id,
            address,
            cell,
            group,
            series,
            drained: AtomicBool::new(false),
            policies: Mutex::new(policies),
        })
    }

    /// Its address as text, or the name that has none yet.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// The same in every process that knows it by this name in this upstream.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Where it listens; none while its name is not resolved.
    pub fn address(&self) -> Option<SocketAddr> {
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

    /// The rules of the configuration that runs now; what was learnt stays.
    pub fn configure(
        &self,
        max_in_flight: Option<u32>,
        breaker: Option<BreakerRule>,
        outlier: Option<OutlierRule>,
    ) {
        let mut policies = self.policies.lock();
        policies.limit.resize(max_in_flight);
        policies.breaker.configure(breaker.unwrap_or(NEVER));
        policies.outlier = outlier;
    }

    /// Whether the operator drains it by hand.
    pub fn drained(&self) -> bool {
        self.drained.load(Relaxed)
    }

    /// Drains it by hand, or ends that. Holds over reloads, until the process ends.
    pub fn drain(&self, drained: bool) {
        if self.drained.swap(drained, Relaxed) != drained {
            let upstream = &**self.group.name();
            tracing::info!(upstream, endpoint = &*self.name, drained, "drained by hand");
            self.group.ring();
        }
    }

    /// Leave for one attempt that begins now.
    ///
    /// # Errors
    /// Why there is none now.
    pub fn admit(self: &Arc<Self>, now: Instant) -> Result<Permit, Denied> {
        if self.address.is_none() {
            return Err(Denied::Barred);
        }
        let (pass, ticket) = {
            let mut policies = self.policies.lock();
            if !policies.limit.eligible() {
                return Err(Denied::Full);
            }
            let pass = policies.breaker.admit(now).ok_or(Denied::Barred)?;
            let ticket = policies.limit.admit().ok_or(Denied::Full)?;
            (pass, ticket)
        };
        self.cell.enter();
        self.group.enter();
        Ok(Permit {
            state: self.clone(),
            ticket: Some(ticket),
            pass: Some(pass),
            began: now,
        })
    }

    /// Whether [`admit`](Self::admit) would grant an attempt now.
    pub fn admits(&self, now: Instant) -> bool {
        let policies = self.policies.lock();
        self.address.is_some() && policies.limit.eligible() && policies.breaker.eligible(now)
    }

    /// Whether another request would fit.
    pub fn has_room(&self) -> bool {
        self.policies.lock().limit.eligible()
    }

    /// What its breaker says.
    pub fn breaker(&self, now: Instant) -> BreakerState {
        self.policies.lock().breaker.state(now)
    }

    /// Looks at, and changes, what the policies know.
    pub(super) fn with_policies<R>(&self, look: impl FnOnce(&mut Policies) -> R) -> R {
        look(&mut self.policies.lock())
    }

    /// The policies hear how an attempt went. Without a pass it is news of one that was
    /// judged before: the answer had begun well and then broke.
    fn judge(
        &self,
        now: Instant,
        pass: Option<Pass>,
        outcome: Outcome,
        also: impl FnOnce(&mut Policies),
    ) {
        let (turned, suspicion, rule) = {
            let mut policies = self.policies.lock();
            also(&mut policies);
            let turned = pass
                .or_else(|| policies.breaker.admit(now))
                .and_then(|pass| policies.breaker.settle(now, pass, outcome));
            let rule = policies.outlier;
            let suspicion = rule.and_then(|rule| policies.tally.observe(&rule, outcome));
            (turned, suspicion, rule)
        };
        if let Some(state) = turned {
            self.turned(state, outcome);
        }
        if let (Some(suspicion), Some(rule)) = (suspicion, rule) {
            self.suspected(now, &rule, suspicion);
        }
    }

    /// It stands out from the others.
    pub(super) fn suspected(&self, now: Instant, rule: &OutlierRule, suspicion: Suspicion) {
        let suspect = Suspect {
            id: self.id,
            name: &self.name,
            series: &self.series,
        };
        self.group.suspect(now, rule, &suspect, suspicion);
    }

    fn turned(&self, state: BreakerState, outcome: Outcome) {
        let (upstream, endpoint) = (&**self.group.name(), &*self.name);
        match (state, outcome) {
            (BreakerState::Open, Outcome::Failure(cause)) => {
                self.series.breaker_opened();
                tracing::warn!(upstream, endpoint, cause = cause.as_str(), "breaker opened");
            }
            _ => tracing::info!(upstream, endpoint, state = state.as_str(), "breaker moved"),
        }
        self.group.ring();
    }
}

/// A breaker that never trips.
const NEVER: BreakerRule = BreakerRule {
    consecutive_failures: None,
    failure_share: None,
    statuses: tidegate_policy::StatusSet::empty(),
    cooldown: Duration::from_secs(1),
    max_cooldown: Duration::from_secs(1),
    probes: std::num::NonZeroU32::MIN,
};

/// Leave to make one attempt, and the duty to say how it ended.
pub struct Permit {
    state: Arc<EndpointState>,
    ticket: Option<Ticket>,
    pass: Option<Pass>,
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

    /// The response head has come. The endpoint is judged by it now: the rest may take
    /// its time, and a probe that waited for it would keep a breaker half open.
    pub fn answered(&mut self, now: Instant, status: u16) -> Duration {
        let took = now.saturating_duration_since(self.began);
        if let Some(pass) = self.pass.take() {
            let cell = &self.state.cell;
            let observe = |policies: &mut Policies| {
                cell.observed(policies.latency.observe(now, took).max(1));
            };
            self.state
                .judge(now, Some(pass), of_status(status), observe);
        }
        took
    }

    /// Settles the attempt; later calls change nothing.
    pub fn settle(&mut self, now: Instant, outcome: Outcome) {
        let Some(ticket) = self.ticket.take() else {
            return;
        };
        let pass = self.pass.take();
        let broke =
            matches!(outcome, Outcome::Failure(cause) if !matches!(cause, Cause::Status(_)));
        let leave = |policies: &mut Policies| policies.limit.settle(ticket);
        if pass.is_some() || broke {
            self.state.judge(now, pass, outcome, leave);
        } else {
            leave(&mut self.state.policies.lock());
        }
        self.state.cell.leave();
        self.state.group.leave();
        self.state.series.attempt(label(outcome));
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if self.ticket.is_some() {
            self.settle(Instant::now(), Outcome::Unknown);
        }
    }
}

/// What an answer says of its endpoint. A status below 500 is an answer to this request;
/// one above it is news of the endpoint, and each policy's rule says what it means.
pub fn of_status(status: u16) -> Outcome {
    if status >= 500 {
        Outcome::Failure(Cause::Status(status))
    } else {
        Outcome::Success
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
    use crate::telemetry::Metrics;
    use std::num::NonZeroU32;

    fn endpoint() -> Arc<EndpointState> {
        let metrics = Metrics::new("test");
        let identified = Identified {
            name: "127.0.0.1:80".into(),
            id: 1,
            address: Some(([127, 0, 0, 1], 80).into()),
        };
        EndpointState::new(
            identified,
            Cell::new(&Block::new(1), 0),
            Group::new("web", metrics.upstream("web")),
            metrics.endpoint("web", "127.0.0.1:80"),
            None,
        )
    }

    #[test]
    fn every_permit_is_settled_once() {
        let endpoint = endpoint();
        endpoint.configure(Some(2), None, None);
        let mut first = endpoint.admit(Instant::now()).unwrap();
        let second = endpoint.admit(Instant::now()).unwrap();
        assert!(!endpoint.has_room());
        assert_eq!(endpoint.admit(Instant::now()).err(), Some(Denied::Full));
        let counts =
            |endpoint: &EndpointState| (endpoint.cell().in_flight(), endpoint.group.total());
        assert_eq!(counts(&endpoint), (2, 2));
        first.settle(Instant::now(), Outcome::Success);
        first.settle(Instant::now(), Outcome::Success);
        drop(second);
        assert_eq!(counts(&endpoint), (0, 0));
        assert!(endpoint.has_room());
    }

    #[test]
    fn the_first_answer_sets_the_latency() {
        let endpoint = endpoint();
        assert_eq!(endpoint.cell().latency(), 0);
        let mut permit = endpoint.admit(Instant::now()).unwrap();
        permit.answered(permit.began() + Duration::from_millis(5), 200);
        assert!((4_900..=5_000).contains(&endpoint.cell().latency()));
    }

    #[test]
    fn an_answer_that_breaks_off_counts_against_its_endpoint() {
        let endpoint = endpoint();
        let twice = BreakerRule {
            consecutive_failures: NonZeroU32::new(1),
            ..BreakerRule::default()
        };
        endpoint.configure(None, Some(twice), None);
        let mut permit = endpoint.admit(Instant::now()).unwrap();
        permit.answered(permit.began(), 200);
        assert_eq!(endpoint.breaker(permit.began()), BreakerState::Closed);
        permit.settle(Instant::now(), Outcome::Failure(Cause::Reset));
        assert_eq!(endpoint.breaker(Instant::now()), BreakerState::Open);
        assert_eq!(endpoint.admit(Instant::now()).err(), Some(Denied::Barred));
    }

    #[test]
    fn the_head_is_what_a_probe_of_the_breaker_waits_for() {
        let endpoint = endpoint();
        let mut permit = endpoint.admit(Instant::now()).unwrap();
        permit.answered(permit.began(), 503);
        // The breaker has heard it; the place in flight is kept until the end.
        assert_eq!(endpoint.cell().in_flight(), 1);
        permit.settle(Instant::now(), of_status(503));
        assert_eq!(endpoint.cell().in_flight(), 0);
    }
}
