//! When requests arrive and whose they are: the same for every selector.

use crate::random::{Purpose, stream};
use crate::workload::{Arrivals, Clients, KeyOf, Workload};
use rand::RngExt;
use rand_distr::{Distribution, Exp1, Zipf};
use rand_pcg::Pcg64Mcg;
use std::collections::HashMap;
use std::net::Ipv4Addr;

/// Draws arrivals and their clients.
pub(super) struct Sources {
    arrivals: Arrivals,
    clients: Clients,
    gaps: Pcg64Mcg,
    people: Pcg64Mcg,
    who: Option<Zipf<f64>>,
    what: Option<Zipf<f64>>,
    /// Where in the record the next one stands.
    position: usize,
    /// Numbers of the clients of a record.
    known: HashMap<String, u32>,
    /// What is known of each client.
    pub(super) people_known: Vec<Person>,
}

/// What is known of one client.
#[derive(Clone, Debug, Default)]
pub(super) struct Person {
    /// Endpoint of the last answer, counted from 1; 0 for none.
    pub(super) last: u32,
    /// Set for it, besides its session.
    pub(super) cookies: Vec<(String, String)>,
    /// As the record has it.
    address: Option<Ipv4Addr>,
}

/// One request that has arrived.
#[derive(Clone, Debug)]
pub(super) struct Arrived {
    pub(super) client: u32,
    pub(super) path: String,
    pub(super) key: String,
    pub(super) idempotent: bool,
    /// By lot, for whoever spreads requests over threads.
    pub(super) lot: u32,
}

impl Sources {
    pub(super) fn new(workload: &Workload) -> Self {
        let clients = workload.clients;
        let zipf = |number: u32, skew: f64| {
            let some = skew > 0.0 && number > 1;
            some.then(|| Zipf::new(f64::from(number), skew).ok())
                .flatten()
        };
        Self {
            arrivals: workload.arrivals.clone(),
            gaps: stream(workload.seed, Purpose::Arrivals),
            people: stream(workload.seed, Purpose::Clients),
            who: zipf(clients.number.get(), clients.skew),
            what: zipf(clients.paths.get(), clients.path_skew),
            clients,
            position: 0,
            known: HashMap::new(),
            people_known: Vec::new(),
        }
    }

    /// When the request after one at `now` arrives; none when there are no more.
    pub(super) fn next(&mut self, now: u64) -> Option<u64> {
        match &self.arrivals {
            Arrivals::Poisson(rate) => Some(after(now, exponential(&mut self.gaps) / rate.rate.0)),
            Arrivals::Constant(rate) => Some(after(now, 1.0 / rate.rate.0)),
            Arrivals::Bursts(bursts) => {
                // Work is drawn in expected requests and spent at the rate of each phase: the
                // process may change its rate before the next one arrives.
                let mut left = exponential(&mut self.gaps);
                let (every, lasts) = (bursts.every.nanos().max(1), bursts.lasts.nanos());
                let mut at = now;
                loop {
                    let phase = at % every;
                    // The first burst begins after `every`.
                    let in_burst = at >= every && phase < lasts;
                    let rate = if in_burst {
                        bursts.burst.0
                    } else {
                        bursts.rate.0
                    };
                    let ends = at - phase + if in_burst { lasts } else { every };
                    let fits = (ends - at) as f64 / 1e9 * rate;
                    if left <= fits {
                        return Some(after(at, left / rate));
                    }
                    left -= fits;
                    at = ends;
                }
            }
            Arrivals::Recorded(recorded) => {
                let first = recorded.records.first()?.at;
                let record = recorded.records.get(self.position)?;
                let seconds = (record.at - first) / recorded.speed.0;
                Some(after(0, seconds.max(0.0)).max(now))
            }
        }
    }

    /// Whose it is that arrives now.
    pub(super) fn arrive(&mut self) -> Arrived {
        let client = draw(
            &mut self.people,
            self.who.as_ref(),
            self.clients.number.get(),
        );
        let what = draw(
            &mut self.people,
            self.what.as_ref(),
            self.clients.paths.get(),
        );
        let idempotent = self.people.random::<f64>() < self.clients.idempotent.0;
        let lot = self.people.random();
        let mut arrived = Arrived {
            client,
            path: format!("/{what}"),
            key: match self.clients.key {
                KeyOf::Client => client.to_string(),
                KeyOf::Path => format!("/{what}"),
            },
            idempotent,
            lot,
        };
        if let Arrivals::Recorded(recorded) = &self.arrivals
            && let Some(record) = recorded.records.get(self.position)
        {
            self.position += 1;
            if let Some(client) = &record.client {
                let next = self.known.len() as u32;
                let number = *self.known.entry(client.clone()).or_insert(next);
                arrived.client = number;
                if self.clients.key == KeyOf::Client {
                    arrived.key.clone_from(client);
                }
                let address = client.parse().ok();
                self.person(number).address = address;
            }
            let Arrivals::Recorded(recorded) = &self.arrivals else {
                return arrived;
            };
            if let Some(record) = recorded.records.get(self.position - 1) {
                if let Some(path) = &record.path {
                    arrived.path.clone_from(path);
                    if self.clients.key == KeyOf::Path {
                        arrived.key.clone_from(path);
                    }
                }
                if let Some(key) = &record.key {
                    arrived.key.clone_from(key);
                }
            }
        }
        arrived
    }

    pub(super) fn person(&mut self, client: u32) -> &mut Person {
        let place = client as usize;
        if place >= self.people_known.len() {
            self.people_known.resize(place + 1, Person::default());
        }
        &mut self.people_known[place]
    }

    pub(super) fn address(&self, client: u32) -> Ipv4Addr {
        let known = self.people_known.get(client as usize);
        // Somewhere in 32.0.0.0/3: which networks these are does not matter.
        let numbered = || Ipv4Addr::from(0x2000_0000 | (client & 0x1fff_ffff));
        known
            .and_then(|person| person.address)
            .unwrap_or_else(numbered)
    }
}

/// From 0; evenly without a distribution.
fn draw(chance: &mut Pcg64Mcg, skewed: Option<&Zipf<f64>>, number: u32) -> u32 {
    match skewed {
        // From 1 to the number, as a float.
        Some(zipf) => (zipf.sample(chance) as u32).clamp(1, number) - 1,
        None => chance.random_range(0..number),
    }
}

fn exponential(chance: &mut Pcg64Mcg) -> f64 {
    Exp1.sample(chance)
}

/// A float to integer cast saturates.
fn after(now: u64, seconds: f64) -> u64 {
    now.saturating_add((seconds * 1e9).round() as u64)
}
