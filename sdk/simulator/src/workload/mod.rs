//! What is to happen, as it is written: requests, clients, endpoints, policies.
//!
//! Unknown keys are refused, and so is whatever cannot be meant. This module refuses to read
//! files: a recorded workload names its file, and whoever reads it hands the records over.

mod arrivals;
mod check;
mod clients;
mod endpoints;
mod policies;
mod ready;
mod scalars;

pub use arrivals::{Arrivals, Bursts, Rate, Record, Recorded};
pub use clients::{Clients, KeyOf};
pub use endpoints::{Down, Failing, Group, Service, Slow};
pub use policies::{Policies, Proxies, Rules};
pub use ready::{READY, ready};
pub use scalars::{OffOr, Percent, Positive, Time};

use serde::Deserialize;
use std::num::NonZeroU64;

/// One workload.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Workload {
    /// What is to be seen here, for whoever reads the report.
    #[serde(default)]
    pub about: String,
    /// All chance follows from it.
    #[serde(default = "one")]
    pub seed: u64,
    /// Ends after so many requests.
    #[serde(default)]
    pub requests: Option<NonZeroU64>,
    /// Ends after so long.
    #[serde(default)]
    pub duration: Option<Time>,
    /// Requests that arrive before this count for nothing but load: the upstream fills first.
    #[serde(default)]
    pub warmup: Time,
    /// When requests arrive.
    pub arrivals: Arrivals,
    /// Who sends them.
    #[serde(default)]
    pub clients: Clients,
    /// Who serves them.
    pub endpoints: Vec<Group>,
    /// Who stands between.
    #[serde(default)]
    pub proxy: Proxies,
    /// The policies of the upstream and of its route, by the names and with the defaults of the
    /// proxy's configuration.
    #[serde(default)]
    pub policies: Policies,
}

fn one() -> u64 {
    1
}
