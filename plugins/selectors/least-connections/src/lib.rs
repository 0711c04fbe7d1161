//! The endpoint with the fewest requests in flight for its weight: smallest (in flight + 1) /
//! weight. Equals take turns. A draining endpoint is left out unless all drain.
//!
//! Requests in flight are those of this host's process, over all its threads.

use tidegate_sdk::algorithms::{Least, candidates};
use tidegate_sdk::prelude::*;

struct LeastConnections {
    least: Least,
}

impl Selector for LeastConnections {
    type Config = NoConfig;

    fn configure(_: NoConfig) -> Result<Self, String> {
        Ok(LeastConnections {
            least: Least::default(),
        })
    }

    fn update(&mut self, endpoints: Vec<Endpoint>) {
        self.least.update(&endpoints, candidates(&endpoints));
    }

    fn select(&mut self, excluded: &Excluded) -> Option<Choice> {
        self.least.select(excluded).map(Choice::at)
    }
}

export!(LeastConnections);

#[cfg(test)]
mod tests;
