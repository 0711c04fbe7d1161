//! A set of HTTP statuses, small enough to be copied into every rule.
//!
//! What counts as a failure is for each rule to say: a breaker may hold 503 against an
//! endpoint, and a retry may want 502 alone. A bit for each status makes asking cost one
//! look-up, and a set can stand in a constant.
//!
//! Refuses to read text, and to know what a status means.

/// A set of statuses in `100..=599`. Those outside are in no set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct StatusSet {
    /// Bit `n % 64` of word `n / 64` stands for the status `100 + n`.
    words: [u64; WORDS],
}

const FIRST: u16 = 100;
const LAST: u16 = 599;
const WORDS: usize = ((LAST - FIRST) as usize + 1).div_ceil(64);

impl StatusSet {
    /// No status at all.
    pub const fn empty() -> Self {
        Self { words: [0; WORDS] }
    }

    /// The statuses from `first` to `last`, both included, cut down to `100..=599`. Empty
    /// when `first` is above `last`.
    pub const fn range(first: u16, last: u16) -> Self {
        Self::empty().with(first, last)
    }

    /// This set and the statuses from `first` to `last`, as in [`range`](Self::range).
    pub const fn with(mut self, first: u16, last: u16) -> Self {
        // `for`, `max` and `min` cannot be used in a constant.
        let mut status = if first < FIRST { FIRST } else { first };
        while status <= last && status <= LAST {
            let (word, bit) = position(status);
            self.words[word] |= bit;
            status += 1;
        }
        self
    }

    /// Whether the status is in the set.
    pub fn contains(&self, status: u16) -> bool {
        let (word, bit) = position(status.clamp(FIRST, LAST));
        (FIRST..=LAST).contains(&status) && self.words[word] & bit != 0
    }

    /// Whether no status is in the set.
    pub fn is_empty(&self) -> bool {
        self.words == [0; WORDS]
    }

    /// What is in either set.
    pub fn union(self, other: Self) -> Self {
        let mut both = self;
        for (word, more) in both.words.iter_mut().zip(other.words) {
            *word |= more;
        }
        both
    }
}

/// The word and the bit of a status, which is in `100..=599`.
const fn position(status: u16) -> (usize, u64) {
    let index = (status - FIRST) as usize;
    (index / 64, 1 << (index % 64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const GATEWAY: StatusSet = StatusSet::range(502, 504);

    #[test]
    fn a_range_has_both_its_ends() {
        let inside: Vec<_> = (0..=u16::MAX).filter(|n| GATEWAY.contains(*n)).collect();
        assert_eq!(inside, [502, 503, 504]);
        assert!(GATEWAY.with(429, 429).contains(429));
    }

    #[test]
    fn what_is_no_status_is_in_no_set() {
        let all = StatusSet::range(0, u16::MAX);
        let inside: Vec<_> = (0..=u16::MAX).filter(|n| all.contains(*n)).collect();
        assert_eq!(inside, (100..=599).collect::<Vec<_>>());
        assert!(StatusSet::range(600, 700).is_empty());
        assert!(StatusSet::range(504, 502).is_empty());
        assert_eq!(StatusSet::default(), StatusSet::empty());
    }

    proptest! {
        /// Against lists of ranges, which are slow and obvious. Catches: an end that is left
        /// out, a word that is taken for its neighbour, a union that is an intersection.
        #[test]
        fn a_set_is_what_was_put_into_it(
            one in prop::collection::vec((90u16..610, 90u16..610), 0..4),
            other in prop::collection::vec((90u16..610, 90u16..610), 0..4),
        ) {
            let set = |ranges: &[(u16, u16)]| {
                ranges.iter().fold(StatusSet::empty(), |set, (first, last)| set.with(*first, *last))
            };
            let holds = |ranges: &[(u16, u16)], status| {
                (FIRST..=LAST).contains(&status)
                    && ranges.iter().any(|(first, last)| (*first..=*last).contains(&status))
            };
            let (left, right) = (set(&one), set(&other));
            let both = left.union(right);
            for status in 0..=u16::MAX {
                prop_assert_eq!(left.contains(status), holds(&one, status));
                prop_assert_eq!(
                    both.contains(status),
                    left.contains(status) || right.contains(status)
                );
            }
            prop_assert_eq!(both.is_empty(), left.is_empty() && right.is_empty());
        }
    }
}
