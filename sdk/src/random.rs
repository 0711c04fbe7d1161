//! Random numbers from the host. Not for secrets.

use crate::imports;

/// Uniform over all 64 bits.
#[inline]
pub fn next() -> u64 {
    imports::random::next()
}

/// Uniform over `0..bound`, with a bias below `bound` / 2^64; 0 when `bound` is 0.
#[inline]
pub fn below(bound: u32) -> u32 {
    scale(next(), bound)
}

/// Where `random`, uniform over all 64 bits, falls in `0..bound`.
#[inline]
pub(crate) fn scale(random: u64, bound: u32) -> u32 {
    ((u128::from(random) * u128::from(bound)) >> 64) as u32
}
