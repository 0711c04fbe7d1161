//! Which entries of HPACK's tables have names of pseudo-header fields.
//!
//! An index into the dynamic table counts from the newest entry (RFC 7541 2.3.3), so that a
//! bit for each is enough. Sizes are not needed: they only say which entries are gone, and to
//! name one of these is an error of the connection.
//!
//! It is only as good as what the implementation keeps: h2 0.4 does not decode the block of
//! HEADERS that depend on their own stream. A client that sends such is mistaken about its
//! table, or makes the guard so, and gains what it had without the guard.

/// The tables of one connection.
#[derive(Clone, Debug)]
pub(super) struct Names {
    /// Which entries of the dynamic table they are, the newest in the lowest bit. Halves,
    /// since a `u128` would align the guard to 16 bytes.
    dynamic: [u64; 2],
}

impl Names {
    /// A dynamic table without entries.
    pub(super) fn new() -> Self {
        Self { dynamic: [0; 2] }
    }

    /// Whether the entry with this index has the name of a pseudo-header field. There may be
    /// no such entry.
    pub(super) fn is_pseudo(&self, index: u32) -> bool {
        let Some(place) = index.checked_sub(DYNAMIC) else {
            return (1..=STATUS).contains(&index);
        };
        let half = self.dynamic.get(place as usize / 64);
        half.is_some_and(|half| half >> (place % 64) & 1 == 1)
    }

    /// Adds an entry to the dynamic table.
    pub(super) fn insert(&mut self, pseudo: bool) {
        let [newer, older] = self.dynamic;
        self.dynamic = [newer << 1 | u64::from(pseudo), older << 1 | newer >> 63];
    }
}

/// The last one in the static table (RFC 7541 appendix A); `:authority` is the first.
const STATUS: u32 = 14;
/// The first index of the dynamic table. That has 128 entries at most: each takes 32 bytes or
/// more (RFC 7541 4.1) of 4096, unless a server sends SETTINGS_HEADER_TABLE_SIZE (RFC 9113
/// 6.5.2); Tidegate does not.
const DYNAMIC: u32 = 62;
