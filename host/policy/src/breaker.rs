//! Stops asking an endpoint that keeps failing, and finds out when it works again.
//!
//! Closed: traffic flows and failures are counted, those in a row, or their share of the
//! recent past, or both. Too many and the breaker trips. Open: nobody is let through until a
//! cooldown is over. Half open: a few attempts at a time are let through as probes; enough
//! successes close the breaker, one failure opens it again for twice as long (Nygard,
//! "Release It!", "Circuit Breaker"; Fowler, "CircuitBreaker", 2014).
//!
//! Three things could lock an endpoint out for ever, and here they cannot. *A verdict from
//! another time*: an attempt that was let through before the last change of state tells
//! nothing of the state after it. Its [`Pass`] bears the generation that it belongs to and
//! is ignored in any other; so is a pass that was settled before. *A probe without
//! a verdict*: one that ends as [`Outcome::Unknown`] gives its place to another. *A probe
//! that never ends*: it loses its place after 60 s, or the last cooldown if that is longer.
//! Its verdict still counts when it comes while the breaker is half open: else an endpoint
//! that answers slowly could never prove itself, and one that never answers would be asked
//! again and again.
//!
//! Refuses to know the other endpoints, hence to care whether any is left, and to report a
//! cooldown that is over: nothing calls it then, see [`Breaker::next_change`].

mod rule;
mod state;

pub use self::rule::{BreakerRule, FailureShare};
pub use self::state::BreakerState;

use self::state::{Probe, State, Trip, is_over};
use crate::window::Counts;
use crate::{Limit, Outcome, Ticket};
use std::time::{Duration, Instant};

/// The breaker of one endpoint.
#[derive(Clone, Debug)]
pub struct Breaker {
    rule: BreakerRule,
    state: State,
    /// Of the state: the next one has the next number.
    generation: u64,
    /// Passes that are not settled, of all generations.
    passes: Limit,
}

/// The leave to make one attempt, from [`Breaker::admit`]. Valid once, and only with the
/// breaker that issued it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a pass that is not settled keeps a probe's place until it is lost"]
pub struct Pass {
    ticket: Ticket,
    generation: u64,
}

impl Breaker {
    /// A closed breaker that has seen nothing.
    pub fn new(rule: BreakerRule) -> Self {
        Self {
            rule,
            state: State::closed(&rule, None),
            generation: 0,
            passes: Limit::new(None),
        }
    }

    /// Changes the rule. What was learnt stays: the state, a cooldown that has begun, and the
    /// counts, except those of a window whose length changes. A breaker that the new rule
    /// would have tripped trips with the next failure.
    pub fn configure(&mut self, rule: BreakerRule) {
        let span = |rule: &BreakerRule| rule.failure_share.map(|share| share.window);
        if let State::Closed { window, .. } = &mut self.state
            && span(&rule) != span(&self.rule)
        {
            *window = rule.window();
        }
        self.rule = rule;
    }

    /// What it does with traffic at `now`. An open breaker whose cooldown is over is half
    /// open.
    pub fn state(&self, now: Instant) -> BreakerState {
        self.state.at(now)
    }

    /// Whether [`admit`](Self::admit) would let an attempt through at `now`.
    pub fn eligible(&self, now: Instant) -> bool {
        let room = match self.state(now) {
            BreakerState::Closed => true,
            BreakerState::Open => false,
            BreakerState::HalfOpen => self.state.held(now) < self.rule.probes.get() as usize,
        };
        room && self.passes.eligible()
    }

    /// Lets an attempt through, or answers `None`.
    pub fn admit(&mut self, now: Instant) -> Option<Pass> {
        if !self.eligible(now) {
            return None;
        }
        let ticket = self.passes.admit()?;
        if let State::Open { cooldown, .. } = self.state {
            self.enter(State::HalfOpen {
                cooldown,
                probes: Vec::new(),
                successes: 0,
            });
        }
        if let State::HalfOpen {
            cooldown, probes, ..
        } = &mut self.state
        {
            probes.retain(|probe| !probe.is_lost(now, *cooldown));
            probes.push(Probe { ticket, since: now });
        }
        Some(Pass {
            ticket,
            generation: self.generation,
        })
    }

    /// Takes a pass back with what became of its attempt. Answers the new state if that
    /// changed it. A pass of an earlier generation, or one that was settled before, changes
    /// nothing.
    pub fn settle(&mut self, now: Instant, pass: Pass, outcome: Outcome) -> Option<BreakerState> {
        if !self.take_back(pass.ticket) || pass.generation != self.generation {
            return None;
        }
        let verdict = self.rule.judge(outcome);
        match &mut self.state {
            State::Closed {
                trip,
                in_a_row,
                window,
            } => {
                let counts = verdict?;
                let failed = counts == Counts::BAD;
                *in_a_row = if failed {
                    in_a_row.saturating_add(1)
                } else {
                    0
                };
                let in_a_row = *in_a_row;
                let recent = window.as_mut().map(|window| {
                    window.record(now, counts);
                    window.sum(now)
                });
                let cooldown = Trip::next_cooldown(*trip, now, &self.rule);
                let trips = failed && self.rule.is_too_much(in_a_row, recent);
                trips.then(|| self.open(now, cooldown))
            }
            // Nobody was let through in this generation.
            State::Open { .. } => None,
            State::HalfOpen {
                cooldown,
                probes,
                successes,
            } => {
                let cooldown = *cooldown;
                probes.retain(|probe| probe.ticket != pass.ticket);
                if verdict? == Counts::BAD {
                    return Some(self.open(now, self.rule.longer(cooldown)));
                }
                *successes = successes.saturating_add(1);
                let closes = *successes >= self.rule.probes.get();
                closes.then(|| self.close(now, cooldown))
            }
        }
    }

    /// When [`state`](Self::state) changes although nobody calls: the end of a cooldown.
    /// `None` when it does not, or so late that no `Instant` can say it.
    pub fn next_change(&self, now: Instant) -> Option<Instant> {
        match self.state {
            State::Open { since, cooldown } if !is_over(now, since, cooldown) => {
                since.checked_add(cooldown)
            }
            State::Closed { .. } | State::Open { .. } | State::HalfOpen { .. } => None,
        }
    }

    /// Closes it as if it were new: something else has proved that the endpoint works.
    pub fn reset(&mut self) {
        self.enter(State::closed(&self.rule, None));
    }

    fn open(&mut self, now: Instant, cooldown: Duration) -> BreakerState {
        self.enter(State::Open {
            since: now,
            cooldown,
        });
        BreakerState::Open
    }

    fn close(&mut self, now: Instant, cooldown: Duration) -> BreakerState {
        let trip = Trip {
            cooldown,
            closed: now,
        };
        self.enter(State::closed(&self.rule, Some(trip)));
        BreakerState::Closed
    }

    /// What was let through before now belongs to the past.
    fn enter(&mut self, state: State) {
        self.state = state;
        self.generation += 1;
    }

    /// Whether the ticket was still out.
    fn take_back(&mut self, ticket: Ticket) -> bool {
        let out = self.passes.in_flight();
        self.passes.settle(ticket);
        self.passes.in_flight() < out
    }
}

#[cfg(test)]
mod tests;
