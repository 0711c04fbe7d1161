//! The line before an upstream that is full. The order is the policy's; here is who waits.

use std::collections::VecDeque;
use std::time::Instant;
use tidegate_policy::{Entry, Place, Progress, Queue, QueueRule, Turn};

/// One line.
pub(crate) struct Line {
    pub(crate) queue: Queue,
    waiters: VecDeque<(Turn, u32)>,
}

impl Line {
    pub(crate) fn new(rule: QueueRule) -> Self {
        Self {
            queue: Queue::new(rule),
            waiters: VecDeque::new(),
        }
    }

    /// The request stands in line from now on.
    pub(crate) fn stand(&mut self, turn: Turn, slot: u32) -> Option<Instant> {
        self.waiters.push_back((turn, slot));
        self.queue.until(turn)
    }

    /// The first in line goes, if there is room.
    pub(crate) fn next(&mut self, now: Instant) -> Option<(u32, Place)> {
        let turn = self.queue.head(now)?;
        let found = self.waiters.iter().position(|(it, _)| *it == turn)?;
        match self.queue.progress(now, turn) {
            Progress::Go(place) => {
                let (_, slot) = self.waiters.remove(found)?;
                Some((slot, place))
            }
            Progress::Wait | Progress::Expired => None,
        }
    }

    /// Whether the request waited too long; then it is not in line any more.
    pub(crate) fn expire(&mut self, now: Instant, turn: Turn) -> bool {
        let over = self.queue.until(turn).is_none_or(|until| until <= now);
        if over {
            self.queue.leave(turn);
            self.waiters.retain(|(it, _)| *it != turn);
        }
        over
    }

    /// Arrives, or comes back from a look at endpoints that were all full.
    pub(crate) fn enter(&mut self, now: Instant, blocked: Option<(Place, Instant)>) -> Entry {
        match blocked {
            Some((place, since)) => self.queue.blocked(now, place, since),
            None => self.queue.arrive(now),
        }
    }
}
