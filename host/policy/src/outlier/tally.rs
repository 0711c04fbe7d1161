//! What one endpoint did: its runs of failures, and its count for the success rate.
//!
//! Gateway failures and local ones run apart, as with Envoy's
//! `split_external_local_origin_errors`: they point at different things, an endpoint whose
//! own backend is gone and one that is gone itself. An answer of any kind ends the run of
//! local failures, since the endpoint can be reached. A local failure says nothing about the
//! gateway and leaves its run as it is; any other answer ends it.
//!
//! | outcome | gateway run | local run | rate |
//! |---|---|---|---|
//! | success | ends | ends | good |
//! | 502, 503, 504 | grows | ends | bad |
//! | any other status from 500 | ends | ends | bad |
//! | a status below 500 | ends | ends | good |
//! | connect, reset, timeout | | grows | bad |
//! | unknown | | | |
//!
//! Refuses to hold a status below 500 against an endpoint: whatever the breaker of an
//! upstream is told to count, it is an answer to this request and not an ailment.

use super::{OutlierRule, Suspicion};
use crate::{Cause, Outcome};
use std::num::NonZeroU32;

/// The record of one endpoint. One that was ejected should start with a clear one when it
/// comes back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    gateway: u32,
    local: u32,
    seen: Seen,
}

/// Requests of one interval.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Those that succeeded.
    pub good: u32,
    /// Those that failed.
    pub bad: u32,
}

impl Tally {
    /// Takes an outcome into account. Answers when it completes a run, and the run starts
    /// again: an ejection that was refused for lack of room is asked for again after as many
    /// failures more.
    pub fn observe(&mut self, rule: &OutlierRule, outcome: Outcome) -> Option<Suspicion> {
        match outcome {
            Outcome::Unknown => None,
            Outcome::Failure(Cause::Status(502..=504)) => {
                self.local = 0;
                self.seen.add_bad();
                run(&mut self.gateway, rule.gateway_failures).then_some(Suspicion::GatewayFailures)
            }
            Outcome::Success | Outcome::Failure(Cause::Status(_)) => {
                (self.gateway, self.local) = (0, 0);
                match outcome {
                    Outcome::Failure(Cause::Status(500..)) => self.seen.add_bad(),
                    _ => self.seen.add_good(),
                }
                None
            }
            Outcome::Failure(
                Cause::ConnectFailure
                | Cause::ConnectTimeout
                | Cause::Reset
                | Cause::ResponseTimeout,
            ) => {
                self.seen.add_bad();
                run(&mut self.local, rule.local_failures).then_some(Suspicion::LocalFailures)
            }
        }
    }

    /// What was seen since the last time. The runs go on.
    pub fn take(&mut self) -> Seen {
        std::mem::take(&mut self.seen)
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

/// One more in the run; whether that completes it. Then it starts again.
fn run(length: &mut u32, threshold: Option<NonZeroU32>) -> bool {
    *length = length.saturating_add(1);
    let complete = threshold.is_some_and(|threshold| *length >= threshold.get());
    if complete {
        *length = 0;
    }
    complete
}

impl Seen {
    fn add_good(&mut self) {
        self.good = self.good.saturating_add(1);
    }

    fn add_bad(&mut self) {
        self.bad = self.bad.saturating_add(1);
    }
}

#[cfg(test)]
#[path = "tally_tests.rs"]
mod tests;
