//! Tests of [`super::Queue`]: single stories, then random histories against a plain list.

use super::*;
use proptest::prelude::*;

/// There is no other way to make an `Instant`; its value does not matter.
#[expect(
    clippy::disallowed_methods,
    reason = "an origin for the test's own clock"
)]
fn origin() -> Instant {
    Instant::now()
}

const SECOND: Duration = Duration::from_secs(1);

const RULE: QueueRule = QueueRule {
    max_in_flight: Some(1),
    length: 2,
    timeout: SECOND,
};

fn go(entry: Entry) -> Place {
    match entry {
        Entry::Go(place) => place,
        Entry::Wait(_) | Entry::Refused => panic!("{entry:?}"),
    }
}

fn wait(entry: Entry) -> Turn {
    match entry {
        Entry::Wait(turn) => turn,
        Entry::Go(_) | Entry::Refused => panic!("{entry:?}"),
    }
}

#[test]
fn who_came_first_goes_first_and_nobody_overtakes() {
    let (now, mut queue) = (origin(), Queue::new(RULE));
    let place = go(queue.arrive(now));
    let (first, second) = (wait(queue.arrive(now)), wait(queue.arrive(now)));
    assert_eq!(queue.arrive(now), Entry::Refused, "the line is full");
    assert_eq!(queue.head(now), None, "there is no room");
    queue.settle(place);
    assert_eq!(queue.head(now), Some(first));
    assert_eq!(queue.progress(now, second), Progress::Wait);
    let newcomer = queue.arrive(now);
    assert_eq!(newcomer, Entry::Refused, "room, but others wait");
    assert!(matches!(queue.progress(now, first), Progress::Go(_)));
    assert_eq!(
        queue.progress(now, first),
        Progress::Expired,
        "the turn is used up"
    );
    assert_eq!((queue.in_flight(), queue.waiting()), (1, 1));
}

#[test]
fn a_forgotten_turn_keeps_nobody_back() {
    let (start, mut queue) = (origin(), Queue::new(RULE));
    let place = go(queue.arrive(start));
    let _forgotten = wait(queue.arrive(start));
    let behind = wait(queue.arrive(start + SECOND / 2));
    queue.settle(place);
    assert_eq!(queue.progress(start, behind), Progress::Wait);
    assert_eq!(queue.head(start + SECOND), Some(behind));
    assert!(matches!(
        queue.progress(start + SECOND, behind),
        Progress::Go(_)
    ));
    assert_eq!(queue.waiting(), 0);
}

#[test]
fn a_turn_expires_at_its_time_even_when_there_is_room() {
    let (start, mut queue) = (origin(), Queue::new(RULE));
    let place = go(queue.arrive(start));
    let turn = wait(queue.arrive(start));
    assert_eq!(queue.until(turn), Some(start + SECOND));
    queue.settle(place);
    assert_eq!(queue.head(start + SECOND), None);
    assert_eq!(queue.progress(start + SECOND, turn), Progress::Expired);
    assert_eq!((queue.until(turn), queue.waiting()), (None, 0));
    let _ = go(queue.arrive(start + SECOND));
}

#[test]
fn who_was_blocked_stands_in_front_and_its_time_runs_on() {
    let (start, mut queue) = (origin(), Queue::new(RULE));
    let place = go(queue.arrive(start));
    let behind = wait(queue.arrive(start));
    let later = start + SECOND / 4;
    let blocked = wait(queue.blocked(later, place, start));
    assert_eq!(queue.in_flight(), 0);
    assert_eq!(queue.until(blocked), Some(start + SECOND));
    assert_eq!(queue.head(later), Some(blocked));
    assert_eq!(queue.progress(later, behind), Progress::Wait);
    let Progress::Go(place) = queue.progress(later, blocked) else {
        panic!("it is first and there is room")
    };
    assert_eq!(
        queue.blocked(start + SECOND, place, start),
        Entry::Refused,
        "its time is over"
    );
    assert_eq!(queue.in_flight(), 0, "given back all the same");
}

#[test]
fn of_two_that_were_blocked_the_one_that_waits_longer_is_first() {
    let unbounded = QueueRule {
        max_in_flight: None,
        ..RULE
    };
    let (start, mut queue) = (origin(), Queue::new(unbounded));
    let (first, second) = (
        go(queue.arrive(start)),
        go(queue.arrive(start + SECOND / 4)),
    );
    let now = start + SECOND / 2;
    let older = wait(queue.blocked(now, first, start));
    let younger = wait(queue.blocked(now, second, start + SECOND / 4));
    assert_eq!(queue.head(now), Some(older));
    assert_eq!(queue.progress(now, younger), Progress::Wait);
    assert!(matches!(queue.arrive(now), Entry::Refused), "two in line");
}

#[test]
fn without_a_line_or_time_nobody_waits() {
    for rule in [
        QueueRule { length: 0, ..RULE },
        QueueRule {
            timeout: Duration::ZERO,
            ..RULE
        },
    ] {
        let (now, mut queue) = (origin(), Queue::new(rule));
        let place = go(queue.arrive(now));
        assert_eq!(queue.arrive(now), Entry::Refused);
        assert_eq!(queue.blocked(now, place, now), Entry::Refused);
        assert_eq!((queue.in_flight(), queue.waiting()), (0, 0));
    }
}

