//! Who serves requests: groups of endpoints that are alike, and what befalls them.

use super::scalars::{Percent, Positive, Time};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::num::NonZeroU32;

/// Endpoints that are alike.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Its name in the report; `endpoints-1` and so on without one.
    #[serde(default)]
    pub name: Option<String>,
    /// How many there are.
    pub count: NonZeroU32,
    /// The weight of each.
    #[serde(default = "unit")]
    pub weight: NonZeroU32,
    /// 0 is used first.
    #[serde(default)]
    pub priority: u32,
    /// The zone of each.
    #[serde(default)]
    pub zone: Option<String>,
    /// The labels of each.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// The proxy's bound on the requests that each has in flight.
    #[serde(default)]
    pub max_in_flight: Option<NonZeroU32>,
    /// Requests that each serves at a time; others wait in line there.
    #[serde(default = "unit")]
    pub concurrency: NonZeroU32,
    /// How long it works on a request.
    pub service: Service,
    /// Times at which some are slow.
    #[serde(default)]
    pub slow: Vec<Slow>,
    /// Times at which some answer with errors.
    #[serde(default)]
    pub fails: Vec<Failing>,
    /// Times at which some are gone.
    #[serde(default)]
    pub down: Vec<Down>,
    /// When they come; without it they are there from the start.
    #[serde(default)]
    pub joins: Option<Time>,
    /// When they are taken out of the configuration.
    #[serde(default)]
    pub leaves: Option<Time>,
    /// From when on they drain.
    #[serde(default)]
    pub drains: Option<Time>,
}

/// How long an endpoint works on a request that does not wait.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Service {
    /// Always the same.
    Constant {
        /// That long.
        mean: Time,
    },
    /// Exponential: without a memory.
    Exponential {
        /// Its mean.
        mean: Time,
    },
    /// Lognormal: a few take much longer.
    Lognormal {
        /// Its mean, not its median.
        mean: Time,
        /// The standard deviation of the logarithm; 1 is a long tail.
        sigma: Positive,
    },
    /// Gamma; a whole `shape` k is Erlang's: a chain of k exponential steps.
    Gamma {
        /// Its mean.
        mean: Time,
        /// 1 is exponential, more is more regular.
        shape: Positive,
    },
    /// Pareto, cut off above: very few take very long.
    Pareto {
        /// The shortest.
        min: Time,
        /// The longest.
        max: Time,
        /// The exponent of the tail; below 2 the variance comes from the longest alone.
        shape: Positive,
    },
}

/// A time at which some endpoints of a group are slow.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slow {
    /// Work that begins then takes so many times as long.
    pub factor: Positive,
    /// How many of the group, from the first on; all without it.
    #[serde(default)]
    pub endpoints: Option<NonZeroU32>,
    /// The beginning; that of the simulation without it.
    #[serde(default)]
    pub from: Time,
    /// The end; that of the simulation without it.
    #[serde(default)]
    pub until: Option<Time>,
}

/// A time at which some endpoints of a group answer with errors.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failing {
    /// The share of requests, and of probes, that fail.
    pub share: Percent,
    /// What is answered.
    #[serde(default = "unavailable")]
    pub status: u16,
    /// How long such a request is worked on; as long as others without it. Failing fast attracts
    /// requests.
    #[serde(default)]
    pub after: Option<Time>,
    /// How many of the group, from the first on; all without it.
    #[serde(default)]
    pub endpoints: Option<NonZeroU32>,
    /// The beginning; that of the simulation without it.
    #[serde(default)]
    pub from: Time,
    /// The end; that of the simulation without it.
    #[serde(default)]
    pub until: Option<Time>,
}

/// A time at which some endpoints of a group are gone: what they work on breaks off, and
/// connections are refused.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Down {
    /// Connections are not refused but never answered.
    #[serde(default)]
    pub silent: bool,
    /// How many of the group, from the first on; all without it.
    #[serde(default)]
    pub endpoints: Option<NonZeroU32>,
    /// The beginning; that of the simulation without it.
    #[serde(default)]
    pub from: Time,
    /// The end; that of the simulation without it.
    #[serde(default)]
    pub until: Option<Time>,
}

fn unit() -> NonZeroU32 {
    NonZeroU32::MIN
}

fn unavailable() -> u16 {
    503
}

impl Service {
    /// Its mean in seconds.
    pub fn mean(&self) -> f64 {
        match *self {
            Self::Constant { mean }
            | Self::Exponential { mean }
            | Self::Lognormal { mean, .. }
            | Self::Gamma { mean, .. } => mean.0.as_secs_f64(),
            Self::Pareto { min, max, shape } => {
                let (low, high, a) = (min.0.as_secs_f64(), max.0.as_secs_f64(), shape.0);
                if low >= high {
                    return low;
                }
                let scale = low.powf(a) / (1.0 - (low / high).powf(a));
                if (a - 1.0).abs() < 1e-9 {
                    scale * (high / low).ln()
                } else {
                    scale * a / (a - 1.0) * (low.powf(1.0 - a) - high.powf(1.0 - a))
                }
            }
        }
    }
}
