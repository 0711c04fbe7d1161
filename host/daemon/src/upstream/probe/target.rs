//! One endpoint under one check: what is known of it, and who wants to know.

use super::answer::{Answer, Failure, Words};
use super::checker::{Checker, Question};
use parking_lot::Mutex;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};
use std::time::{Duration, Instant};
use tidegate_policy::{Health, Verdict};

/// An endpoint that can be probed. Survives reloads for as long as it is held.
pub struct Target {
    endpoint: SocketAddr,
    address: SocketAddr,
    checker: Arc<Checker>,
    question: Question,
    /// The verdict, for those who must not wait: [`UP`] and [`PROVEN`].
    flags: AtomicU8,
    known: Mutex<Known>,
}

const UP: u8 = 1;
const PROVEN: u8 = 2;

struct Known {
    health: Health,
    last: Option<Last>,
    /// Nobody listens to a target that is not followed.
    listeners: Arc<[Listener]>,
}

/// What came of the last probe.
#[derive(Clone, Debug)]
pub struct Last {
    /// When it had ended.
    pub at: Instant,
    /// Whether the endpoint answered as it should.
    pub passed: bool,
    /// What it said: "200", "connection refused", "503 instead of 200-299".
    pub said: Words,
    /// From the beginning to the end of the probe.
    pub took: Duration,
}

/// Whom a turn of the verdict concerns.
pub struct Listener {
    /// An upstream that the endpoint is in, for the log.
    pub upstream: Arc<str>,
    /// Called after each turn, in their order, by whatever thread made the probe. Must
    /// return quickly.
    pub turned: Box<dyn Fn(Verdict) + Send + Sync>,
}

impl Target {
    pub(super) fn new(
        endpoint: SocketAddr,
        checker: &Arc<Checker>,
        inherit: Option<Verdict>,
    ) -> Self {
        let health = match inherit {
            Some(verdict) => Health::inherit(verdict),
            None => Health::new(checker.rule().initial),
        };
        let address = checker.address(endpoint);
        Self {
            endpoint,
            address,
            checker: checker.clone(),
            question: checker.question(address),
            flags: AtomicU8::new(flags(&health)),
            known: Mutex::new(Known {
                health,
                last: None,
                listeners: Arc::new([]),
            }),
        }
    }

    /// The endpoint that is meant, by the address that serves.
    pub fn endpoint(&self) -> SocketAddr {
        self.endpoint
    }

    /// Where it is probed: the same, but for the port that the check may have.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How it is probed.
    pub fn checker(&self) -> &Arc<Checker> {
        &self.checker
    }

    /// What the probes say now. Does not wait.
    pub fn verdict(&self) -> Verdict {
        match self.flags.load(Relaxed) & UP {
            0 => Verdict::Down,
            _ => Verdict::Up,
        }
    }

    /// Whether a probe stands behind the verdict. Does not wait.
    pub fn proven(&self) -> bool {
        self.flags.load(Relaxed) & PROVEN != 0
    }

    /// What came of the last probe; none before the first.
    pub fn last(&self) -> Option<Last> {
        self.known.lock().last.clone()
    }

    /// Replaces who is told, and answers who was.
    pub(super) fn set_listeners(&self, listeners: Vec<Listener>) -> Arc<[Listener]> {
        std::mem::replace(&mut self.known.lock().listeners, listeners.into())
    }

    pub(super) fn first_wait(&self) -> Duration {
        let random = fastrand::u64(..);
        self.known
            .lock()
            .health
            .first_wait(self.checker.rule(), random)
    }

    pub(super) fn wait(&self) -> Duration {
        let random = fastrand::u64(..);
        self.known.lock().health.wait(self.checker.rule(), random)
    }

    /// Makes one probe, which began at that time.
    pub(super) async fn probe(&self, began: Instant) {
        let answer = self.checker.ask(self.address, &self.question).await;
        let now = Instant::now();
        self.learn(answer, now, now.saturating_duration_since(began));
    }

    /// Takes the result of one probe into account and tells whom it concerns.
    pub(super) fn learn(&self, answer: Answer, at: Instant, took: Duration) {
        let (passed, said) = match answer {
            Ok(said) => (true, said),
            Err(Failure::Endpoint(said)) => (false, said),
            Err(Failure::Ours(said)) => return self.complain(&said),
        };
        let mut known = self.known.lock();
        if known.listeners.is_empty() {
            return;
        }
        let turned = known.health.report(self.checker.rule(), passed);
        self.flags.store(flags(&known.health), Relaxed);
        let told = turned.map(|verdict| (verdict, known.listeners.clone(), said.clone()));
        known.last = Some(Last {
            at,
            passed,
            said,
            took,
        });
        drop(known);
        if let Some((verdict, listeners, cause)) = told {
            self.log(verdict, &listeners, &cause);
            for listener in listeners.iter() {
                (listener.turned)(verdict);
            }
        }
    }

    fn log(&self, verdict: Verdict, listeners: &[Listener], cause: &str) {
        let mut names: Vec<&str> = listeners.iter().map(|each| &*each.upstream).collect();
        names.sort_unstable();
        names.dedup();
        let upstreams = names.join(",");
        let endpoint = self.endpoint;
        let probed = (self.address != endpoint).then(|| tracing::field::display(self.address));
        match verdict {
            Verdict::Down => {
                tracing::warn!(%endpoint, probed, upstreams, cause, "endpoint is down");
            }
            Verdict::Up => tracing::info!(%endpoint, probed, upstreams, cause, "endpoint is up"),
        }
    }

    /// Once in ten seconds at most: what we lack, all probes lack.
    fn complain(&self, cause: &str) {
        static LATEST: Mutex<Option<Instant>> = Mutex::new(None);
        let now = Instant::now();
        let mut latest = LATEST.lock();
        if latest.is_none_or(|at| now.saturating_duration_since(at) >= Duration::from_secs(10)) {
            *latest = Some(now);
            let endpoint = self.endpoint;
            tracing::warn!(%endpoint, cause, "cannot probe; the verdicts stay as they are");
        }
    }
}

fn flags(health: &Health) -> u8 {
    let up = match health.verdict() {
        Verdict::Up => UP,
        Verdict::Down => 0,
    };
    up | if health.proven() { PROVEN } else { 0 }
}