#[test]
fn a_place_that_was_settled_frees_nothing_twice() {
    let (now, mut queue) = (origin(), Queue::new(RULE));
    let old = go(queue.arrive(now));
    queue.settle(old);
    let _held = go(queue.arrive(now));
    queue.settle(old);
    assert_eq!(queue.in_flight(), 1);
}

#[test]
fn a_new_rule_sends_nobody_away() {
    let (now, mut queue) = (origin(), Queue::new(RULE));
    let _place = go(queue.arrive(now));
    let turn = wait(queue.arrive(now));
    queue.configure(QueueRule {
        max_in_flight: Some(2),
        length: 0,
        timeout: Duration::ZERO,
    });
    assert_eq!(queue.until(turn), Some(now + SECOND));
    assert_eq!(queue.head(now), Some(turn));
    assert!(matches!(queue.progress(now, turn), Progress::Go(_)));
    assert_eq!((queue.in_flight(), queue.waiting()), (2, 0));
}

#[derive(Clone, Debug)]
enum Step {
    Arrive,
    /// Settles any place that was ever given, so also again or late.
    Settle(prop::sample::Index),
    /// The holder of any place, so also of a settled one, found every endpoint full.
    Blocked(prop::sample::Index),
    /// Asks for any turn that was ever given.
    Progress(prop::sample::Index),
    /// Wakes the head.
    Wake,
    Leave(prop::sample::Index),
    Pass(Duration),
    Configure(QueueRule),
}

prop_compose! {
    fn rules()(
        max_in_flight in prop::option::of(1u32..5),
        length in 0u32..6,
        timeout in prop_oneof![8 => 0u64..2_000, 1 => Just(u64::MAX)],
    ) -> QueueRule {
        QueueRule { max_in_flight, length, timeout: Duration::from_millis(timeout) }
    }
}

fn step() -> impl Strategy<Value = Step> {
    let any_one = any::<prop::sample::Index>;
    prop_oneof![
        8 => Just(Step::Arrive),
        4 => any_one().prop_map(Step::Settle),
        2 => any_one().prop_map(Step::Blocked),
        4 => any_one().prop_map(Step::Progress),
        4 => Just(Step::Wake),
        2 => any_one().prop_map(Step::Leave),
        4 => (0u64..800).prop_map(|n| Step::Pass(Duration::from_millis(n))),
        1 => rules().prop_map(Step::Configure),
    ]
}

/// What a queue should be, written as plainly as possible.
struct Model {
    now: Instant,
    queue: Queue,
    rule: QueueRule,
    /// The longest line that was ever allowed.
    longest: u32,
    /// Places given, with the time since when their request waits.
    given: Vec<(Place, Instant)>,
    open: Vec<Place>,
    turns: Vec<Turn>,
    /// The line in order, with those that came back first. Whoever is forgotten stays.
    line: Vec<Waiter>,
}

#[derive(Clone, Copy, Debug)]
struct Waiter {
    turn: Turn,
    since: Instant,
    until: Instant,
    came_back: bool,
}

impl Model {
    fn new(rule: QueueRule) -> Self {
        Self {
            now: origin(),
            queue: Queue::new(rule),
            rule,
            longest: rule.length,
            given: Vec::new(),
            open: Vec::new(),
            turns: Vec::new(),
            line: Vec::new(),
        }
    }

    fn room(&self) -> bool {
        let taken = self.open.len() as u32;
        self.rule.max_in_flight.is_none_or(|max| taken < max)
    }

    fn first(&self) -> Option<Waiter> {
        self.line.iter().find(|one| self.now < one.until).copied()
    }

    fn let_in(&mut self, place: Place, since: Instant) {
        self.given.push((place, since));
        self.open.push(place);
    }

    fn stood(&mut self, turn: Turn, since: Instant, came_back: bool) {
        let until = time::after(since, self.rule.timeout);
        let waiter = Waiter {
            turn,
            since,
            until,
            came_back,
        };
        let at = match came_back {
            true => self
                .line
                .iter()
                .take_while(|one| one.came_back && one.since <= since)
                .count(),
            false => self.line.len(),
        };
        self.line.insert(at, waiter);
        self.turns.push(turn);
    }

    fn refused(&self, since: Instant) -> Result<(), TestCaseError> {
        let over = time::after(since, self.rule.timeout) <= self.now;
        prop_assert!(over || self.queue.waiting() >= self.rule.length);
        Ok(())
    }

    fn arrive(&mut self) -> Result<(), TestCaseError> {
        let may_go = self.room() && self.first().is_none();
        let entry = self.queue.arrive(self.now);
        prop_assert_eq!(matches!(entry, Entry::Go(_)), may_go, "{:?}", entry);
        match entry {
            Entry::Go(place) => self.let_in(place, self.now),
            Entry::Wait(turn) => self.stood(turn, self.now, false),
            Entry::Refused => self.refused(self.now)?,
        }
        Ok(())
    }

