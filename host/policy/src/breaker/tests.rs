//! Tests of [`super::Breaker`]: its life told in order, then random histories.

use super::state::PATIENCE;
use super::*;
use crate::Cause;
use proptest::prelude::*;
use proptest::sample::Index;
use std::num::NonZeroU32;

/// There is no other way to make an `Instant`; its value does not matter.
#[expect(
    clippy::disallowed_methods,
    reason = "an origin for the test's own clock"
)]
fn origin() -> Instant {
    Instant::now()
}

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

fn number(n: u32) -> NonZeroU32 {
    NonZeroU32::new(n).expect("not zero")
}

const FAILURE: Outcome = Outcome::Failure(Cause::Reset);
const SOON: Duration = Duration::from_millis(1);

/// Lets one attempt through and settles it at once.
fn attempt(breaker: &mut Breaker, now: Instant, outcome: Outcome) -> Option<BreakerState> {
    let pass = breaker.admit(now).expect("let through");
    breaker.settle(now, pass, outcome)
}

/// So many failures at once, the last of which trips it.
fn trip(breaker: &mut Breaker, now: Instant, failures: u32) {
    for _ in 1..failures {
        assert_eq!(attempt(breaker, now, FAILURE), None);
    }
    assert_eq!(
        attempt(breaker, now, FAILURE),
        Some(BreakerState::Open),
        "the last one"
    );
}

/// The three successes of the default rule.
fn prove(breaker: &mut Breaker, now: Instant) {
    assert_eq!(attempt(breaker, now, Outcome::Success), None);
    assert_eq!(attempt(breaker, now, Outcome::Success), None);
    assert_eq!(
        attempt(breaker, now, Outcome::Success),
        Some(BreakerState::Closed)
    );
}

#[test]
fn it_trips_cools_down_probes_and_closes() {
    let (start, mut breaker) = (origin(), Breaker::new(BreakerRule::default()));
    trip(&mut breaker, start, 5);
    let over = start + seconds(5);
    assert_eq!(breaker.next_change(start), Some(over));
    assert_eq!(breaker.admit(over - SOON), None);
    assert_eq!(breaker.state(over), BreakerState::HalfOpen);
    let probes: Vec<_> = (0..3).filter_map(|_| breaker.admit(over)).collect();
    assert_eq!((probes.len(), breaker.admit(over)), (3, None));
    let answers: Vec<_> = probes
        .into_iter()
        .map(|probe| breaker.settle(over, probe, Outcome::Success))
        .collect();
    assert_eq!(answers, [None, None, Some(BreakerState::Closed)]);
    assert_eq!(breaker.next_change(over), None);
}

#[test]
fn a_success_between_failures_starts_the_count_again() {
    let (start, mut breaker) = (origin(), Breaker::new(BreakerRule::default()));
    for _ in 0..100 {
        for _ in 0..4 {
            assert_eq!(attempt(&mut breaker, start, FAILURE), None);
        }
        let fine = Outcome::Failure(Cause::Status(500));
        assert_eq!(attempt(&mut breaker, start, fine), None);
    }
    for _ in 0..2 {
        assert_eq!(attempt(&mut breaker, start, FAILURE), None);
        assert_eq!(attempt(&mut breaker, start, Outcome::Unknown), None);
    }
    trip(&mut breaker, start, 3);
}

#[test]
fn the_cooldown_doubles_until_the_breaker_stays_closed() {
    let (start, mut breaker) = (origin(), Breaker::new(BreakerRule::default()));
    let mut now = start;
    trip(&mut breaker, now, 5);
    for cooldown in [5, 10, 20, 40, 60, 60] {
        now = breaker.next_change(now).expect("it is open");
        assert_eq!(
            attempt(&mut breaker, now, FAILURE),
            Some(BreakerState::Open),
            "one failed probe is enough after {cooldown} s"
        );
    }
    now += seconds(60);
    prove(&mut breaker, now);
    now += seconds(60) - SOON;
    trip(&mut breaker, now, 5);
    assert_eq!(breaker.next_change(now), Some(now + seconds(60)));
    now += seconds(60);
    prove(&mut breaker, now);
    now += seconds(60);
    trip(&mut breaker, now, 5);
    assert_eq!(breaker.next_change(now), Some(now + seconds(5)));
}

