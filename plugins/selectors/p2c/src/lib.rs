//! The less loaded of two random endpoints: of two that are drawn, each as likely as its share of
//! the weights, the one with the smaller (in flight + 1) / weight, and of equals the one that was
//! drawn first.
//!
//! The power of two choices (Mitzenmacher 2001): nearly as even as looking at all of them, at a cost
//! that does not depend on their number. A draining endpoint is left out unless all drain.

use tidegate_sdk::algorithms::{Pairs, candidates};
use tidegate_sdk::prelude::*;

struct P2c {
    pairs: Pairs,
    /// By position in the list.
    weights: Vec<u32>,
}

impl Selector for P2c {
    type Config = NoConfig;

    fn configure(_: NoConfig) -> Result<Self, String> {
        Ok(P2c {
            pairs: Pairs::default(),
            weights: Vec::new(),
        })
    }

    fn update(&mut self, endpoints: Vec<Endpoint>) {
        self.pairs = Pairs::new(&endpoints, candidates(&endpoints));
        self.weights = endpoints.iter().map(|endpoint| endpoint.weight).collect();
    }

    fn select(&mut self, excluded: &Excluded) -> Option<Choice> {
        let (first, other) = self.pairs.draw(excluded, random::next)?;
        // a / v <= b / w as a × w <= b × v: exact, and without a division.
        let load = |it: u32| u64::from(load::in_flight_of(it)) + 1;
        let weight = |it: u32| u64::from(self.weights[it as usize]);
        let first_wins = load(first) * weight(other) <= load(other) * weight(first);
        Some(Choice::at(if first_wins { first } else { other }))
    }
}

export!(P2c);

#[cfg(test)]
mod tests;
