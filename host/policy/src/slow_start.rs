//! The weight of an endpoint that is new or came back: it grows in ten steps.
//!
//! A process that has just started has cold caches and an empty pool, and its share of the
//! traffic at once is how a restart becomes an outage. So its weight follows the line from
//! nothing to all over the time of the ramp, as HAProxy's `slowstart` and nginx's
//! `slow_start` do. Steps, and not the line itself, because a weight that changes has to be
//! published to whoever selects: ten times in a ramp is often enough.
//!
//! An endpoint stands at as many tenths as tenths of the ramp have gone by, and at one from
//! the start: with nothing it would never be tried.
//!
//! Refuses to keep time: it is told how long ago the endpoint came back.

use std::time::Duration;

/// Steps from nothing to the whole weight.
pub const STEPS: u32 = 10;

/// No weight is above this, configured or effective.
const MOST: u32 = 1_000_000;

/// How many tenths of its weight an endpoint has, in `1..=10`. `since` is the time since it
/// came back, `None` when it is not ramping; `ramp` is how long that takes, `None` or zero
/// for no ramp.
pub fn tenths(since: Option<Duration>, ramp: Option<Duration>) -> u32 {
    match ramping(since, ramp) {
        None => STEPS,
        Some((since, ramp)) => {
            // Below ten, because the ramp is not over.
            let passed = since.as_nanos() * u128::from(STEPS) / ramp.as_nanos();
            (passed as u32).max(1)
        }
    }
}

/// How long until [`tenths`] changes; `None` when it will not.
pub fn next_step(since: Option<Duration>, ramp: Option<Duration>) -> Option<Duration> {
    let (elapsed, length) = ramping(since, ramp)?;
    let next = u128::from(tenths(since, ramp)) + 1;
    let at = (length.as_nanos() * next).div_ceil(u128::from(STEPS));
    Some(duration(at.saturating_sub(elapsed.as_nanos())))
}

/// Both durations while the ramp lasts; then it is not zero.
fn ramping(since: Option<Duration>, ramp: Option<Duration>) -> Option<(Duration, Duration)> {
    since.zip(ramp).filter(|(since, ramp)| since < ramp)
}

/// Never more than the ramp it is a part of, so the seconds fit.
fn duration(nanoseconds: u128) -> Duration {
    let (seconds, rest) = (nanoseconds / 1_000_000_000, nanoseconds % 1_000_000_000);
    Duration::new(seconds as u64, rest as u32)
}

/// The effective weights of endpoints with a configured weight in `1..=1_000_000` and so many
/// tenths of it, each; numbers outside their range count as its nearest end. Where endpoints
/// ramp (`ramp` is how long), ten times as much, so that a tenth of one is not lost, and a
/// ramping one's tenths instead of the ten; also while nobody is ramping, so that the others'
/// weights do not change when somebody begins: who hashes by weight would move their clients.
/// If that makes the greatest too great, all are scaled down by the same factor. Always in
/// `1..=1_000_000`: the smallest may be rounded up when it is next to one a million times
/// greater. Where none ramps, as configured.
pub fn weights(rows: &[(u32, u32)], ramp: Option<Duration>) -> Vec<u32> {
    let rows = rows
        .iter()
        .map(|(weight, tenths)| ((*weight).clamp(1, MOST), (*tenths).clamp(1, STEPS)));
    if ramp.is_none_or(|ramp| ramp.is_zero()) {
        return rows.map(|(weight, _)| weight).collect();
    }
    // By the whole weights, for the same reason.
    let greatest = rows.clone().map(|(weight, _)| weight * STEPS).max();
    let greatest = greatest.unwrap_or(MOST).max(MOST);
    let scaled = rows.map(|(weight, tenths)| weight * tenths);
    scaled.map(|weight| shrink(weight, greatest)).collect()
}

