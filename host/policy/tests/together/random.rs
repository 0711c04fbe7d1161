//! Random numbers that a seed repeats exactly (Steele, Lea, Flood, "Fast Splittable
//! Pseudorandom Number Generators", 2014: SplitMix).

use std::ops::RangeInclusive;
use std::time::Duration;

pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub fn number(&mut self, range: RangeInclusive<u32>) -> u32 {
        let (first, last) = range.into_inner();
        first + (self.next() % u64::from(last - first + 1)) as u32
    }

    pub fn milliseconds(&mut self, range: RangeInclusive<u32>) -> Duration {
        Duration::from_millis(self.number(range).into())
    }

    pub fn chance(&mut self, percent: u32) -> bool {
        self.number(1..=100) <= percent
    }

    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[(self.next() % from.len() as u64) as usize]
    }

    /// A position, in proportion to the weights, of which one is not zero.
    pub fn weighted(&mut self, weights: &[u32]) -> usize {
        let total: u64 = weights.iter().copied().map(u64::from).sum();
        let mut left = self.next() % total;
        for (position, weight) in weights.iter().enumerate() {
            match left.checked_sub(u64::from(*weight)) {
                Some(rest) => left = rest,
                None => return position,
            }
        }
        unreachable!("less is left than all weights together")
    }
}
