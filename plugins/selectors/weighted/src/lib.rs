//! Endpoints take turns by weight, spread as evenly as can be: 5:1:1 gives `a a b a c a a`.
//!
//! Smooth weighted round robin, exact over each full cycle and over all threads of the host: the
//! cycle is written down when the endpoints change, and the number of the next turn is shared. How
//! long cycles are shortened, and by how much that is off, says
//! [`smooth_cycle`]. A draining endpoint is left out unless
//! all drain. When the endpoint whose turn it is must not be used, lots are drawn among the turns of
//! the others: whoever comes next in the cycle would otherwise get the whole share of a heavy one.

use tidegate_sdk::algorithms::{candidates, mix, smooth_cycle, turn};
use tidegate_sdk::prelude::*;

struct Weighted {
    next: state::Counter,
    cycle: Vec<u16>,
}

impl Selector for Weighted {
    type Config = NoConfig;

    fn configure(_: NoConfig) -> Result<Self, String> {
        Ok(Weighted {
            next: state::Counter::open("next"),
            cycle: Vec::new(),
        })
    }

    fn update(&mut self, endpoints: Vec<Endpoint>) {
        let positions = candidates(&endpoints);
        let weights: Vec<u32> = positions
            .iter()
            .map(|&position| endpoints[position as usize].weight)
            .collect();
        self.cycle = smooth_cycle(&weights);
        for entry in &mut self.cycle {
            *entry = positions[usize::from(*entry)] as u16;
        }
    }

    fn select(&mut self, excluded: &Excluded) -> Option<Choice> {
        let number = self.next.add(1) as u64;
        if excluded.is_empty() {
            return turn(&self.cycle, number, excluded).map(Choice::at);
        }
        self.draw(number, excluded).map(Choice::at)
    }
}

impl Weighted {
    /// Any turn of those that may be used. Twenty draws miss only if nearly all turns are excluded;
    /// then the next one has to do.
    fn draw(&self, number: u64, excluded: &Excluded) -> Option<u32> {
        let seed = mix(number);
        let mut draws = (0..20)
            .filter_map(|draw| turn(&self.cycle, mix(seed.wrapping_add(draw)), &Excluded::none()));
        let drawn = draws.find(|&position| !excluded.contains(position));
        drawn.or_else(|| turn(&self.cycle, number, excluded))
    }
}

export!(Weighted);

#[cfg(test)]
mod tests;
