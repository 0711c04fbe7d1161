//! The least loaded endpoint: smallest (requests in flight + 1) / weight.
//!
//! Counting the request that is about to be placed is what makes weights count when nobody has
//! anything to do. Division is avoided: every weight becomes a step, the price of one request, with
//! step × weight the same for all, and (requests in flight + 1) × step is compared. Steps are whole
//! numbers: exact as long as the least common multiple of the weights (after division by what they
//! have in common) is at most 2^20, and otherwise rounded, off by less than one in 4,000.

use super::scan::first_least;
use super::smooth::gcd;
use crate::{Endpoint, Excluded, load, random};

/// Steps up to this leave room for thousands of requests in 32 bits.
const EXACT: u64 = 1 << 20;

/// Finds the least loaded of some positions; equals take turns.
///
/// ```
/// use tidegate_sdk::algorithms::Least;
/// # use tidegate_sdk::{Excluded, testing::{Host, endpoints}};
/// # let host = Host::new();
///
/// let mut least = Least::default();
/// least.update(&endpoints(3), vec![0, 2]);
/// host.in_flight(&[4, 0, 3]);
/// assert_eq!(least.select(&Excluded::none()), Some(2));
/// assert_eq!(least.select(&[2].into_iter().collect()), Some(0));
/// ```
#[derive(Debug, Default)]
pub struct Least {
    positions: Vec<u32>,
    steps: Vec<u32>,
    /// No price can be below this; finding it ends the search.
    floor: u32,
    /// With more requests in flight than this, a price may not fit 32 bits.
    most: u32,
    /// Entry where the search begins: after the one that was chosen last.
    cursor: usize,
}

impl Least {
    /// Searches among these positions of the list from now on.
    ///
    /// Equals take turns from a random first one, so that instances that see the same load do not
    /// all send their next request to the same endpoint.
    pub fn update(&mut self, endpoints: &[Endpoint], positions: Vec<u32>) {
        let weights: Vec<u32> = positions
            .iter()
            .map(|&position| endpoints[position as usize].weight)
            .collect();
        self.steps = steps(&weights);
        self.floor = self.steps.iter().copied().min().unwrap_or(0);
        self.most = u32::MAX / self.steps.iter().copied().max().unwrap_or(1) - 1;
        self.cursor = random::below(positions.len() as u32) as usize;
        self.positions = positions;
    }

    /// The position with the least load right now. None when all are excluded or there are none.
    /// Calls the host once.
    pub fn select(&mut self, excluded: &Excluded) -> Option<u32> {
        if self.positions.is_empty() {
            return None;
        }
        let column = load::in_flight();
        let found = match column.get(..self.steps.len()) {
            Some(column) if excluded.is_empty() && self.is_a_prefix() => self.search(column),
            _ => None,
        };
        let entry = found.or_else(|| self.search_any(&column, excluded))?;
        self.cursor = if entry + 1 == self.positions.len() {
            0
        } else {
            entry + 1
        };
        Some(self.positions[entry])
    }

    /// Positions ascend without a gap from 0, so entries and positions are the same.
    fn is_a_prefix(&self) -> bool {
        self.positions
            .last()
            .is_some_and(|&last| last as usize + 1 == self.positions.len())
    }

    /// From the cursor to the end, then from the start to the cursor: the first of equals wins.
    /// None when a price does not fit.
    fn search(&self, column: &[u32]) -> Option<usize> {
        let (front, back) = column.split_at(self.cursor);
        let (front_steps, back_steps) = self.steps.split_at(self.cursor);
        let (price, entry) = first_least(back, back_steps, self.floor, self.most)?;
        if price == self.floor {
            return Some(self.cursor + entry);
        }
        match first_least(front, front_steps, self.floor, self.most)? {
            (less, entry) if less < price => Some(entry),
            _ => Some(self.cursor + entry),
        }
    }

    /// The same for any load and with some left out, slower.
    fn search_any(&self, column: &[u32], excluded: &Excluded) -> Option<usize> {
        let count = self.positions.len();
        (self.cursor..count)
            .chain(0..self.cursor)
            .filter(|&entry| !excluded.contains(self.positions[entry]))
            .min_by_key(|&entry| {
                let position = self.positions[entry] as usize;
                price(
                    column.get(position).copied().unwrap_or(0),
                    self.steps[entry],
                )
            })
    }
}

fn price(in_flight: u32, step: u32) -> u64 {
    (u64::from(in_flight) + 1) * u64::from(step)
}

