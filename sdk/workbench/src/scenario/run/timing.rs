//! What calls took.

use std::time::{Duration, Instant};

/// Durations of calls, in nanoseconds.
#[derive(Debug, Default)]
pub(super) struct Timing(Vec<u64>);

impl Timing {
    /// Runs a call and keeps what it took.
    pub(super) fn of<T>(&mut self, call: impl FnOnce() -> T) -> T {
        let began = Instant::now();
        let answer = call();
        let took = began.elapsed().as_nanos();
        self.0.push(u64::try_from(took).unwrap_or(u64::MAX));
        answer
    }

    pub(super) fn calls(&self) -> usize {
        self.0.len()
    }

    /// The one in the middle; nothing for no call.
    pub(super) fn median(&mut self) -> Duration {
        self.0.sort_unstable();
        Duration::from_nanos(self.0.get(self.0.len() / 2).copied().unwrap_or(0))
    }
}
