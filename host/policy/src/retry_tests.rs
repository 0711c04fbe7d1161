//! Tests of [`super::decide`]: the table of cases, then random ones.

use super::*;
use proptest::prelude::*;

const REFUSED: Facts = Facts {
    attempt: 1,
    cause: Cause::ConnectFailure,
    sent: false,
    idempotent: false,
    replayable: false,
    response_started: false,
    stale_reuse: false,
    remaining: None,
};

const RESET_GET: Facts = Facts {
    cause: Cause::Reset,
    sent: true,
    idempotent: true,
    replayable: true,
    ..REFUSED
};

const ELSEWHERE_AT_ONCE: Decision = Decision::Retry {
    after: Duration::ZERO,
    same_endpoint: false,
};

fn rule(on: RetryOn) -> RetryRule {
    RetryRule {
        on,
        ..RetryRule::default()
    }
}

fn resets() -> RetryRule {
    rule(RetryOn {
        reset: true,
        ..RetryOn::default()
    })
}

#[test]
fn a_refused_connection_is_tried_elsewhere_at_once_for_any_method() {
    assert_eq!(
        decide(&RetryRule::default(), &REFUSED, u64::MAX),
        ELSEWHERE_AT_ONCE
    );
    let late = Facts {
        cause: Cause::ConnectTimeout,
        ..REFUSED
    };
    assert_eq!(
        decide(&RetryRule::default(), &late, u64::MAX),
        ELSEWHERE_AT_ONCE
    );
}

#[test]
fn the_second_refused_connection_waits() {
    let second = Facts {
        attempt: 2,
        ..REFUSED
    };
    let Decision::Retry {
        after,
        same_endpoint,
    } = decide(&RetryRule::default(), &second, u64::MAX)
    else {
        panic!("two of three attempts were made")
    };
    assert!(
        after > Duration::from_millis(49) && after <= Duration::from_millis(50),
        "{after:?}"
    );
    assert!(!same_endpoint);
}

#[test]
fn sent_bytes_are_repeated_only_when_that_is_asked_for_and_safe() {
    let given_up = |rule: &RetryRule, facts: &Facts| match decide(rule, facts, 0) {
        Decision::GiveUp(refusal) => Some(refusal),
        Decision::Retry { .. } => None,
    };
    assert_eq!(
        given_up(&RetryRule::default(), &RESET_GET),
        Some(Refusal::NotAsked)
    );
    assert_eq!(given_up(&resets(), &RESET_GET), None);
    let post = Facts {
        idempotent: false,
        ..RESET_GET
    };
    assert_eq!(given_up(&resets(), &post), Some(Refusal::NotIdempotent));
    let any_method = RetryRule {
        non_idempotent: true,
        ..resets()
    };
    assert_eq!(given_up(&any_method, &post), None);
    let long_body = Facts {
        replayable: false,
        ..RESET_GET
    };
    assert_eq!(
        given_up(&any_method, &long_body),
        Some(Refusal::NotReplayable)
    );
    let answered = Facts {
        response_started: true,
        ..RESET_GET
    };
    assert_eq!(
        given_up(&resets(), &answered),
        Some(Refusal::ResponseStarted)
    );
}

#[test]
fn a_timeout_is_repeated_only_on_request() {
    let late = Facts {
        cause: Cause::ResponseTimeout,
        ..RESET_GET
    };
    assert_eq!(
        decide(&resets(), &late, 0),
        Decision::GiveUp(Refusal::NotAsked)
    );
    let timeouts = rule(RetryOn {
        timeout: true,
        ..RetryOn::default()
    });
    assert!(matches!(
        decide(&timeouts, &late, 0),
        Decision::Retry { .. }
    ));
}

#[test]
fn a_status_is_repeated_when_it_is_named_and_then_waits() {
    let busy = Facts {
        cause: Cause::Status(503),
        ..RESET_GET
    };
    assert_eq!(
        decide(&resets(), &busy, 0),
        Decision::GiveUp(Refusal::NotAsked)
    );
    let gateway = rule(RetryOn {
        statuses: StatusSet::range(502, 504),
        ..RetryOn::default()
    });
    assert!(gateway.wants(Cause::Status(504)) && !gateway.wants(Cause::Status(500)));
    let Decision::Retry {
        after,
        same_endpoint: false,
    } = decide(&gateway, &busy, u64::MAX)
    else {
        panic!("503 is named")
    };
    assert!(after > Duration::from_millis(24), "{after:?}");
}

