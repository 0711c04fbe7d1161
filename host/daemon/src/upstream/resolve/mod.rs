//! Endpoints by name: the addresses that a name stands for, kept fresh.
//!
//! Names are resolved beside the requests, never within one: a request finds the addresses
//! of the last answer. [`Resolver::first`] fetches them before a configuration serves,
//! [`Resolver::follow`] keeps them fresh from then on, and [`Resolver::changes`] tells when
//! they are others. A name is asked again when its answer has lived its time, within the
//! bounds of its configuration (`wait.rs`); what a bad answer changes, which is nothing, is
//! in `known.rs`; how servers are asked is in `ask.rs`.
//!
//! This speaks DNS itself instead of calling the system's `getaddrinfo`, which does not say
//! how long an answer may be kept, and blocks a thread for each name, without a bound of
//! ours. What is lost are the modules of nsswitch other than `files` and `dns`: names that
//! only mDNS, LDAP, `myhostname` or the like know do not resolve here. `/etc/resolv.conf`
//! and `/etc/hosts` are read, and read again when they change; of the former's options,
//! `ndots` counts.
//!
//! Refused here: to order or weigh addresses (that is the selector's work), records other
//! than A, AAAA and the aliases to them, DNSSEC, and DNS over TLS: run a resolver on this
//! machine that does it.

mod answer;
mod ask;
mod entry;
mod known;
mod log;
mod system;
#[cfg(test)]
mod tests;
mod wait;

use crate::config::value::{self, Name};
use answer::{Answer, Found};
use ask::Asker;
use entry::{Entry, Keeper, Question};
use parking_lot::Mutex;
use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout_at};

/// The addresses of names.
pub struct Resolver {
    asker: Arc<Asker>,
    entries: Mutex<HashMap<Question, Entry>>,
    changes: watch::Sender<u64>,
}

impl Resolver {
    /// Knows nothing yet, and asks nobody yet.
    ///
    /// # Errors
    /// A sentence for the operator: the configuration leaves the servers to the system,
    /// and the system does not say which.
    pub fn new(config: &value::Resolver) -> Result<Arc<Self>, String> {
        Ok(Self::with(Asker::new(config)?))
    }

    fn with(asker: Asker) -> Arc<Self> {
        Arc::new(Self {
            asker: Arc::new(asker),
            entries: Mutex::default(),
            changes: watch::Sender::new(0),
        })
    }

    /// Asks for those that are not known yet, all at once; returns when all have answered
    /// or failed, after `bound` at the latest. Not known are also those that never
    /// resolved, and those that nobody follows and whose time has passed.
    pub async fn first(&self, names: &[Name], bound: Duration) {
        let began = Instant::now();
        let mut open = self.unknown(names, began);
        let mut tasks = JoinSet::new();
        for question in open.iter().cloned() {
            let asker = self.asker.clone();
            tasks.spawn(async move {
                let began = Instant::now();
                let answer = asker.ask(&question).await;
                (question, began, answer)
            });
        }
        let end = after(began, bound);
        while let Ok(Some(done)) = timeout_at(end, tasks.join_next()).await {
            if let Ok((question, began, answer)) = done {
                self.learn(&question, began, answer);
                open.remove(&question);
            }
        }
        let late = Found::Failed(format!("no answer within {bound:?}"));
        for question in open {
            let answer = Answer::same(question.resolve.family, &late);
            self.learn(&question, began, answer);
        }
    }

    /// Addresses as last answered: sorted, each once, 256 at most. Empty if the name never
    /// resolved or is not known here.
    pub fn addresses(&self, name: &Name) -> Arc<[IpAddr]> {
        let entries = self.entries.lock();
        match entries.get(&Question::of(name)) {
            Some(entry) => entry.known.addresses().clone(),
            None => Arc::new([]),
        }
    }

    /// Why the last look-up failed, if it did.
    pub fn failure(&self, name: &Name) -> Option<String> {
        let entries = self.entries.lock();
        let entry = entries.get(&Question::of(name))?;
        entry.known.failure().map(str::to_owned)
    }

    /// From now on exactly these names are kept fresh; the others are forgotten. Those that
    /// stay keep their schedule; new ones are asked for when their first answer has lived
    /// its time, or now if there was none.
    ///
    /// Must be called within a tokio runtime, which then does the work.
    pub fn follow(self: &Arc<Self>, names: Vec<Name>) {
        let questions: HashSet<Question> = names.iter().map(Question::of).collect();
        let mut entries = self.entries.lock();
        entries.retain(|question, _| questions.contains(question));
        for question in questions {
            let entry = entries.entry(question.clone()).or_insert_with(Entry::new);
            if !entry.followed() {
                let keeper = keep(Arc::downgrade(self), self.asker.clone(), question);
                entry.keeper = Some(Keeper(tokio::spawn(keeper)));
            }
        }
    }

    /// Ticks when the addresses of a followed name have changed.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Which of the names to ask for; makes room for their answers.
    fn unknown(&self, names: &[Name], now: Instant) -> HashSet<Question> {
        let mut entries = self.entries.lock();
        let mut unknown = |question: &Question| {
            let entry = entries.entry(question.clone()).or_insert_with(Entry::new);
            let stale = !entry.followed() && entry.due <= now;
            stale || entry.known.addresses().is_empty()
        };
        let mut questions: HashSet<Question> = names.iter().map(Question::of).collect();
        questions.retain(|question| unknown(question));
        questions
    }

    /// Takes in what a look-up has brought that began then.
    fn learn(&self, question: &Question, began: Instant, answer: Answer) {
        let mut entries = self.entries.lock();
        // The name may have been forgotten meanwhile, or a later look-up was faster.
        let Some(entry) = entries.get_mut(question) else {
            return;
        };
        if entry.heard.is_some_and(|heard| heard > began) {
            return;
        }
        entry.heard = Some(began);
        let news = entry.known.learn(answer);
        let failures = entry.known.failures();
        let wait = wait::next(&question.resolve, news.ttl, failures, fastrand::u64(..));
        entry.due = after(Instant::now(), wait);
        let count = entry.known.addresses().len();
        let tick = entry.followed() && news.changed();
        drop(entries);
        log::tell(question, &news, count);
        if tick {
            self.changes
                .send_modify(|ticks| *ticks = ticks.wrapping_add(1));
        }
    }

    fn due(&self, question: &Question) -> Option<Instant> {
        self.entries.lock().get(question).map(|entry| entry.due)
    }
}

/// Asks for a name whenever it is due, until it is forgotten.
async fn keep(resolver: Weak<Resolver>, asker: Arc<Asker>, question: Question) {
    loop {
        let due = resolver.upgrade().and_then(|known| known.due(&question));
        let Some(due) = due else { return };
        let now = Instant::now();
        if due > now {
            // Asked meanwhile by someone else, it is due later still: look again.
            sleep_until(due).await;
            continue;
        }
        let answer = asker.ask(&question).await;
        let Some(resolver) = resolver.upgrade() else {
            return;
        };
        resolver.learn(&question, now, answer);
    }
}

fn after(now: Instant, wait: Duration) -> Instant {
    // A clock cannot count to the end of a wait of centuries.
    let far = || now + Duration::from_secs(86_400);
    now.checked_add(wait).unwrap_or_else(far)
}
