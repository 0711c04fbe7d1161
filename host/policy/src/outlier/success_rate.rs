//! Whose success rate is too far below that of the others.
//!
//! **Against the others.** The usual formula compares with the mean and the deviation of all,
//! the suspect included (Envoy, "success rate"), and then the suspect hides itself: rates of
//! 50, 100 and 100 have a mean of 83.3 and a deviation of 23.6, and 83.3 − 1.9 × 23.6 = 38.5
//! lies below the 50. No rates at all could have done better. Of n numbers none is further
//! than √(n−1) deviations from their mean (Samuelson's inequality): 1.4 of three, 1.7 of four.
//! Only from five on is 1.9 within reach. So the suspect is left out here: the others have a
//! mean of 100, a deviation of 0, and 50 is far below.
//!
//! **Three conditions, all to be met.** *Far*: so many deviations of the others below their
//! mean; others who differ widely excuse one more. *Much*: at least five percentage points.
//! Among hundreds of thousands of requests even the difference of 99.98 and 99.96 is no
//! chance, and it is no reason either. *Surely*: among equals one is always the worst, by
//! chance, and after few requests by a lot. The first two do not bound that. The others may
//! have no failure between them, and a deviation of 0; and then two of twenty would do for
//! ten points, with a failure in a hundred once or twice in a hundred intervals.
//!
//! The third takes the likelihood ratio of two explanations, one rate for all or one for the
//! suspect and one for the others (Wilks' G-test). Its logarithm is a difference of three
//! entropies, and chance alone brings it to g about once in e^g times. We ask for 10: once in
//! twenty thousand. A factor of √(p(1−p)/n) would be the plain way, and is wrong where it
//! matters: failures are rare, and so the normal approximation puts far too little into the
//! tail. By the exact count (Fisher's test), 8 of 20 against 0 of 40 comes about by chance
//! once in 20,300 times, e^9.9, and its ratio is 10.1. Two equal rates have a ratio of 0, so
//! where all are equally bad nobody stands out.
//!
//! A limit that remains: a second bad one among few others excuses the first. Where one is
//! worse, the other is found in the next interval, without it. But two that fail everything
//! stand out from six endpoints on, at 1.9 deviations, and not before. That is for runs of
//! failures, and for breakers, which do not depend on the others.
//!
//! Refuses to look back: each interval is judged by itself.

use super::{Seen, SuccessRate};

/// The least difference that is worth an ejection, as a share.
const MUCH: f64 = 0.05;

/// The least logarithm of the likelihood ratio that is not put down to chance.
const SURELY: f64 = 10.0;

/// Those who stand out, the worst first.
pub(super) fn stand_out(rule: &SuccessRate, seen: &[(u64, Seen)]) -> Vec<u64> {
    let mut compared: Vec<_> = seen
        .iter()
        .map(|(endpoint, seen)| (*endpoint, Sample::from(*seen)))
        .filter(|(_, sample)| sample.total() >= f64::from(rule.minimum_requests.max(1)))
        .collect();
    // Sums of floats depend on their order, and the answer must not.
    compared.sort_unstable_by_key(|(endpoint, _)| *endpoint);
    if compared.len() < rule.minimum_endpoints.max(2) as usize {
        return Vec::new();
    }
    let all = All::of(compared.iter().map(|(_, sample)| sample));
    let mut worst: Vec<_> = compared
        .into_iter()
        .filter(|(_, sample)| all.stands_out(rule, sample))
        .map(|(endpoint, sample)| (sample.rate(), endpoint))
        .collect();
    worst.sort_by(|(one, first), (other, second)| one.total_cmp(other).then(first.cmp(second)));
    worst.into_iter().map(|(_, endpoint)| endpoint).collect()
}

/// Requests of one endpoint, or of several. Whole numbers, exact as floats.
#[derive(Clone, Copy, Default)]
struct Sample {
    good: f64,
    bad: f64,
}

impl From<Seen> for Sample {
    fn from(seen: Seen) -> Self {
        Self {
            good: f64::from(seen.good),
            bad: f64::from(seen.bad),
        }
    }
}

impl Sample {
    fn total(&self) -> f64 {
        self.good + self.bad
    }

    /// In `0.0..=1.0`; of none, not a number, which nothing is below.
    fn rate(&self) -> f64 {
        self.good / self.total()
    }

    /// Entropy of its outcomes in nats, all requests together.
    fn entropy(&self) -> f64 {
        let part = |count: f64| match count > 0.0 {
            true => count * (self.total() / count).ln(),
            false => 0.0,
        };
        part(self.good) + part(self.bad)
    }
}

/// What is summed up over all, so that one can be left out by subtracting it.
#[derive(Default)]
struct All {
    count: f64,
    rates: f64,
    squares: f64,
    requests: Sample,
}

impl All {
    fn of<'a>(samples: impl Iterator<Item = &'a Sample>) -> Self {
        samples.fold(Self::default(), |all, sample| Self {
            count: all.count + 1.0,
            rates: all.rates + sample.rate(),
            squares: all.squares + sample.rate().powi(2),
            requests: Sample {
                good: all.requests.good + sample.good,
                bad: all.requests.bad + sample.bad,
            },
        })
    }

    /// Whether this one of them is far, much and surely below the others.
    fn stands_out(&self, rule: &SuccessRate, one: &Sample) -> bool {
        let others = self.count - 1.0;
        let mean = (self.rates - one.rate()) / others;
        let square = (self.squares - one.rate().powi(2)) / others;
        // Rounding may leave a little less than nothing.
        let deviation = (square - mean.powi(2)).max(0.0).sqrt();
        let far = f64::from(rule.deviations_percent) / 100.0 * deviation;
        one.rate() < mean - far.max(MUCH) && self.surprise(one) >= SURELY
    }

    /// How much better two rates explain what was seen than one does, as the logarithm of the
    /// ratio of their likelihoods.
    fn surprise(&self, one: &Sample) -> f64 {
        let others = Sample {
            good: self.requests.good - one.good,
            bad: self.requests.bad - one.bad,
        };
        self.requests.entropy() - one.entropy() - others.entropy()
    }
}

#[cfg(test)]
#[path = "success_rate_tests.rs"]
mod tests;
