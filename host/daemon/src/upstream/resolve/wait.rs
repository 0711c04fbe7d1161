//! When a name is asked again.
//!
//! Pure: the random number is an argument. Names that were asked together would be asked
//! together for ever, so each wait is shortened by up to a tenth; but the clamp that the
//! operator wrote holds, whatever the answer and the chance.

use crate::config::value::Resolve;
use std::time::Duration;
use tidegate_policy::Backoff;

/// A floor of nothing must not become a loop without a pause.
const LEAST: Duration = Duration::from_millis(1);

/// The wait after a look-up that brought answers which live for `ttl`, if any, and that
/// was the last of so many `failures` in a row, if it failed. A look-up may do both, when
/// one family answers and the other one fails: the sooner of the two holds.
pub fn next(resolve: &Resolve, ttl: Option<Duration>, failures: u32, random: u64) -> Duration {
    let wait = match (ttl, failures) {
        (Some(ttl), 0) => ttl,
        (Some(ttl), failures) => ttl.min(doubled(resolve, failures)),
        (None, failures) => doubled(resolve, failures),
    };
    let floor = resolve.floor.max(LEAST);
    let clamped = wait.min(resolve.ceiling).max(floor);
    shortened(clamped, random).max(floor)
}

/// From the floor up, twice as long with each failure.
fn doubled(resolve: &Resolve, failures: u32) -> Duration {
    let backoff = Backoff {
        base: resolve.floor.max(LEAST),
        max: resolve.ceiling,
    };
    backoff.ceiling(failures)
}

/// Less by a share of a tenth that is proportional to `random`.
fn shortened(wait: Duration, random: u64) -> Duration {
    let share = (u128::from(random) * (wait.as_nanos() / 10)) >> 64;
    wait.saturating_sub(Duration::from_nanos(share.try_into().unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::value::Family;
    use proptest::prelude::*;

    fn resolve(floor: Duration, ceiling: Duration) -> Resolve {
        Resolve {
            floor,
            ceiling,
            family: Family::Any,
        }
    }

    fn seconds(floor: u64, ceiling: u64) -> Resolve {
        resolve(Duration::from_secs(floor), Duration::from_secs(ceiling))
    }

    #[test]
    fn the_time_to_live_decides_between_floor_and_ceiling() {
        let resolve = seconds(5, 300);
        let wait = |ttl| next(&resolve, Some(Duration::from_secs(ttl)), 0, 0).as_secs();
        assert_eq!(wait(0), 5);
        assert_eq!(wait(30), 30);
        assert_eq!(wait(86_400), 300);
    }

    #[test]
    fn failures_double_the_wait_up_to_the_ceiling() {
        let resolve = seconds(5, 60);
        let waits: Vec<u64> = (1..=6)
            .map(|failures| next(&resolve, None, failures, 0).as_secs())
            .collect();
        assert_eq!(waits, [5, 10, 20, 40, 60, 60]);
        assert_eq!(next(&resolve, None, u32::MAX, 0).as_secs(), 60);
    }

    #[test]
    fn a_family_that_fails_is_asked_for_sooner_and_never_later() {
        let resolve = seconds(5, 300);
        let ttl = Some(Duration::from_secs(30));
        assert_eq!(next(&resolve, ttl, 1, 0).as_secs(), 5);
        assert_eq!(next(&resolve, ttl, 30, 0).as_secs(), 30);
    }

    proptest! {
        #[test]
        fn every_wait_is_within_the_clamp(
            floor in 0u64..100_000_000,
            more in 0u64..100_000_000,
            ttl in proptest::option::of(0u64..u64::MAX),
            failures in 0u32..100,
            random: u64,
        ) {
            let floor = Duration::from_micros(floor);
            let ceiling = floor + Duration::from_micros(more);
            let resolve = resolve(floor, ceiling);
            let ttl = ttl.map(Duration::from_millis);
            let wait = next(&resolve, ttl, failures, random);
            prop_assert!(wait >= floor.max(LEAST) && wait <= ceiling.max(LEAST));
            let longest = next(&resolve, ttl, failures, 0);
            prop_assert!(wait <= longest && wait >= longest * 9 / 10);
        }
    }
}
