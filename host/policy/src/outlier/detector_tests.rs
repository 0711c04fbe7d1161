//! Tests of [`super::Detector`]: single stories, then random histories.

use super::*;
use proptest::prelude::*;
use std::time::Duration;

/// There is no other way to make an `Instant`; its value does not matter.
#[expect(
    clippy::disallowed_methods,
    reason = "an origin for the test's own clock"
)]
fn origin() -> Instant {
    Instant::now()
}

const SECOND: Duration = Duration::from_secs(1);

/// Three endpoints, all of them well.
const THREE: Crowd = Crowd {
    members: 3,
    others_eligible: 2,
};

fn rule() -> OutlierRule {
    OutlierRule::default()
}

#[test]
fn an_ejection_ends_by_itself() {
    let (start, mut detector) = (origin(), Detector::new());
    let until = start + 30 * SECOND;
    assert_eq!(detector.suspect(start, &rule(), 7, THREE), Some(until));
    assert_eq!(detector.ejected(start, 7), Some(until));
    assert_eq!(detector.next_change(start), Some(until));
    assert_eq!(detector.ejected_count(until - SECOND), 1);
    assert_eq!(detector.ejected(until, 7), None);
    assert_eq!(
        (detector.ejected_count(until), detector.next_change(until)),
        (0, None)
    );
}

#[test]
fn half_of_three_is_one_and_a_tenth_is_none() {
    let (now, mut detector) = (origin(), Detector::new());
    assert!(detector.suspect(now, &rule(), 1, THREE).is_some());
    assert_eq!(detector.suspect(now, &rule(), 2, THREE), None);
    let tenth = OutlierRule {
        max_ejected_percent: 10,
        ..rule()
    };
    let mut detector = Detector::new();
    assert_eq!(detector.suspect(now, &tenth, 1, THREE), None);
    let ten = Crowd {
        members: 10,
        others_eligible: 9,
    };
    assert!(detector.suspect(now, &tenth, 1, ten).is_some());
}

#[test]
fn the_last_one_stays() {
    let (now, mut detector) = (origin(), Detector::new());
    let alone = Crowd {
        others_eligible: 0,
        ..THREE
    };
    assert_eq!(detector.suspect(now, &rule(), 1, alone), None);
    assert!(detector.suspect(now, &rule(), 1, THREE).is_some());
}

#[test]
fn repetitions_last_longer_up_to_the_bound_and_are_forgiven() {
    let (mut now, mut detector) = (origin(), Detector::new());
    let mut lasted = |detector: &mut Detector| {
        let until = detector.suspect(now, &rule(), 1, THREE).expect("room");
        let lasted = (until - now).as_secs();
        now = until;
        lasted
    };
    let lengths: Vec<_> = (0..12).map(|_| lasted(&mut detector)).collect();
    assert_eq!(
        lengths,
        [30, 60, 90, 120, 150, 180, 210, 240, 270, 300, 300, 300]
    );
    (0..9).for_each(|_| detector.decay(now, &rule()));
    assert_eq!(
        detector.suspect(now, &rule(), 1, THREE),
        Some(now + 60 * SECOND),
        "nine of ten are forgiven"
    );
}

#[test]
fn nothing_is_forgiven_while_it_is_out() {
    let (now, mut detector) = (origin(), Detector::new());
    let until = detector.suspect(now, &rule(), 1, THREE).expect("room");
    (0..5).for_each(|_| detector.decay(now, &rule()));
    assert_eq!(
        detector.suspect(until, &rule(), 1, THREE),
        Some(until + 60 * SECOND)
    );
}

#[test]
fn late_reports_change_nothing() {
    let (now, mut detector) = (origin(), Detector::new());
    let until = detector.suspect(now, &rule(), 1, THREE);
    let many = Crowd {
        members: 100,
        others_eligible: 99,
    };
    assert_eq!(detector.suspect(now + SECOND, &rule(), 1, many), None);
    assert_eq!(detector.ejected(now, 1), until);
}

#[test]
fn who_left_takes_up_no_room() {
    let (now, mut detector) = (origin(), Detector::new());
    assert!(detector.suspect(now, &rule(), 1, THREE).is_some());
    detector.retain(|endpoint| endpoint != 1);
    assert_eq!(detector.ejected_count(now), 0);
    assert!(detector.suspect(now, &rule(), 2, THREE).is_some());
}

#[test]
fn a_shorter_rule_lets_them_back_sooner() {
    let (now, mut detector) = (origin(), Detector::new());
    let for_ever = OutlierRule {
        eject_for: Duration::MAX,
        max_eject_for: Duration::MAX,
        ..rule()
    };
    assert!(detector.suspect(now, &for_ever, 1, THREE).is_some());
    detector.decay(now, &rule());
    assert_eq!(detector.ejected(now, 1), Some(now + 300 * SECOND));
}

