//! Tests of [`super::Health`]: single stories, then random histories.

use super::*;
use proptest::prelude::*;

const RULE: HealthRule = HealthRule {
    rise: NonZeroU32::new(2).expect("not zero"),
    fall: NonZeroU32::new(3).expect("not zero"),
    interval: Duration::from_secs(5),
    down_interval: Duration::from_secs(1),
    initial: Verdict::Down,
};

fn reports(health: &mut Health, results: &[bool]) -> Vec<Option<Verdict>> {
    let report = |passed: &bool| health.report(&RULE, *passed);
    results.iter().map(report).collect()
}

#[test]
fn the_first_probe_that_passes_ends_an_assumed_down() {
    let mut health = Health::new(Verdict::Down);
    assert_eq!((health.verdict(), health.proven()), (Verdict::Down, false));
    assert_eq!(reports(&mut health, &[true]), [Some(Verdict::Up)]);
    assert_eq!((health.verdict(), health.proven()), (Verdict::Up, true));
}

#[test]
fn a_first_probe_that_fails_confirms_the_assumed_down() {
    let mut health = Health::new(Verdict::Down);
    assert_eq!(
        reports(&mut health, &[false, true, true]),
        [None, None, Some(Verdict::Up)]
    );
}

#[test]
fn an_assumed_up_goes_down_after_fall_failures_as_later() {
    let mut health = Health::new(Verdict::Up);
    assert_eq!(reports(&mut health, &[false, false]), [None, None]);
    assert_eq!((health.verdict(), health.proven()), (Verdict::Up, false));
    assert_eq!(reports(&mut health, &[false]), [Some(Verdict::Down)]);
    assert_eq!((health.verdict(), health.proven()), (Verdict::Down, true));
}

#[test]
fn an_inherited_verdict_takes_the_full_count_to_turn() {
    let mut health = Health::inherit(Verdict::Down);
    assert!(health.proven());
    assert_eq!(
        reports(&mut health, &[true, true]),
        [None, Some(Verdict::Up)]
    );
}

#[test]
fn flapping_turns_nothing() {
    let mut health = Health::inherit(Verdict::Up);
    let results = [false, false, true].repeat(20);
    assert!(reports(&mut health, &results).iter().all(Option::is_none));
}

#[test]
fn waits_follow_the_verdict() {
    let (up, down) = (Health::new(Verdict::Up), Health::new(Verdict::Down));
    assert_eq!(up.wait(&RULE, 0), Duration::from_millis(4_500));
    assert_eq!(up.wait(&RULE, 1 << 63), Duration::from_secs(5));
    assert_eq!(down.wait(&RULE, 1 << 63), Duration::from_secs(1));
    assert_eq!(up.first_wait(&RULE, 1 << 63), Duration::from_millis(2_500));
    assert_eq!(down.first_wait(&RULE, u64::MAX), Duration::ZERO);
    let known = Health::inherit(Verdict::Down);
    assert_eq!(
        known.first_wait(&RULE, 1 << 63),
        Duration::from_millis(500),
        "known to be down: no hurry"
    );
}

fn verdict() -> impl Strategy<Value = Verdict> {
    prop_oneof![Just(Verdict::Up), Just(Verdict::Down)]
}

fn duration() -> impl Strategy<Value = Duration> {
    prop_oneof![
        (0u64..20_000).prop_map(Duration::from_millis),
        any::<u64>().prop_map(Duration::from_nanos),
        Just(Duration::MAX),
    ]
}

prop_compose! {
    fn rules()(
        rise in 1u32..6, fall in 1u32..6,
        interval in duration(), down_interval in duration(), initial in verdict(),
    ) -> HealthRule {
        HealthRule {
            rise: NonZeroU32::new(rise).expect("from 1"),
            fall: NonZeroU32::new(fall).expect("from 1"),
            interval, down_interval, initial,
        }
    }
}

fn healths() -> impl Strategy<Value = Health> {
    (verdict(), any::<bool>()).prop_map(|(verdict, known)| match known {
        true => Health::inherit(verdict),
        false => Health::new(verdict),
    })
}

proptest! {
    /// Catches: an opposite result that leaves the count standing; a threshold taken from the
    /// other direction; a count that is off by one; a verdict that is never proven.
    #[test]
    fn it_turns_exactly_when_enough_equal_results_came_in_a_row(
        rule in rules(), mut health in healths(),
        results in prop::collection::vec(any::<bool>(), 0..200),
    ) {
        // Results in a row against the verdict, counted from the raw history.
        let mut against = 0;
        for passed in results {
            let (before, proven) = (health.verdict(), health.proven());
            against = if passed == (before == Verdict::Up) { 0 } else { against + 1 };
            let needed = match before {
                Verdict::Up => rule.fall.get(),
                Verdict::Down if !proven => 1,
                Verdict::Down => rule.rise.get(),
            };
            let after = match before {
                Verdict::Up => Verdict::Down,
                Verdict::Down => Verdict::Up,
            };
            let turned = health.report(&rule, passed);
            prop_assert_eq!(turned, (against >= needed).then_some(after));
            prop_assert_eq!(health.verdict(), turned.unwrap_or(before));
            prop_assert_eq!(health.proven(), proven || against == 0 || turned.is_some());
            if turned.is_some() {
                against = 0;
            }
        }
    }

    /// Catches: a verdict that sticks, also after rules that changed in mid-count.
    #[test]
    fn it_comes_back(
        mut health in healths(),
        history in prop::collection::vec((rules(), any::<bool>()), 0..100),
        rule in rules(),
    ) {
        for (rule, passed) in history {
            health.report(&rule, passed);
        }
        let (mut better, mut worse) = (health, health);
        for _ in 0..rule.rise.get() {
            better.report(&rule, true);
        }
        prop_assert_eq!((better.verdict(), better.proven()), (Verdict::Up, true));
        for _ in 0..rule.fall.get() {
            worse.report(&rule, false);
        }
        prop_assert_eq!((worse.verdict(), worse.proven()), (Verdict::Down, true));
    }

    /// Catches: a jitter that is too wide or goes one way only; an overflow of long intervals;
    /// the interval of the other verdict.
    #[test]
    fn a_wait_is_within_a_tenth_of_its_interval(
        rule in rules(), health in healths(), random: u64,
    ) {
        let interval = match health.verdict() {
            Verdict::Up => rule.interval,
            Verdict::Down => rule.down_interval,
        };
        let wait = health.wait(&rule, random);
        prop_assert!(wait >= interval - interval / 10);
        prop_assert!(wait <= interval.saturating_add(interval / 10));
        prop_assert!(health.wait(&rule, 0) <= wait && wait <= health.wait(&rule, u64::MAX));
        prop_assert!(health.first_wait(&rule, random) <= interval);
    }
}
