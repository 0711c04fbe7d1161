//! A hash ring (Karger et al. 1997): endpoints own points on a circle, and a key belongs to the
//! owner of the first point at or after it. Taking an endpoint away gives its keys to the owners
//! of the points that follow, and moves no others; putting it back brings exactly them back.
//!
//! Points come from the endpoint's id alone, so neither the order of the list nor its other members
//! change them. Their number is 128 × weight while the ring then has at most 131,072 points, and
//! otherwise the greatest half, quarter, … of it with which it does (at least one each). Only when
//! the sum of the weights crosses such a power of two do other keys move too: never below a sum of
//! 1,024.
//!
//! With 128 points the share of an endpoint has a standard deviation of about 9 %.

use super::hash::mix;
use crate::Endpoint;

const POINTS_FOR_WEIGHT_1: u32 = 128;
const MOST_POINTS: u64 = 131_072;
/// A lookup starts at the right bucket and reads on; this many fit one line of the cache.
const POINTS_IN_A_BUCKET: usize = 4;
const OWNER: u64 = 0xffff;

/// A ring of positions.
///
/// ```
/// use tidegate_sdk::algorithms::{Ring, hash};
/// # use tidegate_sdk::testing::endpoints;
///
/// let list = endpoints(4);
/// let ring = Ring::new(&list, &[0, 1, 2, 3]);
/// let key = hash(b"user 7");
/// let owner = ring.owner(key).unwrap();
/// // The next one along the ring stands in for it.
/// let next = ring.walk(key).find(|&other| other != owner);
/// assert!(next.is_some());
///
/// let without: Vec<u32> = (0..4).filter(|&position| position != owner).collect();
/// assert_eq!(Ring::new(&list, &without).owner(key), next);
/// ```
#[derive(Debug, Clone, Default)]
pub struct Ring {
    /// Ascending: place in the upper 48 bits, position of the owner in the lower 16.
    points: Vec<u64>,
    /// First point of each bucket. Places are spread evenly, so that bucket number and place are
    /// in proportion, and no search through the points is needed.
    buckets: Vec<u32>,
    shift: u32,
}

impl Ring {
    /// The ring of these positions of the list. Takes time in proportion to the number of points:
    /// about a millisecond for 1,000 endpoints.
    pub fn new(endpoints: &[Endpoint], positions: &[u32]) -> Self {
        // Points are told apart by rank until they are sorted: even two points at one place then
        // come in an order that does not depend on that of the list.
        let mut members = positions.to_vec();
        members.sort_by_key(|&position| endpoints[position as usize].id);
        let weight = |position: u32| endpoints[position as usize].weight.max(1);
        let scale = Scale::fit(members.iter().map(|&position| weight(position)));

        let mut points = Vec::new();
        for (rank, &position) in (0u64..).zip(&members) {
            let origin = mix(endpoints[position as usize].id);
            let count = scale.points(weight(position));
            points.extend((0..count).map(|i| mix(origin.wrapping_add(i)) & !OWNER | rank));
        }
        let mut ring = Ring::sorted(&points);
        for point in &mut ring.points {
            *point = *point & !OWNER | u64::from(members[(*point & OWNER) as usize]);
        }
        ring
    }

    /// Owners along the ring, from the one that the key belongs to, once around. Each owner comes
    /// up as often as it has points.
    #[inline]
    pub fn walk(&self, key: u64) -> impl Iterator<Item = u32> {
        let (before, after) = self.points.split_at(self.first_at_or_after(key));
        after
            .iter()
            .chain(before)
            .map(|point| (point & OWNER) as u32)
    }

    /// The owner of a key. None when the ring is empty.
    #[inline]
    pub fn owner(&self, key: u64) -> Option<u32> {
        self.walk(key).next()
    }

    /// Bucket sort: the time is that of reading the points a few times.
    fn sorted(points: &[u64]) -> Self {
        let count = (points.len() / POINTS_IN_A_BUCKET)
            .next_power_of_two()
            .max(2);
        let shift = 64 - count.ilog2();
        let bucket = |point: u64| (point >> shift) as usize;
        let mut buckets = vec![0u32; count + 1];
        points
            .iter()
            .for_each(|&point| buckets[bucket(point) + 1] += 1);
        for i in 0..count {
            buckets[i + 1] += buckets[i];
        }
        let mut next = buckets.clone();
        let mut sorted = vec![0; points.len()];
        for &point in points {
            let place = &mut next[bucket(point)];
            sorted[*place as usize] = point;
            *place += 1;
        }
        for bounds in buckets.windows(2) {
            sorted[bounds[0] as usize..bounds[1] as usize].sort_unstable();
        }
        Ring {
            points: sorted,
            buckets,
            shift,
        }
    }

