//! Any endpoint, each as likely as its share of the weights. A draining endpoint is left out unless
//! all drain. Constant time for any number of endpoints, by the alias method.

use tidegate_sdk::algorithms::{Alias, candidates};
use tidegate_sdk::prelude::*;

struct WeightedRandom {
    table: Alias,
}

impl Selector for WeightedRandom {
    type Config = NoConfig;

    fn configure(_: NoConfig) -> Result<Self, String> {
        Ok(WeightedRandom {
            table: Alias::default(),
        })
    }

    fn update(&mut self, endpoints: Vec<Endpoint>) {
        self.table = Alias::new(&endpoints, &candidates(&endpoints));
    }

    fn select(&mut self, excluded: &Excluded) -> Option<Choice> {
        self.table.pick(excluded, random::next()).map(Choice::at)
    }
}

export!(WeightedRandom);

#[cfg(test)]
mod tests;
