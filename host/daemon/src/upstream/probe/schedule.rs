//! When which target is probed.
//!
//! One task takes what is due from a heap and makes a task for each probe, up to a bound.
//! When that is reached, what is due waits in the heap, the oldest first. The next probe
//! of a target counts from when this one really began, so that a delay passes and does
//! not add up; and it comes into the heap only after this one has ended, so that a
//! target is never probed twice at a time.

use super::target::{Listener, Target};
use parking_lot::Mutex;
use std::cmp::Ordering;
use std::collections::hash_map::{Entry, HashMap};
use std::collections::{BinaryHeap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// What becomes due within this time is begun together: with thousands of targets, waking
/// up for each would cost as much as a probe.
const TICK: Duration = Duration::from_millis(10);

/// Who is probed, and when.
pub(super) struct Schedule {
    plan: Mutex<Plan>,
    /// There may be something to do before the task wakes up by itself.
    changed: Notify,
    at_once: usize,
}

#[derive(Default)]
struct Plan {
    followed: HashMap<Key, Arc<Target>>,
    /// Those followed and not probed just now, each once.
    due: BinaryHeap<Due>,
    /// Probes under way, also those of targets that are not followed any more.
    under_way: HashSet<Key>,
    /// When the task wakes up by itself.
    asleep_until: Option<Instant>,
}

/// The place of a target in memory, which stays its own while the plan or a probe holds
/// the target.
type Key = usize;

fn key(target: &Arc<Target>) -> Key {
    Arc::as_ptr(target) as Key
}

struct Due {
    at: Instant,
    target: Arc<Target>,
}

impl Schedule {
    pub fn new(at_once: usize) -> Self {
        Self {
            plan: Mutex::default(),
            changed: Notify::new(),
            at_once,
        }
    }

    /// From now on these, and nothing else.
    pub fn follow(&self, targets: Vec<(Arc<Target>, Listener)>) {
        let mut next: HashMap<Key, (Arc<Target>, Vec<Listener>)> = HashMap::new();
        for (target, listener) in targets {
            let entry = next.entry(key(&target)).or_insert((target, Vec::new()));
            entry.1.push(listener);
        }
        let now = Instant::now();
        // Dropped after the lock is released: nobody knows what listeners hold.
        let mut former = Vec::new();
        let mut plan = self.plan.lock();
        let plan = &mut *plan;
        for (key, target) in &plan.followed {
            if !next.contains_key(key) {
                former.push((target.clone(), target.set_listeners(Vec::new())));
            }
        }
        plan.followed.retain(|key, _| next.contains_key(key));
        plan.due
            .retain(|due| plan.followed.contains_key(&key(&due.target)));
        for (key, (target, listeners)) in next {
            former.push((target.clone(), target.set_listeners(listeners)));
            if let Entry::Vacant(entry) = plan.followed.entry(key) {
                entry.insert(target.clone());
                if !plan.under_way.contains(&key) {
                    let at = after(now, target.first_wait());
                    plan.due.push(Due { at, target });
                }
            }
        }
        self.changed.notify_one();
    }

    /// Begins what is due and has a place. Answers when to come back: not before
    /// something has changed, if None.
    fn begin(self: &Arc<Self>) -> Option<Instant> {
        let mut plan = self.plan.lock();
        let plan = &mut *plan;
        let began = Instant::now();
        while plan.under_way.len() < self.at_once
            && plan.due.peek().is_some_and(|due| due.at <= began)
        {
            let Some(Due { target, .. }) = plan.due.pop() else {
                break;
            };
            plan.under_way.insert(key(&target));
            let turn = Turn {
                schedule: self.clone(),
                target,
                began,
            };
            tokio::spawn(async move { turn.target.probe(turn.began).await });
        }
        let full = plan.under_way.len() >= self.at_once;
        plan.asleep_until = match plan.due.peek() {
            Some(due) if !full => Some(due.at.max(began + TICK)),
            _ => None,
        };
        plan.asleep_until
    }

    fn end(&self, target: &Arc<Target>, began: Instant) {
        let mut plan = self.plan.lock();
        plan.under_way.remove(&key(target));
        if plan.followed.contains_key(&key(target)) {
            let at = after(began, target.wait());
            let target = target.clone();
            plan.due.push(Due { at, target });
        }
        let next = plan.due.peek().map(|due| due.at);
        if next.is_some_and(|next| plan.asleep_until.is_none_or(|until| next < until)) {
            self.changed.notify_one();
        }
    }
}

/// Begins probes when they are due, for ever.
pub(super) async fn run(schedule: Arc<Schedule>) {
    loop {
        let changed = schedule.changed.notified();
        match schedule.begin() {
            Some(at) => {
                let _ = tokio::time::timeout_at(at.into(), changed).await;
            }
            None => changed.await,
        }
    }
}

/// One probe; settled by its `Drop`, also if it panics or its runtime ends.
struct Turn {
    schedule: Arc<Schedule>,
    target: Arc<Target>,
    began: Instant,
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.schedule.end(&self.target, self.began);
    }
}

/// A sum that does not fit is as good as never.
fn after(now: Instant, wait: Duration) -> Instant {
    const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);
    now.checked_add(wait.min(YEAR)).unwrap_or(now)
}

// The heap gives the greatest first: that is the earliest.
impl Ord for Due {
    fn cmp(&self, other: &Self) -> Ordering {
        other.at.cmp(&self.at)
    }
}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Due {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at
    }
}

impl Eq for Due {}
