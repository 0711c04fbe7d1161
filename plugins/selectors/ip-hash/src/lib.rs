//! A client stays with its endpoint: the address of the client decides.
//!
//! By a hash ring over the endpoints' identities, so that the order of the list does not matter,
//! weights scale the shares, and taking one endpoint away moves only that endpoint's clients, who
//! come back with it ([`Ring`] says how exactly). A draining endpoint is left out unless all drain.
//! A client whose endpoint must not be used goes to the next one along the ring, the same for every
//! request.

use tidegate_sdk::algorithms::{Ring, candidates};
use tidegate_sdk::prelude::*;

struct IpHash {
    ring: Ring,
}

impl Selector for IpHash {
    type Config = NoConfig;

    fn configure(_: NoConfig) -> Result<Self, String> {
        Ok(IpHash {
            ring: Ring::default(),
        })
    }

    fn update(&mut self, endpoints: Vec<Endpoint>) {
        self.ring = Ring::new(&endpoints, &candidates(&endpoints));
    }

    fn select(&mut self, excluded: &Excluded) -> Option<Choice> {
        let mut owners = self.ring.walk(request::client_hash());
        owners
            .find(|&owner| !excluded.contains(owner))
            .map(Choice::at)
    }
}

export!(IpHash);

#[cfg(test)]
mod tests;
