//! An upstream in its own time: requests arrive, attempts end, probes and intervals come
//! round, each at its instant, and the policies are asked as the daemon asks them.

use super::log::{Log, Why};
use super::plan::{Plan, Site, TROUBLE};
use super::random::Random;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use tidegate_policy::*;

/// What is known of one endpoint.
pub struct Endpoint {
    pub site: Site,
    pub limit: Limit,
    pub breaker: Breaker,
    /// How often the breaker tripped, closed or was reset.
    spell: u32,
    pub health: Health,
    tally: Tally,
    ejected: bool,
    /// When it last came back.
    back: Option<Instant>,
    /// Attempts that it had in flight at most.
    pub most_in_flight: u32,
    pub last_success: Option<Instant>,
}

struct Request {
    deadline: Instant,
    idempotent: bool,
    replayable: bool,
    attempts: u32,
    tried: Vec<usize>,
    waits_since: Instant,
    place: Option<Place>,
    turn: Option<Turn>,
    /// When it leaves the line.
    until: Option<Instant>,
    attempt: Option<Attempt>,
}

#[derive(Clone, Copy)]
struct Attempt {
    endpoint: usize,
    ticket: Ticket,
    pass: Pass,
    /// The endpoint's spell when it began.
    spell: u32,
}

#[derive(Clone, Copy, Debug)]
enum Event {
    Arrive,
    Retry(u64),
    End(u64, Outcome),
    Expire(u64),
    Probe(usize),
    /// Time passes: ejections and cooldowns end.
    Tick,
    Compare,
}

pub struct World {
    plan: Plan,
    random: Random,
    pub start: Instant,
    pub now: Instant,
    pub endpoints: Vec<Endpoint>,
    pub queue: Queue,
    pub detector: Detector,
    budget: Budget,
    requests: BTreeMap<u64, Request>,
    agenda: BTreeMap<(Instant, u64), Event>,
    issued: u64,
    pub log: Log,
}

const TICK: Duration = Duration::from_millis(100);

impl World {
    pub fn new(plan: &Plan, random: Random, start: Instant) -> Self {
        let initial = plan.health.map_or(Verdict::Up, |health| health.initial);
        let endpoint = |site: &Site| Endpoint {
            site: site.clone(),
            limit: Limit::new(plan.limit),
            breaker: Breaker::new(plan.breaker),
            spell: 0,
            health: Health::new(initial),
            tally: Tally::default(),
            ejected: false,
            back: None,
            most_in_flight: 0,
            last_success: None,
        };
        Self {
            endpoints: plan.sites.iter().map(endpoint).collect(),
            queue: Queue::new(plan.queue),
            detector: Detector::new(),
            budget: Budget::new(plan.budget),
            requests: BTreeMap::new(),
            agenda: BTreeMap::new(),
            issued: 0,
            log: Log::default(),
            plan: plan.clone(),
            random,
            start,
            now: start,
        }
    }

