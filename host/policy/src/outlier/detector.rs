//! Who is ejected from an upstream, and until when.
//!
//! Suspicion is not enough. An ejection is refused when the share that may be out is used
//! up, or when nobody is left who could take the traffic: a bad answer is better than none.
//!
//! An ejection lasts `eject_for`, times how often it happened, at most `max_eject_for`. Each
//! interval in service forgives one repetition, so an endpoint that has recovered is soon as
//! good as new, and one that fails again at once stays out longer each time. Repetitions are
//! counted only as far as they lengthen an ejection: what is forgiven one by one must not
//! have been piled up without bound (Envoy, "ejection algorithm").
//!
//! Refuses to hear of an endpoint that is already out: reports of requests that were under
//! way when it was ejected come late, and change nothing.

use super::{OutlierRule, Seen, success_rate};
use crate::time;
use std::collections::BTreeMap;
use std::time::Instant;

/// The ejections of one upstream. Endpoints are known by a number that the caller chose.
#[derive(Clone, Debug, Default)]
pub struct Detector {
    /// The last ejection of each endpoint, until it has been forgiven.
    ejections: BTreeMap<u64, Ejection>,
}

#[derive(Clone, Copy, Debug)]
struct Ejection {
    until: Instant,
    /// From 1; ejections that have not been forgiven.
    repetitions: u32,
}

/// The upstream around a suspect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crowd {
    /// Endpoints of the upstream, the suspect and the ejected ones included.
    pub members: u32,
    /// Endpoints besides the suspect that could take its traffic now.
    pub others_eligible: u32,
}

impl Detector {
    /// Nobody is ejected.
    pub fn new() -> Self {
        Self::default()
    }

    /// Ejects a suspect and answers until when. `None` when it is not ejected now: it already
    /// is, or the share that may be out is used up, or no other could take its traffic.
    pub fn suspect(
        &mut self,
        now: Instant,
        rule: &OutlierRule,
        endpoint: u64,
        crowd: Crowd,
    ) -> Option<Instant> {
        let room = u64::from(self.ejected_count(now)) < allowed(rule, crowd);
        if !room || crowd.others_eligible == 0 || self.ejected(now, endpoint).is_some() {
            return None;
        }
        let before = self.ejections.get(&endpoint);
        let before = before.map_or(0, |ejection| ejection.repetitions);
        let longest = rule.max_eject_for;
        // One more lengthens nothing when these were enough for the longest.
        let repetitions = match rule.eject_for.saturating_mul(before) < longest {
            true => before.saturating_add(1),
            false => before.max(1),
        };
        let until = time::after(now, rule.eject_for.saturating_mul(repetitions).min(longest));
        let ejection = Ejection { until, repetitions };
        self.ejections.insert(endpoint, ejection);
        Some(until)
    }

    /// Whose success rate is too far below that of the others, the worst first; endpoints with
    /// equal rates in the order of their numbers. Nobody, when the rule does not compare.
    pub fn stand_out(rule: &OutlierRule, seen: &[(u64, Seen)]) -> Vec<u64> {
        rule.success_rate
            .map_or_else(Vec::new, |rule| success_rate::stand_out(&rule, seen))
    }

    /// Until when the endpoint is ejected; `None` when it is not.
    pub fn ejected(&self, now: Instant, endpoint: u64) -> Option<Instant> {
        let ejection = self.ejections.get(&endpoint)?;
        ejection.holds(now).then_some(ejection.until)
    }

    /// How many are ejected.
    pub fn ejected_count(&self, now: Instant) -> u32 {
        // Fits: no more than the members of a crowd, which are a u32.
        self.holding(now).count() as u32
    }

    /// When the next ejection ends; `None` when nobody is ejected.
    pub fn next_change(&self, now: Instant) -> Option<Instant> {
        self.holding(now).map(|ejection| ejection.until).min()
    }

    /// To be called once per interval. Each endpoint that is not ejected has one repetition
    /// forgiven. An ejection that reaches further than the rule would allow now is shortened:
    /// a rule that has changed also applies to those who are out.
    pub fn decay(&mut self, now: Instant, rule: &OutlierRule) {
        let latest = time::after(now, rule.max_eject_for);
        self.ejections.retain(|_, ejection| {
            if ejection.holds(now) {
                ejection.until = ejection.until.min(latest);
            } else {
                ejection.repetitions -= 1;
            }
            ejection.repetitions > 0
        });
    }

    /// Forgets the endpoints that left: those for which `keep` is false.
    pub fn retain(&mut self, keep: impl Fn(u64) -> bool) {
        self.ejections.retain(|endpoint, _| keep(*endpoint));
    }

    fn holding(&self, now: Instant) -> impl Iterator<Item = &Ejection> {
        self.ejections
            .values()
            .filter(move |ejection| ejection.holds(now))
    }
}

impl Ejection {
    fn holds(&self, now: Instant) -> bool {
        now < self.until
    }
}

/// How many may be out at the same time.
fn allowed(rule: &OutlierRule, crowd: Crowd) -> u64 {
    u64::from(crowd.members) * u64::from(rule.max_ejected_percent.min(100)) / 100
}

#[cfg(test)]
#[path = "detector_tests.rs"]
mod tests;
