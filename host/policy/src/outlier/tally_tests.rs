//! Tests of [`super::Tally`]: the table, then random histories.

use super::*;
use proptest::prelude::*;

const THREE: Option<NonZeroU32> = NonZeroU32::new(3);
const BAD_GATEWAY: Outcome = Outcome::Failure(Cause::Status(502));
const ERROR: Outcome = Outcome::Failure(Cause::Status(500));
const NOT_FOUND: Outcome = Outcome::Failure(Cause::Status(404));
const REFUSED: Outcome = Outcome::Failure(Cause::ConnectFailure);

fn rule() -> OutlierRule {
    OutlierRule {
        gateway_failures: THREE,
        local_failures: THREE,
        ..OutlierRule::default()
    }
}

/// The suspicions that this history raises, with the number of the outcome that did.
fn suspicions(rule: &OutlierRule, history: &[Outcome]) -> Vec<(usize, Suspicion)> {
    let mut tally = Tally::default();
    let observed = history.iter().map(|outcome| tally.observe(rule, *outcome));
    (1..)
        .zip(observed)
        .filter_map(|(number, suspicion)| suspicion.map(|suspicion| (number, suspicion)))
        .collect()
}

#[test]
fn every_third_failure_in_a_row_is_suspect() {
    assert_eq!(
        suspicions(&rule(), &[BAD_GATEWAY; 7]),
        [
            (3, Suspicion::GatewayFailures),
            (6, Suspicion::GatewayFailures)
        ]
    );
    assert_eq!(
        suspicions(&rule(), &[REFUSED; 4]),
        [(3, Suspicion::LocalFailures)]
    );
}

#[test]
fn the_runs_are_kept_apart() {
    assert_eq!(
        suspicions(&rule(), &[BAD_GATEWAY, REFUSED, REFUSED].repeat(3)),
        [(7, Suspicion::GatewayFailures)],
        "an answer ends the run of local failures, not the other way round"
    );
}

#[test]
fn answers_of_another_kind_end_both_runs() {
    for answer in [Outcome::Success, ERROR, NOT_FOUND] {
        let history = [BAD_GATEWAY, BAD_GATEWAY, REFUSED, REFUSED, answer];
        assert_eq!(suspicions(&rule(), &history.repeat(5)), [], "{answer:?}");
    }
    let history = [
        REFUSED,
        Outcome::Unknown,
        REFUSED,
        Outcome::Unknown,
        REFUSED,
    ];
    assert_eq!(
        suspicions(&rule(), &history),
        [(5, Suspicion::LocalFailures)],
        "unknown is nothing"
    );
}

#[test]
fn what_was_seen_is_taken_once() {
    let mut tally = Tally::default();
    for outcome in [
        Outcome::Success,
        ERROR,
        BAD_GATEWAY,
        REFUSED,
        NOT_FOUND,
        Outcome::Unknown,
    ] {
        tally.observe(&rule(), outcome);
    }
    assert_eq!(tally.take(), Seen { good: 2, bad: 3 });
    assert_eq!(tally.take(), Seen::default());
}

#[test]
fn taking_leaves_the_runs_and_clearing_does_not() {
    let mut tally = Tally::default();
    for _ in 0..2 {
        assert_eq!(tally.observe(&rule(), REFUSED), None);
    }
    tally.take();
    assert_eq!(
        tally.observe(&rule(), REFUSED),
        Some(Suspicion::LocalFailures)
    );
    tally.observe(&rule(), REFUSED);
    tally.clear();
    assert_eq!(tally, Tally::default());
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        1 => Just(Outcome::Success),
        1 => Just(Outcome::Unknown),
        4 => (501u16..=505).prop_map(|status| Outcome::Failure(Cause::Status(status))),
        1 => any::<u16>().prop_map(|status| Outcome::Failure(Cause::Status(status))),
        4 => prop_oneof![
            Just(Cause::ConnectFailure),
            Just(Cause::ConnectTimeout),
            Just(Cause::Reset),
            Just(Cause::ResponseTimeout),
        ].prop_map(Outcome::Failure),
    ]
}

fn threshold() -> impl Strategy<Value = Option<NonZeroU32>> {
    (0u32..5).prop_map(NonZeroU32::new)
}

/// Failures of this kind at the end of the history, until something ends the run.
fn in_a_row(history: &[Outcome], grows: impl Fn(u16) -> bool, local: bool) -> u32 {
    let mut run = 0;
    for outcome in history.iter().rev() {
        match outcome {
            Outcome::Unknown => {}
            Outcome::Failure(Cause::Status(status)) if grows(*status) => run += 1,
            Outcome::Success | Outcome::Failure(Cause::Status(_)) => break,
            Outcome::Failure(_) => run += u32::from(local),
        }
    }
    run
}

proptest! {
    /// Catches: a run that goes on over an answer; a gateway status left out or one too many;
    /// a run that answers once and never again; a threshold of the other run; an unknown
    /// outcome that counts; a count that is lost or taken twice.
    #[test]
    fn suspect_is_every_multiple_of_the_threshold(
        gateway in threshold(), local in threshold(),
        history in prop::collection::vec(outcome(), 0..200),
    ) {
        let rule = OutlierRule {
            gateway_failures: gateway,
            local_failures: local,
            ..OutlierRule::default()
        };
        let (mut tally, mut bad, mut all) = (Tally::default(), 0, 0);
        for (number, outcome) in history.iter().enumerate() {
            let so_far = &history[..=number];
            let multiple = |run: u32, of: Option<NonZeroU32>| {
                of.is_some_and(|of| run.is_multiple_of(of.get()))
            };
            let expected = match outcome {
                Outcome::Failure(Cause::Status(502..=504)) => {
                    let run = in_a_row(so_far, |status| (502..=504).contains(&status), false);
                    multiple(run, gateway).then_some(Suspicion::GatewayFailures)
                }
                Outcome::Success | Outcome::Unknown | Outcome::Failure(Cause::Status(_)) => None,
                Outcome::Failure(_) => {
                    let run = in_a_row(so_far, |_| false, true);
                    multiple(run, local).then_some(Suspicion::LocalFailures)
                }
            };
            prop_assert_eq!(tally.observe(&rule, *outcome), expected);
            all += u32::from(*outcome != Outcome::Unknown);
            bad += u32::from(match outcome {
                Outcome::Failure(Cause::Status(status)) => *status >= 500,
                Outcome::Failure(_) => true,
                Outcome::Success | Outcome::Unknown => false,
            });
        }
        prop_assert_eq!(tally.take(), Seen { good: all - bad, bad });
        prop_assert_eq!(tally.take(), Seen::default());
    }

    /// It comes back. Catches: a run that an endpoint cannot live down.
    #[test]
    fn one_success_makes_good(history in prop::collection::vec(outcome(), 0..200)) {
        let (rule, mut tally) = (rule(), Tally::default());
        for outcome in history {
            tally.observe(&rule, outcome);
        }
        tally.observe(&rule, Outcome::Success);
        tally.take();
        prop_assert_eq!(tally, Tally::default());
    }
}
