//! The walk through header blocks (RFC 9113 4.3), for pseudo-header fields where they must not
//! be: in trailers (RFC 9113 8.1).
//!
//! Of a representation (RFC 7541 6) its kind, its index and the first byte of its name matter;
//! strings are jumped over. The blocks of requests are walked as well, for the names that they
//! leave in the dynamic table.
//!
//! Refuses to decode fields, and to find errors. What is no header block makes the
//! implementation end the connection (RFC 9113 4.3), and whatever is walked after it does not
//! matter: numbers are capped, and a field that its block cuts off is forgotten. So it is with
//! a CONTINUATION of nothing or of another stream (RFC 9113 6.10).

use super::Flood;
use super::frame::Frame;
use super::names::Names;

/// Where in a header block the walk is, and what the blocks before have left.
#[derive(Clone, Debug)]
pub(super) struct Fields {
    place: Place,
    trailers: bool,
    names: Names,
    /// Bytes of payload before this frame's fragment of the block.
    before: u8,
    /// Bytes of the fragment.
    left: u16,
}

/// What comes next.
#[derive(Clone, Copy, Debug)]
enum Place {
    Field,
    /// The length of a name.
    Name {
        inserts: bool,
    },
    /// The length of a value.
    Value,
    /// More of a number: what it is, what there is of it, how far the next bits are shifted.
    Number(Number, u32, u8),
    /// The first byte of a name of so many, one at least.
    Letter(Name, u32),
    /// Bytes of a string, one at least.
    Rest {
        of_name: bool,
        left: u32,
    },
}

/// What a number (RFC 7541 5.1) says.
#[derive(Clone, Copy, Debug)]
enum Number {
    Field,
    Name { inserts: bool },
    TableSize,
    NameLength(Name),
    ValueLength,
}

/// A name that is a string.
#[derive(Clone, Copy, Debug)]
struct Name {
    /// Whether it goes to the dynamic table.
    inserts: bool,
    huffman: bool,
}

impl Fields {
    /// Nothing has come yet.
    pub(super) fn new() -> Self {
        Self {
            place: Place::Field,
            trailers: false,
            names: Names::new(),
            before: 0,
            left: 0,
        }
    }

    /// A block begins.
    pub(super) fn begin(&mut self, trailers: bool) {
        self.place = Place::Field;
        self.trailers = trailers;
    }

    /// A frame of the block begins.
    pub(super) fn enter(&mut self, frame: &Frame) {
        (self.before, self.left) = frame.fragment();
    }

    /// Walks over the next bytes of any frame's payload.
    pub(super) fn walk(&mut self, bytes: &[u8]) -> Result<(), Flood> {
        if self.left == 0 {
            return Ok(());
        }
        let before = bytes.len().min(usize::from(self.before));
        self.before -= before as u8; // At most `before`.
        let bytes = &bytes[before..];
        let mut bytes = &bytes[..bytes.len().min(usize::from(self.left))];
        self.left -= bytes.len() as u16; // At most `left`.
        while let [byte, rest @ ..] = bytes {
            if let Place::Rest { of_name, left } = self.place {
                let pass = bytes.len().min(left as usize);
                self.place = Place::after(of_name, left - pass as u32); // At most `left`.
                bytes = &bytes[pass..];
            } else {
                self.place = self.step(*byte)?;
                bytes = rest;
            }
        }
        Ok(())
    }

    fn step(&mut self, byte: u8) -> Result<Place, Flood> {
        match self.place {
            // By the highest bit that is set.
            Place::Field => match byte {
                0x80.. => self.number(Number::Field, byte, 0x7f),
                0x40.. => self.number(Number::Name { inserts: true }, byte, 0x3f),
                0x20.. => self.number(Number::TableSize, byte, 0x1f),
                _ => self.number(Number::Name { inserts: false }, byte, 0xf),
            },
            Place::Name { inserts } => {
                let huffman = byte & HUFFMAN != 0;
                self.number(Number::NameLength(Name { inserts, huffman }), byte, 0x7f)
            }
            Place::Value => self.number(Number::ValueLength, byte, 0x7f),
            Place::Number(number, value, shift) => {
                let value = value.saturating_add(u32::from(byte & !MORE) << shift);
                if byte & MORE == 0 {
                    return self.read(number, value);
                }
                let shift = LAST_SHIFT.min(shift + 7);
                Ok(Place::Number(number, value, shift))
            }
            Place::Letter(name, length) => {
                let pseudo = match name.huffman {
                    true => byte >> 1 == COLON,
                    false => byte == b':',
                };
                self.name(pseudo, name.inserts)?;
                Ok(Place::after(true, length.saturating_sub(1)))
            }
            Place::Rest { of_name, left } => Ok(Place::after(of_name, left.saturating_sub(1))),
        }
    }

    /// A number begins, with the bits of `byte` that `prefix` has.
    fn number(&mut self, number: Number, byte: u8, prefix: u8) -> Result<Place, Flood> {
        let value = u32::from(byte & prefix);
        if byte & prefix < prefix {
            return self.read(number, value);
        }
        Ok(Place::Number(number, value, 0))
    }

    fn read(&mut self, number: Number, value: u32) -> Result<Place, Flood> {
        match number {
            Number::Field => {
                self.name(self.names.is_pseudo(value), false)?;
                Ok(Place::Field)
            }
            Number::Name { inserts } if value == 0 => Ok(Place::Name { inserts }),
            Number::Name { inserts } => {
                self.name(self.names.is_pseudo(value), inserts)?;
                Ok(Place::Value)
            }
            Number::TableSize => Ok(Place::Field),
            Number::NameLength(name) if value == 0 => {
                self.name(false, name.inserts)?;
                Ok(Place::Value)
            }
            Number::NameLength(name) => Ok(Place::Letter(name, value)),
            Number::ValueLength => Ok(Place::after(false, value)),
        }
    }

    /// A name is known.
    fn name(&mut self, pseudo: bool, inserts: bool) -> Result<(), Flood> {
        if pseudo && self.trailers {
            return Err(Flood::PseudoInTrailers);
        }
        if inserts {
            self.names.insert(pseudo);
        }
        Ok(())
    }
}

impl Place {
    /// What comes with so many bytes of a string left.
    fn after(of_name: bool, left: u32) -> Self {
        match left {
            0 if of_name => Self::Value,
            0 => Self::Field,
            _ => Self::Rest { of_name, left },
        }
    }
}

/// The bit of a string's first byte that says that it is coded (RFC 7541 5.2).
const HUFFMAN: u8 = 0x80;
/// The code of `:`, of seven bits (RFC 7541 appendix B); no other code begins with it.
const COLON: u8 = 0x5c;
/// The bit of a number's byte that says that there is another.
const MORE: u8 = 0x80;
/// Bits that belong farther left are added here: the number is too large for any use anyway,
/// and for the implementation, which takes five bytes.
const LAST_SHIFT: u8 = 21;
