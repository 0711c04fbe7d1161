//! Weighted lots in constant time: the alias method (Walker 1977, built as in Vose 1991).
//!
//! Every position is a column of the same height; what a light position leaves free of its column
//! is filled by one heavier position, its alias. A draw is a column and a height.

use crate::{Endpoint, Excluded};

/// A table to draw positions from, each as likely as its share of the weights, with an error below
/// 2^-32 for each.
///
/// ```
/// use tidegate_sdk::algorithms::Alias;
/// # use tidegate_sdk::testing::{Host, endpoints};
/// # use tidegate_sdk::{Excluded, random};
/// # let _host = Host::new();
///
/// let mut list = endpoints(2);
/// list[1].weight = 9;
/// let table = Alias::new(&list, &[0, 1]);
/// let draws = (0..1000).filter_map(|_| table.pick(&Excluded::none(), random::next()));
/// let heavy = draws.filter(|&position| position == 1).count();
/// assert!((850..950).contains(&heavy), "{heavy}");
/// ```
#[derive(Debug, Clone, Default)]
pub struct Alias {
    columns: Vec<Column>,
    weights: Vec<u32>,
}

#[derive(Debug, Clone, Copy)]
struct Column {
    /// Heights below this belong to `own`, in units of 2^-32.
    own_below: u32,
    own: u16,
    alias: u16,
}

impl Alias {
    /// The table for these positions of the list. Takes time in proportion to their number.
    pub fn new(endpoints: &[Endpoint], positions: &[u32]) -> Self {
        let weights: Vec<u32> = positions
            .iter()
            .map(|&position| endpoints[position as usize].weight.max(1))
            .collect();
        let sum: u64 = weights.iter().map(|&weight| u64::from(weight)).sum();
        let count = weights.len() as u64;
        // Heights in units of 1/(count × sum): a full column is `sum`, and all of it is exact.
        let mut heights: Vec<u64> = weights.iter().map(|&w| u64::from(w) * count).collect();
        let mut columns: Vec<Column> = positions
            .iter()
            .map(|&own| Column {
                own_below: u32::MAX,
                own: own as u16,
                alias: own as u16,
            })
            .collect();

        let (mut light, mut heavy): (Vec<usize>, Vec<usize>) =
            (0..columns.len()).partition(|&i| heights[i] < sum);
        while let (Some(low), Some(&high)) = (light.pop(), heavy.last()) {
            columns[low].alias = columns[high].own;
            columns[low].own_below = ((u128::from(heights[low]) << 32) / u128::from(sum)) as u32;
            heights[high] -= sum - heights[low];
            if heights[high] < sum {
                heavy.pop();
                light.push(high);
            }
        }
        Alias { columns, weights }
    }

    /// Draws with one random number. None when all are excluded or there are none. Exclusion costs
    /// time in proportion to the number of positions; the others keep their proportions.
    #[inline]
    pub fn pick(&self, excluded: &Excluded, random: u64) -> Option<u32> {
        if !excluded.is_empty() {
            return self.pick_of_remaining(excluded, random);
        }
        let column = ((random >> 32) * self.columns.len() as u64) >> 32;
        let column = self.columns.get(column as usize)?;
        let own = (random as u32) < column.own_below;
        Some(u32::from(if own { column.own } else { column.alias }))
    }

    fn pick_of_remaining(&self, excluded: &Excluded, random: u64) -> Option<u32> {
        let remaining = || {
            let all = self
                .columns
                .iter()
                .map(|column| u32::from(column.own))
                .zip(&self.weights);
            all.filter(|(position, _)| !excluded.contains(*position))
        };
        let sum: u64 = remaining().map(|(_, &weight)| u64::from(weight)).sum();
        let mut left = ((u128::from(random) * u128::from(sum)) >> 64) as u64;
        for (position, &weight) in remaining() {
            match left.checked_sub(u64::from(weight)) {
                Some(less) => left = less,
                None => return Some(position),
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::algorithms::mix;
    use crate::testing::endpoints;

    fn weighted(weights: &[u32]) -> (Vec<Endpoint>, Vec<u32>) {
        let mut list = endpoints(weights.len() as u32);
        list.iter_mut()
            .zip(weights)
            .for_each(|(endpoint, &weight)| endpoint.weight = weight);
        (list, (0..weights.len() as u32).collect())
    }

    proptest! {
        /// Adds up the areas of the table instead of drawing from it: no luck is involved.
        #[test]
        fn every_position_owns_its_share_of_the_table(
            weights in prop::collection::vec(1u32..=1_000_000, 1..60),
        ) {
            let (list, positions) = weighted(&weights);
            let table = Alias::new(&list, &positions);
            let mut area = vec![0.0; weights.len()];
            for column in &table.columns {
                let own = f64::from(column.own_below) / 2f64.powi(32);
                area[usize::from(column.own)] += own;
                area[usize::from(column.alias)] += 1.0 - own;
            }
            let sum: f64 = weights.iter().map(|&weight| f64::from(weight)).sum();
            for (area, &weight) in area.iter().zip(&weights) {
                let expected = f64::from(weight) / sum * weights.len() as f64;
                prop_assert!((area - expected).abs() < 1e-7, "{} {}", area, expected);
            }
        }
    }

    #[test]
    fn what_remains_after_exclusion_keeps_its_proportions() {
        let (list, positions) = weighted(&[10, 3, 1]);
        let table = Alias::new(&list, &positions);
        let excluded = [0].into_iter().collect();
        let draws = (0..40_000).map(|i| table.pick(&excluded, mix(i)).unwrap());
        let second = draws.filter(|&position| position == 1).count();
        // 3 of 4 of 40,000; five standard deviations are 433.
        assert!(second.abs_diff(30_000) < 433, "{second}");
        assert_eq!(table.pick(&[0, 1, 2].into_iter().collect(), 1), None);
        assert_eq!(Alias::default().pick(&Excluded::none(), 1), None);
    }
}
