//! Keeps the books: what arrived, ended, waited and lay where, between the end of the warm-up
//! and the last arrival.

use crate::pick::Trace;
use crate::report::{
    Attempts, EndpointRow, Failures, Latency, Moment, Report, Requests, Sessions, Spread, Waiting,
    variation,
};
use hdrhistogram::Histogram;

/// Above, endpoints are counted together in the occupancy.
const DEEPEST: usize = 128;

/// The books of one simulation.
pub(crate) struct Measure {
    pub(crate) requests: Requests,
    pub(crate) attempts: Attempts,
    pub(crate) updates: u64,
    latency: Histogram<u64>,
    /// Exact, for the mean.
    latency_sum: u128,
    served: u64,
    waited: u64,
    wait_sum: u128,
    returning: u64,
    moved: u64,
    moved_freely: u64,
    meters: Vec<Meter>,
    occupancy: Vec<u64>,
    moments: Moments,
    begin: u64,
    /// When the books were closed.
    end: Option<u64>,
}

/// What is counted for one endpoint.
#[derive(Clone, Debug, Default)]
struct Meter {
    group: u32,
    weight: u32,
    servers: u32,
    attempts: u64,
    answered: u64,
    in_flight: u32,
    working: u32,
    peak: u32,
    /// Nanoseconds times requests in flight, until `since`.
    area: u128,
    /// The same of this moment, the warm-up included.
    area_now: u128,
    /// Nanoseconds times servers at work.
    work: u128,
    since: u64,
    /// Nanoseconds that it was in the upstream.
    present: u64,
    here: bool,
}

struct Moments {
    width: u64,
    next: u64,
    latency: Histogram<u64>,
    completed: u64,
    failed: u64,
    groups: usize,
    done: Vec<Moment>,
}

/// Why a request failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    Status,
    Connect,
    Reset,
    Timeout,
    Deadline,
    Unavailable,
    Full,
}

impl Measure {
    /// Books that begin at `begin`, with moments of that width.
    pub(crate) fn new(groups: usize, begin: u64, width: u64) -> Self {
        Self {
            requests: Requests::default(),
            attempts: Attempts::default(),
            updates: 0,
            latency: histogram(),
            latency_sum: 0,
            served: 0,
            waited: 0,
            wait_sum: 0,
            returning: 0,
            moved: 0,
            moved_freely: 0,
            meters: Vec::new(),
            occupancy: vec![0; DEEPEST],
            moments: Moments {
                width,
                next: width,
                latency: histogram(),
                completed: 0,
                failed: 0,
                groups,
                done: Vec::new(),
            },
            begin,
            end: None,
        }
    }

    /// One endpoint more.
    pub(crate) fn add(&mut self, group: u32, weight: u32, servers: u32, here: bool) {
        self.meters.push(Meter {
            group,
            weight,
            servers,
            here,
            ..Meter::default()
        });
    }

    /// It is in the upstream from now on, or is not.
    pub(crate) fn present(&mut self, now: u64, position: u32, here: bool) {
        self.pass(now, position);
        self.meters[position as usize].here = here;
    }

    pub(crate) fn counts(&self, now: u64) -> bool {
        now >= self.begin && self.end.is_none()
    }

    /// An attempt goes there. `counts` says whether its request arrived in the time that counts.
    pub(crate) fn enter(&mut self, now: u64, position: u32, repeats: bool, counts: bool) {
        self.pass(now, position);
        let meter = &mut self.meters[position as usize];
        meter.in_flight += 1;
        meter.peak = meter.peak.max(meter.in_flight);
        if counts {
            meter.attempts += 1;
            self.attempts.made += 1;
            self.attempts.retries += u64::from(repeats);
        }
    }

    /// A selector was asked, and perhaps the fallback.
    pub(crate) fn asked(&mut self, trace: Trace) {
        self.attempts.asked += u64::from(trace.asked);
        self.attempts.faults += u64::from(trace.faults);
        self.attempts.fallbacks += u64::from(trace.fallback);
    }

