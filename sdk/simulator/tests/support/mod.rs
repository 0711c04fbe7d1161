//! Choosers that are known without a sandbox, and workloads made of text.

#![allow(dead_code, reason = "each test uses some of it")]

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use std::convert::Infallible;
use std::sync::Arc;
use tidegate_simulator::{Answer, Asked, Choice, Chooser, List, Report, Seat, Workload, run};

/// The reference choosers.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    Random,
    RoundRobin,
    P2c,
    Least,
    /// By the client's number: it stays where it is.
    Client,
    /// Sets a cookie and follows it.
    Sticky,
    /// Fails two times of three, and has no opinion now and then.
    Careless,
}

struct Reference {
    kind: Kind,
    list: Arc<List>,
    chance: Pcg64Mcg,
    turn: usize,
}

impl Chooser for Reference {
    fn update(&mut self, list: &Arc<List>, _: u64) {
        self.list = list.clone();
    }

    fn select(&mut self, asked: &Asked<'_>) -> Answer {
        let count = self.list.endpoints.len();
        let free = |index: &usize| !asked.excluded.contains(&(*index as u32));
        let candidates: Vec<usize> = match asked.excluded {
            [] => Vec::new(),
            _ => (0..count).filter(free).collect(),
        };
        let at = |n: usize| {
            if candidates.is_empty() {
                n
            } else {
                candidates[n]
            }
        };
        let many = if candidates.is_empty() {
            count
        } else {
            candidates.len()
        };
        let load = |index: usize| self.list.view.in_flight_of(index as u32);
        self.turn += 1;
        let mut cookies = Vec::new();
        let index = match self.kind {
            Kind::Random => at(self.chance.random_range(0..many)),
            Kind::RoundRobin => at(self.turn % many),
            Kind::P2c => {
                let one = self.chance.random_range(0..many);
                let other = (one + self.chance.random_range(1..many.max(2))) % many;
                let (one, other) = (at(one), at(other));
                if load(other) < load(one) { other } else { one }
            }
            Kind::Least => {
                // Equals take turns.
                let from = self.turn;
                let around = (0..many).map(|n| at((n + from) % many));
                around.min_by_key(|index| load(*index)).unwrap_or(0)
            }
            Kind::Client => at(asked.client as usize % many),
            Kind::Sticky => {
                let known = asked.cookies.iter().find(|(name, _)| name == "tg");
                let known = known.and_then(|(_, address)| {
                    let mut all = self.list.endpoints.iter();
                    all.position(|endpoint| endpoint.address == *address)
                });
                known.filter(free).unwrap_or_else(|| {
                    let new = at(self.chance.random_range(0..many));
                    let address = &self.list.endpoints[new].address;
                    cookies.push(format!("tg={address}; Path=/; HttpOnly"));
                    new
                })
            }
            Kind::Careless if !self.turn.is_multiple_of(3) => return Answer::Fault,
            Kind::Careless if self.turn.is_multiple_of(5) => return Answer::NoOpinion,
            // Out of range now and then: as good as a fault.
            Kind::Careless => self.turn % (count + 1),
        };
        let index = index as u32;
        Answer::Chose(Choice { index, cookies })
    }
}

/// Plays it.
pub fn play(workload: &Workload, kind: Kind) -> Report {
    let problems = workload.problems();
    assert!(problems.is_empty(), "{problems:?}");
    let make = |seat: Seat, list: &Arc<List>| -> Result<Box<dyn Chooser>, Infallible> {
        let seed = workload.seed ^ u64::from(seat.proxy) << 32 ^ u64::from(seat.thread);
        Ok(Box::new(Reference {
            kind,
            list: list.clone(),
            chance: Pcg64Mcg::seed_from_u64(seed),
            turn: 0,
        }))
    };
    let Ok(report) = run(workload, make, |_| ());
    report
}

/// Of its text.
pub fn workload(text: &str) -> Workload {
    serde_yaml::from_str(text).unwrap_or_else(|error| panic!("{error}"))
}

/// Whether it is as near as that, in parts of the expected.
#[track_caller]
pub fn assert_near(what: &str, found: f64, expected: f64, bound: f64) {
    let off = (found / expected - 1.0).abs();
    println!(
        "{what}: {found:.6}, theory {expected:.6}, off by {:.3} %",
        off * 100.0
    );
    assert!(off <= bound, "{what}: {found} and not {expected}");
}
