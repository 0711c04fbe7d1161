//! Who may be chosen now: the list that a selector sees, made when something changes
//! and read by every request as it is.
//!
//! Eligibility is not looked for at each request. Whatever changes it (a probe, a
//! breaker, an ejection, an operator, time) rings the upstream's bell; its keeper then
//! looks at every endpoint once and publishes the next roster. Between the event and the
//! roster the endpoint itself refuses: see [`super::EndpointState::admit`].

use super::load::Columns;
use super::{Endpoint, Group, Rules, Upstream};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tidegate_policy::levels::{self, Member, Standing};
use tidegate_policy::{BreakerState, Verdict, slow_start};
use tidegate_runtime::Endpoints;

/// The endpoints that a selector may choose from.
pub struct Roster {
    /// As the selector knows them; none when there is nobody to choose.
    pub list: Option<Arc<Endpoints>>,
    /// Position in the list to position in the upstream, ascending.
    pub members: Box<[u32]>,
    /// Whether so few are fit that all are used.
    pub panic: bool,
    /// Whether endpoints of a lower priority are in.
    pub spilled: bool,
}

/// One look at an upstream.
pub struct Look {
    /// Who may be chosen.
    pub roster: Roster,
    /// When the next look is due even if nobody rings.
    pub next: Option<Instant>,
}

/// What one look at one endpoint found.
#[derive(Clone, Copy, Debug)]
pub struct Found {
    /// Whether it may be used.
    pub standing: Standing,
    /// Takes no new sessions: by its configuration or by hand.
    pub draining: bool,
    /// How far it has come in its slow start: 10 is the end.
    pub tenths: u32,
    /// What the probes say.
    pub verdict: Verdict,
    /// What its breaker says.
    pub breaker: BreakerState,
    /// Until when it is ejected.
    pub ejected: Option<Instant>,
    /// When this changes by itself.
    next: Option<Instant>,
}

/// Whether a look leaves anything behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing: a configuration that is only tried must not change what is known.
    None,
    /// It remembers who came back, and when.
    Remember,
}

impl Endpoint {
    /// What is true of it now. A probe that passes after some that did not closes the
    /// breaker: somebody has seen it well.
    fn look(&self, now: Instant, rules: &Rules, group: &Group, effect: Effect) -> Found {
        let verdict = self
            .probed
            .as_ref()
            .map_or(Verdict::Up, |probed| probed.verdict());
        let ejected = rules
            .outlier
            .and_then(|_| group.with_detector(|detector| detector.ejected(now, self.state.id())));
        let barred = self.state.address().is_none();
        self.state.with_policies(|policies| {
            let mut presence = policies.presence;
            if effect == Effect::Remember && presence.verdict != verdict && verdict == Verdict::Up {
                policies.breaker.reset();
                policies.tally.clear();
            }
            let breaker = policies.breaker.state(now);
            let standing = if barred || breaker == BreakerState::Open {
                Standing::Barred
            } else if verdict == Verdict::Down || ejected.is_some() {
                Standing::Doubted
            } else {
                Standing::Eligible
            };
            let eligible = standing == Standing::Eligible;
            if eligible && !presence.eligible {
                presence.since = Some(now);
            }
            (presence.eligible, presence.verdict) = (eligible, verdict);
            if effect == Effect::Remember {
                policies.presence = presence;
            }
            let since = presence
                .since
                .map(|since| now.saturating_duration_since(since));
            let step = slow_start::next_step(since, rules.slow_start).map(|step| now + step);
            let next = [policies.breaker.next_change(now), ejected, step];
            Found {
                standing,
                draining: self.draining || self.state.drained(),
                tenths: slow_start::tenths(since, rules.slow_start),
                verdict,
                breaker,
                ejected,
                next: next.into_iter().flatten().min(),
            }
        })
    }
}

impl Upstream {
    /// What is true of each endpoint now, for whoever asks why.
    pub fn look(&self, now: Instant) -> Vec<Found> {
        let looks = self
            .endpoints
            .iter()
            .map(|endpoint| endpoint.look(now, &self.rules, &self.group, Effect::None));
        looks.collect()
    }
}

/// Looks at every endpoint. The list is the very same one as before when nothing in it
/// has changed, so that instances need not be told.
pub fn look(
    endpoints: &[Endpoint],
    rules: &Rules,
    group: &Arc<Group>,
    before: Option<&Roster>,
    now: Instant,
    effect: Effect,
) -> Look {
    let found: Vec<Found> = endpoints
        .iter()
        .map(|endpoint| endpoint.look(now, rules, group, effect))
        .collect();
    let members: Vec<Member> = endpoints
        .iter()
        .zip(&found)
        .map(|(endpoint, found)| Member {
            priority: endpoint.priority,
            weight: endpoint.weight,
            standing: found.standing,
            draining: found.draining,
        })
        .collect();
    let levels = levels::roster(&members, rules.panic_percent);
    if effect == Effect::Remember {
        let eligible = members
            .iter()
            .filter(|member| member.standing == Standing::Eligible && !member.draining)
            .count();
        group.count(whole(members.len()), whole(eligible));
    }
    let ramp = rules.slow_start;
    let list = list(endpoints, &found, &levels.members, ramp, group, before);
    Look {
        roster: Roster {
            list,
            members: levels.members.into(),
            panic: levels.panic,
            spilled: levels.spilled,
        },
        next: found.iter().filter_map(|found| found.next).min(),
    }
}

/// A list of all endpoints, fit or not: what a plugin is tried with when there is
/// nobody to choose yet.
pub fn everybody(endpoints: &[Endpoint], group: &Arc<Group>) -> Option<Arc<Endpoints>> {
    let rows = endpoints
        .iter()
        .map(|endpoint| endpoint.row.clone())
        .collect();
    Endpoints::new(rows, Arc::new(columns(endpoints.iter(), group)))
}

fn list(
    endpoints: &[Endpoint],
    found: &[Found],
    members: &[u32],
    ramp: Option<Duration>,
    group: &Arc<Group>,
    before: Option<&Roster>,
) -> Option<Arc<Endpoints>> {
    let chosen = || members.iter().map(|position| *position as usize);
    let weights: Vec<(u32, u32)> = chosen()
        .map(|position| (endpoints[position].weight, found[position].tenths))
        .collect();
    let weights = slow_start::weights(&weights, ramp);
    let rows: Vec<_> = chosen()
        .zip(weights)
        .map(|(position, weight)| tidegate_runtime::Endpoint {
            weight,
            draining: found[position].draining,
            ..endpoints[position].row.clone()
        })
        .collect();
    if let Some(list) = before.and_then(|before| before.list.as_ref())
        && list.list() == rows
    {
        return Some(list.clone());
    }
    let columns = columns(chosen().map(|position| &endpoints[position]), group);
    Endpoints::new(rows, Arc::new(columns))
}

fn columns<'a>(endpoints: impl Iterator<Item = &'a Endpoint>, group: &Arc<Group>) -> Columns {
    let cells = endpoints.map(|endpoint| endpoint.state.cell().clone());
    Columns::new(cells.collect(), group.clone())
}

fn whole(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