#[test]
fn what_began_before_the_trip_has_no_say_after_it() {
    let (start, mut breaker) = (origin(), Breaker::new(BreakerRule::default()));
    let early: Vec<_> = (0..4).filter_map(|_| breaker.admit(start)).collect();
    trip(&mut breaker, start, 5);
    let over = start + seconds(5);
    let probe = breaker.admit(over).expect("a probe");
    assert_eq!(breaker.settle(over, early[0], FAILURE), None);
    for late in &early[1..] {
        assert_eq!(breaker.settle(over, *late, Outcome::Success), None);
    }
    assert_eq!(breaker.state(over), BreakerState::HalfOpen);
    assert_eq!(breaker.settle(over, probe, Outcome::Success), None);
    assert_eq!(breaker.settle(over, probe, Outcome::Success), None);
    assert_eq!(
        breaker.settle(over, probe, FAILURE),
        None,
        "settled thrice, counted once"
    );
}

#[test]
fn a_lost_probe_makes_room_and_may_still_prove_something() {
    let (start, mut breaker) = (origin(), Breaker::new(BreakerRule::default()));
    trip(&mut breaker, start, 5);
    let over = start + seconds(5);
    let slow: Vec<_> = (0..3).filter_map(|_| breaker.admit(over)).collect();
    let late = over + PATIENCE;
    assert!(!breaker.eligible(late - SOON));
    assert!(breaker.admit(late).is_some());
    assert_eq!(breaker.settle(late, slow[0], Outcome::Success), None);
    assert_eq!(breaker.settle(late, slow[1], Outcome::Success), None);
    assert_eq!(
        breaker.settle(late, slow[2], Outcome::Success),
        Some(BreakerState::Closed)
    );
}

#[test]
fn a_share_of_failures_needs_its_minimum() {
    let rule = BreakerRule {
        consecutive_failures: None,
        failure_share: Some(FailureShare {
            percent: 50,
            window: seconds(10),
            minimum: number(4),
        }),
        ..BreakerRule::default()
    };
    let (start, mut breaker) = (origin(), Breaker::new(rule));
    for second in [0, 10, 20] {
        for _ in 0..3 {
            let now = start + seconds(second);
            assert_eq!(attempt(&mut breaker, now, FAILURE), None);
        }
    }
    let now = start + seconds(30);
    for outcome in [FAILURE, FAILURE, Outcome::Success, Outcome::Success] {
        assert_eq!(attempt(&mut breaker, now, outcome), None);
    }
    assert_eq!(
        attempt(&mut breaker, now, FAILURE),
        Some(BreakerState::Open)
    );
}

#[test]
fn a_new_rule_keeps_what_was_learnt() {
    let (start, mut breaker) = (origin(), Breaker::new(BreakerRule::default()));
    for _ in 0..4 {
        assert_eq!(attempt(&mut breaker, start, FAILURE), None);
    }
    let stricter = BreakerRule {
        consecutive_failures: Some(number(2)),
        cooldown: seconds(1),
        ..BreakerRule::default()
    };
    breaker.configure(stricter);
    assert_eq!(breaker.state(start), BreakerState::Closed);
    trip(&mut breaker, start, 1);
    breaker.configure(BreakerRule::default());
    assert_eq!(breaker.next_change(start), Some(start + seconds(1)));
}

#[test]
fn a_reset_breaker_is_as_new() {
    let (start, mut breaker) = (origin(), Breaker::new(BreakerRule::default()));
    trip(&mut breaker, start, 5);
    breaker.reset();
    assert_eq!(breaker.state(start), BreakerState::Closed);
    trip(&mut breaker, start, 5);
    assert_eq!(breaker.next_change(start), Some(start + seconds(5)));
}

