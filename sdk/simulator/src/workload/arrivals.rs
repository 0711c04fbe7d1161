//! When requests arrive.

use super::scalars::{Positive, Time};
use serde::Deserialize;
use std::path::PathBuf;

/// When requests arrive.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Arrivals {
    /// Independent of each other: gaps are exponential.
    Poisson(Rate),
    /// One after the other, equally far apart.
    Constant(Rate),
    /// A Poisson process that has another rate at times.
    Bursts(Bursts),
    /// As it was.
    Recorded(Recorded),
}

/// Requests a second.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// Requests a second.
    pub rate: Positive,
}

/// A Poisson process that has another rate at times.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bursts {
    /// Requests a second between bursts.
    pub rate: Positive,
    /// Requests a second during one.
    pub burst: Positive,
    /// From the beginning of one burst to that of the next; the first begins after that time.
    pub every: Time,
    /// How long one lasts.
    pub lasts: Time,
}

/// What an access log has recorded.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recorded {
    /// JSON lines, relative to the workload: `at` in seconds, and as far as known `client`,
    /// `path` and `key`. `tidegate plugin replay` makes one of an access log.
    pub file: PathBuf,
    /// So many times as fast.
    #[serde(default = "as_it_was")]
    pub speed: Positive,
    /// What is in the file.
    #[serde(skip)]
    pub records: Vec<Record>,
}

/// One request that was recorded.
#[derive(Clone, Debug, Deserialize)]
pub struct Record {
    /// Seconds since the beginning, or since whenever: the first one is the beginning.
    pub at: f64,
    /// The client's address, or another name for it.
    #[serde(default)]
    pub client: Option<String>,
    /// The path.
    #[serde(default)]
    pub path: Option<String>,
    /// The value of the field `x-key`.
    #[serde(default)]
    pub key: Option<String>,
}

fn as_it_was() -> Positive {
    Positive(1.0)
}

impl Arrivals {
    /// Requests a second in the long run; none for a record without a length.
    pub fn rate(&self) -> Option<f64> {
        match self {
            Self::Poisson(Rate { rate }) | Self::Constant(Rate { rate }) => Some(rate.0),
            Self::Bursts(bursts) => {
                let share = bursts.lasts.0.as_secs_f64() / bursts.every.0.as_secs_f64();
                Some(bursts.burst.0 * share + bursts.rate.0 * (1.0 - share))
            }
            Self::Recorded(recorded) => {
                let (first, last) = (recorded.records.first()?, recorded.records.last()?);
                let seconds = (last.at - first.at) / recorded.speed.0;
                (seconds > 0.0).then(|| recorded.records.len() as f64 / seconds)
            }
        }
    }
}