#[derive(Clone, Debug)]
enum Step {
    Suspect {
        endpoint: u64,
        crowd: Crowd,
    },
    Decay,
    Pass(Duration),
    /// The endpoints below this number stay.
    Retain(u64),
}

fn duration() -> impl Strategy<Value = Duration> {
    prop_oneof![
        8 => (0u64..100_000).prop_map(Duration::from_millis),
        1 => Just(Duration::MAX),
    ]
}

prop_compose! {
    fn rules()(
        eject_for in duration(), max_eject_for in duration(), max_ejected_percent in 0u32..=100,
    ) -> OutlierRule {
        OutlierRule { eject_for, max_eject_for, max_ejected_percent, ..OutlierRule::default() }
    }
}

fn step() -> impl Strategy<Value = Step> {
    let crowd = (1u32..10, 0u32..4).prop_map(|(members, others_eligible)| Crowd {
        members,
        others_eligible,
    });
    prop_oneof![
        8 => (0u64..8, crowd).prop_map(|(endpoint, crowd)| Step::Suspect { endpoint, crowd }),
        3 => Just(Step::Decay),
        4 => (0u64..200_000).prop_map(|n| Step::Pass(Duration::from_millis(n))),
        1 => (0u64..8).prop_map(Step::Retain),
    ]
}

proptest! {
    /// Catches: more ejected than the share allows; the last one ejected; an ejection that is
    /// longer than the bound, or extended while it lasts; one that does not end; one that is
    /// refused although there is room; repetitions that are forgiven while it is out, or
    /// never, or grow without bound.
    #[test]
    fn ejections_are_bounded_and_it_comes_back(
        rule in rules(), steps in prop::collection::vec(step(), 0..150),
    ) {
        let (mut now, mut detector) = (origin(), Detector::new());
        // Plainly: until when each is out, and how often it was without being forgiven.
        let mut out: Vec<(u64, Instant, u32)> = Vec::new();
        for step in steps {
            match step {
                Step::Suspect { endpoint, crowd } => {
                    let count = out.iter().filter(|(_, until, _)| now < *until).count();
                    let share = crowd.members as usize * rule.max_ejected_percent as usize;
                    let fits = (count + 1) * 100 <= share && crowd.others_eligible > 0;
                    let known = out.iter().position(|(one, ..)| *one == endpoint);
                    let held = known.is_some_and(|at| now < out[at].1);
                    let ejected = detector.suspect(now, &rule, endpoint, crowd);
                    prop_assert_eq!(ejected.is_some(), fits && !held);
                    if let Some(until) = ejected {
                        let times = known.map_or(0, |at| out.swap_remove(at).2) + 1;
                        let length = rule.eject_for.saturating_mul(times).min(rule.max_eject_for);
                        prop_assert_eq!(until, time::after(now, length));
                        let useful = |times| rule.eject_for.saturating_mul(times - 1) < rule.max_eject_for;
                        let times = if times == 1 || useful(times) { times } else { times - 1 };
                        out.push((endpoint, until, times));
                    }
                }
                Step::Decay => {
                    detector.decay(now, &rule);
                    out.iter_mut()
                        .filter(|(_, until, _)| *until <= now)
                        .for_each(|(_, _, times)| *times -= 1);
                    out.retain(|(_, _, times)| *times > 0);
                }
                Step::Pass(time) => now += time,
                Step::Retain(below) => {
                    detector.retain(|endpoint| endpoint < below);
                    out.retain(|(endpoint, ..)| *endpoint < below);
                }
            }
            let held = || out.iter().filter(|(_, until, _)| now < *until);
            prop_assert_eq!(detector.ejected_count(now) as usize, held().count());
            prop_assert_eq!(detector.next_change(now), held().map(|(_, until, _)| *until).min());
            for (endpoint, until, _) in &out {
                let expected = (now < *until).then_some(*until);
                prop_assert_eq!(detector.ejected(now, *endpoint), expected);
            }
        }
        // It comes back: all are in service after the longest ejection, without a report.
        let end = time::after(now, rule.max_eject_for);
        prop_assert_eq!((detector.ejected_count(end), detector.next_change(end)), (0, None));
        // And as good as new after as many intervals as there were repetitions that counted.
        let repetitions = out.iter().map(|(_, _, times)| *times).max().unwrap_or(0);
        (0..repetitions).for_each(|_| detector.decay(end, &rule));
        prop_assert!(detector.ejections.is_empty());
    }
}
