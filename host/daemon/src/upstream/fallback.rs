//! The host's own choice, for when a plugin has none: two random candidates, the
//! less loaded one wins (Mitzenmacher 2001), then a scan so that a free endpoint is
//! found wherever it is.

use super::{Endpoint, Permit};

/// Admits the attempt to some endpoint that is not excluded. Draining endpoints come
/// last. None when every endpoint is excluded or full.
pub fn choose(endpoints: &[Endpoint], excluded: &[u32]) -> Option<(u32, Permit)> {
    two(endpoints, excluded)
        .or_else(|| scan(endpoints, excluded, false))
        .or_else(|| scan(endpoints, excluded, true))
}

fn two(endpoints: &[Endpoint], excluded: &[u32]) -> Option<(u32, Permit)> {
    let draw = || {
        let position = fastrand::usize(..endpoints.len());
        let free = !excluded.contains(&(position as u32)) && !endpoints[position].draining;
        free.then_some(position)
    };
    let load = |position: &usize| {
        let endpoint = &endpoints[*position];
        (u64::from(endpoint.state.cell().in_flight()) + 1) * 1_000_000
            / u64::from(endpoint.weight.max(1))
    };
    let position = [draw(), draw()].into_iter().flatten().min_by_key(load)?;
    admit(endpoints, position)
}

fn scan(endpoints: &[Endpoint], excluded: &[u32], draining: bool) -> Option<(u32, Permit)> {
    let start = fastrand::usize(..endpoints.len());
    (0..endpoints.len())
        .map(|step| (start + step) % endpoints.len())
        .filter(|position| !excluded.contains(&(*position as u32)))
        .filter(|position| endpoints[*position].draining == draining)
        .find_map(|position| admit(endpoints, position))
}

fn admit(endpoints: &[Endpoint], position: usize) -> Option<(u32, Permit)> {
    endpoints[position]
        .state
        .admit()
        .map(|permit| (position as u32, permit))
}
