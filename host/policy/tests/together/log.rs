//! What happened, for the questions in the end.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use tidegate_policy::{BUDGET_WINDOW, BudgetRule, Refusal};

/// Why a request failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The line is full, or the wait in it was too long.
    Full,
    /// Nobody is listed.
    NoEndpoint,
    /// The retry was wanted and could not be afforded.
    Budget,
    /// The time is over.
    Deadline,
    /// The last failure stands.
    Refused(Refusal),
}

#[derive(Clone, Debug, Default)]
pub struct Log {
    pub requests: Vec<Instant>,
    pub retries: Vec<Instant>,
    pub failures: Vec<(Instant, Why)>,
    /// How often what happened. What never does is not tested.
    pub tried: BTreeMap<&'static str, u32>,
}

impl Log {
    pub fn note(&mut self, what: &'static str) {
        *self.tried.entry(what).or_default() += 1;
    }

    /// Retries at each instant are at most what the requests of the 10 s before it pay for.
    pub fn assert_affordable(&self, rule: BudgetRule) {
        for (position, end) in self.retries.iter().enumerate() {
            let spent = within(&self.retries[..=position], *end, BUDGET_WINDOW);
            let paid = affordable(&rule, within(&self.requests, *end, BUDGET_WINDOW));
            assert!(
                spent <= paid,
                "{spent} retries where {paid} can be afforded"
            );
        }
    }

    /// The budget may be strict by a second, and no more.
    pub fn assert_spent(&self, rule: BudgetRule, now: Instant) {
        let second = Duration::from_secs(1);
        let spent = within(&self.retries, now, BUDGET_WINDOW + second);
        let paid = affordable(&rule, within(&self.requests, now, BUDGET_WINDOW - second));
        assert!(spent >= paid, "refused, with {spent} of {paid} spent");
    }

    pub fn failures_before(&self, end: Instant) -> usize {
        self.failures.iter().filter(|(when, _)| *when < end).count()
    }
}

fn affordable(rule: &BudgetRule, requests: usize) -> usize {
    rule.floor as usize + requests * rule.percent as usize / 100
}

/// How many of these instants, which ascend, lie in the time before `end` and at it.
fn within(instants: &[Instant], end: Instant, time: Duration) -> usize {
    let up_to_end = instants.partition_point(|when| *when <= end);
    let before = instants.partition_point(|when| *when + time < end);
    up_to_end - before
}
