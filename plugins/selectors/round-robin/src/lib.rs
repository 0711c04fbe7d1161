//! Endpoints take turns.
//!
//! Exact over all threads of the host, because the number of the next turn is shared: N × k
//! requests over N endpoints give k to each. A draining endpoint is left out unless all drain. When
//! the endpoint whose turn it is must not be used, the next one in order takes it.

use tidegate_sdk::algorithms::{candidates, turn};
use tidegate_sdk::prelude::*;

struct RoundRobin {
    next: state::Counter,
    order: Vec<u32>,
}

impl Selector for RoundRobin {
    type Config = NoConfig;

    fn configure(_: NoConfig) -> Result<Self, String> {
        Ok(RoundRobin {
            next: state::Counter::open("next"),
            order: Vec::new(),
        })
    }

    fn update(&mut self, endpoints: Vec<Endpoint>) {
        self.order = candidates(&endpoints);
    }

    fn select(&mut self, excluded: &Excluded) -> Option<Choice> {
        turn(&self.order, self.next.add(1) as u64, excluded).map(Choice::at)
    }
}

export!(RoundRobin);

#[cfg(test)]
mod tests;
