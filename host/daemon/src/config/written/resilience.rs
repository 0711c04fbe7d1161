//! What keeps one endpoint's trouble from becoming everybody's.

use schemars::JsonSchema;
use serde::Deserialize;

use super::List;
use crate::config::read::checked::{Checked, Either, OffOr};
use crate::config::scalar::duration::{DAY, HOUR, Time};
use crate::config::scalar::hundredths::Hundredths;
use crate::config::scalar::percent::Percent;
use crate::config::scalar::status::Statuses;
use crate::config::scalar::whole::Whole;

/// When an endpoint that fails gets a rest.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct Breaker {
    /// Failures without a success between them, or `off`. Default: 5.
    pub(in crate::config) consecutive_failures: Option<Checked<OffOr<Whole<1, 1000>>>>,
    /// Failures as a share of all attempts, alone or with its window. Default: does not count.
    pub(in crate::config) failure_share: Option<Checked<Either<Percent<1, 100>, FailureShare>>>,
    /// Statuses that are failures, besides attempts without a response. Default: [502-504].
    pub(in crate::config) statuses: Option<Checked<List<Statuses<400, 599>>>>,
    /// The first rest; it doubles while probes fail. Default: 5s.
    pub(in crate::config) cooldown: Option<Checked<Time<100, HOUR>>>,
    /// The longest rest. Default: 60s, or `cooldown` if that is longer.
    pub(in crate::config) max_cooldown: Option<Checked<Time<100, DAY>>>,
    /// Requests at a time after the rest, and successes that end it. Default: 3.
    pub(in crate::config) probes: Option<Checked<Whole<1, 100>>>,
}

/// A share of failures that is too great.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct FailureShare {
    /// Failures in all attempts.
    pub(in crate::config) share: Checked<Percent<1, 100>>,
    /// How far back attempts count. Default: 10s.
    pub(in crate::config) window: Option<Checked<Time<1_000, HOUR>>>,
    /// Fewer attempts than this prove nothing. Default: 20.
    pub(in crate::config) minimum: Option<Checked<Whole<1, 1_000_000>>>,
}

/// When an endpoint that does worse than the others is ejected.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct Outlier {
    /// Responses in a row with 502, 503 or 504, or `off`. Default: 5.
    pub(in crate::config) gateway_failures: Option<Checked<OffOr<Whole<1, 1000>>>>,
    /// Attempts in a row without a response, or `off`. Default: 5.
    pub(in crate::config) local_failures: Option<Checked<OffOr<Whole<1, 1000>>>>,
    /// A success rate far below that of the others, or `off`. Default: on.
    pub(in crate::config) success_rate: Option<Checked<OffOr<SuccessRate>>>,
    /// How often success rates are compared. Default: 5s.
    pub(in crate::config) interval: Option<Checked<Time<100, HOUR>>>,
    /// The first ejection; each further one is longer. Default: 30s.
    pub(in crate::config) eject_for: Option<Checked<Time<100, HOUR>>>,
    /// The longest ejection. Default: 5m, or `eject_for` if that is longer.
    pub(in crate::config) max_eject_for: Option<Checked<Time<100, DAY>>>,
    /// No more than this share of the endpoints at a time. Default: 50%.
    pub(in crate::config) max_ejected: Option<Checked<Percent<1, 100>>>,
}

/// A success rate far below that of the others.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct SuccessRate {
    /// Standard deviations below the mean. Default: 1.9.
    pub(in crate::config) stdev: Option<Checked<Hundredths<10, 1000>>>,
    /// Fewer requests than this in an interval prove nothing. Default: 20.
    pub(in crate::config) minimum_requests: Option<Checked<Whole<1, 1_000_000>>>,
    /// Fewer endpoints than this cannot be compared. Default: 2.
    pub(in crate::config) minimum_endpoints: Option<Checked<Whole<2, 65_536>>>,
}

/// How many requests an upstream takes, and how many may wait.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct Limits {
    /// At most so many requests at a time, over all endpoints. Default: no bound.
    pub(in crate::config) max_in_flight: Option<Checked<Whole<1, 1_000_000>>>,
    /// At most so many wait when everything is full. Default: 0.
    pub(in crate::config) queue: Option<Checked<Whole<0, 1_000_000>>>,
    /// The longest wait. Default: 2s.
    pub(in crate::config) queue_timeout: Option<Checked<Time<1, HOUR>>>,
}

/// How many retries an upstream can afford.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct RetryBudget {
    /// Retries as a share of the requests of the last 10 s. Default: 20%.
    pub(in crate::config) share: Option<Checked<Percent<0, 1000>>>,
    /// Retries in 10 s on top of them, whatever the requests. Default: 10.
    pub(in crate::config) floor: Option<Checked<Whole<0, 1_000_000>>>,
}
