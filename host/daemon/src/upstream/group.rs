//! What an upstream has learnt as a whole. Survives reloads, as [`super::EndpointState`]
//! does for one endpoint; nothing here is configuration.

use super::line::Line;
use crate::telemetry::{Ejection, EndpointSeries, UpstreamSeries};
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Instant;
use tidegate_policy::{Budget, BudgetRule, Crowd, Detector, OutlierRule, QueueRule, Suspicion};
use tokio::sync::Notify;

/// The state of one upstream.
pub struct Group {
    name: Arc<str>,
    total: AtomicU32,
    bell: Notify,
    budget: Mutex<Budget>,
    outliers: Mutex<Outliers>,
    line: Line,
    series: UpstreamSeries,
}

/// The detector, and what it must know of the others to leave the last one alone.
struct Outliers {
    detector: Detector,
    members: u32,
    eligible: u32,
}

impl Group {
    /// An upstream that has learnt nothing.
    pub fn new(name: &str, series: UpstreamSeries) -> Arc<Self> {
        Arc::new(Self {
            name: name.into(),
            total: AtomicU32::new(0),
            bell: Notify::new(),
            budget: Mutex::new(Budget::new(BudgetRule::default())),
            outliers: Mutex::new(Outliers {
                detector: Detector::new(),
                members: 0,
                eligible: 0,
            }),
            line: Line::new(),
            series,
        })
    }

    /// Its name in the configuration.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// What is counted for it.
    pub fn series(&self) -> &UpstreamSeries {
        &self.series
    }

    /// Where requests wait while it is full.
    pub fn line(&self) -> &Line {
        &self.line
    }

    /// Requests in flight, those to endpoints that left included.
    pub fn total(&self) -> u32 {
        self.total.load(Relaxed)
    }

    /// The rules of the configuration that runs now.
    pub fn configure(&self, budget: BudgetRule, limits: Option<QueueRule>) {
        self.budget.lock().configure(budget);
        self.line.configure(limits);
    }

    /// A request has come that may need retries.
    pub fn request(&self, now: Instant) {
        self.budget.lock().request(now);
    }

    /// Leave for one retry, if the upstream can afford it.
    pub fn afford_retry(&self, now: Instant) -> bool {
        self.budget.lock().withdraw(now)
    }

    /// Something has changed that decides who may be chosen.
    pub fn ring(&self) {
        self.bell.notify_one();
    }

    /// Waits until somebody rings; a ring that nobody heard counts.
    pub async fn rung(&self) {
        self.bell.notified().await;
    }

    pub(super) fn enter(&self) {
        self.total.fetch_add(1, Relaxed);
    }

    pub(super) fn leave(&self) {
        self.total.fetch_sub(1, Relaxed);
        self.line.moved();
    }

    /// How many there are, and how many of them could take traffic now.
    pub(super) fn count(&self, members: u32, eligible: u32) {
        let mut outliers = self.outliers.lock();
        (outliers.members, outliers.eligible) = (members, eligible);
    }

    /// An endpoint stands out: ejects it, if the others can do without it.
    pub(super) fn suspect(
        &self,
        now: Instant,
        rule: &OutlierRule,
        endpoint: &Suspect<'_>,
        suspicion: Suspicion,
    ) {
        let until = {
            let mut outliers = self.outliers.lock();
            let crowd = Crowd {
                members: outliers.members,
                others_eligible: outliers.eligible.saturating_sub(1),
            };
            let until = outliers.detector.suspect(now, rule, endpoint.id, crowd);
            if until.is_some() {
                outliers.eligible = outliers.eligible.saturating_sub(1);
            }
            until
        };
        let cause = suspicion.as_str();
        match until {
            Some(until) => {
                endpoint.series.ejected(ejection(suspicion));
                let seconds = until.saturating_duration_since(now).as_secs_f64();
                tracing::warn!(
                    upstream = &*self.name,
                    endpoint = endpoint.name,
                    cause,
                    seconds,
                    "endpoint ejected"
                );
                self.ring();
            }
            None => {
                tracing::debug!(
                    upstream = &*self.name,
                    endpoint = endpoint.name,
                    cause,
                    "endpoint not ejected: too few would be left"
                );
            }
        }
    }

    /// Asks the detector something.
    pub(super) fn with_detector<R>(&self, ask: impl FnOnce(&mut Detector) -> R) -> R {
        ask(&mut self.outliers.lock().detector)
    }
}

/// Who is suspected.
pub(super) struct Suspect<'a> {
    pub(super) id: u64,
    pub(super) name: &'a str,
    pub(super) series: &'a EndpointSeries,
}

fn ejection(suspicion: Suspicion) -> Ejection {
    match suspicion {
        Suspicion::GatewayFailures => Ejection::GatewayFailures,
        Suspicion::LocalFailures => Ejection::LocalFailures,
        Suspicion::SuccessRate => Ejection::SuccessRate,
    }
}
