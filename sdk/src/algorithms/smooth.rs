//! Smooth weighted round robin, written down ahead for one full cycle.
//!
//! The textbook (nginx 1.3.1, 2012): at each step every endpoint's credit grows by its weight, the
//! one with the most credit is chosen (the first of equals) and pays the sum of all weights. A
//! cycle is as long as that sum, holds each endpoint as often as its weight and spreads them as far
//! apart as it can: 5:1:1 gives `a a b a c a a`. Writing the cycle down turns the choice into one
//! look at a table, and a shared number makes it exact over all threads.

use std::collections::BTreeMap;

/// Cycles are shortened to about this many entries.
const BOUND: u64 = 65_536;

/// One full cycle, as positions in `weights`.
///
/// Weights are first divided by what they have in common. When their sum is still above 65,536 they
/// are scaled to it and rounded, never to 0: each share of the traffic is then off by at most half
/// of 1/65,536 of the whole, and an endpoint with less than that share gets that share. At most
/// 65,536 weights; of more, the rest is left out.
///
/// ```
/// # use tidegate_sdk::algorithms::smooth_cycle;
/// assert_eq!(smooth_cycle(&[5, 1, 1]), [0, 0, 1, 0, 2, 0, 0]);
/// ```
pub fn smooth_cycle(weights: &[u32]) -> Vec<u16> {
    let mut groups = groups(&shortened(weights));
    let total: i64 = groups
        .iter()
        .map(|group| group.weight * group.members.len() as i64)
        .sum();
    let mut cycle = Vec::with_capacity(total as usize);
    for step in 1..=total {
        let Some(chosen) = groups
            .iter_mut()
            .max_by_key(|group| group.claim(step, total))
        else {
            break;
        };
        cycle.push(chosen.take());
    }
    cycle
}

/// Endpoints of one weight. Their credits grow alike, so among themselves they take turns, and only
/// the next of them can be the one with the most credit. The work of a step is therefore one look
/// at each weight that occurs, not at each endpoint.
struct Group {
    weight: i64,
    members: Vec<u16>,
    next: usize,
    rounds: i64,
}

impl Group {
    /// Credit of the member whose turn is next; of equals the first in the list wins.
    fn claim(&self, step: i64, total: i64) -> (i64, std::cmp::Reverse<u16>) {
        let credit = step * self.weight - self.rounds * total;
        (credit, std::cmp::Reverse(self.members[self.next]))
    }

    fn take(&mut self) -> u16 {
        let member = self.members[self.next];
        self.next += 1;
        if self.next == self.members.len() {
            self.next = 0;
            self.rounds += 1;
        }
        member
    }
}

fn groups(weights: &[u64]) -> Vec<Group> {
    let mut members: BTreeMap<u64, Vec<u16>> = BTreeMap::new();
    for (position, &weight) in (0..=u16::MAX).zip(weights) {
        members.entry(weight).or_default().push(position);
    }
    members
        .into_iter()
        .map(|(weight, members)| Group {
            weight: weight as i64,
            members,
            next: 0,
            rounds: 0,
        })
        .collect()
}

fn shortened(weights: &[u32]) -> Vec<u64> {
    let weights = divided(
        weights
            .iter()
            .map(|&weight| u64::from(weight.max(1)))
            .collect(),
    );
    let sum: u64 = weights.iter().sum();
    if sum <= BOUND {
        return weights;
    }
    divided(
        weights
            .iter()
            .map(|weight| ((weight * BOUND + sum / 2) / sum).max(1))
            .collect(),
    )
}

fn divided(mut weights: Vec<u64>) -> Vec<u64> {
    let common = weights.iter().copied().fold(0, gcd).max(1);
    weights.iter_mut().for_each(|weight| *weight /= common);
    weights
}

pub(super) fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The textbook, word by word.
    fn textbook(weights: &[u32]) -> Vec<u16> {
        let total: i64 = weights.iter().map(|&weight| i64::from(weight)).sum();
        let mut credit = vec![0; weights.len()];
        (0..total)
            .map(|_| {
                credit
                    .iter_mut()
                    .zip(weights)
                    .for_each(|(c, &weight)| *c += i64::from(weight));
                let most = credit.iter().copied().max().unwrap();
                let chosen = credit.iter().position(|&c| c == most).unwrap();
                credit[chosen] -= total;
                chosen as u16
            })
            .collect()
    }

    #[test]
    fn five_one_one_is_spread() {
        assert_eq!(smooth_cycle(&[5, 1, 1]), [0, 0, 1, 0, 2, 0, 0]);
        assert_eq!(smooth_cycle(&[500, 100, 100]), [0, 0, 1, 0, 2, 0, 0]);
    }

    #[test]
    fn equal_weights_are_round_robin_and_no_weights_are_nothing() {
        assert_eq!(smooth_cycle(&[7; 4]), [0, 1, 2, 3]);
        assert_eq!(smooth_cycle(&[]), Vec::<u16>::new());
        assert_eq!(smooth_cycle(&vec![9; 65_536]).len(), 65_536);
    }

    #[test]
    fn a_long_cycle_is_scaled_within_the_bound_and_leaves_nobody_out() {
        let weights = [1_000_000, 999_999, 333_333, 1];
        let cycle = smooth_cycle(&weights);
        let sum: u64 = weights.iter().map(|&weight| u64::from(weight)).sum();
        assert!(cycle.len() as u64 <= BOUND + weights.len() as u64);
        for (position, &weight) in weights.iter().enumerate() {
            let count = cycle
                .iter()
                .filter(|&&it| usize::from(it) == position)
                .count();
            let share = count as f64 / cycle.len() as f64;
            assert!((share - f64::from(weight) / sum as f64).abs() <= 1.0 / BOUND as f64);
            assert!(count > 0);
        }
    }

    proptest! {
        #[test]
        fn the_cycle_is_the_textbook_s(weights in prop::collection::vec(1u32..40, 1..12)) {
            let common = weights.iter().copied().fold(0, |a, b| gcd(a.into(), b.into()) as u32);
            let expected = textbook(&weights);
            let cycle = smooth_cycle(&weights);
            // The textbook's cycle is this one, as often as the weights have a common factor.
            prop_assert_eq!(cycle.repeat(common as usize), expected);
        }
    }
}
