//! Tests of [`super::Window`]: against a list of all events, which is slow and obvious.

use super::*;
use proptest::prelude::*;

/// There is no other way to make an `Instant`; its value does not matter.
#[expect(
    clippy::disallowed_methods,
    reason = "an origin for the test's own clock"
)]
fn origin() -> Instant {
    Instant::now()
}

fn milliseconds(n: u64) -> Duration {
    Duration::from_millis(n)
}

#[test]
fn what_is_older_than_the_span_is_forgotten() {
    let (start, mut window) = (origin(), Window::new(milliseconds(1_000)));
    assert_eq!(window.sum(start), Counts::default());
    window.record(start, Counts::GOOD);
    window.record(start + milliseconds(500), Counts::BAD);
    let both = Counts { good: 1, bad: 1 };
    assert_eq!(window.sum(start + milliseconds(999)), both);
    assert_eq!(window.sum(start + milliseconds(1_000)), Counts::BAD);
    assert_eq!(window.cover(start + milliseconds(1_000)), both);
    assert_eq!(window.cover(start + milliseconds(1_100)), Counts::BAD);
    assert_eq!(window.sum(start + milliseconds(1_500)), Counts::default());
}

#[test]
fn a_report_that_comes_late_counts_as_the_last_one() {
    let (start, mut window) = (origin(), Window::new(milliseconds(1_000)));
    window.record(start + milliseconds(2_000), Counts::GOOD);
    window.record(start, Counts::BAD);
    assert_eq!(window.sum(start), Counts { good: 1, bad: 1 });
    assert_eq!(window.sum(start + milliseconds(2_999)).total(), 2);
    assert_eq!(window.sum(start + milliseconds(3_000)).total(), 0);
}

#[test]
fn no_count_and_no_time_is_too_great() {
    let start = origin();
    for span in [Duration::ZERO, milliseconds(1), Duration::MAX] {
        let mut window = Window::new(span);
        for seconds in [0, 1, 1 << 40, 0] {
            let all = Counts {
                good: u32::MAX,
                bad: 1,
            };
            window.record(start + Duration::from_secs(seconds), all);
            window.record(start + Duration::from_secs(seconds), all);
        }
        let sum = window.sum(start);
        assert_eq!((sum.good, sum.total()), (u32::MAX, u32::MAX));
    }
}

proptest! {
    /// Times may run backwards; the model takes the latest so far, as documented. Catches: a
    /// slice that is not cleared when its place is used again, a slice too many or too few
    /// in either sum.
    #[test]
    fn both_sums_are_as_precise_as_they_say(
        span in 10u64..2_000,
        history in prop::collection::vec((0u64..400, any::<bool>(), 0u64..3, 0u32..4), 1..200),
    ) {
        let (start, mut window) = (origin(), Window::new(milliseconds(span)));
        let tenth = milliseconds(span) / 10;
        // The slices begin here.
        window.record(start, Counts::default());
        let (mut clock, mut events) = (start, Vec::<(Instant, Counts)>::new());
        for (step, back, bad, good) in history {
            // Now and then a pause that outlasts the window.
            let step = milliseconds(if step > 390 { span * 3 } else { step });
            let now = if back { clock.checked_sub(step).unwrap_or(clock) } else { clock + step };
            clock = clock.max(now);
            let counts = Counts { good, bad: bad as u32 };
            window.record(now, counts);
            events.push((clock, counts));
            let younger = |age: Duration| {
                events
                    .iter()
                    .filter(|(when, _)| clock.duration_since(*when) < age)
                    .fold(Counts::default(), |sum, (_, counts)| sum.plus(*counts))
            };
            let within = |low: Counts, sum: Counts, high: Counts| {
                (low.good..=high.good).contains(&sum.good)
                    && (low.bad..=high.bad).contains(&sum.bad)
            };
            let span = milliseconds(span);
            prop_assert!(within(younger(span - tenth), window.sum(now), younger(span)));
            prop_assert!(within(younger(span), window.cover(now), younger(span + tenth)));
        }
        // It comes back: in the end all is forgotten.
        let end = clock + milliseconds(span) * 2;
        prop_assert_eq!(window.cover(end), Counts::default());
    }
}
