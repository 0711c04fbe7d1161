//! Two counters over the recent past: how much was good and how much was bad.
//!
//! Remembering the time of each event would cost memory with each request. Here time is cut
//! into slices of a tenth of the span, and only the sum of each slice is kept. So a sum is
//! precise to a tenth of the span, and the caller chooses on which side it errs:
//! [`Window::sum`] counts nothing that is older than the span, and may have forgotten what
//! is older than nine tenths of it; [`Window::cover`] counts all that is younger than the
//! span, and may remember what is younger than eleven tenths.
//!
//! Time that runs backwards is harmless: a `now` before the last one recorded counts as
//! that one. Refuses to read the clock, and to say what is good.

use std::time::{Duration, Instant};

/// What was counted. Both saturate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) struct Counts {
    pub(crate) good: u32,
    pub(crate) bad: u32,
}

impl Counts {
    pub(crate) const GOOD: Self = Self { good: 1, bad: 0 };
    pub(crate) const BAD: Self = Self { good: 0, bad: 1 };

    /// Both together; it saturates too.
    pub(crate) fn total(self) -> u32 {
        self.good.saturating_add(self.bad)
    }

    fn plus(self, other: Self) -> Self {
        Self {
            good: self.good.saturating_add(other.good),
            bad: self.bad.saturating_add(other.bad),
        }
    }
}

/// Counts of the recent past.
#[derive(Clone, Debug)]
pub(crate) struct Window {
    /// A tenth of the span, in nanoseconds: at least 1.
    width: u128,
    /// When the first slice began: with the first event.
    start: Option<Instant>,
    /// The number of the newest slice that counted anything. Slices are numbered from 0.
    newest: u64,
    /// Slice `n` is at `n % KEPT`.
    slices: [Counts; KEPT],
}

/// Slices in a span.
const SLICES: u64 = 10;
/// One more, for [`Window::cover`].
const KEPT: usize = SLICES as usize + 1;

impl Window {
    /// Counts nothing yet. A span below 10 ns counts as 10 ns.
    pub(crate) fn new(span: Duration) -> Self {
        Self {
            width: (span.as_nanos() / u128::from(SLICES)).max(1),
            start: None,
            newest: 0,
            slices: [Counts::default(); KEPT],
        }
    }

    /// Adds what happened at `now`.
    pub(crate) fn record(&mut self, now: Instant, counts: Counts) {
        self.start.get_or_insert(now);
        let current = self.slice(now);
        let passed = (current - self.newest).min(KEPT as u64);
        for number in current - passed + 1..=current {
            self.slices[index(number)] = Counts::default();
        }
        self.newest = current;
        let slice = &mut self.slices[index(current)];
        *slice = slice.plus(counts);
    }

    /// What happened in the span before `now`: never more than that, and at least what
    /// happened in nine tenths of it.
    pub(crate) fn sum(&self, now: Instant) -> Counts {
        self.last(now, SLICES)
    }

    /// What happened in the span before `now`: never less than that, and at most what
    /// happened in eleven tenths of it.
    pub(crate) fn cover(&self, now: Instant) -> Counts {
        self.last(now, KEPT as u64)
    }

    /// The sum of so many slices, at most [`KEPT`], the one of `now` included.
    fn last(&self, now: Instant, slices: u64) -> Counts {
        let end = self.slice(now) + 1;
        // Slices after the newest hold what is long past.
        (end.saturating_sub(slices)..end.min(self.newest + 1))
            .map(|number| self.slices[index(number)])
            .fold(Counts::default(), Counts::plus)
    }

    /// The slice of `now`, or the newest one if that is later.
    fn slice(&self, now: Instant) -> u64 {
        let elapsed = self
            .start
            .map_or(Duration::ZERO, |start| now.saturating_duration_since(start));
        let number = elapsed.as_nanos() / self.width;
        // Half the range, so that one more is never too many: 292 years in nanoseconds.
        u64::try_from(number)
            .unwrap_or(u64::MAX)
            .min(u64::MAX / 2)
            .max(self.newest)
    }
}

fn index(number: u64) -> usize {
    (number % KEPT as u64) as usize
}

#[cfg(test)]
#[path = "window_tests.rs"]
mod tests;