#[test]
fn a_stale_connection_is_replaced_at_once_on_the_same_endpoint() {
    let again = Decision::Retry {
        after: Duration::ZERO,
        same_endpoint: true,
    };
    let stale = Facts {
        stale_reuse: true,
        ..RESET_GET
    };
    assert_eq!(decide(&RetryRule::default(), &stale, u64::MAX), again);
    assert_eq!(
        decide(
            &RetryRule::default(),
            &Facts {
                attempt: 2,
                ..stale
            },
            u64::MAX
        ),
        again
    );
    let post = Facts {
        idempotent: false,
        ..stale
    };
    assert_eq!(
        decide(&RetryRule::default(), &post, 0),
        Decision::GiveUp(Refusal::NotIdempotent)
    );
}

#[test]
fn the_deadline_ends_retries_and_no_wait_goes_beyond_it() {
    let over = Facts {
        remaining: Some(Duration::ZERO),
        ..REFUSED
    };
    assert_eq!(
        decide(&RetryRule::default(), &over, 0),
        Decision::GiveUp(Refusal::Deadline)
    );
    let remaining = Duration::from_millis(7);
    let close = Facts {
        attempt: 2,
        remaining: Some(remaining),
        ..REFUSED
    };
    assert_eq!(
        decide(&RetryRule::default(), &close, u64::MAX),
        Decision::GiveUp(Refusal::Deadline),
        "the wait would take what is left"
    );
    assert_eq!(decide(&RetryRule::default(), &close, 0), ELSEWHERE_AT_ONCE);
}

fn cause() -> impl Strategy<Value = Cause> {
    prop_oneof![
        Just(Cause::ConnectFailure),
        Just(Cause::ConnectTimeout),
        Just(Cause::Reset),
        Just(Cause::ResponseTimeout),
        any::<u16>().prop_map(Cause::Status),
    ]
}

prop_compose! {
    fn rules()(
        attempts in 1u32..=10,
        connect_failure: bool, reset: bool, timeout: bool, non_idempotent: bool,
        (first, last) in (400u16..600, 400u16..600), per_attempt in prop::option::of(0u64..1_000),
        base in 0u64..1_000, max in 0u64..1_000,
    ) -> RetryRule {
        RetryRule {
            attempts: NonZeroU32::new(attempts).expect("from 1"),
            on: RetryOn {
                connect_failure,
                reset,
                timeout,
                statuses: StatusSet::range(first, last),
            },
            backoff: Backoff {
                base: Duration::from_millis(base),
                max: Duration::from_millis(max),
            },
            per_attempt: per_attempt.map(Duration::from_millis),
            non_idempotent,
        }
    }
}

prop_compose! {
    fn facts()(
        attempt in 1u32..=12, cause in cause(),
        sent: bool, idempotent: bool, replayable: bool,
        response_started in prop::bool::weighted(0.1), stale_reuse: bool,
        remaining in prop::option::of(prop_oneof![0u64..50, 0u64..2_000]),
    ) -> Facts {
        Facts {
            attempt, cause, sent, idempotent, replayable, response_started, stale_reuse,
            remaining: remaining.map(Duration::from_millis),
        }
    }
}

proptest! {
    /// Catches: a method that is repeated although neither it nor the route allows that, a
    /// body that is sent in part, a cause that nobody named, a wait beyond the deadline.
    #[test]
    fn a_retry_is_always_safe_in_time_and_bounded(
        rule in rules(), facts in facts(), random: u64,
    ) {
        if let Decision::Retry { after, same_endpoint } = decide(&rule, &facts, random) {
            prop_assert!(!facts.response_started);
            let repeatable = (facts.idempotent || rule.non_idempotent) && facts.replayable;
            prop_assert!(!facts.sent || repeatable);
            prop_assert!(facts.stale_reuse || rule.wants(facts.cause));
            prop_assert!(facts.attempt < rule.attempts.get());
            prop_assert!(facts.remaining.is_none_or(|left| after < left));
            prop_assert!(after <= rule.backoff.max);
            prop_assert_eq!(same_endpoint, facts.stale_reuse);
        }
    }

    /// However its attempts fail, a request ends, and within its bounds. Catches: an attempt
    /// too many.
    #[test]
    fn a_request_always_comes_to_an_end(
        rule in rules(),
        history in prop::collection::vec((facts(), any::<u64>()), 20),
        deadline in prop::option::of(0u64..2_000),
    ) {
        let mut remaining = deadline.map(Duration::from_millis);
        let mut attempts = 0;
        for (facts, random) in history {
            attempts += 1;
            let facts = Facts { attempt: attempts, remaining, ..facts };
            match decide(&rule, &facts, random) {
                Decision::GiveUp(_) => break,
                Decision::Retry { after, .. } => {
                    remaining = remaining.map(|left| left.saturating_sub(after));
                }
            }
        }
        prop_assert!(attempts <= rule.attempts.get());
    }
}
