//! What happens, in the order of time; what is due at the same time, in the order in which it
//! was scheduled.

use crate::site::Job;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

/// Something that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// The next request arrives.
    Arrive,
    /// Work at an endpoint has ended.
    Worked {
        site: u32,
        epoch: u32,
        job: Job,
        status: Option<u16>,
    },
    /// A connection was refused.
    Refused(Job),
    /// An attempt has had its time.
    Late(Job),
    /// A request makes its next attempt.
    Again(Job),
    /// A request has waited in line for as long as it may.
    Expire(Job),
    /// A keeper looks.
    Look(u32),
    /// A keeper compares.
    Sweep(u32),
    /// A proxy probes an endpoint.
    Probe { proxy: u32, site: u32 },
    /// The next change of the endpoints.
    Change,
}

struct Due {
    at: u64,
    number: u64,
    event: Event,
}

/// All that is due.
#[derive(Default)]
pub(super) struct Agenda {
    heap: BinaryHeap<Reverse<Due>>,
    /// Ends of attempts' time. They mostly come in order, and mostly find the attempt over:
    /// a line is cheaper than the heap.
    late: VecDeque<Due>,
    number: u64,
}

impl Agenda {
    pub(super) fn add(&mut self, at: u64, event: Event) {
        let due = self.due(at, event);
        self.heap.push(Reverse(due));
    }

    /// The same for the end of an attempt's time.
    pub(super) fn add_late(&mut self, at: u64, job: Job) {
        let due = self.due(at, Event::Late(job));
        if self.late.back().is_none_or(|last| last.at <= at) {
            self.late.push_back(due);
        } else {
            self.heap.push(Reverse(due));
        }
    }

    /// What is next. Ends of attempts that `matters` does not want to hear of are left out.
    pub(super) fn next(&mut self, matters: impl Fn(Job) -> bool) -> Option<(u64, Event)> {
        while let Some(Due {
            event: Event::Late(job),
            ..
        }) = self.late.front()
            && !matters(*job)
        {
            self.late.pop_front();
        }
        let first = self.heap.peek().map(|due| due.0.key());
        let late = self.late.front().map(Due::key);
        let due = if late.is_some() && (first.is_none() || late < first) {
            self.late.pop_front()
        } else {
            self.heap.pop().map(|due| due.0)
        };
        due.map(|due| (due.at, due.event))
    }

    fn due(&mut self, at: u64, event: Event) -> Due {
        self.number += 1;
        Due {
            at,
            number: self.number,
            event,
        }
    }
}

impl Due {
    fn key(&self) -> (u64, u64) {
        (self.at, self.number)
    }
}

impl Ord for Due {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key().cmp(&other.key())
    }
}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Due {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Due {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_times_keep_their_order_whichever_way_they_were_kept() {
        let job = |slot| Job {
            slot,
            generation: 0,
        };
        let mut agenda = Agenda::default();
        agenda.add_late(5, job(1));
        agenda.add(5, Event::Look(0));
        agenda.add_late(5, job(2));
        agenda.add_late(3, job(3));
        agenda.add(4, Event::Arrive);
        let mut seen = Vec::new();
        while let Some((at, event)) = agenda.next(|job| job.slot != 2) {
            seen.push((at, event));
        }
        let expected = [
            (3, Event::Late(job(3))),
            (4, Event::Arrive),
            (5, Event::Late(job(1))),
            (5, Event::Look(0)),
        ];
        assert_eq!(seen, expected);
    }
}
