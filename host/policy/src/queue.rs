//! Admission to an upstream: a bound on its requests in flight, and a line before it.
//!
//! First come, first served. Who arrives goes straight through only when there is room and
//! nobody waits; else a newcomer could overtake, and under load the one at the head would
//! wait until its time is over. The line is short and so is the time in it: a request that
//! waits longer than its client only makes all behind it late.
//!
//! A request that was let in may find every endpoint full. It gives its [`Place`] back and
//! stands at the front again, before all who came after it, and its time runs on: it counts
//! from when it began to wait, however often that happens.
//!
//! Whoever waits holds a [`Turn`]. Nobody has to take it out of the line: a turn whose time
//! is over is passed over, so a waiter that was forgotten keeps nobody back. Turns are
//! numbered and places are tickets of a [`Limit`], so that one that comes late or twice
//! changes nothing.
//!
//! Refuses to wake anybody. Whenever a place or an endpoint has become free, the caller asks
//! for the [`head`](Queue::head) and wakes it, and after it went, again: there may be room
//! for the next.

use crate::{Limit, Ticket, time};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// How many may be in an upstream, and wait for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueRule {
    /// Requests in flight; `None` bounds nothing. Zero admits nobody, and the configuration
    /// refuses it.
    pub max_in_flight: Option<u32>,
    /// Requests that may wait; with zero nobody does.
    pub length: u32,
    /// The longest wait; zero is as good as no line.
    pub timeout: Duration,
}

/// One request in flight in the upstream. Valid once, and only with the queue that gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a place that is not settled is taken for ever"]
pub struct Place(Ticket);

/// A place in the line. Valid until it went, left or expired, and only with the queue that
/// gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a turn that is not asked for holds a place in the line until its time is over"]
pub struct Turn(Order);

/// The order of the line. Numbers are never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Order {
    /// Was let in before and came back: before all others, the longest wait first.
    Blocked { since: Instant, number: u64 },
    /// In the order of arrival.
    Arrived { number: u64 },
}

/// What an arriving request is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// Come in.
    Go(Place),
    /// Stand in line.
    Wait(Turn),
    /// The line is full, or there is none, or no time to wait.
    Refused,
}

/// What a waiting request is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Come in; the turn is used up.
    Go(Place),
    /// Not yet.
    Wait,
    /// It waited too long, or is not in line any more.
    Expired,
}

/// The bound and the line of one upstream.
#[derive(Clone, Debug)]
pub struct Queue {
    rule: QueueRule,
    limit: Limit,
    /// When each turn expires.
    line: BTreeMap<Order, Instant>,
    issued: u64,
}

impl Queue {
    /// Nobody in flight, nobody in line.
    pub fn new(rule: QueueRule) -> Self {
        Self {
            rule,
            limit: Limit::new(rule.max_in_flight),
            line: BTreeMap::new(),
            issued: 0,
        }
    }

    /// Changes the rule. Those in flight and in line stay, even beyond the new bounds, and who
    /// waits keeps the time that it was given.
    pub fn configure(&mut self, rule: QueueRule) {
        self.rule = rule;
        self.limit.resize(rule.max_in_flight);
    }

    /// A request arrives: it may go when nobody waits and there is room, and wait while the
    /// line has a place.
    pub fn arrive(&mut self, now: Instant) -> Entry {
        self.expire_front(now);
        if self.line.is_empty()
            && let Some(ticket) = self.limit.admit()
        {
            return Entry::Go(Place(ticket));
        }
        let number = self.number();
        self.stand(now, Order::Arrived { number }, now)
    }

    /// A request that was let in found every endpoint full. Its place is given back in each
    /// case. It stands before all that have not been let in yet; among several that came back
    /// the one that has waited longest is first. Its time counts from `waits_since`, when it
    /// began to wait. Refused when that time is over, or the line is full or has no length.
    pub fn blocked(&mut self, now: Instant, place: Place, waits_since: Instant) -> Entry {
        self.settle(place);
        self.expire_front(now);
        let (since, number) = (waits_since, self.number());
        self.stand(now, Order::Blocked { since, number }, since)
    }

    /// Whether the turn has come: it has for the first in line, when there is room. The place
    /// is one in the upstream; whether an endpoint is free is for the caller to find out.
    pub fn progress(&mut self, now: Instant, turn: Turn) -> Progress {
        self.expire_front(now);
        match self.line.get(&turn.0) {
            None => return Progress::Expired,
            Some(until) if *until <= now => {
                self.leave(turn);
                return Progress::Expired;
            }
            Some(_) => {}
        }
        let first = self.line.keys().next() == Some(&turn.0);
        match first.then(|| self.limit.admit()).flatten() {
            None => Progress::Wait,
            Some(ticket) => {
                self.leave(turn);
                Progress::Go(Place(ticket))
            }
        }
    }

    /// Gives the turn up. One that is not in line any more changes nothing.
    pub fn leave(&mut self, turn: Turn) {
        self.line.remove(&turn.0);
    }

    /// The request has ended. A place that was settled before changes nothing.
    pub fn settle(&mut self, place: Place) {
        self.limit.settle(place.0);
    }

    /// Whom to wake: the first in line whose time is not over, when there is room.
    pub fn head(&self, now: Instant) -> Option<Turn> {
        let waiting = || self.line.iter().find(|(_, until)| now < **until);
        self.limit
            .eligible()
            .then(waiting)
            .flatten()
            .map(|(order, _)| Turn(*order))
    }

    /// When the turn expires; `None` when it is not in line any more.
    pub fn until(&self, turn: Turn) -> Option<Instant> {
        self.line.get(&turn.0).copied()
    }

    /// Requests in line, including those whose time is over until they ask or are passed over.
    pub fn waiting(&self) -> u32 {
        // Fits: `stand` keeps to a length that is a u32.
        self.line.len() as u32
    }

    /// Requests in flight.
    pub fn in_flight(&self) -> u32 {
        self.limit.in_flight()
    }

    fn stand(&mut self, now: Instant, order: Order, since: Instant) -> Entry {
        let until = time::after(since, self.rule.timeout);
        if until <= now || self.waiting() >= self.rule.length {
            return Entry::Refused;
        }
        self.line.insert(order, until);
        Entry::Wait(Turn(order))
    }

    fn number(&mut self) -> u64 {
        self.issued += 1;
        self.issued
    }

    /// Passes over those at the front whose time is over.
    fn expire_front(&mut self, now: Instant) {
        while let Some(first) = self.line.first_entry()
            && *first.get() <= now
        {
            first.remove();
        }
    }
}

#[cfg(test)]
#[path = "queue_tests.rs"]
mod tests;