#[test]
fn no_time_is_too_long() {
    let rule = BreakerRule {
        cooldown: Duration::MAX,
        max_cooldown: Duration::ZERO,
        ..BreakerRule::default()
    };
    let (start, mut breaker) = (origin(), Breaker::new(rule));
    trip(&mut breaker, start, 5);
    let late = start + seconds(1 << 40);
    assert_eq!(breaker.state(late), BreakerState::Open);
    assert_eq!(breaker.next_change(late), None);
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Wait(u64),
    Admit,
    /// Settles any pass that was ever issued, so also again or late.
    Settle(Index, Outcome),
    /// Takes a new rule, except for its probes: those are part of what the model counts.
    Configure(BreakerRule),
    Reset,
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        2 => Just(Outcome::Success),
        2 => Just(FAILURE),
        1 => Just(Outcome::Failure(Cause::Status(503))),
        1 => Just(Outcome::Failure(Cause::Status(500))),
        1 => Just(Outcome::Unknown),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => prop_oneof![0u64..20, 0u64..2_000, Just(60_000)].prop_map(Step::Wait),
        6 => Just(Step::Admit),
        6 => (any::<Index>(), outcome()).prop_map(|(index, outcome)| Step::Settle(index, outcome)),
        1 => rules().prop_map(Step::Configure),
        1 => Just(Step::Reset),
    ]
}

prop_compose! {
    fn shares()(percent in 1u8..=100, window in 0u64..1_000, minimum in 1u32..5) -> FailureShare {
        FailureShare {
            percent,
            window: Duration::from_millis(window),
            minimum: number(minimum),
        }
    }
}

prop_compose! {
    fn rules()(
        consecutive in prop::option::of(1u32..4),
        failure_share in prop::option::of(shares()),
        cooldown in prop_oneof![8 => 0u64..500, 1 => Just(90_000)],
        max_cooldown in 0u64..4_000,
        probes in 1u32..4,
    ) -> BreakerRule {
        BreakerRule {
            consecutive_failures: consecutive.map(number),
            failure_share,
            cooldown: Duration::from_millis(cooldown),
            max_cooldown: Duration::from_millis(max_cooldown),
            probes: number(probes),
            ..BreakerRule::default()
        }
    }
}

/// One breaker, and what a bystander knows of it.
struct Story {
    breaker: Breaker,
    now: Instant,
    state: BreakerState,
    /// Counts the states that were seen one after the other.
    spell: u32,
    issued: Vec<Issued>,
}

#[derive(Clone, Copy)]
struct Issued {
    pass: Pass,
    spell: u32,
    since: Instant,
    settled: bool,
}

impl Story {
    fn new(rule: BreakerRule) -> Self {
        let now = origin();
        let breaker = Breaker::new(rule);
        Self {
            state: breaker.state(now),
            breaker,
            now,
            spell: 0,
            issued: Vec::new(),
        }
    }

    fn take(&mut self, step: Step) {
        let mut reset = false;
        match step {
            Step::Wait(milliseconds) => self.now += Duration::from_millis(milliseconds),
            Step::Admit => {
                let (spell, since) = (self.spell, self.now);
                self.issued
                    .extend(self.breaker.admit(since).map(|pass| Issued {
                        pass,
                        spell,
                        since,
                        settled: false,
                    }));
            }
            Step::Settle(index, outcome) if !self.issued.is_empty() => {
                let index = index.index(self.issued.len());
                let pass = self.issued[index].pass;
                let told = self.breaker.settle(self.now, pass, outcome);
                self.issued[index].settled = true;
                let state = self.breaker.state(self.now);
                let changed = (state != self.state).then_some(state);
                assert_eq!(told, changed, "settle tells of each change, and only then");
            }
            Step::Settle(..) => {}
            Step::Configure(rule) => self.breaker.configure(BreakerRule {
                probes: self.breaker.rule.probes,
                ..rule
            }),
            Step::Reset => {
                self.breaker.reset();
                reset = true;
            }
        }
        let state = self.breaker.state(self.now);
        if reset || state != self.state {
            self.spell += 1;
        }
        self.state = state;
    }

