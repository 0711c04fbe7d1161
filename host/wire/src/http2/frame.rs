//! The frame header (RFC 9113 4.1), and the few bytes after it that the guard looks at.

/// A frame as the guard sees it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    /// Bytes of payload.
    pub(super) length: u32,
    pub(super) kind: u8,
    pub(super) stream: u32,
    flags: u8,
    /// The first bytes of the payload, as many as [`look`](Self::look) asks for; then zeros.
    word: u32,
}

impl Frame {
    /// A frame from its header, and the bytes after it.
    pub(super) fn new(head: &[u8; HEADER + LOOK]) -> Self {
        let number =
            |at: usize| u32::from_be_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        Self {
            length: number(0) >> 8,
            kind: head[3],
            flags: head[4],
            stream: number(5) & STREAM,
            word: number(HEADER),
        }
    }

    /// How many bytes of the payload matter.
    pub(super) fn look(&self) -> usize {
        let look = match self.kind {
            DATA | HEADERS if self.flags & PADDED != 0 => 1,
            PRIORITY | WINDOW_UPDATE => LOOK,
            _ => 0,
        };
        look.min(self.length as usize)
    }

    /// Whether the payload holds nothing, and no end of anything is marked either.
    pub(super) fn is_empty(&self) -> bool {
        match self.kind {
            DATA if self.flags & END_STREAM != 0 => false,
            DATA if self.flags & PADDED != 0 => self.length <= 1 + (self.word >> 24),
            HEADERS | CONTINUATION if self.flags & END_HEADERS != 0 => false,
            DATA | HEADERS | CONTINUATION => self.length == 0,
            _ => false,
        }
    }

    /// Where the fragment of a header block is in what is not looked at (RFC 9113 6.2 and 6.10):
    /// how many bytes there are before it, and how many it has. Without a fragment, the first
    /// number means nothing.
    pub(super) fn fragment(&self) -> (u8, u16) {
        let of = |flag| self.kind == HEADERS && self.flags & flag != 0;
        let before = if of(WEIGHED) { 5 } else { 0 };
        let padding = if of(PADDED) { 1 + (self.word >> 24) } else { 0 };
        let left = self.length.saturating_sub(u32::from(before) + padding);
        (before, u16::try_from(left).unwrap_or(u16::MAX))
    }

    /// Whether the server has to answer with RST_STREAM (RFC 9113 5.3.1, 6.3 and 6.9).
    pub(super) fn asks_for_reset(&self) -> bool {
        match self.kind {
            PRIORITY => self.length != 5 || self.number() == self.stream,
            WINDOW_UPDATE => self.stream != 0 && self.number() == 0,
            _ => false,
        }
    }

    /// The number at the beginning of the payload, of 31 bits.
    pub(super) fn number(&self) -> u32 {
        self.word & STREAM
    }
}

/// Bytes of a frame header.
pub(super) const HEADER: usize = 9;
/// No more of a payload is looked at.
pub(super) const LOOK: usize = 4;
/// The bits of a stream's number; the highest is reserved.
pub(super) const STREAM: u32 = 0x7fff_ffff;

pub(super) const DATA: u8 = 0x0;
pub(super) const HEADERS: u8 = 0x1;
pub(super) const PRIORITY: u8 = 0x2;
pub(super) const RST_STREAM: u8 = 0x3;
pub(super) const SETTINGS: u8 = 0x4;
pub(super) const PING: u8 = 0x6;
pub(super) const GOAWAY: u8 = 0x7;
pub(super) const WINDOW_UPDATE: u8 = 0x8;
pub(super) const CONTINUATION: u8 = 0x9;
pub(super) const PRIORITY_UPDATE: u8 = 0x10;

pub(super) const END_STREAM: u8 = 0x1;
pub(super) const END_HEADERS: u8 = 0x4;
pub(super) const PADDED: u8 = 0x8;
/// Called PRIORITY, like the frame.
pub(super) const WEIGHED: u8 = 0x20;