/// The weight in the measure in which the greatest is [`MOST`], to the nearest.
fn shrink(weight: u32, greatest: u32) -> u32 {
    let (weight, greatest) = (u64::from(weight), u64::from(greatest));
    let shrunk = (weight * u64::from(MOST) + greatest / 2) / greatest;
    (shrunk as u32).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const RAMP: Option<Duration> = Some(Duration::from_secs(30));

    fn at(seconds: u64) -> Option<Duration> {
        Some(Duration::from_secs(seconds))
    }

    #[test]
    fn the_weight_grows_with_the_time_that_went_by() {
        let seen: Vec<_> = [0, 3, 5, 6, 15, 26, 27, 29, 30, 99]
            .into_iter()
            .map(|seconds| tenths(at(seconds), RAMP))
            .collect();
        assert_eq!(seen, [1, 1, 1, 2, 5, 8, 9, 9, 10, 10]);
    }

    #[test]
    fn without_a_ramp_the_weight_is_whole() {
        for (since, ramp) in [(None, RAMP), (at(0), None), (at(0), Some(Duration::ZERO))] {
            assert_eq!(
                (tenths(since, ramp), next_step(since, ramp)),
                (STEPS, None),
                "{since:?} of {ramp:?}"
            );
        }
    }

    #[test]
    fn the_next_step_is_named() {
        assert_eq!(next_step(at(0), RAMP), Some(Duration::from_secs(6)));
        assert_eq!(next_step(at(7), RAMP), Some(Duration::from_secs(2)));
        assert_eq!(next_step(at(29), RAMP), Some(Duration::from_secs(1)));
        assert_eq!(next_step(at(30), RAMP), None);
    }

    #[test]
    fn weights_are_ten_times_as_much_where_endpoints_ramp() {
        let weights = |rows: &[(u32, u32)]| weights(rows, RAMP);
        assert_eq!(weights(&[]), []);
        assert_eq!(weights(&[(3, 10), (1, 10)]), [30, 10]);
        assert_eq!(weights(&[(3, 10), (1, 1)]), [30, 1]);
        assert_eq!(
            weights(&[(1_000_000, 10), (1_000_000, 5)]),
            [1_000_000, 500_000]
        );
        assert_eq!(weights(&[(1_000_000, 10), (1, 1)]), [1_000_000, 1]);
        assert_eq!(weights(&[(0, 10), (u32::MAX, 99)]), [1, 1_000_000]);
        assert_eq!(super::weights(&[(3, 10), (1, 10)], None), [3, 1]);
        let zero = Some(Duration::ZERO);
        assert_eq!(super::weights(&[(3, 10), (1, 10)], zero), [3, 1]);
    }

    fn duration() -> impl Strategy<Value = Duration> {
        prop_oneof![
            (0u64..100).prop_map(Duration::from_nanos),
            (0u64..60_000).prop_map(Duration::from_millis),
            any::<u64>().prop_map(Duration::from_secs),
            Just(Duration::MAX),
        ]
    }

    fn weight() -> impl Strategy<Value = u32> {
        prop_oneof![1u32..10, 1u32..=1_000_000]
    }

    proptest! {
        /// Catches: a ramp without an end; a wait that ends before or after the step; a step
        /// that is left out of the count of those to come; an overflow of long ramps.
        #[test]
        fn it_comes_back_step_by_step(start in duration(), length in duration()) {
            let ramp = Some(length);
            let mut since = start;
            let mut before = tenths(Some(since), ramp);
            prop_assert!((1..=STEPS).contains(&before));
            for _ in 0..STEPS {
                let Some(wait) = next_step(Some(since), ramp) else { break };
                prop_assert!(!wait.is_zero());
                let just_before = since + wait - Duration::from_nanos(1);
                prop_assert_eq!(tenths(Some(just_before), ramp), before, "not yet");
                since += wait;
                let now = tenths(Some(since), ramp);
                prop_assert!(now > before);
                before = now;
            }
            prop_assert_eq!(before, STEPS);
            prop_assert_eq!(next_step(Some(since), ramp), None);
            prop_assert!(since <= start.max(length), "not later than the ramp");
        }

        /// Catches: a weight of zero; one above the bound; scaling that favours some; a ramp
        /// of one that is lost on small weights.
        #[test]
        fn weights_stay_in_range_and_in_proportion(
            rows in prop::collection::vec((weight(), 1u32..=10), 1..20),
        ) {
            let effective = weights(&rows, RAMP);
            prop_assert_eq!(effective.len(), rows.len());
            prop_assert!(effective.iter().all(|weight| (1..=MOST).contains(weight)));
            let wanted = |(weight, tenths): (u32, u32)| f64::from(weight) * f64::from(tenths);
            let total: f64 = rows.iter().copied().map(wanted).sum();
            let got: f64 = effective.iter().copied().map(f64::from).sum();
            for (row, weight) in rows.iter().zip(&effective) {
                let (want, have) = (wanted(*row) / total, f64::from(*weight) / got);
                // Rounding is at most one of `got`, for each of up to twenty, and only where the
                // whole of a weight is too great.
                let shrunk = rows.iter().any(|(weight, _)| weight * STEPS > MOST);
                let rounding = if shrunk { 21.0 / got } else { 1e-9 };
                prop_assert!((want - have).abs() <= rounding, "{want} {have}");
            }
        }

        /// Catches: a ramp that changes the weights of others.
        #[test]
        fn who_ramps_changes_nobody_elses_weight(
            rows in prop::collection::vec((weight(), 1u32..=10), 1..20),
            tenths in 1u32..=10,
        ) {
            let mut later = rows.clone();
            later[0].1 = tenths;
            prop_assert_eq!(&weights(&rows, RAMP)[1..], &weights(&later, RAMP)[1..]);
        }

        /// Catches: scaling where nobody ever ramps.
        #[test]
        fn where_nobody_ramps_the_weights_are_the_configured_ones(
            configured in prop::collection::vec(weight(), 0..20),
        ) {
            let rows: Vec<_> = configured.iter().map(|weight| (*weight, STEPS)).collect();
            prop_assert_eq!(weights(&rows, None), configured);
        }
    }
}
