//! Drawing lots among positions with one random number.

use crate::Excluded;
use crate::random::scale;

/// One of the positions, each as likely as the others. None when all are excluded.
///
/// ```
/// # use tidegate_sdk::{Excluded, algorithms::any_of, random, testing::Host};
/// # let _host = Host::new();
/// let near = [3, 5, 8];
/// let drawn = any_of(&near, &Excluded::none(), random::next()).unwrap();
/// assert!(near.contains(&drawn));
/// assert_eq!(any_of(&near, &[3, 5, 8].into_iter().collect(), 7), None);
/// ```
#[inline]
pub fn any_of(positions: &[u32], excluded: &Excluded, random: u64) -> Option<u32> {
    if excluded.is_empty() {
        return positions
            .get(scale(random, positions.len() as u32) as usize)
            .copied();
    }
    any_of(&remaining(positions, excluded), &Excluded::none(), random)
}

/// Two different positions, each pair and each order as likely as the others; the same one twice
/// when only one is left. None when all are excluded.
///
/// ```
/// # use tidegate_sdk::{Excluded, algorithms::two_of, load, random, testing::Host};
/// # let host = Host::new();
/// host.in_flight(&[9, 0, 4]);
/// let (a, b) = two_of(&[0, 1, 2], &Excluded::none(), random::next()).unwrap();
/// let lighter = if load::in_flight_of(a) <= load::in_flight_of(b) { a } else { b };
/// assert_ne!(a, b);
/// assert_ne!(lighter, 0, "the busiest never wins");
/// ```
#[inline]
pub fn two_of(positions: &[u32], excluded: &Excluded, random: u64) -> Option<(u32, u32)> {
    if !excluded.is_empty() {
        return two_of(&remaining(positions, excluded), &Excluded::none(), random);
    }
    let count = positions.len() as u64;
    if count < 2 {
        return positions.first().map(|&only| (only, only));
    }
    // One half of the bits for each: a list is short enough for 32.
    let first = ((random >> 32) * count) >> 32;
    let other = ((random & 0xffff_ffff) * (count - 1)) >> 32;
    let other = other + u64::from(other >= first);
    Some((positions[first as usize], positions[other as usize]))
}

fn remaining(positions: &[u32], excluded: &Excluded) -> Vec<u32> {
    positions
        .iter()
        .copied()
        .filter(|&position| !excluded.contains(position))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::algorithms::mix;

    #[test]
    fn each_pair_in_each_order_is_as_likely() {
        let mut tally = [[0u32; 3]; 3];
        for i in 0..60_000 {
            let (a, b) = two_of(&[0, 1, 2], &Excluded::none(), mix(i)).unwrap();
            tally[a as usize][b as usize] += 1;
        }
        for (a, row) in tally.iter().enumerate() {
            for (b, &count) in row.iter().enumerate() {
                // 10,000 each: five standard deviations are 457.
                let fair = if a == b {
                    count == 0
                } else {
                    count.abs_diff(10_000) < 457
                };
                assert!(fair, "{tally:?}");
            }
        }
    }

    #[test]
    fn what_is_excluded_is_never_drawn() {
        let excluded = [1, 3].into_iter().collect();
        let positions = [0, 1, 2, 3, 4];
        for i in 0..1000 {
            let (a, b) = two_of(&positions, &excluded, mix(i)).unwrap();
            assert!([a, b].iter().all(|&it| it % 2 == 0) && a != b);
            assert_eq!(any_of(&positions, &excluded, mix(i)).unwrap() % 2, 0);
        }
    }

    #[test]
    fn the_last_one_left_is_both_and_none_left_is_none() {
        let excluded = [1].into_iter().collect();
        assert_eq!(two_of(&[1, 2], &excluded, 7), Some((2, 2)));
        assert_eq!(two_of(&[1], &excluded, 7), None);
        assert_eq!(any_of(&[1], &excluded, 7), None);
        assert_eq!(any_of(&[], &Excluded::none(), 7), None);
    }
}