    /// Lives until nothing is left to happen.
    pub fn run(&mut self) {
        // An endpoint that is down only for caution is probed before anybody asks for it.
        self.after(TICK, Event::Arrive);
        self.after(TICK, Event::Tick);
        self.after(self.plan.outlier.interval, Event::Compare);
        if let Some(rule) = self.plan.health {
            for position in 0..self.endpoints.len() {
                let health = self.endpoints[position].health;
                let wait = health.first_wait(&rule, self.random.next());
                self.after(wait, Event::Probe(position));
            }
        }
        while let Some(((when, _), event)) = self.agenda.pop_first() {
            self.now = when;
            self.happen(event);
            if matches!(event, Event::End(..) | Event::Expire(_) | Event::Tick) {
                self.wake();
            }
        }
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Arrive => self.arrive(),
            Event::Retry(id) => {
                assert!(self.now < self.requests[&id].deadline, "a retry in vain");
                self.begin(id);
            }
            Event::End(id, outcome) => self.end(id, outcome),
            Event::Expire(id) => self.expire(id),
            Event::Probe(position) => self.probe(position),
            Event::Tick => self.tick(),
            Event::Compare => self.compare(),
        }
    }

    pub fn elapsed(&self) -> Duration {
        self.now.duration_since(self.start)
    }

    /// Whether requests still arrive.
    fn is_open(&self) -> bool {
        self.elapsed() < self.plan.end()
    }

    fn after(&mut self, wait: Duration, event: Event) {
        self.issued += 1;
        self.agenda.insert((self.now + wait, self.issued), event);
    }

    fn again(&mut self, wait: Duration, event: Event) {
        if self.is_open() {
            self.after(wait, event);
        }
    }

    fn arrive(&mut self) {
        let pause = self.plan.pause.as_millis() as u32;
        let pause = self.random.milliseconds(0..=pause * 2);
        self.again(pause, Event::Arrive);
        self.budget.request(self.now);
        self.log.requests.push(self.now);
        self.issued += 1;
        let id = self.issued;
        let request = Request {
            deadline: self.now + self.plan.deadline,
            idempotent: self.plan.steady || self.random.chance(80),
            replayable: self.plan.steady || self.random.chance(95),
            attempts: 0,
            tried: Vec::new(),
            waits_since: self.now,
            place: None,
            turn: None,
            until: None,
            attempt: None,
        };
        self.requests.insert(id, request);
        let entry = self.queue.arrive(self.now);
        if self.enter(id, entry) {
            self.begin(id);
        }
    }

    /// Whether the request may go.
    fn enter(&mut self, id: u64, entry: Entry) -> bool {
        let request = self.requests.get_mut(&id).expect("under way");
        match entry {
            Entry::Go(place) => {
                request.place = Some(place);
                true
            }
            Entry::Wait(turn) => {
                self.log.note("wait");
                request.turn = Some(turn);
                // Who was blocked keeps its time.
                let until = self.queue.until(turn);
                if std::mem::replace(&mut request.until, until) != until {
                    let wait = until.map_or(Duration::ZERO, |until| until - self.now);
                    self.after(wait, Event::Expire(id));
                }
                false
            }
            Entry::Refused => {
                self.fail(id, Why::Full);
                false
            }
        }
    }

    fn expire(&mut self, id: u64) {
        let turn = self.requests.get(&id).and_then(|request| request.turn);
        if let Some(turn) = turn
            && self.queue.until(turn).is_none_or(|until| until <= self.now)
        {
            assert_eq!(self.queue.progress(self.now, turn), Progress::Expired);
            self.fail(id, Why::Full);
        }
    }

    /// Lets those in who may go, until one of them finds every endpoint full.
    fn wake(&mut self) {
        while let Some(turn) = self.queue.head(self.now) {
            let waiting = self.requests.iter_mut().find(|(_, r)| r.turn == Some(turn));
            let (id, request) = waiting.expect("who is in line is under way");
            let (id, Progress::Go(place)) = (*id, self.queue.progress(self.now, turn)) else {
                panic!("the head may go");
            };
            request.turn = None;
            request.place = Some(place);
            if !self.begin(id) {
                break;
            }
        }
    }

    /// Begins an attempt, or fails. `false` when every endpoint is full.
    fn begin(&mut self, id: u64) -> bool {
        if self.now >= self.requests[&id].deadline {
            self.fail(id, Why::Deadline);
            return true;
        }
        let listed = self.listed();
        if listed.is_empty() {
            self.fail(id, Why::NoEndpoint);
            return true;
        }
        let Some(position) = self.choose(&listed, &self.requests[&id].tried.clone()) else {
            self.log.note("blocked");
            let request = self.requests.get_mut(&id).expect("under way");
            let place = request.place.take().expect("was let in");
            let since = request.waits_since;
            let entry = self.queue.blocked(self.now, place, since);
            assert!(!self.enter(id, entry), "who was blocked cannot go at once");
            return false;
        };
        self.attempt(id, position);
        true
    }

    fn attempt(&mut self, id: u64, position: usize) {
        let (now, elapsed) = (self.now, self.elapsed());
        let endpoint = &mut self.endpoints[position];
        let attempt = Attempt {
            endpoint: position,
            ticket: endpoint.limit.admit().expect("was eligible"),
            pass: endpoint.breaker.admit(now).expect("was eligible"),
            spell: endpoint.spell,
        };
        endpoint.most_in_flight = endpoint.most_in_flight.max(endpoint.limit.in_flight());
        let mood = endpoint.site.mood(elapsed);
        let (mut after, mut outcome) = mood.answer(elapsed, &mut self.random);
        let request = self.requests.get_mut(&id).expect("under way");
        request.attempts += 1;
        request.tried.push(position);
        request.attempt = Some(attempt);
        let remaining = request.deadline.duration_since(now);
        let most = self.plan.retry.per_attempt.unwrap_or(remaining);
        if after > most.min(remaining) {
            // What the deadline cuts short has not had its time: nobody is to blame.
            outcome = match remaining < most {
                true => Outcome::Unknown,
                false => Outcome::Failure(Cause::ResponseTimeout),
            };
            after = most.min(remaining);
        }
        // Now and then a client leaves.
        if self.random.chance(3) {
            (after, outcome) = (after / 2, Outcome::Unknown);
        }
        self.after(after, Event::End(id, outcome));
    }

    fn end(&mut self, id: u64, outcome: Outcome) {
        let request = self.requests.get_mut(&id).expect("under way");
        let attempt = request.attempt.take().expect("begun");
        self.settle(attempt, outcome);
        let request = self.requests.get_mut(&id).expect("under way");
        let Outcome::Failure(cause) = outcome else {
            if self.now >= request.deadline {
                return self.fail(id, Why::Deadline);
            }
            let place = request.place.expect("was let in");
            self.requests.remove(&id);
            return self.queue.settle(place);
        };
        let facts = Facts {
            attempt: request.attempts,
            cause,
            sent: !cause.is_connect(),
            idempotent: request.idempotent,
            replayable: request.replayable,
            response_started: cause == Cause::Reset && self.random.chance(30),
            stale_reuse: false,
            remaining: Some(request.deadline.duration_since(self.now)),
        };
        match decide(&self.plan.retry, &facts, self.random.next()) {
            Decision::GiveUp(refusal) => self.fail(id, Why::Refused(refusal)),
            Decision::Retry { .. } if !self.budget.withdraw(self.now) => {
                self.fail(id, Why::Budget);
            }
            Decision::Retry { after, .. } => {
                self.log.retries.push(self.now);
                request.waits_since = self.now + after;
                self.after(after, Event::Retry(id));
            }
        }
    }

    fn settle(&mut self, attempt: Attempt, outcome: Outcome) {
        let (now, position) = (self.now, attempt.endpoint);
        let lost = self.plan.lossy && self.elapsed() < TROUBLE && self.random.chance(2);
        let twice = self.random.chance(10);
        let endpoint = &mut self.endpoints[position];
        endpoint.limit.settle(attempt.ticket);
        if outcome == Outcome::Success {
            endpoint.last_success = Some(now);
        }
        if !lost {
            let told = endpoint.breaker.settle(now, attempt.pass, outcome);
            if told.is_some() {
                assert_eq!(
                    attempt.spell, endpoint.spell,
                    "it began before the last change"
                );
                endpoint.spell += 1;
            }
            match told {
                Some(BreakerState::Open) => self.log.note("trip"),
                Some(BreakerState::Closed) => self.log.note("closing"),
                Some(BreakerState::HalfOpen) => panic!("only time leads there"),
                None => {}
            }
            if twice {
                endpoint.limit.settle(attempt.ticket);
                let again = endpoint.breaker.settle(now, attempt.pass, outcome);
                assert_eq!(again, None, "settled twice");
            }
        }
        if endpoint
            .tally
            .observe(&self.plan.outlier, outcome)
            .is_some()
        {
            self.suspect(position);
        }
    }

    fn suspect(&mut self, position: usize) {
        let all = self.endpoints.len();
        let others = (0..all).filter(|other| *other != position);
        let eligible = others.filter(|other| self.standing(*other) == Standing::Eligible);
        let crowd = Crowd {
            members: all as u32,
            others_eligible: eligible.count() as u32,
        };
        let rule = self.plan.outlier;
        let until = self
            .detector
            .suspect(self.now, &rule, position as u64, crowd);
        if until.is_some() {
            self.log.note("ejection");
            self.endpoints[position].ejected = true;
            assert!(crowd.others_eligible > 0, "the last one is never ejected");
            let out = self.detector.ejected_count(self.now) as usize;
            assert!(out < all && out * 100 <= all * rule.max_ejected_percent as usize);
        }
    }

    fn fail(&mut self, id: u64, why: Why) {
        let request = self.requests.remove(&id).expect("under way");
        match why {
            Why::Full => {
                let waited = self.now.saturating_duration_since(request.waits_since);
                let full = self.queue.waiting() >= self.plan.queue.length;
                assert!(full || waited >= self.plan.queue.timeout, "there was room");
            }
            Why::NoEndpoint => {
                self.log.note("nobody");
                let mut all = 0..self.endpoints.len();
                let barred = all.all(|position| self.standing(position) == Standing::Barred);
                assert!(
                    barred || self.plan.panic_percent == 0,
                    "panic lists who is in doubt"
                );
                for endpoint in &self.endpoints {
                    let fine = endpoint.site.fine_since(self.elapsed());
                    let fine = fine.map(|since| self.elapsed() - since);
                    let trusted = fine.is_some_and(|fine| fine >= self.plan.recovery());
                    assert!(!trusted, "it has been fine for {fine:?}");
                }
            }
            Why::Budget => {
                self.log.note("unaffordable");
                self.log.assert_spent(self.plan.budget, self.now);
            }
            Why::Deadline => assert!(self.now >= request.deadline, "there was time"),
            Why::Refused(_) => {}
        }
        if let Some(place) = request.place {
            self.queue.settle(place);
        }
        self.log.failures.push((self.now, why));
    }

    /// What a selector may see.
    fn listed(&mut self) -> Vec<usize> {
        let member = |position: usize| Member {
            priority: self.endpoints[position].site.priority,
            weight: self.endpoints[position].site.weight,
            standing: self.standing(position),
            draining: false,
        };
        let members: Vec<_> = (0..self.endpoints.len()).map(member).collect();
        let roster = roster(&members, self.plan.panic_percent);
        if roster.panic {
            self.log.note("panic");
        }
        if roster.spilled {
            self.log.note("spill");
        }
        let listed: Vec<_> = roster.members.into_iter().map(|n| n as usize).collect();
        for position in &listed {
            assert_ne!(self.standing(*position), Standing::Barred, "it is open");
        }
        listed
    }

    pub fn standing(&self, position: usize) -> Standing {
        let endpoint = &self.endpoints[position];
        let ejected = self.detector.ejected(self.now, position as u64).is_some();
        if endpoint.breaker.state(self.now) == BreakerState::Open {
            Standing::Barred
        } else if ejected || endpoint.health.verdict() == Verdict::Down {
            Standing::Doubted
        } else {
            Standing::Eligible
        }
    }

    /// Asks all: one that was not tried yet, if there is any, by weight.
    fn choose(&mut self, listed: &[usize], tried: &[usize]) -> Option<usize> {
        let free = |position: &usize| {
            let endpoint = &self.endpoints[*position];
            endpoint.limit.eligible() && endpoint.breaker.eligible(self.now)
        };
        let mut free: Vec<_> = listed.iter().copied().filter(free).collect();
        if free.iter().any(|position| !tried.contains(position)) {
            free.retain(|position| !tried.contains(position));
        }
        if free.is_empty() {
            return None;
        }
        let row = |position: &usize| {
            let endpoint = &self.endpoints[*position];
            let since = endpoint.back.map(|back| self.now.duration_since(back));
            (endpoint.site.weight, tenths(since, self.plan.ramp))
        };
        let weights = weights(&free.iter().map(row).collect::<Vec<_>>(), self.plan.ramp);
        Some(free[self.random.weighted(&weights)])
    }

    fn probe(&mut self, position: usize) {
        let rule = self.plan.health.expect("probed by rule");
        let (now, elapsed) = (self.now, self.elapsed());
        let endpoint = &mut self.endpoints[position];
        let passed = endpoint.site.mood(elapsed).is_well(elapsed);
        match endpoint.health.report(&rule, passed) {
            Some(Verdict::Up) => {
                endpoint.breaker.reset();
                endpoint.spell += 1;
                endpoint.tally.clear();
                endpoint.back = Some(now);
            }
            Some(Verdict::Down) => self.log.note("down"),
            None => {}
        }
        let wait = endpoint.health.wait(&rule, self.random.next());
        self.again(wait, Event::Probe(position));
    }

    fn tick(&mut self) {
        for (position, endpoint) in self.endpoints.iter_mut().enumerate() {
            let ejected = self.detector.ejected(self.now, position as u64).is_some();
            if endpoint.ejected && !ejected {
                endpoint.ejected = false;
                endpoint.tally.clear();
                endpoint.back = Some(self.now);
            }
        }
        self.again(TICK, Event::Tick);
    }

    fn compare(&mut self) {
        let endpoints = self.endpoints.iter_mut();
        let seen: Vec<_> = (0u64..)
            .zip(endpoints)
            .map(|(position, endpoint)| (position, endpoint.tally.take()))
            .collect();
        for suspect in Detector::stand_out(&self.plan.outlier, &seen) {
            self.suspect(suspect as usize);
        }
        self.detector.decay(self.now, &self.plan.outlier);
        self.again(self.plan.outlier.interval, Event::Compare);
    }
}