    fn blocked(&mut self, (place, since): (Place, Instant)) -> Result<(), TestCaseError> {
        self.open.retain(|other| *other != place);
        match self.queue.blocked(self.now, place, since) {
            Entry::Go(_) => prop_assert!(false, "it was just told that nobody is free"),
            Entry::Wait(turn) => {
                prop_assert!(self.now < time::after(since, self.rule.timeout));
                self.stood(turn, since, true);
            }
            Entry::Refused => self.refused(since)?,
        }
        Ok(())
    }

    fn progress(&mut self, turn: Turn) -> Result<(), TestCaseError> {
        let waiter = self.line.iter().find(|one| one.turn == turn).copied();
        let first = self.first().is_some_and(|one| one.turn == turn);
        let room = self.room();
        match self.queue.progress(self.now, turn) {
            Progress::Go(place) => {
                let since = waiter.map_or(self.now, |one| one.since);
                prop_assert!(room && first, "strictly in order");
                self.line.retain(|one| one.turn != turn);
                self.let_in(place, since);
            }
            Progress::Wait => {
                prop_assert!(waiter.is_some_and(|one| self.now < one.until) && !(room && first));
            }
            Progress::Expired => {
                prop_assert!(waiter.is_none_or(|one| one.until <= self.now));
                self.line.retain(|one| one.turn != turn);
            }
        }
        Ok(())
    }

    fn step(&mut self, step: Step) -> Result<(), TestCaseError> {
        match step {
            Step::Arrive => self.arrive()?,
            Step::Settle(index) if !self.given.is_empty() => {
                let (place, _) = *index.get(&self.given);
                self.queue.settle(place);
                self.open.retain(|other| *other != place);
            }
            Step::Blocked(index) if !self.given.is_empty() => {
                self.blocked(*index.get(&self.given))?;
            }
            Step::Progress(index) if !self.turns.is_empty() => {
                self.progress(*index.get(&self.turns))?;
            }
            Step::Wake => {
                let head = self.room().then(|| self.first()).flatten();
                let head = head.map(|one| one.turn);
                prop_assert_eq!(self.queue.head(self.now), head);
                if let Some(turn) = head {
                    self.progress(turn)?;
                }
            }
            Step::Leave(index) if !self.turns.is_empty() => {
                let turn = *index.get(&self.turns);
                self.queue.leave(turn);
                self.line.retain(|one| one.turn != turn);
            }
            Step::Settle(_) | Step::Blocked(_) | Step::Progress(_) | Step::Leave(_) => {}
            Step::Pass(time) => self.now += time,
            Step::Configure(rule) => {
                self.queue.configure(rule);
                self.rule = rule;
                self.longest = self.longest.max(rule.length);
            }
        }
        self.bounds()
    }

    fn bounds(&self) -> Result<(), TestCaseError> {
        prop_assert_eq!(self.queue.in_flight() as usize, self.open.len());
        prop_assert!(self.queue.waiting() <= self.longest);
        prop_assert!(self.queue.waiting() as usize <= self.line.len());
        for waiter in self.line.iter().filter(|one| self.now < one.until) {
            prop_assert_eq!(self.queue.until(waiter.turn), Some(waiter.until));
        }
        Ok(())
    }
}

fn lived(rule: QueueRule, steps: Vec<Step>) -> Result<Model, TestCaseError> {
    let mut model = Model::new(rule);
    for step in steps {
        model.step(step)?;
    }
    Ok(model)
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(step(), 0..150)
}

proptest! {
    /// Catches: a newcomer that overtakes; one that goes without room; an expired turn that
    /// keeps others back or still goes; a line longer than its length; one that was blocked
    /// and stands at the end, or keeps its place, or starts its time anew; a place that is
    /// given back twice.
    #[test]
    fn strictly_in_order_and_within_the_bounds(rule in rules(), history in steps()) {
        lived(rule, history)?;
    }

    /// Catches: a place that leaks, in flight or in line.
    #[test]
    fn everything_given_back_is_nothing_left(rule in rules(), history in steps()) {
        let mut model = lived(rule, history)?;
        model.given.iter().for_each(|(place, _)| model.queue.settle(*place));
        model.turns.iter().for_each(|turn| model.queue.leave(*turn));
        prop_assert_eq!((model.queue.in_flight(), model.queue.waiting()), (0, 0));
        prop_assert!(matches!(model.queue.arrive(model.now), Entry::Go(_)));
    }

    /// It comes back, although no waiter is ever heard of again. Catches: a place in the line
    /// that is never given up.
    #[test]
    fn those_who_were_forgotten_are_passed_over(rule in rules(), history in steps()) {
        let mut model = lived(rule, history)?;
        model.given.iter().for_each(|(place, _)| model.queue.settle(*place));
        let last = model.line.iter().map(|one| one.until).max();
        let end = last.map_or(model.now, |until| until.max(model.now));
        prop_assert_eq!(model.queue.head(end), None);
        prop_assert!(matches!(model.queue.arrive(end), Entry::Go(_)));
        prop_assert_eq!((model.queue.in_flight(), model.queue.waiting()), (1, 0));
    }
}
