//! Any endpoint, each as likely as the others, whatever its weight. A draining endpoint is left out
//! unless all drain.

use tidegate_sdk::algorithms::{any_of, candidates};
use tidegate_sdk::prelude::*;

struct Random {
    candidates: Vec<u32>,
}

impl Selector for Random {
    type Config = NoConfig;

    fn configure(_: NoConfig) -> Result<Self, String> {
        Ok(Random {
            candidates: Vec::new(),
        })
    }

    fn update(&mut self, endpoints: Vec<Endpoint>) {
        self.candidates = candidates(&endpoints);
    }

    fn select(&mut self, excluded: &Excluded) -> Option<Choice> {
        any_of(&self.candidates, excluded, random::next()).map(Choice::at)
    }
}

export!(Random);

#[cfg(test)]
mod tests;
