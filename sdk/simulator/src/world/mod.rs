//! The loop: takes what is due, and does it.
//!
//! `clients` says what arrives, `attempt` leads a request through its attempts, `keeper` keeps
//! rosters true. They are one type, [`World`], in three files.

mod attempt;
mod clients;
mod event;
mod keeper;

use crate::chooser::{Chooser, Endpoint, List};
use crate::measure::Measure;
use crate::member::Permit;
use crate::proxy::{Proxy, Row};
use crate::random::{Purpose, mix, stream};
use crate::report::Report;
use crate::site::{Job, Site};
use crate::workload::{Rules, Workload};
use clients::{Arrived, Sources};
use event::{Agenda, Event};
use keeper::Change;
use rand_pcg::Pcg64Mcg;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tidegate_policy::{Place, Turn};

/// Which instance a chooser is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seat {
    /// Number of the proxy. Threads of one proxy share what a plugin keeps in `state`.
    pub proxy: u32,
    /// Number of the thread in it.
    pub thread: u32,
}

/// How far it is.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Requests that have arrived.
    pub arrived: u64,
    /// About how many there will be.
    pub expected: u64,
}

/// Plays a workload whose [`problems`](Workload::problems) are none, with the choosers that
/// `make` makes: one for each thread of each proxy, which gets the first list with it.
///
/// # Errors
/// Those of `make`.
pub fn run<E>(
    workload: &Workload,
    mut make: impl FnMut(Seat, &Arc<List>) -> Result<Box<dyn Chooser>, E>,
    mut progress: impl FnMut(Progress),
) -> Result<Report, E> {
    let mut world = World::new(workload);
    for number in 0..world.proxies.len() {
        world.proxies[number].look(world.epoch);
        let Some(list) = world.proxies[number].list.clone() else {
            continue;
        };
        for thread in 0..workload.proxy.threads.get() {
            let seat = Seat {
                proxy: number as u32,
                thread,
            };
            let chooser = make(seat, &list)?;
            world.proxies[number].choosers.push(chooser);
        }
    }
    world.begin();
    let every = (world.expected / 100).clamp(1, 10_000);
    let mut told = 0;
    while let Some((at, event)) = world.next() {
        world.advance(at);
        world.happen(event);
        if world.arrived >= told {
            progress(Progress {
                arrived: world.arrived,
                expected: world.expected,
            });
            told = world.arrived + every;
        }
        if world.last_has_come && world.open == 0 {
            break;
        }
    }
    Ok(world.end())
}

/// All that there is.
struct World {
    seed: u64,
    rules: Rules,
    now: u64,
    /// An instant for policies to count from; which one does not matter.
    epoch: Instant,
    agenda: Agenda,
    sites: Vec<Site>,
    proxies: Vec<Proxy>,
    threads: u32,
    sources: Sources,
    host: Pcg64Mcg,
    requests: Vec<Request>,
    free: Vec<u32>,
    changes: Vec<(u64, Change)>,
    changed: usize,
    measure: Measure,
    groups: Vec<String>,
    /// Requests that have arrived, and are not over.
    arrived: u64,
    open: u64,
    most: u64,
    until: u64,
    expected: u64,
    last_has_come: bool,
}

/// One request under way.
struct Request {
    number: u64,
    generation: u32,
    proxy: u32,
    thread: u32,
    client: u32,
    address: Ipv4Addr,
    began: u64,
    counts: bool,
    idempotent: bool,
    path: String,
    key: String,
    attempts: u32,
    tried: Vec<u32>,
    attempt: Option<Attempt>,
    waits_since: u64,
    place: Option<Place>,
    turn: Option<Turn>,
}

struct Attempt {
    position: u32,
    permit: Permit,
    cookies: Vec<String>,
    began: u64,
}

impl World {
    fn new(workload: &Workload) -> Self {
        let rules = workload.policies.rules();
        let until = workload.duration.map_or(u64::MAX, |time| time.nanos());
        let most = workload.requests.map_or(u64::MAX, std::num::NonZero::get);
        let rate = workload.arrivals.rate().unwrap_or(1.0);
        let expected = ((until as f64 / 1e9 * rate) as u64)
            .min(most)
            .min(records(workload));
        let length = (expected as f64 / rate * 1e9) as u64;
        let width = (length / 100).max(1_000_000);
        let mut measure = Measure::new(workload.endpoints.len(), workload.warmup.nanos(), width);
        let (mut sites, mut rows, mut names, mut changes) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (number, group) in workload.endpoints.iter().enumerate() {
            let name = group.name.clone();
            names.push(name.unwrap_or_else(|| format!("endpoints-{}", number + 1)));
            let first = sites.len() as u32;
            for member in 0..group.count.get() {
                let position = sites.len() as u32;
                sites.push(Site::new(group, member));
                rows.push(row(position, group));
                measure.add(
                    number as u32,
                    group.weight.get(),
                    group.concurrency.get(),
                    group.joins.is_none(),
                );
            }
            keeper::changes(group, first, &mut changes);
        }
        // Stable: what is at the same time stays in the order of the file.
        changes.sort_by_key(|(at, _)| *at);
        let rows: Arc<[Row]> = rows.into();
        let mut proxies: Vec<_> = (0..workload.proxy.number.get())
            .map(|_| Proxy::new(rules, &rows))
            .collect();
        for (at, change) in &changes {
            if let Change::Join { first, count } = change {
                for proxy in &mut proxies {
                    for member in &mut proxy.members[*first as usize..(first + count) as usize] {
                        member.present = *at == 0;
                    }
                }
            }
        }
        Self {
            seed: workload.seed,
            rules,
            now: 0,
            epoch: origin(),
            agenda: Agenda::default(),
            sites,
            proxies,
            threads: workload.proxy.threads.get(),
            sources: Sources::new(workload),
            host: stream(workload.seed, Purpose::Host),
            requests: Vec::new(),
            free: Vec::new(),
            changes,
            changed: 0,
            measure,
            groups: names,
            arrived: 0,
            open: 0,
            most,
            until,
            expected: expected.max(1),
            last_has_come: false,
        }
    }

