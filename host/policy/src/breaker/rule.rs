//! When a breaker trips, and how long it stays open.
//!
//! Refuses to remember anything: what was counted is told to it.

use crate::window::{Counts, Window};
use crate::{Cause, Outcome, StatusSet};
use std::num::NonZeroU32;
use std::time::Duration;

/// When a breaker trips, and how it recovers. With neither kind of failure given it never
/// trips.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BreakerRule {
    /// Trips after so many failures without a success between them.
    pub consecutive_failures: Option<NonZeroU32>,
    /// Trips when failures are too great a share of all attempts.
    pub failure_share: Option<FailureShare>,
    /// The statuses that are failures; every other one is a success.
    pub statuses: StatusSet,
    /// How long it stays open the first time, at least 1 ms. This doubles with each trip
    /// that comes before the breaker has stayed closed for `max_cooldown`.
    pub cooldown: Duration,
    /// It never stays open for longer; below `cooldown` it counts as `cooldown`.
    pub max_cooldown: Duration,
    /// Attempts in flight at a time while half open, and successes that close it.
    pub probes: NonZeroU32,
}

/// A share of failures that is too great.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FailureShare {
    /// Failures in a hundred attempts, in `1..=100`.
    pub percent: u8,
    /// The recent past in which attempts count, to a tenth of it: none that is older, and
    /// all that are younger than nine tenths.
    pub window: Duration,
    /// Fewer attempts than this prove nothing.
    pub minimum: NonZeroU32,
}

impl Default for BreakerRule {
    /// Five failures in a row, 502 to 504 among them; open for 5 s and up to a minute; three
    /// probes.
    fn default() -> Self {
        const FIVE: NonZeroU32 = NonZeroU32::new(5).expect("not zero");
        const THREE: NonZeroU32 = NonZeroU32::new(3).expect("not zero");
        Self {
            consecutive_failures: Some(FIVE),
            failure_share: None,
            statuses: StatusSet::range(502, 504),
            cooldown: Duration::from_secs(5),
            max_cooldown: Duration::from_secs(60),
            probes: THREE,
        }
    }
}

impl BreakerRule {
    /// `None` when the outcome says nothing of the endpoint.
    pub(super) fn judge(&self, outcome: Outcome) -> Option<Counts> {
        match outcome {
            Outcome::Success => Some(Counts::GOOD),
            Outcome::Failure(Cause::Status(status)) if !self.statuses.contains(status) => {
                Some(Counts::GOOD)
            }
            Outcome::Failure(_) => Some(Counts::BAD),
            Outcome::Unknown => None,
        }
    }

    /// Whether a breaker trips that has just seen a failure.
    pub(super) fn is_too_much(&self, in_a_row: u32, recent: Option<Counts>) -> bool {
        let too_many = self
            .consecutive_failures
            .is_some_and(|limit| in_a_row >= limit.get());
        let too_great = self
            .failure_share
            .zip(recent)
            .is_some_and(|(share, recent)| share.is_reached(recent));
        too_many || too_great
    }

    /// The cooldown after this one, if the endpoint fails again.
    pub(super) fn longer(&self, cooldown: Duration) -> Duration {
        cooldown
            .saturating_mul(2)
            .clamp(self.shortest(), self.longest())
    }

    pub(super) fn shortest(&self) -> Duration {
        self.cooldown.max(Duration::from_millis(1))
    }

    pub(super) fn longest(&self) -> Duration {
        self.max_cooldown.max(self.shortest())
    }

    pub(super) fn window(&self) -> Option<Window> {
        self.failure_share.map(|share| Window::new(share.window))
    }
}

impl FailureShare {
    fn is_reached(self, recent: Counts) -> bool {
        let percent = u64::from(self.percent.clamp(1, 100));
        let (bad, total) = (u64::from(recent.bad), u64::from(recent.total()));
        total >= u64::from(self.minimum.get()) && bad * 100 >= percent * total
    }
}
