//! Outlier detection: who stands out among its peers is taken out for a while.
//!
//! A breaker judges an endpoint by itself. What it cannot see is that all the others are
//! well, and so that the trouble is this endpoint's own and can be avoided at no cost. Three
//! things make an endpoint suspect, as in Envoy's outlier detection: failures of its gateway
//! in a row, failures to reach it in a row, and a success rate far below that of the others.
//!
//! The work is split. Each endpoint has a [`Tally`], told of every outcome; it finds the runs
//! and counts for the rate. The upstream has one [`Detector`]. Once per interval it compares
//! the tallies ([`Detector::stand_out`]), and it alone ejects ([`Detector::suspect`]),
//! because only it knows how many are out already and whether anybody is left. An ejection
//! ends by itself, and lasts longer with each repetition.
//!
//! Refuses to take an endpoint out of anything: it says until when it should be.

mod detector;
mod success_rate;
mod tally;

pub use detector::{Crowd, Detector};
pub use tally::{Seen, Tally};

use std::num::NonZeroU32;
use std::time::Duration;

/// When an endpoint stands out, and what follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutlierRule {
    /// Gateway failures (502, 503, 504) in a row; `None` does not look at them.
    pub gateway_failures: Option<NonZeroU32>,
    /// Failures to connect, resets and timeouts in a row; `None` does not look at them.
    pub local_failures: Option<NonZeroU32>,
    /// How far the success rate may fall behind; `None` does not compare.
    pub success_rate: Option<SuccessRate>,
    /// How often rates are compared and repetitions forgiven.
    pub interval: Duration,
    /// How long the first ejection lasts; the second lasts twice as long, and so on.
    pub eject_for: Duration,
    /// No ejection lasts longer than this.
    pub max_eject_for: Duration,
    /// No more than this share of the endpoints is out at the same time, in `0..=100`, rounded
    /// down: of three, 50 % is one, and 10 % is none.
    pub max_ejected_percent: u32,
}

impl Default for OutlierRule {
    /// Five in a row of either kind, or a low success rate; every 5 s; 30 s for the first
    /// time and at most 5 min; at most half of the endpoints.
    fn default() -> Self {
        const FIVE: NonZeroU32 = NonZeroU32::new(5).expect("not zero");
        Self {
            gateway_failures: Some(FIVE),
            local_failures: Some(FIVE),
            success_rate: Some(SuccessRate::default()),
            interval: Duration::from_secs(5),
            eject_for: Duration::from_secs(30),
            max_eject_for: Duration::from_secs(300),
            max_ejected_percent: 50,
        }
    }
}

/// When a success rate is too far below the others'. See [`Detector::stand_out`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SuccessRate {
    /// Standard deviations of the others, in hundredths: 190 is 1.9 of them.
    pub deviations_percent: u32,
    /// Requests in an interval without which an endpoint is left out of the comparison.
    pub minimum_requests: u32,
    /// Endpoints with as many requests without which there is no comparison. Less than two
    /// counts as two.
    pub minimum_endpoints: u32,
}

impl Default for SuccessRate {
    /// 1.9 deviations, as Envoy has it, among two endpoints with 20 requests. Envoy asks for
    /// five with 100; the bound on chance makes less enough.
    fn default() -> Self {
        Self {
            deviations_percent: 190,
            minimum_requests: 20,
            minimum_endpoints: 2,
        }
    }
}

/// What made an endpoint suspect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Suspicion {
    /// Gateway failures in a row.
    GatewayFailures,
    /// Failures to reach it, or to hear from it, in a row.
    LocalFailures,
    /// Its success rate is far below that of the others.
    SuccessRate,
}

impl Suspicion {
    /// A short constant word for metrics and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::GatewayFailures => "gateway_failures",
            Self::LocalFailures => "local_failures",
            Self::SuccessRate => "success_rate",
        }
    }
}
