//! The line before an upstream that is full: first come, first served, and bounded.
//!
//! A request holds its [`Seat`] from its first attempt to its end, the waits between
//! attempts included. The order is the policy's ([`Queue`]); here are the sleepers.

use crate::telemetry::QueueRefusal;
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64};
use std::time::Instant;
use tidegate_policy::{Entry, Place, Progress, Queue, QueueRule, Turn};
use tokio::sync::Notify;
use tokio::time::timeout_at;

/// One line.
pub struct Line {
    inner: Mutex<Inner>,
    /// How many wait, for those who only want to know whether anybody does.
    waiting: AtomicU32,
    /// Whether there are limits at all: without them nobody ever waits.
    bounded: AtomicBool,
    /// How often something became free.
    moves: AtomicU64,
}

struct Inner {
    queue: Queue,
    sleepers: VecDeque<(Turn, Arc<Notify>)>,
}

/// What bounds nobody: an upstream without limits never asks its line.
const OPEN: QueueRule = QueueRule {
    max_in_flight: None,
    length: 0,
    timeout: std::time::Duration::ZERO,
};

impl Line {
    pub(super) fn new() -> Self {
        Self {
            inner: Mutex::new(Inner {
                queue: Queue::new(OPEN),
                sleepers: VecDeque::new(),
            }),
            waiting: AtomicU32::new(0),
            bounded: AtomicBool::new(false),
            moves: AtomicU64::new(0),
        }
    }

    pub(super) fn configure(&self, rule: Option<QueueRule>) {
        self.bounded.store(rule.is_some(), Relaxed);
        self.inner.lock().queue.configure(rule.unwrap_or(OPEN));
        self.moved();
    }

    /// How many wait.
    pub fn waiting(&self) -> u32 {
        self.waiting.load(Relaxed)
    }

    /// How often something became free so far: see [`Seat::again`].
    pub fn moves(&self) -> u64 {
        self.moves.load(Acquire)
    }

    /// Something has become free: the first in line looks again.
    pub(super) fn moved(&self) {
        if !self.bounded.load(Relaxed) && self.waiting.load(Relaxed) == 0 {
            return;
        }
        self.moves.fetch_add(1, Release);
        self.wake();
    }

    /// The first in line looks again, if there is room in the upstream.
    fn wake(&self) {
        if self.waiting.load(Relaxed) == 0 {
            return;
        }
        let inner = self.inner.lock();
        let Some(head) = inner.queue.head(Instant::now()) else {
            return;
        };
        if let Some((_, sleeper)) = inner.sleepers.iter().find(|(turn, _)| *turn == head) {
            sleeper.notify_one();
        }
    }

    fn settle(&self, place: Place) {
        self.inner.lock().queue.settle(place);
        self.moved();
    }
}

impl super::Group {
    /// A seat in the upstream, at once or after a wait.
    ///
    /// # Errors
    /// The line is full, or the wait was too long.
    pub async fn seat(self: &Arc<Self>) -> Result<Seat, QueueRefusal> {
        let began = Instant::now();
        let entry = {
            let line = self.line();
            let mut inner = line.inner.lock();
            let entry = inner.queue.arrive(began);
            Waiting::enrol(self, &mut inner, entry, began)
        };
        self.admit(entry).await
    }

    async fn admit(self: &Arc<Self>, entry: Enrolled) -> Result<Seat, QueueRefusal> {
        let refused = |why| {
            self.series().queue_refused(why);
            Err(why)
        };
        match entry {
            Enrolled::Seat(seat) => Ok(seat),
            Enrolled::Refused => refused(QueueRefusal::Full),
            Enrolled::Waiting(waiting) => match waiting.wait().await {
                Some(seat) => Ok(seat),
                None => refused(QueueRefusal::Timeout),
            },
        }
    }
}

/// One request in the upstream. Given back when dropped.
pub struct Seat {
    group: Arc<super::Group>,
    place: Option<Place>,
    /// Since when it waited in line; none when it did not, or that is counted.
    waited: Option<Instant>,
}

impl Seat {
    /// It has found an endpoint: its wait is counted, and the next in line may find one
    /// too. Who found none does not pass the word on, or those who wait would wake each
    /// other for ever.
    pub fn found(&mut self) {
        if let Some(since) = self.waited.take() {
            self.group.series().queue_wait(since.elapsed());
        }
        self.group.line().wake();
    }

    /// Every endpoint was full: waits at the very front until one may not be. `since` is
    /// when this request began to wait, `moves` what [`Line::moves`] said before the
    /// endpoints were asked: what became free after that must not be missed.
    ///
    /// # Errors
    /// The line is full, or the wait was too long.
    pub async fn again(mut self, since: Instant, moves: u64) -> Result<Self, QueueRefusal> {
        let group = self.group.clone();
        let Some(place) = self.place.take() else {
            return Err(QueueRefusal::Full);
        };
        let entry = {
            let line = group.line();
            let mut inner = line.inner.lock();
            let entry = inner.queue.blocked(Instant::now(), place, since);
            let mut enrolled = Waiting::enrol(&group, &mut inner, entry, since);
            if let Enrolled::Waiting(waiting) = &mut enrolled {
                waiting.sleeps = line.moves() == moves;
            }
            enrolled
        };
        group.admit(entry).await
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        if let Some(place) = self.place.take() {
            self.group.line().settle(place);
        }
    }
}

enum Enrolled {
    Seat(Seat),
    Waiting(Waiting),
    Refused,
}

/// A turn in the line; given up when dropped.
struct Waiting {
    group: Arc<super::Group>,
    turn: Turn,
    sleeper: Arc<Notify>,
    since: Instant,
    /// Whether to sleep before the first look.
    sleeps: bool,
    /// Whether its turn came.
    went: bool,
}

impl Waiting {
    fn enrol(
        group: &Arc<super::Group>,
        inner: &mut Inner,
        entry: Entry,
        since: Instant,
    ) -> Enrolled {
        match entry {
            Entry::Go(place) => Enrolled::Seat(Seat {
                group: group.clone(),
                place: Some(place),
                waited: None,
            }),
            Entry::Refused => Enrolled::Refused,
            Entry::Wait(turn) => {
                let sleeper = Arc::new(Notify::new());
                inner.sleepers.push_back((turn, sleeper.clone()));
                group.line().waiting.fetch_add(1, Relaxed);
                Enrolled::Waiting(Self {
                    group: group.clone(),
                    turn,
                    sleeper,
                    since,
                    sleeps: false,
                    went: false,
                })
            }
        }
    }

    async fn wait(mut self) -> Option<Seat> {
        loop {
            let line = self.group.line();
            let until = if std::mem::take(&mut self.sleeps) {
                line.inner.lock().queue.until(self.turn)?
            } else {
                let mut inner = line.inner.lock();
                match inner.queue.progress(Instant::now(), self.turn) {
                    Progress::Go(place) => {
                        self.went = true;
                        return Some(Seat {
                            group: self.group.clone(),
                            place: Some(place),
                            waited: Some(self.since),
                        });
                    }
                    Progress::Expired => return None,
                    Progress::Wait => inner.queue.until(self.turn)?,
                }
            };
            // Woken or late: either way the queue knows what follows.
            let _ = timeout_at(until.into(), self.sleeper.notified()).await;
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let line = self.group.line();
        {
            let mut inner = line.inner.lock();
            inner.queue.leave(self.turn);
            inner.sleepers.retain(|(turn, _)| *turn != self.turn);
        }
        line.waiting.fetch_sub(1, Relaxed);
        if !self.went {
            // Whoever stood behind may be first now.
            line.wake();
        }
    }
}
