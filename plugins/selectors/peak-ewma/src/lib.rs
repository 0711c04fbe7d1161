//! The one of two random endpoints that will answer sooner: of two that are drawn, each as likely as
//! its share of the weights, the one with the smaller latency × (in flight + 1) / weight, and of equals the one that was drawn first.
//!
//! The host keeps the latency: a moving average of the time to the response head that rises at once
//! with a slow answer and falls slowly (as in Twitter's Finagle). An endpoint that has not answered
//! yet counts as fast as the other one, so that the two are compared by load alone: it gets its
//! share and is measured soon, but one that never answers attracts nothing. A draining endpoint is
//! left out unless all drain.

use tidegate_sdk::algorithms::{Pairs, candidates};
use tidegate_sdk::prelude::*;

struct PeakEwma {
    pairs: Pairs,
    /// By position in the list.
    weights: Vec<u32>,
}

impl Selector for PeakEwma {
    type Config = NoConfig;

    fn configure(_: NoConfig) -> Result<Self, String> {
        Ok(PeakEwma {
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
        let (first_time, other_time) = match (load::latency_of(first), load::latency_of(other)) {
            (0, _) | (_, 0) => (1, 1),
            measured => measured,
        };
        let first_wins = self.cost(first, first_time) <= self.cost(other, other_time);
        Some(Choice::at(if first_wins { first } else { other }))
    }
}

impl PeakEwma {
    fn cost(&self, position: u32, latency: u32) -> f64 {
        let queue = f64::from(load::in_flight_of(position)) + 1.0;
        f64::from(latency) * queue / f64::from(self.weights[position as usize])
    }
}

export!(PeakEwma);

#[cfg(test)]
mod tests;
