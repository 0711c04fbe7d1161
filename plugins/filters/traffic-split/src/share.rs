//! Parts of the range of 64 bits, in proportion to weights.

/// Where each part ends, as a sum of weights.
pub struct Shares {
    ends: Vec<u64>,
    total: u64,
}

impl Shares {
    /// None when nobody has a weight.
    pub fn new(weights: impl Iterator<Item = u32>) -> Option<Self> {
        let mut total = 0;
        let ends = weights
            .map(|weight| {
                total += u64::from(weight);
                total
            })
            .collect();
        (total > 0).then_some(Shares { ends, total })
    }

    /// Whose part holds the point.
    pub fn at(&self, point: u64) -> usize {
        let scaled = (u128::from(point) * u128::from(self.total)) >> 64;
        self.ends.partition_point(|&end| u128::from(end) <= scaled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_exact_and_in_order() {
        let shares = Shares::new([0, 3, 0, 1].into_iter()).unwrap();
        let quarter = 1 << 62;
        assert_eq!(shares.at(0), 1);
        assert_eq!(shares.at(3 * quarter - 1), 1);
        assert_eq!(shares.at(3 * quarter), 3);
        assert_eq!(shares.at(u64::MAX), 3);
        assert!(Shares::new([0, 0].into_iter()).is_none());
        assert!(Shares::new([].into_iter()).is_none());
        let large = Shares::new([u32::MAX; 3].into_iter()).unwrap();
        assert_eq!((large.at(0), large.at(u64::MAX)), (0, 2));
    }
}
