//! How many retries an upstream can afford.
//!
//! One retry saves a request. When everything fails, retries only multiply the load on what
//! is already down: three attempts a request are three times the traffic (Beyer et al.,
//! "Site Reliability Engineering", "Handling Overload": a budget a client, 10 % of its
//! requests). So retries may be a share of the requests of the last 10 s, and a floor that
//! lets an upstream with little traffic retry at all (Finagle, `RetryBudget`: 20 %, tokens
//! that live for 10 s, and a minimum a second).
//!
//! Why a share of requests and not of those in flight, as Envoy's `retry_budget` has it
//! (20 %, and three retries at a time)? What fails fast is never in flight for long. Three
//! places for retries that are refused within a millisecond let three thousand through in a
//! second, all of them on an upstream that is down. A floor a window bounds them whatever
//! they last.
//!
//! The promise: with each retry, those in the 10 s that end with it, itself included, are at
//! most `floor` and `percent` of the requests in the same 10 s. Hence over any 10 s retries
//! are bounded by the requests of the 10 s up to the last of them. No budget can promise
//! more, as a retry comes after its request. The counts are precise to a second, and err on
//! the strict side: requests are forgotten after 9 s to 10 s, retries after 10 s to 11 s.
//!
//! Refuses to know which request wants the retry, and to give anything back: a retry that
//! was paid for and then not made is rare, and being strict is harmless.

use crate::window::{Counts, Window};
use std::time::{Duration, Instant};

/// Requests and retries are weighed over this long.
pub const BUDGET_WINDOW: Duration = Duration::from_secs(10);

/// What an upstream can afford.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BudgetRule {
    /// Retries for a hundred requests, in `0..=1000`; more counts as 1000.
    pub percent: u32,
    /// Retries in [`BUDGET_WINDOW`] that are allowed on top of them, whatever the requests.
    pub floor: u32,
}

impl Default for BudgetRule {
    /// 20 % and ten.
    fn default() -> Self {
        Self {
            percent: 20,
            floor: 10,
        }
    }
}

/// The retry budget of one upstream.
#[derive(Clone, Debug)]
pub struct Budget {
    rule: BudgetRule,
    /// Requests are good, retries are bad.
    recent: Window,
}

impl Budget {
    /// A budget of which nothing is spent.
    pub fn new(rule: BudgetRule) -> Self {
        Self {
            rule,
            recent: Window::new(BUDGET_WINDOW),
        }
    }

    /// Changes the rule. Requests and retries so far stay counted.
    pub fn configure(&mut self, rule: BudgetRule) {
        self.rule = rule;
    }

    /// Counts a request that arrived: once, however many attempts it will take.
    pub fn request(&mut self, now: Instant) {
        self.recent.record(now, Counts::GOOD);
    }

    /// Whether [`withdraw`](Self::withdraw) would allow a retry at `now`.
    pub fn eligible(&self, now: Instant) -> bool {
        let requests = u64::from(self.recent.sum(now).good);
        let retries = u64::from(self.recent.cover(now).bad);
        let share = requests * u64::from(self.rule.percent.min(1_000)) / 100;
        // Counts saturate: what cannot be counted any more is not allowed either.
        retries < (share + u64::from(self.rule.floor)).min(u32::MAX.into())
    }

    /// Allows one retry and counts it, or answers `false`.
    #[must_use = "a retry that was not allowed must not be made"]
    pub fn withdraw(&mut self, now: Instant) -> bool {
        let allowed = self.eligible(now);
        if allowed {
            self.recent.record(now, Counts::BAD);
        }
        allowed
    }
}

#[cfg(test)]
#[path = "budget_tests.rs"]
mod tests;
