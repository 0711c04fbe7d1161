//! An endpoint as one proxy knows it: the policies of one endpoint, in the order in which the
//! proxy's `EndpointState` and `Permit` ask and tell them.

use std::time::{Duration, Instant};
use tidegate_policy::levels::Standing;
use tidegate_policy::{
    Breaker, BreakerRule, BreakerState, Health, Limit, Outcome, OutlierRule, Pass, PeakEwma,
    StatusSet, Suspicion, Tally, Ticket, Verdict, slow_start,
};

/// What one proxy knows of one endpoint.
pub(crate) struct Member {
    /// Whether it is in the configuration.
    pub(crate) present: bool,
    /// Whether it takes no new sessions.
    pub(crate) draining: bool,
    pub(crate) health: Health,
    pub(crate) tally: Tally,
    limit: Limit,
    breaker: Breaker,
    latency: PeakEwma,
    verdict: Verdict,
    eligible: bool,
    since: Option<Instant>,
}

/// Leave to make one attempt.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Permit {
    ticket: Ticket,
    pass: Pass,
    began: Instant,
}

/// Why an endpoint does not admit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Denied {
    Full,
    Barred,
}

/// What a look found.
pub(crate) struct Found {
    pub(crate) standing: Standing,
    pub(crate) tenths: u32,
    /// When this changes by itself.
    pub(crate) next: Option<Instant>,
}

/// What followed from an outcome.
#[derive(Default)]
pub(crate) struct News {
    pub(crate) turned: Option<BreakerState>,
    pub(crate) suspicion: Option<Suspicion>,
}

/// A breaker that never trips.
const NEVER: BreakerRule = BreakerRule {
    consecutive_failures: None,
    failure_share: None,
    statuses: StatusSet::empty(),
    cooldown: Duration::from_secs(1),
    max_cooldown: Duration::from_secs(1),
    probes: std::num::NonZeroU32::MIN,
};

impl Member {
    pub(crate) fn new(max_in_flight: Option<u32>, breaker: Option<BreakerRule>) -> Self {
        Self {
            present: true,
            draining: false,
            health: Health::new(Verdict::Up),
            tally: Tally::default(),
            limit: Limit::new(max_in_flight),
            breaker: Breaker::new(breaker.unwrap_or(NEVER)),
            latency: PeakEwma::default(),
            verdict: Verdict::Up,
            eligible: true,
            since: None,
        }
    }

    /// It joins an upstream that ran already.
    pub(crate) fn join(&mut self, now: Instant) {
        (self.present, self.since) = (true, Some(now));
    }

    pub(crate) fn admit(&mut self, now: Instant) -> Result<Permit, Denied> {
        if !self.limit.eligible() {
            return Err(Denied::Full);
        }
        let pass = self.breaker.admit(now).ok_or(Denied::Barred)?;
        let ticket = self.limit.admit().ok_or(Denied::Full)?;
        Ok(Permit {
            ticket,
            pass,
            began: now,
        })
    }

    pub(crate) fn admits(&self, now: Instant) -> bool {
        self.limit.eligible() && self.breaker.eligible(now)
    }

    /// The response head has come: the average afterwards, in microseconds.
    pub(crate) fn answered(&mut self, now: Instant, permit: &Permit) -> u32 {
        let took = now.saturating_duration_since(permit.began);
        self.latency.observe(now, took)
    }

    pub(crate) fn settle(
        &mut self,
        now: Instant,
        permit: Permit,
        outcome: Outcome,
        outlier: Option<&OutlierRule>,
    ) -> News {
        self.limit.settle(permit.ticket);
        News {
            turned: self.breaker.settle(now, permit.pass, outcome),
            suspicion: outlier.and_then(|rule| self.tally.observe(rule, outcome)),
        }
    }

    /// What is true of it now, and who came back is remembered. A probe that passes after some
    /// that did not closes the breaker.
    pub(crate) fn look(
        &mut self,
        now: Instant,
        ejected: Option<Instant>,
        ramp: Option<Duration>,
    ) -> Found {
        let verdict = self.health.verdict();
        if self.verdict != verdict && verdict == Verdict::Up {
            self.breaker.reset();
            self.tally.clear();
        }
        let standing = if self.breaker.state(now) == BreakerState::Open {
            Standing::Barred
        } else if verdict == Verdict::Down || ejected.is_some() {
            Standing::Doubted
        } else {
            Standing::Eligible
        };
        let eligible = standing == Standing::Eligible;
        if eligible && !self.eligible {
            self.since = Some(now);
        }
        (self.eligible, self.verdict) = (eligible, verdict);
        let since = self.since.map(|since| now.saturating_duration_since(since));
        let step = slow_start::next_step(since, ramp).map(|step| now + step);
        let next = [self.breaker.next_change(now), ejected, step];
        Found {
            standing,
            tenths: slow_start::tenths(since, ramp),
            next: next.into_iter().flatten().min(),
        }
    }
}
