//! Random numbers from the host. Not for secrets.

use crate::imports;

/// Uniform over all 64 bits.
///
/// ```
/// # use tidegate_sdk::{random, testing::Host};
/// # let host = Host::new();
/// host.seed(7);
/// let first = random::next();
/// host.seed(7);
/// assert_eq!(random::next(), first, "in a test the seed decides");
/// ```
#[inline]
pub fn next() -> u64 {
    imports::random::next()
}

/// Uniform over `0..bound`, with a bias below `bound` / 2^64; 0 when `bound` is 0.
///
/// ```
/// # use tidegate_sdk::{random, testing::Host};
/// # let _host = Host::new();
/// let one_in_ten = (0..1000).filter(|_| random::below(10) == 0).count();
/// assert!((60..140).contains(&one_in_ten), "{one_in_ten}");
/// assert_eq!(random::below(0), 0);
/// ```
#[inline]
pub fn below(bound: u32) -> u32 {
    scale(next(), bound)
}

/// Where `random`, uniform over all 64 bits, falls in `0..bound`.
#[inline]
pub(crate) fn scale(random: u64, bound: u32) -> u32 {
    ((u128::from(random) * u128::from(bound)) >> 64) as u32
}
