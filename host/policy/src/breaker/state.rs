//! The three states of a breaker, and what time alone makes of them.
//!
//! Refuses to change one for another: that is for [`Breaker`](super::Breaker).

use super::BreakerRule;
use crate::Ticket;
use crate::window::Window;
use std::time::{Duration, Instant};

/// What a breaker does with traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BreakerState {
    /// Lets all through.
    Closed,
    /// Lets nobody through.
    Open,
    /// Lets probes through.
    HalfOpen,
}

impl BreakerState {
    /// A short constant word for metrics and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
        }
    }
}

/// What a breaker is in, with what it must remember there.
#[derive(Clone, Debug)]
pub(super) enum State {
    Closed {
        /// The last trip; `None` when there was none.
        trip: Option<Trip>,
        in_a_row: u32,
        window: Option<Window>,
    },
    Open {
        since: Instant,
        cooldown: Duration,
    },
    HalfOpen {
        /// The cooldown that led here.
        cooldown: Duration,
        probes: Vec<Probe>,
        successes: u32,
    },
}

/// A trip that is over.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trip {
    pub(super) cooldown: Duration,
    /// When the breaker closed again.
    pub(super) closed: Instant,
}

/// An attempt that was let through while half open.
#[derive(Clone, Copy, Debug)]
pub(super) struct Probe {
    pub(super) ticket: Ticket,
    pub(super) since: Instant,
}

/// A probe keeps its place for this long at least: longer than most timeouts of a response,
/// so that an endpoint that answers nothing is not sent ever more probes.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

impl State {
    pub(super) fn closed(rule: &BreakerRule, trip: Option<Trip>) -> Self {
        Self::Closed {
            trip,
            in_a_row: 0,
            window: rule.window(),
        }
    }

    pub(super) fn at(&self, now: Instant) -> BreakerState {
        match *self {
            Self::Closed { .. } => BreakerState::Closed,
            Self::Open { since, cooldown } if !is_over(now, since, cooldown) => BreakerState::Open,
            Self::Open { .. } | Self::HalfOpen { .. } => BreakerState::HalfOpen,
        }
    }

    /// Probes that have their place at `now`.
    pub(super) fn held(&self, now: Instant) -> usize {
        match self {
            Self::Closed { .. } | Self::Open { .. } => 0,
            Self::HalfOpen {
                cooldown, probes, ..
            } => {
                let held = probes.iter().filter(|probe| !probe.is_lost(now, *cooldown));
                held.count()
            }
        }
    }
}

impl Trip {
    /// How long a closed breaker that trips now stays open, given its last trip.
    pub(super) fn next_cooldown(last: Option<Self>, now: Instant, rule: &BreakerRule) -> Duration {
        match last {
            Some(last) if !is_over(now, last.closed, rule.longest()) => rule.longer(last.cooldown),
            Some(_) | None => rule.shortest(),
        }
    }
}

impl Probe {
    pub(super) fn is_lost(&self, now: Instant, cooldown: Duration) -> bool {
        is_over(now, self.since, cooldown.max(PATIENCE))
    }
}

pub(super) fn is_over(now: Instant, since: Instant, duration: Duration) -> bool {
    now.saturating_duration_since(since) >= duration
}
