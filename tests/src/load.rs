//! Sustained load that forgives nothing.
//!
//! Each worker sends one request after the other. Every answer other than 200 from a named
//! endpoint is a failure, and so is every connection that is refused, reset, or closed
//! while a request was under way. Closing an idle connection is the server's right (RFC
//! 9112 section 9.3.1): the worker opens another.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;

use crate::client::{Answer, Connection, Request};
use crate::report::Report;
use crate::tls::ClientTls;

/// What to send.
#[derive(Clone, Debug)]
pub struct LoadPlan {
    /// Workers that use one connection for as long as it lasts.
    pub keep_alive: usize,
    /// Workers that open a connection for each request.
    pub fresh: usize,
    /// Requests per second over all workers; none means as fast as answers come.
    pub rate: Option<u32>,
    /// Ends after that many requests; none means when it is stopped.
    pub count: Option<u64>,
    /// How connections are encrypted, if they are.
    pub tls: Option<ClientTls>,
    /// The request.
    pub request: Request,
    /// Whether each request gets a number of its own, as `x-id=N` in its query.
    pub numbered: bool,
    /// What else a good answer is.
    pub check: fn(&Answer) -> anyhow::Result<()>,
}

impl Default for LoadPlan {
    fn default() -> Self {
        Self {
            keep_alive: 8,
            fresh: 0,
            rate: None,
            count: None,
            tls: None,
            request: Request::get("/"),
            numbered: false,
            check: |_| Ok(()),
        }
    }
}

/// A load that is running.
pub struct Load {
    started: Instant,
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<Report>>,
}

struct Shared {
    address: SocketAddr,
    tls: Option<ClientTls>,
    request: Request,
    stop: AtomicBool,
    /// Requests that may still be begun.
    left: AtomicU64,
    pace: Option<Duration>,
    /// The number of the next request, when they are numbered.
    number: Option<AtomicU64>,
    check: fn(&Answer) -> anyhow::Result<()>,
    /// Good answers so far.
    done: watch::Sender<u64>,
}

impl Load {
    /// Begins.
    ///
    /// # Panics
    /// When the plan has no workers.
    pub fn start(address: SocketAddr, plan: LoadPlan) -> Self {
        let workers = plan.keep_alive + plan.fresh;
        assert!(workers > 0, "a load needs workers");
        let pace = plan
            .rate
            .map(|rate| Duration::from_secs(workers as u64) / rate);
        let shared = Arc::new(Shared {
            address,
            tls: plan.tls,
            request: plan.request,
            stop: AtomicBool::new(false),
            left: AtomicU64::new(plan.count.unwrap_or(u64::MAX)),
            pace,
            number: plan.numbered.then(AtomicU64::default),
            check: plan.check,
            done: watch::Sender::new(0),
        });
        let worker = |n| tokio::spawn(work(shared.clone(), n < plan.keep_alive));
        let workers = (0..workers).map(worker).collect();
        Self {
            started: Instant::now(),
            shared,
            workers,
        }
    }

    /// Runs a plan with a count to its end.
    ///
    /// # Panics
    /// When the plan has no count.
    pub async fn run(address: SocketAddr, plan: LoadPlan) -> Report {
        assert!(plan.count.is_some(), "this load would never end");
        Self::start(address, plan).join().await
    }

    /// Good answers so far.
    pub fn answered(&self) -> u64 {
        *self.shared.done.borrow()
    }

    /// Waits until `n` more requests were answered well: that the load is really running.
    ///
    /// # Panics
    /// When that does not come about.
    pub async fn progress(&self, n: u64) {
        let goal = self.answered() + n;
        let mut done = self.shared.done.subscribe();
        let _ = crate::soon("progress of the load", done.wait_for(|done| *done >= goal)).await;
    }

    /// Begins no further request, waits for the answers under way, and reports.
    pub async fn stop(self) -> Report {
        self.shared.stop.store(true, Ordering::Relaxed);
        self.join().await
    }

    async fn join(self) -> Report {
        let mut report = Report::default();
        for worker in self.workers {
            report.merge(worker.await.expect("a worker does not panic"));
        }
        report.elapsed = self.started.elapsed();
        report.latencies.sort_unstable();
        report
    }
}

