//! The positions that one exchange must not use again.

/// Positions that this exchange must not use: already tried, or full. Empty on almost every call,
/// and then neither making it nor asking it costs a call to the host.
///
/// ```
/// use tidegate_sdk::Excluded;
///
/// let tried: Excluded = [4, 7].into_iter().collect();
/// assert!(tried.contains(7) && !tried.contains(5));
/// assert_eq!(tried.len(), 2);
/// assert!(Excluded::none().is_empty());
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Excluded {
    bits: Vec<u64>,
    count: u32,
}

impl Excluded {
    /// Nothing is excluded.
    pub const fn none() -> Self {
        Excluded {
            bits: Vec::new(),
            count: 0,
        }
    }

    /// Whether every position may be used.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// How many positions must not be used.
    pub fn len(&self) -> u32 {
        self.count
    }

    /// Whether this position must not be used.
    #[inline]
    pub fn contains(&self, position: u32) -> bool {
        self.count != 0
            && self
                .bits
                .get((position / 64) as usize)
                .is_some_and(|word| word & (1 << (position % 64)) != 0)
    }
}

/// From positions in any order.
impl FromIterator<u32> for Excluded {
    fn from_iter<I: IntoIterator<Item = u32>>(positions: I) -> Self {
        let mut excluded = Excluded::none();
        for position in positions {
            let word = (position / 64) as usize;
            if word >= excluded.bits.len() {
                excluded.bits.resize(word + 1, 0);
            }
            let bit = 1 << (position % 64);
            excluded.count += u32::from(excluded.bits[word] & bit == 0);
            excluded.bits[word] |= bit;
        }
        excluded
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_what_it_was_made_from_and_counts_each_once() {
        let excluded: Excluded = [0, 63, 64, 900, 64].into_iter().collect();
        let held: Vec<u32> = (0..2000).filter(|&i| excluded.contains(i)).collect();
        assert_eq!(held, [0, 63, 64, 900]);
        assert_eq!(excluded.len(), 4);
        assert!(!excluded.is_empty());
        assert!(!excluded.contains(u32::MAX));
    }

    #[test]
    fn none_excludes_nothing() {
        assert!(Excluded::none().is_empty());
        assert!(!Excluded::none().contains(0));
    }
}