fn steps(weights: &[u32]) -> Vec<u32> {
    let weights: Vec<u64> = weights
        .iter()
        .map(|&weight| u64::from(weight.max(1)))
        .collect();
    let common = weights.iter().copied().fold(0, gcd).max(1);
    let multiple = weights
        .iter()
        .map(|weight| weight / common)
        .try_fold(1, |multiple, weight| {
            Some(multiple / gcd(multiple, weight) * weight).filter(|&it| it <= EXACT)
        });
    let lightest = weights.iter().copied().min().unwrap_or(1);
    let heaviest = weights.iter().copied().max().unwrap_or(1);
    // Rounding needs room below the step of the heaviest.
    let largest = if heaviest / lightest < 256 {
        EXACT
    } else {
        u64::from(u32::MAX)
    };
    let step = |weight: u64| match multiple {
        Some(multiple) => multiple / (weight / common),
        None => (largest * lightest + weight / 2) / weight,
    };
    weights
        .into_iter()
        .map(|weight| step(weight) as u32)
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::{Host, endpoints};

    fn least(weights: &[u32]) -> Least {
        let mut list = endpoints(weights.len() as u32);
        list.iter_mut()
            .zip(weights)
            .for_each(|(endpoint, &weight)| endpoint.weight = weight);
        let mut least = Least::default();
        least.update(&list, (0..weights.len() as u32).collect());
        least
    }

    #[test]
    fn equals_take_turns() {
        let host = Host::new();
        host.in_flight(&[3, 1, 9, 1, 1]);
        let mut least = least(&[1; 5]);
        let chosen: Vec<u32> = (0..6)
            .filter_map(|_| least.select(&Excluded::none()))
            .collect();
        assert_eq!(chosen[..3], chosen[3..]);
        let mut once = chosen[..3].to_vec();
        once.sort_unstable();
        assert_eq!(once, [1, 3, 4]);
    }

    #[test]
    fn weights_are_exact_when_their_multiple_fits() {
        let host = Host::new();
        let mut least = least(&[49, 7, 1]);
        // (48 + 1) / 49 = (6 + 1) / 7 = (0 + 1) / 1: all three are equal.
        host.in_flight(&[48, 6, 0]);
        let mut chosen: Vec<u32> = (0..3)
            .filter_map(|_| least.select(&Excluded::none()))
            .collect();
        chosen.sort_unstable();
        assert_eq!(chosen, [0, 1, 2]);
        host.in_flight(&[48, 5, 0]);
        assert_eq!(least.select(&Excluded::none()), Some(1));
    }

    #[test]
    fn nothing_left_is_none() {
        let host = Host::new();
        host.in_flight(&[1, 0]);
        let mut least = least(&[1, 1]);
        assert_eq!(least.select(&[1].into_iter().collect()), Some(0));
        assert_eq!(least.select(&[0, 1].into_iter().collect()), None);
        assert_eq!(Least::default().select(&Excluded::none()), None);
    }

    proptest! {
        #[test]
        fn nobody_has_less_than_the_chosen_one(
            entries in prop::collection::vec((1u32..=12, 0u32..50), 1..150),
            huge in prop::option::of(any::<(prop::sample::Index, u32)>()),
            excluded in prop::collection::btree_set(0u32..150, 0..6),
            short in 0usize..4,
        ) {
            let host = Host::new();
            let (weights, mut column): (Vec<u32>, Vec<u32>) = entries.into_iter().unzip();
            let mut least = least(&weights);
            if let Some((entry, load)) = huge {
                *entry.get_mut(&mut column) = load;
            }
            column.truncate(column.len().saturating_sub(short));
            host.in_flight(&column);
            column.resize(weights.len(), 0);
            let excluded: Excluded = excluded.into_iter().collect();
            let load = |i: usize| (f64::from(column[i]) + 1.0) / f64::from(weights[i]);
            let free = (0..weights.len()).filter(|&i| !excluded.contains(i as u32));
            let minimum = free.map(load).fold(f64::INFINITY, f64::min);
            for _ in 0..5 {
                match least.select(&excluded) {
                    Some(chosen) => {
                        prop_assert!(!excluded.contains(chosen));
                        prop_assert!((load(chosen as usize) - minimum).abs() < 1e-9);
                    }
                    None => prop_assert_eq!(minimum, f64::INFINITY),
                }
            }
        }

        #[test]
        fn any_weights_are_off_by_less_than_one_in_4000(
            weights in prop::collection::vec(1u32..=1_000_000, 2..40),
        ) {
            let steps = steps(&weights);
            let product = |i: usize| f64::from(weights[i]) * f64::from(steps[i]);
            for i in 1..weights.len() {
                prop_assert!((product(i) / product(0) - 1.0).abs() < 1.0 / 4000.0);
            }
        }
    }
}