    /// The attempt has ended.
    pub(crate) fn leave(&mut self, now: u64, position: u32) {
        self.pass(now, position);
        self.meters[position as usize].in_flight -= 1;
    }

    /// So many servers work there from now on.
    pub(crate) fn working(&mut self, now: u64, position: u32, working: u32) {
        self.pass(now, position);
        self.meters[position as usize].working = working;
    }

    /// Work has begun after a wait in line.
    pub(crate) fn waited(&mut self, now: u64, wait: u64) {
        if self.counts(now) {
            self.served += 1;
            self.waited += u64::from(wait > 0);
            self.wait_sum += u128::from(wait);
        }
    }

    /// A client came back.
    pub(crate) fn returned(&mut self, moved: bool, freely: bool) {
        self.returning += 1;
        self.moved += u64::from(moved);
        self.moved_freely += u64::from(moved && freely);
    }

    /// A request was answered well. `counts` says whether it arrived in the time that counts.
    pub(crate) fn completed(&mut self, position: u32, took: u64, counts: bool) {
        self.moments.completed += 1;
        self.moments.latency.saturating_record(took);
        if counts {
            self.requests.completed += 1;
            self.meters[position as usize].answered += 1;
            self.latency.saturating_record(took);
            self.latency_sum += u128::from(took);
        }
    }

    /// A request failed.
    pub(crate) fn failed(&mut self, why: Why, counts: bool) {
        self.moments.failed += 1;
        if !counts {
            return;
        }
        self.requests.failed += 1;
        let failures: &mut Failures = &mut self.requests.failures;
        *match why {
            Why::Status => &mut failures.status,
            Why::Connect => &mut failures.connect,
            Why::Reset => &mut failures.reset,
            Why::Timeout => &mut failures.timeout,
            Why::Deadline => &mut failures.deadline,
            Why::Unavailable => &mut failures.unavailable,
            Why::Full => &mut failures.full,
        } += 1;
    }

    /// Time goes on to `now`: ends the moments that are over.
    pub(crate) fn tick(&mut self, now: u64) {
        while self.end.is_none() && now >= self.moments.next {
            let at = self.moments.next;
            self.end_moment(at);
            self.moments.next += self.moments.width;
        }
    }

    /// The last request has arrived.
    pub(crate) fn close(&mut self, now: u64) {
        for position in 0..self.meters.len() {
            self.pass(now, position as u32);
        }
        self.end = Some(now);
    }

    /// Brings one endpoint's areas up to date.
    fn pass(&mut self, now: u64, position: u32) {
        let meter = &mut self.meters[position as usize];
        let since = std::mem::replace(&mut meter.since, now);
        if self.end.is_some() || now <= since {
            return;
        }
        if meter.here {
            meter.area_now += u128::from(now - since) * u128::from(meter.in_flight);
        }
        let elapsed = now.saturating_sub(since.max(self.begin));
        // One that has left ends what it has, which counts for nothing.
        if meter.here {
            meter.area += u128::from(elapsed) * u128::from(meter.in_flight);
            meter.work += u128::from(elapsed) * u128::from(meter.working);
            meter.present += elapsed;
            let depth = (meter.in_flight as usize).min(DEEPEST - 1);
            self.occupancy[depth] += elapsed;
        }
    }

    fn end_moment(&mut self, at: u64) {
        let groups = self.moments.groups;
        let (mut sums, mut counts) = (vec![0.0; groups], vec![0_u32; groups]);
        let mut loads = Vec::with_capacity(self.meters.len());
        let width = self.moments.width as f64;
        for position in 0..self.meters.len() {
            self.pass(at, position as u32);
            let meter = &mut self.meters[position];
            let average = std::mem::take(&mut meter.area_now) as f64 / width;
            if meter.here {
                sums[meter.group as usize] += average;
                counts[meter.group as usize] += 1;
                loads.push(average / f64::from(meter.weight));
            }
        }
        let seconds = width / 1e9;
        let moments = &mut self.moments;
        let percentile = |at| {
            let some = !moments.latency.is_empty();
            some.then(|| ms(moments.latency.value_at_quantile(at)))
        };
        let moment = Moment {
            at: at as f64 / 1e9,
            p50_ms: percentile(0.5),
            p99_ms: percentile(0.99),
            completed: moments.completed as f64 / seconds,
            failed: moments.failed as f64 / seconds,
            variation: variation(&loads),
            in_flight: sums
                .iter()
                .zip(&counts)
                .map(|(sum, count)| sum / f64::from((*count).max(1)))
                .collect(),
        };
        moments.done.push(moment);
        moments.latency.reset();
        (moments.completed, moments.failed) = (0, 0);
    }

