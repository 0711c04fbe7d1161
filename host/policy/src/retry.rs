//! May this attempt be repeated, where, and after which wait.
//!
//! Two questions, kept apart. *Is it safe?* When nothing of the request was sent, always.
//! Otherwise only if repeating an idempotent method means the same as sending it once
//! (RFC 9110, 9.2.2), the body can be sent again, and nothing of a response has reached the
//! client. A route may say that its methods can be repeated all the same. *Is it wanted?*
//! The rule names the causes, and bounds attempts and time.
//!
//! One case is repeated unasked: a pooled connection that the endpoint had closed while it
//! was idle. That is the race of reuse and no fault of the endpoint, and the remedy is a
//! fresh connection to the same one, at once (RFC 9112, 9.3.1). It is still subject to
//! safety, attempts and time.
//!
//! A status is a cause like any other: the endpoint answered, so the request was sent, and
//! the client has seen nothing yet.
//!
//! Refuses to know methods, bodies and endpoints: it is told the facts. Refuses to say
//! whether the upstream can afford it: that is for [`crate::Budget`].

use crate::{Backoff, Cause, StatusSet};
use std::num::NonZeroU32;
use std::time::Duration;

/// What a route allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryRule {
    /// Attempts in all, the first one included.
    pub attempts: NonZeroU32,
    /// What is worth another attempt.
    pub on: RetryOn,
    /// How long to wait before one.
    pub backoff: Backoff,
    /// Bounds each attempt; `None` leaves it the time of the whole request. What it ends has
    /// died of [`Cause::ConnectTimeout`] or [`Cause::ResponseTimeout`].
    pub per_attempt: Option<Duration>,
    /// Whether a method that is not idempotent may be repeated after it was sent.
    pub non_idempotent: bool,
}

impl Default for RetryRule {
    /// Three attempts, after connection failures only.
    fn default() -> Self {
        const THREE: NonZeroU32 = NonZeroU32::new(3).expect("not zero");
        Self {
            attempts: THREE,
            on: RetryOn::default(),
            backoff: Backoff::default(),
            per_attempt: None,
            non_idempotent: false,
        }
    }
}

impl RetryRule {
    /// Whether it names the cause, hence whether such a failure is worth another attempt
    /// where that is safe.
    pub fn wants(&self, cause: Cause) -> bool {
        match cause {
            Cause::ConnectFailure | Cause::ConnectTimeout => self.on.connect_failure,
            Cause::Reset => self.on.reset,
            Cause::ResponseTimeout => self.on.timeout,
            Cause::Status(status) => self.on.statuses.contains(status),
        }
    }
}

/// The causes that are worth another attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryOn {
    /// No connection, or not in time.
    pub connect_failure: bool,
    /// The connection broke.
    pub reset: bool,
    /// No response in time.
    pub timeout: bool,
    /// A response with one of these statuses.
    pub statuses: StatusSet,
}

impl Default for RetryOn {
    /// Connection failures only: nothing was sent, so repeating is safe for every method.
    fn default() -> Self {
        Self {
            connect_failure: true,
            reset: false,
            timeout: false,
            statuses: StatusSet::empty(),
        }
    }
}

/// What is known of an attempt that failed, and of its request.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// Attempts made so far, this one included: at least 1.
    pub attempt: u32,
    /// What it died of.
    pub cause: Cause,
    /// Whether any byte of the request may have reached the endpoint: always so when it
    /// answered with a status.
    pub sent: bool,
    /// Whether the method is idempotent (RFC 9110, 9.2.2).
    pub idempotent: bool,
    /// Whether all of the body that was read from the client can be sent again.
    pub replayable: bool,
    /// Whether the client has seen any part of a final response.
    pub response_started: bool,
    /// Whether the attempt used a pooled connection that died before any answer.
    pub stale_reuse: bool,
    /// Time left for the whole request; `None` without a deadline.
    pub remaining: Option<Duration>,
}

/// The verdict on a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Try again.
    Retry {
        /// Wait this long first; always shorter than the time that remains.
        after: Duration,
        /// On the endpoint that failed, and with it not held against it; else on another.
        same_endpoint: bool,
    },
    /// Let the failure stand.
    GiveUp(Refusal),
}

/// Why a failure stands. When several reasons apply, the first in this order is given; that
/// the wait would take too long is looked at last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The client has seen a part of the response.
    ResponseStarted,
    /// No time is left, or none would be after the wait.
    Deadline,
    /// All attempts were made.
    Exhausted,
    /// The rule does not name the cause.
    NotAsked,
    /// Something was sent, and repeating the method could have another effect.
    NotIdempotent,
    /// Something was sent, and the body cannot be sent again.
    NotReplayable,
}

impl Refusal {
    /// A short constant word for metrics and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ResponseStarted => "response_started",
            Self::Deadline => "deadline",
            Self::Exhausted => "exhausted",
            Self::NotAsked => "not_asked",
            Self::NotIdempotent => "not_idempotent",
            Self::NotReplayable => "not_replayable",
        }
    }
}

/// Decides whether the request of a failed attempt is tried again. `random` is uniform over
/// all of `u64` and used for the wait alone.
pub fn decide(rule: &RetryRule, facts: &Facts, random: u64) -> Decision {
    if let Some(refusal) = refusal(rule, facts) {
        return Decision::GiveUp(refusal);
    }
    let wait = if facts.stale_reuse || is_first_connect_failure(facts) {
        Duration::ZERO
    } else {
        rule.backoff.delay(facts.attempt, random)
    };
    // The answer at hand is worth more than an attempt that would begin too late.
    if facts.remaining.is_some_and(|remaining| wait >= remaining) {
        return Decision::GiveUp(Refusal::Deadline);
    }
    Decision::Retry {
        after: wait,
        same_endpoint: facts.stale_reuse,
    }
}

fn refusal(rule: &RetryRule, facts: &Facts) -> Option<Refusal> {
    if facts.response_started {
        Some(Refusal::ResponseStarted)
    } else if facts.remaining.is_some_and(|remaining| remaining.is_zero()) {
        Some(Refusal::Deadline)
    } else if facts.attempt >= rule.attempts.get() {
        Some(Refusal::Exhausted)
    } else if !facts.stale_reuse && !rule.wants(facts.cause) {
        Some(Refusal::NotAsked)
    } else if facts.sent && !(facts.idempotent || rule.non_idempotent) {
        Some(Refusal::NotIdempotent)
    } else if facts.sent && !facts.replayable {
        Some(Refusal::NotReplayable)
    } else {
        None
    }
}

/// Another endpoint has not failed yet: no reason to keep the client waiting.
fn is_first_connect_failure(facts: &Facts) -> bool {
    facts.attempt <= 1 && facts.cause.is_connect()
}

#[cfg(test)]
#[path = "retry_tests.rs"]
mod tests;
