//! What a load saw.

use std::collections::BTreeMap;
use std::time::Duration;

/// Failures that are kept with their text; further ones are counted.
const KEPT: usize = 20;

/// What happened.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Requests begun.
    pub sent: u64,
    /// Answered as expected.
    pub ok: u64,
    /// The rest.
    pub failed: u64,
    /// The first failures, in words.
    pub failures: Vec<String>,
    /// Good answers by endpoint.
    pub by_endpoint: BTreeMap<String, u64>,
    /// Time of each good answer, ascending.
    pub latencies: Vec<Duration>,
    /// From the first request to the last answer.
    pub elapsed: Duration,
}

impl Report {
    /// Requests per second over the whole time.
    pub fn rate(&self) -> f64 {
        self.sent as f64 / self.elapsed.as_secs_f64()
    }

    /// The latency that this share of the good answers stayed below.
    pub fn percentile(&self, share: f64) -> Duration {
        let last = self.latencies.len().saturating_sub(1);
        let position = (share * last as f64).round() as usize;
        self.latencies.get(position).copied().unwrap_or_default()
    }

    /// # Panics
    /// Unless every request was answered as expected.
    pub fn assert_clean(&self) {
        assert!(
            self.failed == 0 && self.sent == self.ok && self.sent > 0,
            "{} of {} requests failed, the first ones:\n{}",
            self.failed,
            self.sent,
            self.failures.join("\n"),
        );
    }

    /// Adds what another worker saw.
    pub(crate) fn merge(&mut self, other: Report) {
        self.sent += other.sent;
        self.ok += other.ok;
        self.failed += other.failed;
        self.failures.extend(other.failures);
        self.failures.truncate(KEPT);
        for (endpoint, n) in other.by_endpoint {
            *self.by_endpoint.entry(endpoint).or_default() += n;
        }
        self.latencies.extend(other.latencies);
    }

    /// Counts a failure, with its text while there are few.
    pub(crate) fn fail(&mut self, error: &anyhow::Error) {
        self.failed += 1;
        if self.failures.len() < KEPT {
            self.failures.push(format!("{error:#}"));
        }
    }
}
