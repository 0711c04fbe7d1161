//! How long to wait before a retry: exponential, bounded, with full jitter.
//!
//! Clients that failed together would come back together, and a fixed wait keeps them in
//! step. Full jitter draws the whole wait at random between zero and a ceiling that doubles
//! with each retry. It spreads them best for the work done (AWS Architecture Blog,
//! "Exponential Backoff And Jitter", 2015).
//!
//! Refuses to wait, and to draw the random number.

use std::time::Duration;

/// The bounds of the wait before a retry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// Ceiling of the wait before the first retry; it doubles with each further one.
    pub base: Duration,
    /// No wait is longer than this.
    pub max: Duration,
}

impl Default for Backoff {
    /// From 25 ms up to 250 ms: long enough to let a burst pass, short enough that a client
    /// does not notice.
    fn default() -> Self {
        Self {
            base: Duration::from_millis(25),
            max: Duration::from_millis(250),
        }
    }
}

impl Backoff {
    /// The longest wait before this retry: `base * 2^(retry - 1)`, at most `max`. Retries
    /// count from 1.
    pub fn ceiling(&self, retry: u32) -> Duration {
        let doubled = 2u32.saturating_pow(retry.saturating_sub(1));
        self.base.saturating_mul(doubled).min(self.max)
    }

    /// A wait in `0..=ceiling(retry)`. `random` is uniform over all of `u64` and the wait is
    /// proportional to it, so the same number always gives the same wait.
    pub fn delay(&self, retry: u32, random: u64) -> Duration {
        let ceiling = nanoseconds(self.ceiling(retry));
        // The upper half of the product is `ceiling * (random / 2^64)`: always below ceiling.
        let share = (u128::from(ceiling) * u128::from(random)) >> 64;
        Duration::from_nanos(u64::try_from(share).unwrap_or(ceiling))
    }
}

/// Saturates after 584 years.
fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn duration() -> impl Strategy<Value = Duration> {
        prop_oneof![
            (0u64..2_000).prop_map(Duration::from_millis),
            any::<u64>().prop_map(Duration::from_nanos),
            Just(Duration::MAX),
        ]
    }

    #[test]
    fn ceilings_double_up_to_the_bound() {
        let backoff = Backoff::default();
        let ceilings: Vec<_> = (1..=6).map(|n| backoff.ceiling(n).as_millis()).collect();
        assert_eq!(ceilings, [25, 50, 100, 200, 250, 250]);
    }

    #[test]
    fn the_draw_spreads_over_the_whole_range() {
        let backoff = Backoff::default();
        assert_eq!(backoff.delay(1, 0), Duration::ZERO);
        assert_eq!(backoff.delay(1, 1 << 63), Duration::from_micros(12_500));
        assert!(backoff.delay(1, u64::MAX) > Duration::from_micros(24_999));
    }

    proptest! {
        #[test]
        fn a_wait_never_exceeds_its_ceiling_nor_the_bound(
            base in duration(), max in duration(), retry: u32, random: u64,
        ) {
            let backoff = Backoff { base, max };
            let delay = backoff.delay(retry, random);
            prop_assert!(delay <= backoff.ceiling(retry));
            prop_assert!(delay <= max);
        }

        #[test]
        fn a_higher_bound_never_shortens_a_wait(
            base in duration(), one in duration(), other in duration(), retry: u32, random: u64,
        ) {
            let low = Backoff { base, max: one.min(other) };
            let high = Backoff { base, max: one.max(other) };
            prop_assert!(low.delay(retry, random) <= high.delay(retry, random));
        }

        #[test]
        fn later_retries_never_wait_less_for_the_same_draw(
            base in duration(), max in duration(), retry in 0u32..100, random: u64,
        ) {
            let backoff = Backoff { base, max };
            prop_assert!(backoff.delay(retry, random) <= backoff.delay(retry + 1, random));
        }
    }
}