    fn begin(&mut self) {
        self.schedule_arrival();
        if let Some((at, _)) = self.changes.first() {
            self.agenda.add(*at, Event::Change);
        }
        self.begin_keeping();
    }

    fn next(&mut self) -> Option<(u64, Event)> {
        let requests = &self.requests;
        let matters = |job: Job| requests[job.slot as usize].generation == job.generation;
        self.agenda.next(matters)
    }

    fn advance(&mut self, at: u64) {
        self.now = at;
        self.measure.tick(at);
        for proxy in &self.proxies {
            proxy.columns.at(at);
        }
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Arrive => self.arrive(),
            Event::Worked {
                site,
                epoch,
                job,
                status,
            } => self.worked(site, epoch, job, status),
            Event::Refused(job) => self.refused(job),
            Event::Late(job) => self.late(job),
            Event::Again(job) => self.again(job),
            Event::Expire(job) => self.expire(job),
            Event::Look(proxy) => self.look(proxy),
            Event::Sweep(proxy) => self.sweep(proxy),
            Event::Probe { proxy, site } => self.probe(proxy, site),
            Event::Change => self.change(),
        }
    }

    fn arrive(&mut self) {
        self.arrived += 1;
        self.open += 1;
        let Arrived {
            client,
            path,
            key,
            idempotent,
            lot,
        } = self.sources.arrive();
        let counts = self.measure.counts(self.now);
        self.measure.requests.arrived += u64::from(counts);
        let proxies = self.proxies.len() as u64;
        let request = Request {
            number: self.arrived,
            generation: 0,
            proxy: (mix(u64::from(client)) % proxies) as u32,
            thread: lot % self.threads,
            client,
            address: self.sources.address(client),
            began: self.now,
            counts,
            idempotent,
            path,
            key,
            attempts: 0,
            tried: Vec::new(),
            attempt: None,
            waits_since: self.now,
            place: None,
            turn: None,
        };
        let slot = self.keep(request);
        // The last one is on its way before the books are closed.
        self.enter(slot);
        self.schedule_arrival();
    }

    /// A slot for the request. What is still said of the one before it is of another generation.
    fn keep(&mut self, mut request: Request) -> u32 {
        match self.free.pop() {
            Some(slot) => {
                let before = &mut self.requests[slot as usize];
                request.generation = before.generation.wrapping_add(1);
                *before = request;
                slot
            }
            None => {
                self.requests.push(request);
                (self.requests.len() - 1) as u32
            }
        }
    }

    fn schedule_arrival(&mut self) {
        let next = (self.arrived < self.most)
            .then(|| self.sources.next(self.now))
            .flatten();
        match next.filter(|at| *at < self.until) {
            Some(at) => self.agenda.add(at, Event::Arrive),
            None => {
                self.last_has_come = true;
                self.measure.close(self.now);
            }
        }
    }

    fn end(self) -> Report {
        for proxy in &self.proxies {
            assert!(proxy.columns.is_idle(), "every attempt was settled");
        }
        self.measure.report(self.groups)
    }

    fn instant(&self) -> Instant {
        self.at(self.now)
    }

    fn at(&self, nanos: u64) -> Instant {
        self.epoch + Duration::from_nanos(nanos)
    }

    fn nanos(&self, instant: Instant) -> u64 {
        let since = instant.saturating_duration_since(self.epoch);
        u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
    }
}

fn records(workload: &Workload) -> u64 {
    match &workload.arrivals {
        crate::workload::Arrivals::Recorded(recorded) => recorded.records.len() as u64,
        _ => u64::MAX,
    }
}

fn row(position: u32, group: &crate::workload::Group) -> Row {
    let [_, a, b, c] = position.to_be_bytes();
    Row {
        endpoint: Endpoint {
            id: mix(u64::from(position)),
            address: format!("10.{a}.{b}.{c}:80"),
            weight: group.weight.get(),
            zone: group.zone.clone(),
            labels: group.labels.clone().into_iter().collect(),
            draining: false,
        },
        priority: group.priority,
        max_in_flight: group.max_in_flight.map(std::num::NonZero::get),
    }
}

/// There is no other way to make an `Instant`. Only differences are ever looked at.
fn origin() -> Instant {
    Instant::now()
}
