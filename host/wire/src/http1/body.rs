//! Follows the content of a request on its way, and finds where the request ends.

use super::trailers::Trailers;
use super::{Body, Limits, Violation};

/// Follows a body. For one request; the next one needs a new one.
///
/// Of chunks (RFC 9112, section 7.1) it wants the plain form. A size is up to 16 hexadecimal
/// digits, leading zeros included, with no space around. Chunk extensions are refused
/// altogether: nobody uses them, and parsers differ in where they end.
#[derive(Clone, Debug)]
pub struct BodyScan {
    state: State,
    limits: Limits,
    content: u64,
}

/// What comes next.
#[derive(Clone, Debug)]
enum State {
    /// So many bytes, then the end.
    Content {
        left: u64,
    },
    /// Digits of a chunk size.
    Size {
        digits: u8,
        size: u64,
    },
    /// The line feed behind a chunk size.
    SizeEnd {
        size: u64,
    },
    /// So many bytes of a chunk.
    Chunk {
        left: u64,
    },
    /// The carriage return behind a chunk.
    ChunkEnd,
    /// The line feed behind a chunk.
    ChunkLineFeed,
    Trailers(Trailers),
    Complete,
    Refused(Violation),
}

/// As many hexadecimal digits as 64 bits have.
const DIGITS: u8 = 16;

impl BodyScan {
    /// Before the first byte behind the head. The limits are for trailers.
    pub fn new(body: Body, limits: &Limits) -> Self {
        let state = match body {
            Body::None | Body::Length(0) => State::Complete,
            Body::Length(left) => State::Content { left },
            Body::Chunked => State::Size { digits: 0, size: 0 },
        };
        Self {
            state,
            limits: *limits,
            content: 0,
        }
    }

    /// How many of `bytes`, which are those behind what it was given before, belong to this
    /// request: all of them, or fewer when it ends within them. Never looks at what is behind
    /// the end. Nothing of `bytes` may be passed on when it is refused.
    ///
    /// # Errors
    ///
    /// The first violation, in the order of the bytes. What is refused once stays refused.
    pub fn scan(&mut self, bytes: &[u8]) -> Result<usize, Violation> {
        let mut at = 0;
        while at < bytes.len() {
            match &mut self.state {
                State::Complete => break,
                State::Content { left } | State::Chunk { left } => {
                    let here = usize::try_from(*left)
                        .unwrap_or(usize::MAX)
                        .min(bytes.len() - at);
                    at += here;
                    *left -= here as u64;
                    self.content += here as u64;
                    self.end_content();
                }
                _ => {
                    if let Err(violation) = self.read(bytes[at]) {
                        self.state = State::Refused(violation);
                        return Err(violation);
                    }
                    at += 1;
                }
            }
        }
        match self.state {
            State::Refused(violation) => Err(violation),
            _ => Ok(at),
        }
    }

    /// Whether the request has come to its end.
    pub fn is_complete(&self) -> bool {
        matches!(self.state, State::Complete)
    }

    /// Bytes of content seen, without what is around chunks.
    pub fn content(&self) -> u64 {
        self.content
    }

    /// Goes on behind content when there is none left.
    fn end_content(&mut self) {
        match self.state {
            State::Content { left: 0 } => self.state = State::Complete,
            State::Chunk { left: 0 } => self.state = State::ChunkEnd,
            _ => {}
        }
    }

    /// Reads a byte that is not content.
    fn read(&mut self, byte: u8) -> Result<(), Violation> {
        self.state = match &mut self.state {
            State::Size { digits, size } => match (hexadecimal(byte), *digits) {
                (Some(_), DIGITS..) => return Err(Violation::ChunkSize),
                (Some(digit), _) => State::Size {
                    digits: *digits + 1,
                    size: *size << 4 | digit,
                },
                (None, 0) => return Err(line_feed_or(byte, Violation::ChunkSize)),
                (None, _) => after_size(byte, *size, self.content)?,
            },
            State::SizeEnd { .. } | State::ChunkLineFeed if byte != b'\n' => {
                return Err(Violation::BareCarriageReturn);
            }
            State::SizeEnd { size: 0 } => State::Trailers(Trailers::new(&self.limits)),
            State::SizeEnd { size } => State::Chunk { left: *size },
            State::ChunkEnd if byte == b'\r' => State::ChunkLineFeed,
            State::ChunkEnd => return Err(line_feed_or(byte, Violation::ChunkEnd)),
            State::ChunkLineFeed => State::Size { digits: 0, size: 0 },
            State::Trailers(trailers) => {
                if !trailers.read(byte)? {
                    return Ok(());
                }
                State::Complete
            }
            State::Refused(violation) => return Err(*violation),
            State::Content { .. } | State::Chunk { .. } | State::Complete => return Ok(()),
        };
        Ok(())
    }
}

/// What comes next when this byte is behind the digits of a chunk size.
fn after_size(byte: u8, size: u64, content: u64) -> Result<State, Violation> {
    match byte {
        b'\r' if size > i64::MAX.unsigned_abs() - content => Err(Violation::ChunkSize),
        b'\r' => Ok(State::SizeEnd { size }),
        b';' | b' ' | b'\t' => Err(Violation::ChunkExtension),
        _ => Err(line_feed_or(byte, Violation::ChunkSize)),
    }
}

fn line_feed_or(byte: u8, wrong: Violation) -> Violation {
    if byte == b'\n' {
        Violation::BareLineFeed
    } else {
        wrong
    }
}

fn hexadecimal(byte: u8) -> Option<u64> {
    char::from(byte).to_digit(16).map(u64::from)
}