    /// Probes of this spell that hold their place.
    fn held(&self) -> usize {
        let patience = match self.breaker.state {
            State::HalfOpen { cooldown, .. } => cooldown.max(PATIENCE),
            State::Closed { .. } | State::Open { .. } => return 0,
        };
        self.issued
            .iter()
            .filter(|issued| issued.spell == self.spell && !issued.settled)
            .filter(|issued| self.now.duration_since(issued.since) < patience)
            .count()
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(step(), 0..300)
}

proptest! {
    /// Catches: a probe's place that is not given back (for instance after `Unknown`), one
    /// that is lost too early or never, and one probe too many or too few.
    #[test]
    fn places_are_counted_exactly(rule in rules(), steps in steps()) {
        let mut story = Story::new(rule);
        for step in steps {
            story.take(step);
            let probes = rule.probes.get() as usize;
            let room = match story.state {
                BreakerState::Closed => true,
                BreakerState::Open => false,
                BreakerState::HalfOpen => story.held() < probes,
            };
            prop_assert_eq!(story.breaker.eligible(story.now), room);
            prop_assert_eq!(story.breaker.clone().admit(story.now).is_some(), room);
            if story.state == BreakerState::HalfOpen {
                prop_assert!(story.held() <= probes, "however the rule changed");
            }
        }
    }

    /// Catches: a late failure that opens a breaker that recovers, a late success that closes
    /// it, and a verdict that counts twice.
    #[test]
    fn a_late_or_second_settle_changes_nothing(
        rule in rules(), steps in steps(), outcomes in prop::collection::vec(outcome(), 1..8),
    ) {
        let mut story = Story::new(rule);
        for step in steps {
            story.take(step);
        }
        let before = format!("{:?}", story.breaker.state);
        let stale = story.issued.iter().filter(|issued| {
            issued.settled || issued.spell != story.spell
        });
        for (issued, outcome) in stale.zip(outcomes.iter().cycle()) {
            prop_assert_eq!(story.breaker.settle(story.now, issued.pass, *outcome), None);
            prop_assert_eq!(&format!("{:?}", story.breaker.state), &before);
        }
    }

    /// Catches: a cooldown that is announced for another instant than it ends, and a state
    /// that changes unannounced.
    #[test]
    fn next_change_is_true(rule in rules(), steps in steps(), share in 0.0f64..1.0) {
        let mut story = Story::new(rule);
        for step in steps {
            story.take(step);
            let (breaker, now) = (&story.breaker, story.now);
            match breaker.next_change(now) {
                Some(change) => {
                    prop_assert!(change > now);
                    prop_assert_ne!(breaker.state(change), story.state);
                    let between = now + change.duration_since(now).mul_f64(share * 0.999);
                    let just_before = change - Duration::from_nanos(1);
                    for instant in [between, just_before] {
                        prop_assert_eq!(breaker.state(instant), story.state);
                        prop_assert_eq!(breaker.next_change(instant), Some(change));
                    }
                    prop_assert_eq!(breaker.next_change(change), None);
                }
                None => {
                    for later in [SOON, seconds(1), seconds(1_000_000)] {
                        prop_assert_eq!(breaker.state(now + later), story.state);
                    }
                }
            }
        }
    }

    /// From any state, with any number of passes never settled, an endpoint that works is
    /// soon trusted again. Catches: a lost probe that keeps its place for ever, a cooldown
    /// that does not end, a place too few.
    #[test]
    fn it_comes_back(rule in rules(), steps in steps()) {
        let mut story = Story::new(rule);
        for step in steps {
            story.take(step);
        }
        // The longest cooldown that any of these rules allows, hence the longest patience.
        let now = story.now + seconds(90);
        for _ in 0..rule.probes.get() {
            if story.breaker.state(now) == BreakerState::HalfOpen {
                let pass = story.breaker.admit(now);
                prop_assert!(pass.is_some());
                pass.map(|pass| story.breaker.settle(now, pass, Outcome::Success));
            }
        }
        prop_assert_eq!(story.breaker.state(now), BreakerState::Closed);
        prop_assert!(story.breaker.eligible(now));
    }

    /// Against the plain words of the rule, over attempts that end at once. Catches: a
    /// minimum that is ignored, a success that does not start the count again, `Unknown` or
    /// a status outside the set that counts as a failure.
    #[test]
    fn it_trips_when_the_rule_says_so(
        rule in rules(),
        history in prop::collection::vec((0u64..200, outcome()), 0..100),
    ) {
        let mut breaker = Breaker::new(rule);
        let (mut now, mut in_a_row) = (origin(), 0);
        let mut events = Vec::<(Instant, bool)>::new();
        for (step, outcome) in history {
            now += Duration::from_millis(step);
            let failed = match outcome {
                Outcome::Unknown => None,
                Outcome::Success | Outcome::Failure(Cause::Status(500)) => Some(false),
                Outcome::Failure(_) => Some(true),
            };
            in_a_row = match failed {
                None => in_a_row,
                Some(false) => 0,
                Some(true) => in_a_row + 1,
            };
            events.extend(failed.map(|failed| (now, failed)));
            let tripped = attempt(&mut breaker, now, outcome) == Some(BreakerState::Open);
            let by_row = rule.consecutive_failures.is_some_and(|limit| in_a_row >= limit.get());
            let recent = |age: Duration| {
                let count = |wanted: bool| {
                    events
                        .iter()
                        .filter(|(when, failed)| {
                            *failed == wanted && now.duration_since(*when) < age
                        })
                        .count()
                };
                (count(true), count(false))
            };
            if failed != Some(true) {
                prop_assert!(!tripped, "only a failure trips");
            } else if by_row {
                prop_assert!(tripped);
            } else if let Some(share) = rule.failure_share {
                // The window is precise to a tenth: the greatest and the least it may hold.
                let (most_bad, most_good) = recent(share.window.max(Duration::from_nanos(10)));
                let (least_bad, least_good) = recent(share.window * 9 / 10);
                let minimum = share.minimum.get() as usize;
                let percent = usize::from(share.percent);
                let reached = |bad: usize, good: usize| bad * 100 >= percent * (bad + good);
                if tripped {
                    prop_assert!(most_bad + most_good >= minimum);
                    prop_assert!(reached(most_bad, least_good));
                } else {
                    prop_assert!(
                        least_bad + least_good < minimum || !reached(least_bad, most_good)
                    );
                }
            } else {
                prop_assert!(!tripped);
            }
            if tripped {
                break;
            }
        }
    }

    /// Catches: a cooldown that does not double, doubles past its bound, or is never short
    /// again.
    #[test]
    fn cooldowns_follow_their_rule(
        cooldown in 1u64..500, max in 0u64..4_000,
        rests in prop::collection::vec(prop::option::of(0u64..8_000), 1..20),
    ) {
        let rule = BreakerRule {
            consecutive_failures: Some(number(1)),
            cooldown: Duration::from_millis(cooldown),
            max_cooldown: Duration::from_millis(max),
            probes: number(1),
            ..BreakerRule::default()
        };
        let (mut now, mut breaker) = (origin(), Breaker::new(rule));
        let (mut expected, longest) = (cooldown, max.max(cooldown));
        attempt(&mut breaker, now, FAILURE);
        for rest in rests {
            let change = breaker.next_change(now);
            prop_assert_eq!(change, Some(now + Duration::from_millis(expected)));
            now += Duration::from_millis(expected);
            expected = (expected * 2).min(longest);
            // It fails at once, or closes and rests before it fails.
            if let Some(rest) = rest {
                attempt(&mut breaker, now, Outcome::Success);
                now += Duration::from_millis(rest);
                if rest >= longest {
                    expected = cooldown;
                }
            }
            attempt(&mut breaker, now, FAILURE);
        }
    }
}
