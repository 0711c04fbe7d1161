//! A place in a head, and how to go on from it.

use super::Violation;

/// The bytes of a head that have come so far, and where reading has come to.
#[derive(Debug)]
pub(super) struct Text<'a> {
    bytes: &'a [u8],
    pub(super) position: usize,
}

impl<'a> Text<'a> {
    /// `None` if the position is behind the bytes.
    pub(super) fn at(position: usize, bytes: &'a [u8]) -> Option<Self> {
        (position <= bytes.len()).then_some(Self { bytes, position })
    }

    pub(super) fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The next byte, which stays the next one.
    pub(super) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.position).copied()
    }

    /// Goes over as many bytes as the function says of the rest.
    pub(super) fn pass(&mut self, length: impl Fn(&[u8]) -> usize) {
        self.position += length(&self.bytes[self.position..]);
    }

    /// Goes over a line end. False if it is not complete; `wrong` if there is something else.
    pub(super) fn end_line(&mut self, wrong: Violation) -> Result<bool, Violation> {
        match &self.bytes[self.position..] {
            [b'\r', b'\n', ..] => {
                self.position += 2;
                Ok(true)
            }
            [] | [b'\r'] => Ok(false),
            [b'\r', ..] => Err(Violation::BareCarriageReturn),
            [b'\n', ..] => Err(Violation::BareLineFeed),
            _ => Err(wrong),
        }
    }
}