impl Shared {
    /// Leave to begin one more request.
    fn next(&self) -> bool {
        !self.stop.load(Ordering::Relaxed)
            && self
                .left
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                    left.checked_sub(1)
                })
                .is_ok()
    }
}

async fn work(shared: Arc<Shared>, keep_alive: bool) -> Report {
    let mut report = Report::default();
    let mut connection = None;
    let mut pace = shared.pace.map(|period| {
        let mut ticks = tokio::time::interval(period);
        // Late ticks are made up for: the rate is an average over all.
        ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
        ticks
    });
    while shared.next() {
        if let Some(ticks) = &mut pace {
            ticks.tick().await;
        }
        report.sent += 1;
        let start = Instant::now();
        match one(&shared, &mut connection, keep_alive).await {
            Ok(answer) => {
                report.ok += 1;
                report.latencies.push(start.elapsed());
                *report
                    .by_endpoint
                    .entry(answer.endpoint().to_owned())
                    .or_default() += 1;
                shared.done.send_modify(|done| *done += 1);
            }
            Err(error) => {
                connection = None;
                report.fail(&error);
            }
        }
    }
    report
}

async fn one(
    shared: &Shared,
    kept: &mut Option<Connection>,
    keep_alive: bool,
) -> anyhow::Result<Answer> {
    let mut idle = kept.take();
    if let Some(open) = &mut idle
        && !open.is_usable().await
    {
        idle = None;
    }
    let mut connection = match idle {
        Some(open) => open,
        None => match &shared.tls {
            Some(tls) => Connection::open_tls(shared.address, tls).await?,
            None => Connection::open(shared.address).await?,
        },
    };
    let mut request = shared.request.clone();
    if let Some(number) = &shared.number {
        let join = if request.target.contains('?') {
            '&'
        } else {
            '?'
        };
        let number = number.fetch_add(1, Ordering::Relaxed);
        request.target += &format!("{join}x-id={number}");
    }
    if !keep_alive {
        request = request.header("connection", "close");
    }
    let answer = connection.send(request).await?;
    anyhow::ensure!(
        answer.is_ok(),
        "answered {}: {}",
        answer.status(),
        answer.text()
    );
    anyhow::ensure!(!answer.endpoint().is_empty(), "answered by no endpoint");
    (shared.check)(&answer)?;
    let closing = answer
        .header("connection")
        .is_some_and(|c| c.eq_ignore_ascii_case("close"));
    if keep_alive && !closing {
        *kept = Some(connection);
    }
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use test_backend::Endpoint;

    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_load_counts_what_it_sent() {
        let endpoint = Endpoint::start("a").await;
        let plan = LoadPlan {
            fresh: 2,
            count: Some(500),
            ..LoadPlan::default()
        };
        let report = Load::run(endpoint.address(), plan).await;
        report.assert_clean();
        assert_eq!(
            (report.sent, report.by_endpoint["a"], endpoint.hits()),
            (500, 500, 500)
        );
        assert!(endpoint.accepted() > 8, "fresh connections");
        assert!(report.percentile(0.5) <= report.percentile(1.0));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_load_forgives_nothing() {
        let mut endpoint = Endpoint::start("a").await;
        for target in ["/?status=503", "/?close=before", "/?truncate=1"] {
            let request = Request::get(target);
            let plan = LoadPlan {
                count: Some(10),
                request,
                ..LoadPlan::default()
            };
            let report = Load::run(endpoint.address(), plan).await;
            assert_eq!((report.failed, report.failures.len()), (10, 10), "{target}");
        }
        endpoint.stop().await;
        let plan = LoadPlan {
            count: Some(10),
            ..LoadPlan::default()
        };
        assert_eq!(Load::run(endpoint.address(), plan).await.failed, 10);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_load_keeps_its_pace_until_it_is_stopped() {
        let endpoint = Endpoint::start("a").await;
        let plan = LoadPlan {
            rate: Some(400),
            ..LoadPlan::default()
        };
        let load = Load::start(endpoint.address(), plan);
        load.progress(200).await;
        let report = load.stop().await;
        report.assert_clean();
        assert!(report.rate() < 800.0, "{}", report.rate());
    }
}
