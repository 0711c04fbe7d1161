//! Whether a client that is waited for keeps a pace: one that gives or takes a byte now and
//! then would hold a connection, and what is behind it, for as long as it likes.

use std::time::Duration;
use tokio::time::Instant;

/// The pace is that of so long at least: a pause is no crime.
pub const WINDOW: Duration = Duration::from_secs(10);

/// Counts what a client gives or takes, and the time that it is waited for. Time in which
/// nobody wanted anything of it does not count.
#[derive(Debug, Default)]
pub struct Pace {
    waiting: Option<Instant>,
    waited: Duration,
    bytes: u64,
}

impl Pace {
    /// The wait is over: so many bytes came or went.
    pub fn moved(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
        if let Some(since) = self.waiting.take() {
            self.waited += since.elapsed();
        }
    }

    /// The next message begins.
    pub fn reset(&mut self) {
        *self = Self::default();
    }

    /// The client is waited for, or still is. Answers when to look again, or none when it was
    /// slower than `rate` bytes a second for a whole window.
    pub fn wait(&mut self, now: Instant, rate: u64) -> Option<Instant> {
        let since = *self.waiting.get_or_insert(now);
        let waited = self.waited + now.saturating_duration_since(since);
        if waited < WINDOW {
            return Some(now + (WINDOW - waited));
        }
        if (self.bytes as f64) < rate as f64 * waited.as_secs_f64() {
            return None;
        }
        (self.waiting, self.waited, self.bytes) = (Some(now), Duration::ZERO, 0);
        Some(now + WINDOW)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::advance;

    #[tokio::test(start_paused = true)]
    async fn a_window_below_the_rate_ends_it_and_one_above_does_not() {
        for (bytes, kept) in [(999, false), (1_000, true)] {
            let mut pace = Pace::default();
            let end = pace.wait(Instant::now(), 100).expect("it has just begun");
            advance(WINDOW / 2).await;
            pace.moved(bytes);
            assert_eq!(pace.wait(Instant::now(), 100), Some(end));
            advance(WINDOW / 2).await;
            assert_eq!(pace.wait(Instant::now(), 100).is_some(), kept, "{bytes}");
            advance(WINDOW).await;
            assert_eq!(pace.wait(Instant::now(), 100), None, "and none since");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn time_in_which_nobody_waits_does_not_count() {
        let mut pace = Pace::default();
        for _ in 0..100 {
            assert!(pace.wait(Instant::now(), 100).is_some());
            pace.moved(1);
            // The endpoint takes its time.
            advance(WINDOW).await;
        }
    }
}