    /// What was found.
    pub(crate) fn report(self, groups: Vec<String>) -> Report {
        let end = self.end.unwrap_or(self.begin).max(self.begin);
        let seconds = (end - self.begin) as f64 / 1e9;
        let there = || self.meters.iter().filter(|meter| meter.present > 0);
        let weighed = |value: f64, meter: &Meter| {
            value / f64::from(meter.weight) / meter.present as f64 * 1e9
        };
        let busy = |meter: &Meter| {
            let time = f64::from(meter.servers) * meter.present.max(1) as f64;
            meter.work as f64 / time
        };
        let share = |part: u64, whole: u64| part as f64 / whole.max(1) as f64;
        let count = there().count().max(1) as f64;
        Report {
            seconds,
            requests: Requests {
                throughput: self.requests.completed as f64 / seconds.max(1e-9),
                ..self.requests
            },
            latency_ms: latency(&self.latency, self.latency_sum),
            attempts: self.attempts,
            waiting: Waiting {
                share: share(self.waited, self.served),
                mean_ms: self.wait_sum as f64 / self.served.max(1) as f64 / 1e6,
            },
            spread_requests: Spread::of(
                there()
                    .map(|meter| weighed(meter.answered as f64, meter))
                    .collect(),
            ),
            spread_in_flight: Spread::of(
                there()
                    .map(|meter| weighed(meter.area as f64 / 1e9, meter))
                    .collect(),
            ),
            sessions: Sessions {
                returning: self.returning,
                moved: share(self.moved, self.returning),
                moved_freely: share(self.moved_freely, self.returning),
            },
            utilisation: there().map(busy).sum::<f64>() / count,
            utilisation_max: there().map(busy).fold(0.0, f64::max),
            peak_in_flight: there().map(|meter| meter.peak).max().unwrap_or(0),
            occupancy: tails(&self.occupancy),
            updates: self.updates,
            groups,
            endpoints: self
                .meters
                .iter()
                .map(|meter| EndpointRow {
                    group: meter.group,
                    weight: meter.weight,
                    attempts: meter.attempts,
                    answered: meter.answered,
                    in_flight: meter.area as f64 / meter.present.max(1) as f64,
                    peak: meter.peak,
                    utilisation: busy(meter),
                })
                .collect(),
            moments: self.moments.done,
        }
    }
}

/// From one nanosecond to a day, to three digits. What takes longer counts as a day.
fn histogram() -> Histogram<u64> {
    const DAY: u64 = 86_400_000_000_000;
    Histogram::new_with_bounds(1, DAY, 3).expect("these are bounds that there can be")
}

fn latency(histogram: &Histogram<u64>, sum: u128) -> Latency {
    let at = |quantile| ms(histogram.value_at_quantile(quantile));
    Latency {
        mean: sum as f64 / histogram.len().max(1) as f64 / 1e6,
        p50: at(0.5),
        p90: at(0.9),
        p99: at(0.99),
        p999: at(0.999),
        max: at(1.0),
        curve: (0..=40)
            .map(|k| at(1.0 - 10f64.powf(-f64::from(k) / 10.0)))
            .collect(),
    }
}

fn ms(nanos: u64) -> f64 {
    nanos as f64 / 1e6
}

/// From time at each depth to the share at that depth or deeper, as far as there is any.
fn tails(at: &[u64]) -> Vec<f64> {
    let whole: u64 = at.iter().sum();
    let mut left = whole;
    let mut tails = Vec::new();
    for time in at {
        if left == 0 {
            break;
        }
        tails.push(left as f64 / whole as f64);
        left -= time;
    }
    tails
}
