//! Drawing two to compare, each as likely as its share of the weights.
//!
//! Of two that are drawn alike, a large endpoint is among them no more often than a small one, and
//! cannot get its share however little it has to do (the power of two choices, Mitzenmacher 2001,
//! is about endpoints that are alike).

use super::{Alias, two_of};
use crate::{Endpoint, Excluded};

/// Lots that give the second one again, before all others are looked at instead.
const TRIES: usize = 4;

/// Positions to draw two different ones from.
///
/// ```
/// use tidegate_sdk::algorithms::Pairs;
/// # use tidegate_sdk::{Excluded, random, testing::{Host, endpoints}};
/// # let _host = Host::new();
/// let mut list = endpoints(10);
/// list[3].weight = 91;
/// let pairs = Pairs::new(&list, (0..10).collect());
/// let draws = (0..1000).filter_map(|_| pairs.draw(&Excluded::none(), random::next));
/// // Its share of the weights is 91 %, and the other one is another one.
/// let first = draws.inspect(|(a, b)| assert_ne!(a, b)).filter(|(a, _)| *a == 3);
/// assert!((870..950).contains(&first.count()));
/// ```
#[derive(Debug, Clone, Default)]
pub struct Pairs {
    positions: Vec<u32>,
    /// None when all weights are the same, which costs one random number in place of two.
    table: Option<Alias>,
}

impl Pairs {
    /// To draw from these positions of the list. Takes time in proportion to their number.
    pub fn new(endpoints: &[Endpoint], positions: Vec<u32>) -> Self {
        let mut weights = positions.iter().map(|&it| endpoints[it as usize].weight);
        let first = weights.next();
        let alike = weights.all(|weight| Some(weight) == first);
        let table = (!alike).then(|| Alias::new(endpoints, &positions));
        Pairs { positions, table }
    }

    /// Two different positions, the first by the weights of all, the other by those of the rest;
    /// the same one twice when only one is left. None when all are excluded. `random` gives a
    /// number for each lot: constant time, unless something is excluded or one has nearly all
    /// of the weight.
    #[inline]
    pub fn draw(&self, excluded: &Excluded, mut random: impl FnMut() -> u64) -> Option<(u32, u32)> {
        let Some(table) = &self.table else {
            return two_of(&self.positions, excluded, random());
        };
        let first = table.pick(excluded, random())?;
        for _ in 0..TRIES {
            let other = table.pick(excluded, random())?;
            if other != first {
                return Some((first, other));
            }
        }
        let all = self.positions.iter().copied();
        let gone = all.filter(|&it| it == first || excluded.contains(it));
        let other = table.pick(&gone.collect(), random());
        Some((first, other.unwrap_or(first)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::algorithms::mix;
    use crate::testing::endpoints;

    fn pairs(weights: &[u32]) -> Pairs {
        let mut list = endpoints(weights.len() as u32);
        list.iter_mut()
            .zip(weights)
            .for_each(|(endpoint, &weight)| endpoint.weight = weight);
        Pairs::new(&list, (0..weights.len() as u32).collect())
    }

    fn numbers() -> impl FnMut() -> u64 {
        let mut number = 0;
        move || {
            number += 1;
            mix(number)
        }
    }

    #[test]
    fn the_first_is_drawn_by_weight_and_the_other_by_what_is_left() {
        let (pairs, mut random) = (pairs(&[1, 2, 5]), numbers());
        let mut tally = [[0u32; 3]; 3];
        for _ in 0..80_000 {
            let (a, b) = pairs.draw(&Excluded::none(), &mut random).unwrap();
            tally[a as usize][b as usize] += 1;
        }
        for (a, weight) in [1.0, 2.0, 5.0].into_iter().enumerate() {
            for (b, other) in [1.0, 2.0, 5.0].into_iter().enumerate() {
                let share = if a == b {
                    0.0
                } else {
                    weight / 8.0 * other / (8.0 - weight)
                };
                // Six standard deviations of 80,000 draws are at most 0.0106.
                let found = f64::from(tally[a][b]) / 80_000.0;
                assert!((found - share).abs() < 0.0106, "{a} {b}: {found} {share}");
            }
        }
    }

    #[test]
    fn one_that_has_nearly_all_of_the_weight_is_drawn_once() {
        let (pairs, mut random) = (pairs(&[1_000_000, 1, 1]), numbers());
        for _ in 0..1_000 {
            let (a, b) = pairs.draw(&Excluded::none(), &mut random).unwrap();
            assert_ne!(a, b);
        }
    }

    #[test]
    fn what_is_excluded_is_never_drawn() {
        let (pairs, mut random) = (pairs(&[3, 9, 1, 7]), numbers());
        for _ in 0..1_000 {
            let (a, b) = pairs
                .draw(&[1, 2].into_iter().collect(), &mut random)
                .unwrap();
            assert!([a, b] == [0, 3] || [a, b] == [3, 0]);
        }
        let one_left = [0, 1, 2].into_iter().collect();
        assert_eq!(pairs.draw(&one_left, &mut random), Some((3, 3)));
        let none_left = [0, 1, 2, 3].into_iter().collect();
        assert_eq!(pairs.draw(&none_left, &mut random), None);
        assert_eq!(Pairs::default().draw(&Excluded::none(), &mut random), None);
    }
}
