//! Where the frames of a stream of bytes end, so that one more can be put between them.

use super::frame::HEADER;

/// Follows the frames that are written to a client.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seams {
    /// Bytes of the frame's header that have passed.
    filled: u8,
    /// Its length as far as it is known; then what is left of its payload.
    left: u32,
}

impl Seams {
    /// These bytes have been written. How they are cut makes no difference.
    pub fn pass(&mut self, mut bytes: &[u8]) {
        while let Some((&byte, rest)) = bytes.split_first() {
            if usize::from(self.filled) < HEADER {
                if self.filled < 3 {
                    self.left = self.left << 8 | u32::from(byte);
                }
                self.filled += 1;
                bytes = rest;
            } else {
                let pass = bytes.len().min(self.left as usize);
                self.left -= pass as u32; // At most `left`.
                bytes = &bytes[pass..];
            }
            if usize::from(self.filled) == HEADER && self.left == 0 {
                *self = Self::default();
            }
        }
    }

    /// Whether the last frame is whole.
    pub fn is_between(&self) -> bool {
        self.filled == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn frame(length: usize) -> Vec<u8> {
        let head = (length as u32).to_be_bytes();
        [&head[1..], &[0, 0, 0, 0, 0, 1], &vec![0xff; length]].concat()
    }

    proptest! {
        #[test]
        fn it_is_between_after_whole_frames_and_only_there(
            lengths in prop::collection::vec(prop_oneof![0usize..4, 250usize..260, 65_530usize..65_540], 1..5),
            piece in 1usize..20_000,
        ) {
            let frames: Vec<_> = lengths.iter().map(|length| frame(*length)).collect();
            let ends: Vec<usize> = frames.iter().scan(0, |at, frame| {
                *at += frame.len();
                Some(*at)
            }).collect();
            let bytes = frames.concat();
            let mut seams = Seams::default();
            let mut at = 0;
            for piece in bytes.chunks(piece) {
                seams.pass(piece);
                at += piece.len();
                prop_assert_eq!(seams.is_between(), ends.contains(&at), "{}", at);
            }
        }
    }
}
