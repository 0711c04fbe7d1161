//! Stable hashes: the same for the same bytes in every build, on every machine. Not for secrets and
//! not against an adversary who chooses the bytes.

/// A bijection of 64 bits in which every input bit moves every output bit: the finaliser of
/// SplitMix64 (Steele, Lea, Flood 2014; constants by Stafford, variant 13).
///
/// ```
/// # use tidegate_sdk::algorithms::mix;
/// // Neighbours end far apart.
/// assert_eq!(mix(1), 0x5692_161d_100b_05e5);
/// assert!((mix(1) ^ mix(2)).count_ones() > 16);
/// ```
#[inline]
pub const fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// A hash of bytes, eight at a time.
///
/// ```
/// # use tidegate_sdk::algorithms::hash;
/// assert_eq!(hash(b"tidegate"), 11_232_911_691_056_645_742);
/// assert_ne!(hash(b"a"), hash(b"a\0"));
/// ```
pub fn hash(bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    // The length tells `a` from `a\0`: the rest is padded with zeros.
    let mut state = mix(bytes.len() as u64 ^ 0x9e37_79b9_7f4a_7c15);
    for word in words {
        state = mix(state ^ u64::from_le_bytes(*word));
    }
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    mix(state ^ u64::from_le_bytes(last))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn short_texts_that_differ_hash_apart() {
        let texts = (0..50_000).map(|i| format!("10.0.{}.{}:80", i / 256, i % 256));
        let hashes: HashSet<u64> = texts.map(|text| hash(text.as_bytes())).collect();
        assert_eq!(hashes.len(), 50_000);
        assert_ne!(hash(b"a"), hash(b"a\0"));
        assert_ne!(hash(b""), hash(b"\0\0\0\0\0\0\0\0"));
    }

    #[test]
    fn a_stored_hash_stays_valid() {
        // Changing these numbers moves every client of every hashing selector.
        assert_eq!(mix(1), 0x5692_161d_100b_05e5);
        assert_eq!(hash(b"tidegate"), 11_232_911_691_056_645_742);
    }

    #[test]
    fn every_bit_is_used() {
        let ones = (0..10_000u64).fold([0u32; 64], |mut ones, i| {
            let hash = hash(&i.to_le_bytes());
            ones.iter_mut()
                .enumerate()
                .for_each(|(bit, count)| *count += (hash >> bit) as u32 & 1);
            ones
        });
        // Five standard deviations of a fair coin thrown 10,000 times.
        assert!(
            ones.iter().all(|count| (4750..=5250).contains(count)),
            "{ones:?}"
        );
    }
}
