//! Keeps rosters true: one task for each upstream of the running configuration.

use super::Upstream;
use super::roster::{self, Effect};
use parking_lot::Mutex;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tidegate_policy::{Detector, Suspicion};
use tokio::task::JoinHandle;
use tokio::time::{sleep, sleep_until};

/// Rest after a look, so that a burst of events is one more look and not a hundred.
const REST: Duration = Duration::from_millis(5);
/// A keeper works at most this part of its time, however much is going on.
const WORK: u32 = 20;

/// The keepers of the running configuration.
#[derive(Default)]
pub struct Keepers(Mutex<Vec<Keeper>>);

struct Keeper(JoinHandle<()>);

impl Drop for Keeper {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Keepers {
    /// Keeps these from now on, and those of before no longer.
    pub fn follow(&self, upstreams: impl Iterator<Item = Arc<Upstream>>) {
        let next = upstreams.map(|upstream| Keeper(tokio::spawn(keep(upstream))));
        let before = std::mem::replace(&mut *self.0.lock(), next.collect());
        drop(before);
    }
}

async fn keep(upstream: Arc<Upstream>) {
    let mut sweep = Instant::now();
    loop {
        let began = Instant::now();
        let next = tokio::task::block_in_place(|| {
            if let Some(rule) = &upstream.rules.outlier
                && began >= sweep
            {
                sweep = began + rule.interval;
                self::sweep(&upstream, began);
            }
            upstream.refresh(began)
        });
        sleep(REST.max(began.elapsed() * WORK)).await;
        let sweeps = upstream.rules.outlier.map(|_| sweep);
        let due = [next, sweeps].into_iter().flatten().min();
        let due = async {
            match due {
                Some(due) => sleep_until(due.into()).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = upstream.group.rung() => {}
            () = due => {}
        }
    }
}

/// Compares the endpoints of an upstream, once an interval.
fn sweep(upstream: &Upstream, now: Instant) {
    let Some(rule) = &upstream.rules.outlier else {
        return;
    };
    let seen: Vec<_> = upstream
        .endpoints
        .iter()
        .map(|endpoint| {
            let seen = endpoint
                .state
                .with_policies(|policies| policies.tally.take());
            (endpoint.state.id(), seen)
        })
        .collect();
    upstream.group.with_detector(|detector| {
        let known: HashSet<u64> = seen.iter().map(|(id, _)| *id).collect();
        detector.retain(|id| known.contains(&id));
        detector.decay(now, rule);
    });
    for id in Detector::stand_out(rule, &seen) {
        let found = upstream
            .endpoints
            .iter()
            .find(|endpoint| endpoint.state.id() == id);
        if let Some(endpoint) = found {
            endpoint.state.suspected(now, rule, Suspicion::SuccessRate);
        }
    }
}

impl Upstream {
    /// Looks at every endpoint and publishes the roster that follows. Runs guest code:
    /// not for a thread that serves requests. Answers when the next look is due.
    pub fn refresh(&self, now: Instant) -> Option<Instant> {
        let before = self.roster();
        let look = roster::look(
            &self.endpoints,
            &self.rules,
            &self.group,
            Some(&before),
            now,
            Effect::Remember,
        );
        let roster = look.roster;
        let same = match (&before.list, &roster.list) {
            (Some(before), Some(list)) => Arc::ptr_eq(before, list),
            (None, None) => true,
            _ => false,
        };
        if !same
            && let Some(list) = &roster.list
            && let Err(error) = self.selector.stage(list)
        {
            // Each request that it fails is served by the fallback.
            tracing::error!(
                upstream = self.name,
                plugin = self.selector.plugin(),
                %error,
                "the selector fails on its new list of endpoints"
            );
        }
        if roster.panic != before.panic {
            if roster.panic {
                tracing::error!(
                    upstream = self.name,
                    "panic: too few endpoints are fit, requests go to all"
                );
            } else {
                tracing::info!(upstream = self.name, "no panic any more");
            }
        }
        self.roster.store(Arc::new(roster));
        self.group.line().moved();
        look.next
    }
}
