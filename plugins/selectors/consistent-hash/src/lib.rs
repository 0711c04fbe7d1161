//! A key of the request stays with its endpoint.
//!
//! ```yaml
//! selector:
//!   plugin: consistent-hash
//!   config:
//!     key: { header: x-user }   # or { cookie: name }, { query: name },
//!                               # { attribute: name }, path, client_address
//!     bounded_load: 1.25        # optional
//! ```
//!
//! By a hash ring over the endpoints' identities ([`Ring`] says how few keys move when). A request
//! without the key, or with an empty one, counts by its client's address. A draining endpoint is
//! left out unless all drain; a key whose endpoint must not be used goes to the next one along the
//! ring.
//!
//! With `bounded_load: c` no endpoint gets more than c times its share of the requests in flight,
//! rounded up: a hot key spills over to the next endpoints along the ring (Mirrokni, Thorup,
//! Zadimoghaddam 2016).

use serde::Deserialize;
use tidegate_sdk::algorithms::{Ring, candidates, hash};
use tidegate_sdk::config::Key;
use tidegate_sdk::prelude::*;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    key: Key,
    bounded_load: Option<f64>,
}

struct ConsistentHash {
    key: Key,
    bound: Option<f64>,
    ring: Ring,
    /// By position in the list, as a part of the sum over those that may be used.
    shares: Vec<f64>,
}

impl Selector for ConsistentHash {
    type Config = Config;

    fn configure(config: Config) -> Result<Self, String> {
        let bound = config.bounded_load;
        if bound.is_some_and(|bound| !bound.is_finite() || bound <= 1.0) {
            return Err("bounded_load: must be above 1, for example 1.25".to_owned());
        }
        Ok(ConsistentHash {
            key: config.key,
            bound,
            ring: Ring::default(),
            shares: Vec::new(),
        })
    }

    fn update(&mut self, endpoints: Vec<Endpoint>) {
        let candidates = candidates(&endpoints);
        let weight = |position: u32| f64::from(endpoints[position as usize].weight);
        let sum: f64 = candidates.iter().map(|&position| weight(position)).sum();
        self.shares = (0..endpoints.len() as u32)
            .map(|position| weight(position) / sum)
            .collect();
        self.ring = Ring::new(&endpoints, &candidates);
    }

    fn select(&mut self, excluded: &Excluded) -> Option<Choice> {
        let mut owners = self
            .ring
            .walk(hash_of(&self.key))
            .filter(|&owner| !excluded.contains(owner));
        let chosen = match self.bound {
            None => owners.next(),
            Some(bound) => self.first_with_room(bound, owners),
        };
        chosen.map(Choice::at)
    }
}

impl ConsistentHash {
    /// The first owner below its capacity, or the first of all when what is left has no room.
    fn first_with_room(&self, bound: f64, mut owners: impl Iterator<Item = u32>) -> Option<u32> {
        let allowed = bound * (f64::from(load::total()) + 1.0);
        let capacity = |owner: u32| (allowed * self.shares[owner as usize]).ceil();
        let first = owners.next()?;
        if f64::from(load::in_flight_of(first)) < capacity(first) {
            return Some(first);
        }
        // Owners come up again and again along the ring: one column is cheaper than asking for each.
        let column = load::in_flight();
        let in_flight = |owner: u32| column.get(owner as usize).copied().unwrap_or(0);
        owners
            .find(|&owner| f64::from(in_flight(owner)) < capacity(owner))
            .or(Some(first))
    }
}

/// Of the request's key, or of its client's address when it has none.
fn hash_of(key: &Key) -> u64 {
    match key {
        Key::ClientAddress => request::client_hash(),
        _ => key
            .read()
            .map_or_else(request::client_hash, |key| hash(key.as_bytes())),
    }
}

export!(ConsistentHash);

#[cfg(test)]
mod tests;
