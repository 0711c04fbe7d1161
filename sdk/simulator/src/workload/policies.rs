//! The policies, by the names and with the defaults of the proxy's configuration, and the
//! proxies that have them.

use super::scalars::{OffOr, Percent, Time};
use serde::Deserialize;
use std::num::NonZeroU32;
use std::time::Duration;
use tidegate_policy::{
    Backoff, BreakerRule, BudgetRule, FailureShare, HealthRule, OutlierRule, QueueRule, RetryOn,
    RetryRule, StatusSet, SuccessRate, Verdict,
};

/// Who stands between clients and endpoints.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Proxies {
    /// Proxies that know nothing of each other. A client always comes to the same one.
    pub number: NonZeroU32,
    /// Threads of each, every one with an instance of the selector; requests are spread over
    /// them by lot.
    pub threads: NonZeroU32,
}

impl Default for Proxies {
    fn default() -> Self {
        Self {
            number: NonZeroU32::MIN,
            threads: NonZeroU32::new(2).unwrap_or(NonZeroU32::MIN),
        }
    }
}

/// What the host promises for the upstream and its route.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Policies {
    breaker: Option<OffOr<Breaker>>,
    outlier: Option<OffOr<Outlier>>,
    limits: Option<Limits>,
    slow_start: Option<Time>,
    panic_threshold: Option<OffOr<Percent>>,
    retry_budget: Option<RetryBudget>,
    health: Option<OffOr<Health>>,
    timeouts: Timeouts,
    retry: Retry,
    /// Bounds the whole request.
    timeout: Option<Time>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Breaker {
    consecutive_failures: Option<OffOr<NonZeroU32>>,
    failure_share: Option<Share>,
    cooldown: Option<Time>,
    max_cooldown: Option<Time>,
    probes: Option<NonZeroU32>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Share {
    share: Percent,
    window: Option<Time>,
    minimum: Option<NonZeroU32>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Outlier {
    gateway_failures: Option<OffOr<NonZeroU32>>,
    local_failures: Option<OffOr<NonZeroU32>>,
    success_rate: Option<OffOr<Rates>>,
    interval: Option<Time>,
    eject_for: Option<Time>,
    max_eject_for: Option<Time>,
    max_ejected: Option<Percent>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rates {
    stdev: Option<f64>,
    minimum_requests: Option<u32>,
    minimum_endpoints: Option<u32>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Limits {
    max_in_flight: Option<NonZeroU32>,
    #[serde(default)]
    queue: u32,
    queue_timeout: Option<Time>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RetryBudget {
    /// Unlike other shares it may be above 100 %.
    percent: Option<u32>,
    floor: Option<u32>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Health {
    interval: Option<Time>,
    down_interval: Option<Time>,
    rise: Option<NonZeroU32>,
    fall: Option<NonZeroU32>,
    timeout: Option<Time>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Timeouts {
    connect: Option<Time>,
    response_header: Option<Time>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Retry {
    attempts: Option<NonZeroU32>,
    on: Option<On>,
    backoff: Option<Wait>,
    per_attempt: Option<Time>,
    non_idempotent: bool,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct On {
    connect_failure: bool,
    reset: bool,
    timeout: bool,
    /// 502, 503 and 504.
    gateway_errors: bool,
}

impl Default for On {
    fn default() -> Self {
        Self {
            connect_failure: true,
            reset: false,
            timeout: false,
            gateway_errors: false,
        }
    }
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wait {
    base: Option<Time>,
    max: Option<Time>,
}

/// The same as rules: what runs.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// When an endpoint that fails gets a rest.
    pub breaker: Option<BreakerRule>,
    /// When one that stands out is ejected.
    pub outlier: Option<OutlierRule>,
    /// How many requests at a time, and how many may wait.
    pub limits: Option<QueueRule>,
    /// How long one that came back takes to get its whole share.
    pub slow_start: Option<Duration>,
    /// Below this share of fit endpoints all are used.
    pub panic_percent: u32,
    /// How many retries can be afforded.
    pub budget: BudgetRule,
    /// How endpoints are probed, and how long a probe waits.
    pub health: Option<(HealthRule, Duration)>,
    /// Until a connection is made.
    pub connect: Duration,
    /// Until the head of the response.
    pub response_header: Duration,
    /// What is repeated.
    pub retry: RetryRule,
    /// Bounds the whole request.
    pub timeout: Option<Duration>,
}

impl Policies {
    /// The rules that follow.
    pub fn rules(&self) -> Rules {
        let time = |time: Option<Time>, default: Duration| time.map_or(default, |time| time.0);
        Rules {
            breaker: match self.breaker {
                None => Some(BreakerRule::default()),
                Some(OffOr::Off) => None,
                Some(OffOr::On(written)) => Some(written.rule()),
            },
            outlier: match self.outlier {
                None | Some(OffOr::Off) => None,
                Some(OffOr::On(written)) => Some(written.rule()),
            },
            limits: self.limits.map(|written| QueueRule {
                max_in_flight: written.max_in_flight.map(NonZeroU32::get),
                length: written.queue,
                timeout: time(written.queue_timeout, Duration::from_secs(2)),
            }),
            slow_start: self.slow_start.map(|time| time.0),
            panic_percent: match self.panic_threshold {
                None => 50,
                Some(OffOr::Off) => 0,
                Some(OffOr::On(share)) => hundredths(share),
            },
            budget: {
                let default = BudgetRule::default();
                let written = self.retry_budget;
                BudgetRule {
                    percent: written.and_then(|w| w.percent).unwrap_or(default.percent),
                    floor: written.and_then(|w| w.floor).unwrap_or(default.floor),
                }
            },
            health: match self.health {
                None | Some(OffOr::Off) => None,
                Some(OffOr::On(written)) => Some(written.rule()),
            },
            connect: time(self.timeouts.connect, Duration::from_secs(1)),
            response_header: time(self.timeouts.response_header, Duration::from_secs(15)),
            retry: self.retry.rule(),
            timeout: self.timeout.map(|time| time.0),
        }
    }
}

fn hundredths(share: Percent) -> u32 {
    (share.0 * 100.0).round() as u32
}

fn count(written: Option<OffOr<NonZeroU32>>, default: Option<NonZeroU32>) -> Option<NonZeroU32> {
    match written {
        None => default,
        Some(OffOr::Off) => None,
        Some(OffOr::On(count)) => Some(count),
    }
}

impl Breaker {
    fn rule(self) -> BreakerRule {
        let default = BreakerRule::default();
        let cooldown = self.cooldown.map_or(default.cooldown, |time| time.0);
        let twenty = NonZeroU32::new(20).unwrap_or(NonZeroU32::MIN);
        BreakerRule {
            consecutive_failures: count(self.consecutive_failures, default.consecutive_failures),
            failure_share: self.failure_share.map(|written| FailureShare {
                percent: hundredths(written.share).clamp(1, 100) as u8,
                window: written
                    .window
                    .map_or(Duration::from_secs(10), |time| time.0),
                minimum: written.minimum.unwrap_or(twenty),
            }),
            cooldown,
            max_cooldown: self
                .max_cooldown
                .map_or(default.max_cooldown, |time| time.0)
                .max(cooldown),
            probes: self.probes.unwrap_or(default.probes),
            ..default
        }
    }
}

impl Outlier {
    fn rule(self) -> OutlierRule {
        let default = OutlierRule::default();
        let eject_for = self.eject_for.map_or(default.eject_for, |time| time.0);
        OutlierRule {
            gateway_failures: count(self.gateway_failures, default.gateway_failures),
            local_failures: count(self.local_failures, default.local_failures),
            success_rate: match self.success_rate {
                None => default.success_rate,
                Some(OffOr::Off) => None,
                Some(OffOr::On(written)) => {
                    let default = SuccessRate::default();
                    Some(SuccessRate {
                        deviations_percent: written
                            .stdev
                            .map_or(default.deviations_percent, |stdev| (stdev * 100.0) as u32),
                        minimum_requests: written
                            .minimum_requests
                            .unwrap_or(default.minimum_requests),
                        minimum_endpoints: written
                            .minimum_endpoints
                            .unwrap_or(default.minimum_endpoints),
                    })
                }
            },
            interval: self.interval.map_or(default.interval, |time| time.0),
            eject_for,
            max_eject_for: self
                .max_eject_for
                .map_or(default.max_eject_for, |time| time.0)
                .max(eject_for),
            max_ejected_percent: self
                .max_ejected
                .map_or(default.max_ejected_percent, hundredths),
        }
    }
}

impl Health {
    fn rule(self) -> (HealthRule, Duration) {
        let interval = self.interval.map_or(Duration::from_secs(5), |time| time.0);
        let second = interval.min(Duration::from_secs(1));
        let count = |written: Option<NonZeroU32>, default| {
            written
                .or(NonZeroU32::new(default))
                .unwrap_or(NonZeroU32::MIN)
        };
        let rule = HealthRule {
            rise: count(self.rise, 2),
            fall: count(self.fall, 3),
            interval,
            down_interval: self.down_interval.map_or(second, |time| time.0),
            initial: Verdict::Up,
        };
        (rule, self.timeout.map_or(second, |time| time.0))
    }
}

impl Retry {
    fn rule(self) -> RetryRule {
        let default = RetryRule::default();
        let on = self.on.unwrap_or_default();
        let backoff = self.backoff.map_or(default.backoff, |written| Backoff {
            base: written.base.map_or(default.backoff.base, |time| time.0),
            max: written.max.map_or(default.backoff.max, |time| time.0),
        });
        RetryRule {
            attempts: self.attempts.unwrap_or(default.attempts),
            on: RetryOn {
                connect_failure: on.connect_failure,
                reset: on.reset,
                timeout: on.timeout,
                statuses: if on.gateway_errors {
                    StatusSet::range(502, 504)
                } else {
                    StatusSet::empty()
                },
            },
            backoff,
            per_attempt: self.per_attempt.map(|time| time.0),
            non_idempotent: self.non_idempotent,
        }
    }
}
