//! How slow an endpoint is now: a moving average that believes bad news at once.
//!
//! A plain moving average notices a stall only after many slow answers, each of them a
//! client that waited. This one jumps to a sample above it and comes down gradually, by
//! `e^(-elapsed / 10 s)`, so it is an upper envelope of the recent past (Twitter Finagle,
//! "Peak EWMA" load metric).
//!
//! It also comes down while nothing is observed, see [`PeakEwma::at`]: an endpoint that is
//! avoided because it was slow gets no samples, and without that it would be avoided for
//! ever. Refuses to read the clock.

use std::time::{Duration, Instant};

/// After this long without bad news, 37 % of a peak is left.
const DECAY: Duration = Duration::from_secs(10);

/// Latency of one endpoint.
#[derive(Clone, Copy, Debug, Default)]
pub struct PeakEwma {
    last: Option<Last>,
}

#[derive(Clone, Copy, Debug)]
struct Last {
    when: Instant,
    microseconds: f64,
}

impl PeakEwma {
    /// Takes one measured latency into account and answers the average, in microseconds,
    /// at most `u32::MAX` (71 minutes). A `now` before the last one counts as the last one.
    pub fn observe(&mut self, now: Instant, sample: Duration) -> u32 {
        let sample = sample.as_secs_f64() * 1e6;
        let next = match self.last {
            None => Last {
                when: now,
                microseconds: sample,
            },
            Some(last) => {
                let kept = last.kept(now);
                let average = last.microseconds * kept + sample * (1.0 - kept);
                Last {
                    when: last.when.max(now),
                    microseconds: average.max(sample),
                }
            }
        };
        self.last = Some(next);
        whole(next.microseconds)
    }

    /// The average as it stands at `now`, in microseconds: what was last observed, decayed
    /// towards zero since. Zero when nothing was ever observed.
    pub fn at(&self, now: Instant) -> u32 {
        self.last
            .map_or(0, |last| whole(last.microseconds * last.kept(now)))
    }
}

impl Last {
    /// The share of the old value that is left at `now`, in `0.0..=1.0`.
    fn kept(&self, now: Instant) -> f64 {
        let elapsed = now.saturating_duration_since(self.when);
        (-elapsed.as_secs_f64() / DECAY.as_secs_f64()).exp()
    }
}

/// A float to integer cast saturates.
fn whole(microseconds: f64) -> u32 {
    microseconds.round() as u32
}

#[cfg(test)]
mod tests {
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
    fn rises_at_once_and_falls_slowly() {
        let (start, mut latency) = (origin(), PeakEwma::default());
        assert_eq!(latency.at(start), 0);
        assert_eq!(latency.observe(start, milliseconds(10)), 10_000);
        assert_eq!(
            latency.observe(start + milliseconds(1), milliseconds(500)),
            500_000
        );
        let after_a_second = latency.observe(start + milliseconds(1001), milliseconds(10));
        assert!(
            (450_000..460_000).contains(&after_a_second),
            "{after_a_second}"
        );
    }

    #[test]
    fn an_avoided_endpoint_is_forgiven() {
        let (start, mut latency) = (origin(), PeakEwma::default());
        latency.observe(start, Duration::from_secs(10));
        assert_eq!(latency.at(start + DECAY), 3_678_794);
        assert_eq!(latency.at(start + DECAY * 20), 0);
    }

    #[test]
    fn a_report_that_comes_late_does_not_turn_the_clock_back() {
        let (start, mut latency) = (origin(), PeakEwma::default());
        latency.observe(start + DECAY, milliseconds(500));
        latency.observe(start, milliseconds(10));
        assert_eq!(latency.at(start + DECAY), 500_000);
    }

    proptest! {
        /// Times are offsets from an origin and may run backwards.
        #[test]
        fn it_stays_within_what_was_seen_and_comes_back(
            history in prop::collection::vec((0u64..100_000, 0u64..60_000), 1..100),
        ) {
            let (start, mut latency) = (origin(), PeakEwma::default());
            let (mut highest, mut end) = (0, start);
            for (offset, sample) in history {
                let now = start + milliseconds(offset);
                let seen = (sample * 1000) as u32;
                highest = highest.max(seen);
                end = end.max(now);
                let average = latency.observe(now, milliseconds(sample));
                prop_assert!(average >= seen, "believes bad news at once");
                prop_assert!(average <= highest, "never above the worst that was seen");
            }
            let mut quick = latency;
            prop_assert!(quick.observe(end + DECAY * 30, milliseconds(1)) <= 1_001);
            prop_assert_eq!(latency.at(end + DECAY * 30), 0);
        }

        #[test]
        fn no_duration_is_too_long(seconds: u64, offset: u32) {
            let (start, mut latency) = (origin(), PeakEwma::default());
            latency.observe(start, Duration::from_secs(seconds));
            latency.observe(start + Duration::from_secs(offset.into()), Duration::MAX);
            prop_assert_eq!(latency.at(start), u32::MAX);
        }
    }
}
