//! What keeps rosters true: looks, comparisons, probes, and changes of the endpoints.

use super::World;
use super::event::Event;
use crate::site::Gone;
use crate::workload::{Group, Time};
use rand::Rng;

/// Rest after a look, as in the proxy. A look itself takes no simulated time.
const REST: u64 = 5_000_000;

/// Something that happens to endpoints.
#[derive(Clone, Copy, Debug)]
pub(super) enum Change {
    /// They are gone, or back.
    Down {
        first: u32,
        count: u32,
        gone: Option<Gone>,
    },
    /// They come into the configuration.
    Join { first: u32, count: u32 },
    /// They are taken out of it.
    Leave { first: u32, count: u32 },
    /// They drain.
    Drain { first: u32, count: u32 },
}

/// What happens to the endpoints of a group, the first of which has that position.
pub(super) fn changes(group: &Group, first: u32, into: &mut Vec<(u64, Change)>) {
    let count = group.count.get();
    for down in &group.down {
        let count = down
            .endpoints
            .map_or(count, |endpoints| endpoints.get().min(count));
        let gone = Some(match down.silent {
            true => Gone::Silent,
            false => Gone::Refuses,
        });
        into.push((down.from.nanos(), Change::Down { first, count, gone }));
        if let Some(until) = down.until {
            into.push((
                until.nanos(),
                Change::Down {
                    first,
                    count,
                    gone: None,
                },
            ));
        }
    }
    let mut at = |time: Option<Time>, change| {
        into.extend(time.map(|time| (time.nanos(), change)));
    };
    at(group.joins, Change::Join { first, count });
    at(group.leaves, Change::Leave { first, count });
    at(group.drains, Change::Drain { first, count });
}

impl World {
    pub(super) fn begin_keeping(&mut self) {
        for number in 0..self.proxies.len() as u32 {
            if let Some(rule) = self.rules.outlier {
                let at = u64::try_from(rule.interval.as_nanos()).unwrap_or(u64::MAX);
                self.agenda.add(at, Event::Sweep(number));
            }
            if let Some((rule, _)) = self.rules.health {
                for site in 0..self.sites.len() as u32 {
                    let chance = self.host.next_u64();
                    let member = &self.proxies[number as usize].members[site as usize];
                    let wait = member.health.first_wait(&rule, chance);
                    let at = u64::try_from(wait.as_nanos()).unwrap_or(u64::MAX);
                    self.agenda.add(
                        at,
                        Event::Probe {
                            proxy: number,
                            site,
                        },
                    );
                }
            }
            // The list was made before the instances; what changes by time is looked at then.
            self.ring(number);
        }
    }

    /// Something has changed that decides who may be chosen.
    pub(super) fn ring(&mut self, number: u32) {
        let looked = self.proxies[number as usize].keeper.looked;
        let at = looked.map_or(self.now, |looked| self.now.max(looked + REST));
        self.appoint(number, at);
    }

    fn appoint(&mut self, number: u32, at: u64) {
        let keeper = &mut self.proxies[number as usize].keeper;
        if keeper.due.is_none_or(|due| at < due) {
            keeper.due = Some(at);
            self.agenda.add(at, Event::Look(number));
        }
    }

    pub(super) fn look(&mut self, number: u32) {
        let (at, now) = (self.now, self.instant());
        let proxy = &mut self.proxies[number as usize];
        if proxy.keeper.due != Some(at) {
            return;
        }
        (proxy.keeper.due, proxy.keeper.looked) = (None, Some(at));
        let (changed, next) = proxy.look(now);
        if changed {
            proxy.tell(at);
            self.measure.updates += 1;
        }
        if let Some(next) = next {
            let next = self.nanos(next).max(at + REST);
            self.appoint(number, next);
        }
        self.wake(number);
    }

    pub(super) fn sweep(&mut self, number: u32) {
        let Some(rule) = self.rules.outlier else {
            return;
        };
        let now = self.instant();
        if self.proxies[number as usize].sweep(now, &rule) {
            self.ring(number);
        }
        let interval = u64::try_from(rule.interval.as_nanos()).unwrap_or(u64::MAX);
        self.agenda
            .add(self.now.saturating_add(interval), Event::Sweep(number));
    }

    /// A probe is answered at once, or fails at once: what it takes is left out.
    pub(super) fn probe(&mut self, number: u32, site: u32) {
        let Some((rule, _)) = self.rules.health else {
            return;
        };
        let passed = self.sites[site as usize].passes(self.now, &mut self.host);
        let random = self.host.next_u64();
        let member = &mut self.proxies[number as usize].members[site as usize];
        let turned = member.health.report(&rule, passed).is_some();
        let wait = member.health.wait(&rule, random);
        let wait = u64::try_from(wait.as_nanos()).unwrap_or(u64::MAX);
        let at = self.now.saturating_add(wait);
        self.agenda.add(
            at,
            Event::Probe {
                proxy: number,
                site,
            },
        );
        if turned {
            self.ring(number);
        }
    }

    pub(super) fn change(&mut self) {
        let Some((_, change)) = self.changes.get(self.changed).copied() else {
            return;
        };
        self.changed += 1;
        if let Some((at, _)) = self.changes.get(self.changed) {
            self.agenda.add(*at, Event::Change);
        }
        match change {
            Change::Down { first, count, gone } => self.go(first, count, gone),
            Change::Join { first, count } => self.reload(first, count, true),
            Change::Leave { first, count } => self.reload(first, count, false),
            Change::Drain { first, count } => {
                for proxy in &mut self.proxies {
                    for member in &mut proxy.members[first as usize..(first + count) as usize] {
                        member.draining = true;
                    }
                }
                self.ring_all();
            }
        }
    }

    fn go(&mut self, first: u32, count: u32, gone: Option<Gone>) {
        for position in first..first + count {
            let broken = self.sites[position as usize].set_gone(gone);
            self.busy(position);
            for job in broken {
                self.broke(job);
            }
        }
    }

    /// Others are in the configuration from now on.
    fn reload(&mut self, first: u32, count: u32, here: bool) {
        let now = self.instant();
        for position in first..first + count {
            self.measure.present(self.now, position, here);
            for proxy in &mut self.proxies {
                let member = &mut proxy.members[position as usize];
                match here {
                    true => member.join(now),
                    false => member.present = false,
                }
            }
        }
        self.ring_all();
    }

    fn ring_all(&mut self) {
        for number in 0..self.proxies.len() as u32 {
            self.ring(number);
        }
    }
}
