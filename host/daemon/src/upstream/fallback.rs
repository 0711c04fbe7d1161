//! The host's own choice, for when a plugin has none: two random candidates, the
//! less loaded one wins (Mitzenmacher 2001), then a scan so that a free endpoint is
//! found wherever it is.

use super::state::Denied;
use super::{Endpoint, Permit};
use std::time::Instant;

/// Admits the attempt to one of the members that was not tried. Draining endpoints come
/// last.
///
/// # Errors
/// All were tried, or full, or barred: `Full` when at least one was merely full.
pub fn choose(
    endpoints: &[Endpoint],
    members: &[u32],
    tried: &[u32],
    now: Instant,
) -> Result<(u32, Permit), Denied> {
    if let Some(found) = two(endpoints, members, tried, now) {
        return Ok(found);
    }
    let mut why = Denied::Barred;
    for draining in [false, true] {
        match scan(endpoints, members, tried, draining, now) {
            Ok(found) => return Ok(found),
            Err(Denied::Full) => why = Denied::Full,
            Err(Denied::Barred) => {}
        }
    }
    Err(why)
}

fn two(
    endpoints: &[Endpoint],
    members: &[u32],
    tried: &[u32],
    now: Instant,
) -> Option<(u32, Permit)> {
    let draw = || {
        let position = *members.get(fastrand::usize(..members.len().max(1)))?;
        let free = !tried.contains(&position) && !drains(&endpoints[position as usize]);
        free.then_some(position)
    };
    let load = |position: &u32| {
        let endpoint = &endpoints[*position as usize];
        (u64::from(endpoint.state.cell().in_flight()) + 1) * 1_000_000
            / u64::from(endpoint.weight.max(1))
    };
    let position = [draw(), draw()].into_iter().flatten().min_by_key(load)?;
    let permit = endpoints[position as usize].state.admit(now).ok()?;
    Some((position, permit))
}

fn scan(
    endpoints: &[Endpoint],
    members: &[u32],
    tried: &[u32],
    draining: bool,
    now: Instant,
) -> Result<(u32, Permit), Denied> {
    let mut why = Denied::Barred;
    let start = fastrand::usize(..members.len().max(1));
    let around = members[start.min(members.len())..]
        .iter()
        .chain(&members[..start.min(members.len())]);
    for position in around.filter(|position| !tried.contains(position)) {
        let endpoint = &endpoints[*position as usize];
        if drains(endpoint) != draining {
            continue;
        }
        match endpoint.state.admit(now) {
            Ok(permit) => return Ok((*position, permit)),
            Err(Denied::Full) => why = Denied::Full,
            Err(Denied::Barred) => {}
        }
    }
    Err(why)
}

fn drains(endpoint: &Endpoint) -> bool {
    endpoint.draining || endpoint.state.drained()
}