    #[inline]
    fn first_at_or_after(&self, key: u64) -> usize {
        if self.points.is_empty() {
            return 0;
        }
        let place = mix(key) & !OWNER;
        let start = self.buckets[(place >> self.shift) as usize] as usize;
        let ahead = self.points[start..]
            .iter()
            .take_while(|&&point| point < place)
            .count();
        start + ahead
    }
}

/// How many points a weight stands for: weight × 128 / 2^halvings.
struct Scale {
    halvings: u32,
}

impl Scale {
    fn fit(weights: impl Iterator<Item = u32> + Clone) -> Self {
        let mut scale = Scale { halvings: 0 };
        while weights
            .clone()
            .map(|weight| scale.points(weight))
            .sum::<u64>()
            > MOST_POINTS
        {
            scale.halvings += 1;
        }
        scale
    }

    /// At least one, so the halving ends: a list has no more entries than a ring may have points.
    fn points(&self, weight: u32) -> u64 {
        let points = u64::from(weight) * u64::from(POINTS_FOR_WEIGHT_1);
        (points >> self.halvings).max(1)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::endpoints;

    fn ring(endpoints: &[Endpoint]) -> Ring {
        Ring::new(endpoints, &(0..endpoints.len() as u32).collect::<Vec<_>>())
    }

    fn weighted(weights: &[u32]) -> Vec<Endpoint> {
        let mut list = endpoints(weights.len() as u32);
        list.iter_mut()
            .zip(weights)
            .for_each(|(endpoint, &weight)| endpoint.weight = weight);
        list
    }

    fn owner_id(endpoints: &[Endpoint], ring: &Ring, key: u64) -> u64 {
        endpoints[ring.owner(key).unwrap() as usize].id
    }

    proptest! {
        #[test]
        fn a_lookup_finds_what_a_search_finds(
            weights in prop::collection::vec(1u32..6, 1..20),
            keys in prop::collection::vec(any::<u64>(), 50),
        ) {
            let list = weighted(&weights);
            let ring = ring(&list);
            prop_assert!(ring.points.is_sorted());
            for key in keys {
                let place = mix(key) & !OWNER;
                let first = ring.points.partition_point(|&point| point < place);
                let expected = ring.points[first % ring.points.len()] & OWNER;
                prop_assert_eq!(ring.owner(key), Some(expected as u32));
            }
        }

        #[test]
        fn taking_one_away_moves_only_its_keys_whatever_the_order(
            weights in prop::collection::vec(1u32..20, 2..20),
            gone in any::<prop::sample::Index>(),
        ) {
            let list = weighted(&weights);
            let gone = gone.index(list.len());
            let mut rest = list.clone();
            let gone = rest.remove(gone).id;
            rest.reverse();
            let (before, after) = (ring(&list), ring(&rest));
            for key in 0..2000 {
                let owner = owner_id(&list, &before, key);
                if owner != gone {
                    prop_assert_eq!(owner, owner_id(&rest, &after, key));
                }
            }
        }
    }

    #[test]
    fn shares_follow_the_weights() {
        let list = weighted(&[1, 1, 2, 4]);
        let ring = ring(&list);
        let mut tally = [0.0; 4];
        (0..80_000).for_each(|key| tally[ring.owner(key).unwrap() as usize] += 1.0);
        for (count, expected) in tally.into_iter().zip([1e4, 1e4, 2e4, 4e4]) {
            assert!((count / expected - 1.0f64).abs() < 0.3, "{tally:?}");
        }
    }

    #[test]
    fn a_walk_meets_everybody_once_around() {
        let list = weighted(&[1, 2, 3]);
        let ring = ring(&list);
        let mut tally = [0; 3];
        ring.walk(99).for_each(|owner| tally[owner as usize] += 1);
        assert_eq!(tally, [128, 256, 384]);
        assert_eq!(ring.walk(99).next(), ring.owner(99));
        assert_eq!(Ring::default().owner(1), None);
    }

    #[test]
    fn the_ring_is_bounded_and_leaves_nobody_out() {
        for weights in [vec![1_000_000; 1000], vec![1; 65_536], vec![1; 1000]] {
            let ring = ring(&weighted(&weights));
            assert!(ring.points.len() as u64 <= MOST_POINTS);
            let mut owners: Vec<u32> = ring.walk(0).collect();
            owners.sort_unstable();
            owners.dedup();
            assert_eq!(owners.len(), weights.len());
        }
    }
}
