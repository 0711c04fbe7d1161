//! The verdict of active probes on one endpoint.
//!
//! One odd answer proves nothing, so the verdict turns only after so many equal results in a
//! row: `rise` to come up, `fall` to go down. An opposite result starts the count again.
//!
//! The exception is the beginning. Where an endpoint starts as down, that is not a finding
//! but caution, and the first probe that passes ends it: waiting for `rise` of them would
//! hold back every endpoint after every start. Envoy does the same on the first check of a
//! host, and HAProxy with `init-state down`. If the first probe fails, the caution has been
//! confirmed and `rise` counts. Where an endpoint starts as up, it takes `fall` failures to
//! go down, as later.
//!
//! The rule is an argument of every call: a new one applies from the next report on, to the
//! count as it stands.
//!
//! Refuses to probe, and to know what a probe asks. One prober reports, in order: there is no
//! late report that could count for the wrong time.

use crate::time;
use std::num::NonZeroU32;
use std::time::Duration;

/// What the probes say of an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// It answers as it should.
    Up,
    /// It does not, or nobody has seen it do so.
    Down,
}

impl Verdict {
    /// A short constant word for metrics and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
        }
    }
}

/// When the verdict turns, and how often to probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HealthRule {
    /// Probes that must pass in a row before an endpoint that is down comes up.
    pub rise: NonZeroU32,
    /// Probes that must fail in a row before an endpoint that is up goes down.
    pub fall: NonZeroU32,
    /// From one probe to the next while the endpoint is up. Zero would probe without a pause,
    /// and the configuration refuses it.
    pub interval: Duration,
    /// The same while it is down.
    pub down_interval: Duration,
    /// The verdict on an endpoint that nobody has probed yet.
    pub initial: Verdict,
}

/// What the probes have found out about one endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Health {
    state: State,
    proven: bool,
}

/// Each count is of results in a row against the verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Up { failed: u32 },
    Down { passed: u32 },
}

impl State {
    fn begin(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Up => Self::Up { failed: 0 },
            Verdict::Down => Self::Down { passed: 0 },
        }
    }
}

impl Health {
    /// Nothing is known: the verdict is assumed until a probe proves it or turns it.
    pub fn new(initial: Verdict) -> Self {
        Self {
            state: State::begin(initial),
            proven: false,
        }
    }

    /// An earlier check of the same endpoint found this out, and it holds until probes say
    /// otherwise.
    pub fn inherit(verdict: Verdict) -> Self {
        Self {
            state: State::begin(verdict),
            proven: true,
        }
    }

    /// What the probes say now.
    pub fn verdict(&self) -> Verdict {
        match self.state {
            State::Up { .. } => Verdict::Up,
            State::Down { .. } => Verdict::Down,
        }
    }

    /// Whether a probe stands behind the verdict: one that agreed with it, or those that
    /// turned it.
    pub fn proven(&self) -> bool {
        self.proven
    }

    /// Takes the result of one probe into account. Answers the new verdict when it turns.
    pub fn report(&mut self, rule: &HealthRule, passed: bool) -> Option<Verdict> {
        match (&mut self.state, passed) {
            (State::Up { failed: against }, true) | (State::Down { passed: against }, false) => {
                *against = 0;
                self.proven = true;
                None
            }
            (State::Up { failed }, false) => {
                *failed = failed.saturating_add(1);
                (*failed >= rule.fall.get()).then(|| self.turn(Verdict::Down))
            }
            (State::Down { passed }, true) => {
                *passed = passed.saturating_add(1);
                (!self.proven || *passed >= rule.rise.get()).then(|| self.turn(Verdict::Up))
            }
        }
    }

    fn turn(&mut self, to: Verdict) -> Verdict {
        *self = Self::inherit(to);
        to
    }

    /// How long to wait before the next probe: the interval of the verdict, ten per cent more
    /// or less, so that many probers do not fall into step. `random` is uniform over all of
    /// `u64` and the wait grows with it.
    pub fn wait(&self, rule: &HealthRule, random: u64) -> Duration {
        let interval = self.interval(rule);
        let least = interval.saturating_sub(interval / 10);
        least.saturating_add(time::part(interval / 5, random))
    }

    /// How long to wait before the very first probe. Nothing while the endpoint is down only
    /// for caution: no traffic reaches it until it has been probed. Otherwise anything below
    /// the interval of the verdict, so that the probes of many endpoints are spread over it
    /// from the start. `random` is uniform over all of `u64`.
    pub fn first_wait(&self, rule: &HealthRule, random: u64) -> Duration {
        match self.state {
            State::Down { .. } if !self.proven => Duration::ZERO,
            State::Up { .. } | State::Down { .. } => time::part(self.interval(rule), random),
        }
    }

    fn interval(&self, rule: &HealthRule) -> Duration {
        match self.state {
            State::Up { .. } => rule.interval,
            State::Down { .. } => rule.down_interval,
        }
    }
}

#[cfg(test)]
#[path = "health_tests.rs"]
mod tests;
