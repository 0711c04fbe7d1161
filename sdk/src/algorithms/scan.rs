//! The scan of [`Least`](super::Least): the smallest product of two columns.
//!
//! Written for the vector instructions of WebAssembly, with prices of 32 bits. Whether they fit is
//! found out on the way; when they do not, there is no answer, and the caller takes longer numbers.

/// Entries that are compared as one. Only the block that holds the least is looked at again.
const BLOCK: usize = 64;

/// Entries that are compared at once: two vectors, because they do not wait for each other.
const LANES: usize = 8;

/// The least price and the first entry that has it; none when a price may not fit.
pub(super) fn first_least(
    column: &[u32],
    steps: &[u32],
    floor: u32,
    most: u32,
) -> Option<(u32, usize)> {
    let (least, start) = least_block(column, steps, floor, most)?;
    let mut entries = column[start..].iter().zip(&steps[start..]);
    let within = entries.position(|(&n, &step)| small_price(n, step) == least);
    Some((least, start + within.unwrap_or(0)))
}

/// The least price and the start of the first block that holds it.
///
/// Plain loops: closures would be compiled without the vectors and not be inlined.
#[cfg_attr(target_arch = "wasm32", target_feature(enable = "simd128"))]
fn least_block(column: &[u32], steps: &[u32], floor: u32, most: u32) -> Option<(u32, usize)> {
    let (mut least, mut start) = (u32::MAX, 0);
    for (block, (column, steps)) in column.chunks(BLOCK).zip(steps.chunks(BLOCK)).enumerate() {
        let (price, seen) = least_of(column, steps);
        // All bits together are at least as large as the largest, so nothing slips through.
        if seen > most {
            return None;
        }
        if price < least {
            (least, start) = (price, block * BLOCK);
            if price == floor {
                break;
            }
        }
    }
    Some((least, start))
}

/// The least price of a block, and all bits of its requests in flight.
#[inline]
#[cfg_attr(target_arch = "wasm32", target_feature(enable = "simd128"))]
fn least_of(column: &[u32], steps: &[u32]) -> (u32, u32) {
    let (whole, rest) = column.as_chunks::<LANES>();
    let (step_whole, step_rest) = steps.as_chunks::<LANES>();
    let (mut least, mut seen) = ([u32::MAX; LANES], [0; LANES]);
    for (lanes, step_lanes) in whole.iter().zip(step_whole) {
        for lane in 0..LANES {
            least[lane] = least[lane].min(small_price(lanes[lane], step_lanes[lane]));
            seen[lane] |= lanes[lane];
        }
    }
    let (mut price, mut bits) = (u32::MAX, 0);
    for lane in 0..LANES {
        price = price.min(least[lane]);
        bits |= seen[lane];
    }
    for (&n, &step) in rest.iter().zip(step_rest) {
        price = price.min(small_price(n, step));
        bits |= n;
    }
    (price, bits)
}

#[inline]
fn small_price(in_flight: u32, step: u32) -> u32 {
    in_flight.wrapping_add(1).wrapping_mul(step)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_first_of_the_least_is_found_or_the_numbers_are_too_long(
            entries in prop::collection::vec((0u32..40_000, 1u32..400_000), 1..300),
            small in any::<bool>(),
        ) {
            let (mut column, steps): (Vec<u32>, Vec<u32>) = entries.into_iter().unzip();
            if small {
                column.iter_mut().for_each(|n| *n %= 8192);
            }
            let price = |i: usize| (u64::from(column[i]) + 1) * u64::from(steps[i]);
            let expected = (0..steps.len()).min_by_key(|&i| price(i)).unwrap();
            let floor = *steps.iter().min().unwrap();
            let most = u32::MAX / steps.iter().max().unwrap() - 1;
            match first_least(&column, &steps, floor, most) {
                Some((least, entry)) => {
                    prop_assert_eq!(u64::from(least), price(expected));
                    prop_assert_eq!(entry, expected);
                }
                None => prop_assert!(column.iter().fold(0, |all, n| all | n) > most),
            }
        }
    }
}
