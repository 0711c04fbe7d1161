//! Arithmetic on time that cannot overflow.
//!
//! Adding to an [`Instant`] panics when the sum does not fit, and a configuration may say
//! "never" with the longest duration there is. Refuses to read the clock.

use std::time::{Duration, Instant};

/// A wait beyond this is no different from waiting for ever.
const CENTURY: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// The moment after this wait; a wait of more than a century counts as one.
pub(crate) fn after(now: Instant, wait: Duration) -> Instant {
    now.checked_add(wait.min(CENTURY)).unwrap_or(now)
}

/// A part of the duration, proportional to `random`, in `0..duration`; all of the duration is
/// never drawn. A duration beyond 584 years counts as that.
pub(crate) fn part(duration: Duration, random: u64) -> Duration {
    let nanoseconds = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
    // The upper half of the product is `nanoseconds * (random / 2^64)`, and fits.
    let share = (u128::from(nanoseconds) * u128::from(random)) >> 64;
    Duration::from_nanos(share as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(
        clippy::disallowed_methods,
        reason = "an origin for the test's own clock"
    )]
    fn no_wait_is_too_long() {
        let now = Instant::now();
        assert_eq!(after(now, Duration::MAX), now + CENTURY);
        assert_eq!(
            after(now, Duration::from_millis(1)),
            now + Duration::from_millis(1)
        );
    }

    #[test]
    fn a_part_is_proportional_and_below_the_whole() {
        let second = Duration::from_secs(1);
        assert_eq!(part(second, 0), Duration::ZERO);
        assert_eq!(part(second, 1 << 63), Duration::from_millis(500));
        assert!(part(second, u64::MAX) < second);
        assert_eq!(part(Duration::ZERO, u64::MAX), Duration::ZERO);
        assert!(part(Duration::MAX, u64::MAX) > Duration::from_secs(18_000_000_000));
    }
}
