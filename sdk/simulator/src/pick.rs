//! The endpoint of one attempt, as the proxy picks it: ask the selector, check, admit, three
//! times at most; else two by lot and the less loaded one (Mitzenmacher 2001), then a scan.

use crate::chooser::{Answer, Asked};
use crate::member::{Denied, Permit};
use crate::proxy::Proxy;
use rand::RngExt;
use rand_pcg::Pcg64Mcg;
use std::time::Instant;
use tidegate_policy::{Cause, Outcome};

/// Times that a selector is asked when what it chose does not admit.
const ASKS: usize = 3;

/// An endpoint that has admitted the attempt.
pub(crate) struct Picked {
    /// Position in the upstream.
    pub(crate) position: u32,
    pub(crate) permit: Permit,
    pub(crate) cookies: Vec<String>,
}

/// What the pick met on its way.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Trace {
    pub(crate) asked: u32,
    pub(crate) faults: u32,
    pub(crate) fallback: bool,
}

impl Proxy {
    /// Picks. `tried` are positions in the upstream that this request has used.
    pub(crate) fn pick(
        &mut self,
        now: Instant,
        thread: usize,
        asked: Asked<'_>,
        tried: &[u32],
        chance: &mut Pcg64Mcg,
    ) -> (Result<Picked, Denied>, Trace) {
        let mut trace = Trace::default();
        let Some(list) = self.list.clone() else {
            return (Err(Denied::Barred), trace);
        };
        let members = &list.view.members;
        let mut excluded = excluded(members, tried);
        for _ in 0..ASKS {
            let Some(leave) = self.quarantine.admit(now) else {
                break;
            };
            trace.asked += 1;
            let answer = self.choosers[thread].select(&Asked {
                excluded: &excluded,
                ..asked
            });
            let (answer, outcome) = match answer {
                Answer::Chose(choice) if fits(choice.index, members.len(), &excluded) => {
                    (Some(choice), Outcome::Success)
                }
                Answer::NoOpinion => (None, Outcome::Success),
                Answer::Chose(_) | Answer::Fault => {
                    trace.faults += 1;
                    (None, Outcome::Failure(Cause::Reset))
                }
            };
            self.quarantine.settle(now, leave, outcome);
            let Some(choice) = answer else { break };
            let position = members[choice.index as usize];
            if let Ok(permit) = self.members[position as usize].admit(now) {
                let cookies = choice.cookies;
                return (
                    Ok(Picked {
                        position,
                        permit,
                        cookies,
                    }),
                    trace,
                );
            }
            excluded.push(choice.index);
            if excluded.len() >= members.len() {
                break;
            }
        }
        trace.fallback = true;
        let fresh = self.fallback(now, members, tried, chance);
        // Better an endpoint that was tried than none.
        let picked = fresh.or_else(|_| self.fallback(now, members, &[], chance));
        let picked = picked.map(|(position, permit)| Picked {
            position,
            permit,
            cookies: Vec::new(),
        });
        (picked, trace)
    }

    /// Whether some endpoint would admit an attempt now.
    pub(crate) fn possible(&self, now: Instant) -> bool {
        self.list.as_ref().is_some_and(|list| {
            let mut members = list.view.members.iter();
            members.any(|position| self.members[*position as usize].admits(now))
        })
    }

    fn fallback(
        &mut self,
        now: Instant,
        members: &[u32],
        tried: &[u32],
        chance: &mut Pcg64Mcg,
    ) -> Result<(u32, Permit), Denied> {
        if let Some(found) = self.two(now, members, tried, chance) {
            return Ok(found);
        }
        let mut why = Denied::Barred;
        for draining in [false, true] {
            let start = chance.random_range(0..members.len());
            let (before, after) = members.split_at(start);
            for position in after.iter().chain(before).filter(|it| !tried.contains(it)) {
                let member = &mut self.members[*position as usize];
                if member.draining != draining {
                    continue;
                }
                match member.admit(now) {
                    Ok(permit) => return Ok((*position, permit)),
                    Err(Denied::Full) => why = Denied::Full,
                    Err(Denied::Barred) => {}
                }
            }
        }
        Err(why)
    }

    fn two(
        &mut self,
        now: Instant,
        members: &[u32],
        tried: &[u32],
        chance: &mut Pcg64Mcg,
    ) -> Option<(u32, Permit)> {
        let mut draw = || {
            let index = chance.random_range(0..members.len());
            let free =
                !tried.contains(&members[index]) && !self.members[members[index] as usize].draining;
            free.then_some(index)
        };
        let drawn = [draw(), draw()];
        let load = |index: &usize| {
            let weight = self.rows[members[*index] as usize].endpoint.weight.max(1);
            let in_flight = self.columns.in_flight_of(members[*index]);
            (u64::from(in_flight) + 1) * 1_000_000 / u64::from(weight)
        };
        let position = members[drawn.into_iter().flatten().min_by_key(load)?];
        let permit = self.members[position as usize].admit(now).ok()?;
        Some((position, permit))
    }
}

fn fits(index: u32, length: usize, excluded: &[u32]) -> bool {
    (index as usize) < length && !excluded.contains(&index)
}

/// Positions in the list that must not be answered. Nothing is excluded once everything was
/// tried.
fn excluded(members: &[u32], tried: &[u32]) -> Vec<u32> {
    let found = tried.iter().filter_map(|it| members.binary_search(it).ok());
    let excluded: Vec<u32> = found.map(|index| index as u32).collect();
    if excluded.len() < members.len() {
        excluded
    } else {
        Vec::new()
    }
}
