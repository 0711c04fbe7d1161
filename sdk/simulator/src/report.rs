//! What a simulation has found: numbers alone, in units that their names say.

use serde::Serialize;

/// What became of one workload under one selector.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Simulated time from the end of the warm-up to the last arrival.
    pub seconds: f64,
    /// Requests that arrived in that time, and what became of them.
    pub requests: Requests,
    /// Of requests that were answered well, from arrival to answer, in milliseconds.
    pub latency_ms: Latency,
    /// Of attempts.
    pub attempts: Attempts,
    /// In line at the endpoints.
    pub waiting: Waiting,
    /// Requests answered by each endpoint, in proportion to its weight and its time.
    pub spread_requests: Spread,
    /// Requests in flight at each endpoint, averaged over time, in proportion to its weight.
    pub spread_in_flight: Spread,
    /// Whether clients stay where they are.
    pub sessions: Sessions,
    /// The share of their time in which servers work: the mean, and the busiest endpoint.
    pub utilisation: f64,
    /// See `utilisation`.
    pub utilisation_max: f64,
    /// The most requests that any one endpoint had in flight.
    pub peak_in_flight: u32,
    /// The share of endpoints, over time, that have at least so many requests in flight:
    /// `occupancy[0]` is 1.
    pub occupancy: Vec<f64>,
    /// Times that the list of endpoints changed for some proxy.
    pub updates: u64,
    /// Names of the groups, in the order of the workload.
    pub groups: Vec<String>,
    /// How it went over time.
    pub moments: Vec<Moment>,
    /// Each endpoint.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub endpoints: Vec<EndpointRow>,
}

/// Requests, and what became of them.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Requests {
    /// Those that arrived.
    pub arrived: u64,
    /// Those that were answered well.
    pub completed: u64,
    /// Those that were not: the sum of `failures`.
    pub failed: u64,
    /// Why not.
    pub failures: Failures,
    /// Completed requests a second.
    pub throughput: f64,
}

/// Why requests failed.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Failures {
    /// An endpoint answered with an error, which was passed on.
    pub status: u64,
    /// No connection.
    pub connect: u64,
    /// The connection broke.
    pub reset: u64,
    /// No answer in time.
    pub timeout: u64,
    /// The time of the whole request was over.
    pub deadline: u64,
    /// Nobody could be chosen.
    pub unavailable: u64,
    /// Everything was full, and so was the line; or the wait there was too long.
    pub full: u64,
}

/// Percentiles and the mean.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Latency {
    /// The mean.
    pub mean: f64,
    /// The median.
    pub p50: f64,
    /// 90 % are below.
    pub p90: f64,
    /// 99 % are below.
    pub p99: f64,
    /// 99.9 % are below.
    pub p999: f64,
    /// The longest.
    pub max: f64,
    /// The whole curve: at the percentiles 100 (1 − 10^(−k/10)) for k from 0 to 40, that is up to
    /// 99.99.
    pub curve: Vec<f64>,
}

/// Attempts, and what the selector did.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Attempts {
    /// All.
    pub made: u64,
    /// Those that repeated another.
    pub retries: u64,
    /// Retries that the budget refused.
    pub unaffordable: u64,
    /// Attempts for which the host's fallback chose.
    pub fallbacks: u64,
    /// Calls to the selector.
    pub asked: u64,
    /// Calls in which it failed.
    pub faults: u64,
}

/// Waits in line at the endpoints, of attempts that were served.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Waiting {
    /// The share that waited at all.
    pub share: f64,
    /// The mean wait in milliseconds, those that did not wait included.
    pub mean_ms: f64,
}

/// How evenly something lies over the endpoints.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Spread {
    /// The greatest over the mean: 1 is even.
    pub max_over_mean: f64,
    /// Standard deviation over mean: 0 is even.
    pub variation: f64,
    /// Jain's index: 1 is even, 1/n is all on one (Jain, Chiu, Hawe 1984).
    pub jain: f64,
    /// Percentiles 0 to 100 over the mean.
    pub percentiles: Vec<f64>,
}

/// Whether clients stay where they are. Counted over requests whose client had been answered
/// before.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Sessions {
    /// Those requests.
    pub returning: u64,
    /// The share that went to another endpoint than the one before.
    pub moved: f64,
    /// The share that did so although the one before might have been chosen again.
    pub moved_freely: f64,
}

/// One part of the time, a hundredth or so.
#[derive(Clone, Debug, Serialize)]
pub struct Moment {
    /// Its end, in seconds from the beginning of the simulation.
    pub at: f64,
    /// Median of the latencies of requests that ended in it; none ended without it.
    pub p50_ms: Option<f64>,
    /// Their 99th percentile.
    pub p99_ms: Option<f64>,
    /// Requests that were answered well, a second.
    pub completed: f64,
    /// Requests that failed, a second.
    pub failed: f64,
    /// Standard deviation over mean of requests in flight, in proportion to weights.
    pub variation: f64,
    /// Requests in flight for each endpoint of each group, averaged.
    pub in_flight: Vec<f64>,
}

/// One endpoint.
#[derive(Clone, Debug, Serialize)]
pub struct EndpointRow {
    /// Its group.
    pub group: u32,
    /// Its weight.
    pub weight: u32,
    /// Attempts that it got.
    pub attempts: u64,
    /// Requests that it answered well.
    pub answered: u64,
    /// Requests in flight, averaged over time.
    pub in_flight: f64,
    /// The most at a time.
    pub peak: u32,
    /// The share of their time in which its servers work.
    pub utilisation: f64,
}

impl Spread {
    /// Of these values.
    pub(crate) fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        if values.is_empty() || mean <= 0.0 {
            return Self::default();
        }
        let variation = variation(&values);
        let last = values.len() - 1;
        let percentile = |n: usize| values[(n * last + 50) / 100] / mean;
        Self {
            max_over_mean: values[last] / mean,
            variation,
            jain: 1.0 / (1.0 + variation * variation),
            percentiles: (0..=100).map(percentile).collect(),
        }
    }
}

/// Standard deviation over mean; 0 when there is nothing.
pub(crate) fn variation(values: &[f64]) -> f64 {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    if values.is_empty() || mean <= 0.0 {
        return 0.0;
    }
    let squares = values.iter().map(|value| (value - mean).powi(2));
    (squares.sum::<f64>() / count).sqrt() / mean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn even_is_one_and_all_on_one_is_one_nth() {
        let even = Spread::of(vec![3.0; 7]);
        assert_eq!(
            (even.max_over_mean, even.variation, even.jain),
            (1.0, 0.0, 1.0)
        );
        let one = Spread::of(vec![0.0, 0.0, 0.0, 8.0]);
        assert_eq!(one.max_over_mean, 4.0);
        assert!((one.jain - 0.25).abs() < 1e-12);
        assert_eq!((one.percentiles[0], one.percentiles[100]), (0.0, 4.0));
    }
}
