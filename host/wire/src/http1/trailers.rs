//! The fields behind the last chunk (RFC 9112, section 7.1.2).
//!
//! Many programs put them into the head's fields, hence what matters in a head is refused
//! here (RFC 9110, section 6.5.1). Byte by byte, because a body is not kept: only as much of
//! a name is as is needed to know it.

use super::bytes::{is_token_byte, is_value};
use super::{Limits, Violation};

/// The trailers of a request.
#[derive(Clone, Debug)]
pub(super) struct Trailers {
    place: Place,
    /// Bytes and field lines that may still come.
    bytes: usize,
    fields: usize,
    name: [u8; LONGEST_NAME],
    /// The length of the name, of which the first bytes are kept.
    length: usize,
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// A name, or the empty line at the end.
    Line,
    Name,
    Value,
    /// The line feed behind a value.
    LineEnd,
    /// The last line feed.
    End,
}

const LONGEST_NAME: usize = "proxy-authorization".len();

/// What must not come behind the content, in lower case: fields that decide where a request
/// ends, whom it is for, how it is answered, who sent it, and what its content is.
#[rustfmt::skip] // In groups.
pub(super) const FORBIDDEN: [&str; 45] = [
    // Framing and connection.
    "content-length", "transfer-encoding", "connection", "keep-alive", "proxy-connection", "te",
    "trailer", "upgrade", "http2-settings",
    // Routing.
    "host", "max-forwards", "via", "forwarded", "x-forwarded-for", "x-forwarded-host",
    "x-forwarded-port", "x-forwarded-proto", "x-forwarded-prefix", "x-forwarded-uri", "x-real-ip",
    "x-original-url", "x-rewrite-url", "x-http-method", "origin", "referer",
    // Controls.
    "expect", "cache-control", "pragma", "range", "if-match", "if-none-match", "if-range",
    "if-modified-since", "if-unmodified-since", "prefer", "date", "accept-encoding",
    // Who.
    "authorization", "proxy-authorization", "cookie", "set-cookie",
    // Content.
    "content-encoding", "content-type", "content-range", "content-location",
];

impl Trailers {
    /// Before the first byte behind the line of the last chunk.
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            place: Place::Line,
            bytes: limits.head,
            fields: limits.fields,
            name: [0; LONGEST_NAME],
            length: 0,
        }
    }

    /// Reads a byte. Whether it is the last one.
    pub(super) fn read(&mut self, byte: u8) -> Result<bool, Violation> {
        self.bytes = self
            .bytes
            .checked_sub(1)
            .ok_or(Violation::TrailersTooLarge)?;
        self.place = match (self.place, byte) {
            (Place::End, b'\n') => return Ok(true),
            (Place::LineEnd, b'\n') => Place::Line,
            (Place::End | Place::LineEnd, _) => return Err(Violation::BareCarriageReturn),
            (_, b'\n') => return Err(Violation::BareLineFeed),
            (Place::Line, b'\r') => Place::End,
            (Place::Line, b' ' | b'\t') => return Err(Violation::ObsoleteFold),
            (Place::Line, _) => {
                self.fields = self
                    .fields
                    .checked_sub(1)
                    .ok_or(Violation::TooManyTrailers)?;
                self.length = 0;
                self.read_name(byte)?
            }
            (Place::Name, b':') => self.end_name()?,
            (Place::Name, b' ' | b'\t') => return Err(Violation::SpaceBeforeColon),
            (Place::Name, b'\r') => return Err(Violation::FieldWithoutColon),
            (Place::Name, _) => self.read_name(byte)?,
            (Place::Value, b'\r') => Place::LineEnd,
            (Place::Value, _) if is_value(byte) => Place::Value,
            (Place::Value, _) => return Err(Violation::FieldValue),
        };
        Ok(false)
    }

    fn read_name(&mut self, byte: u8) -> Result<Place, Violation> {
        if !is_token_byte(byte) {
            return Err(Violation::FieldName);
        }
        if let Some(place) = self.name.get_mut(self.length) {
            // Gateways that give fields to programs as variables take both for the same.
            *place = if byte == b'_' {
                b'-'
            } else {
                byte.to_ascii_lowercase()
            };
        }
        self.length += 1;
        Ok(Place::Name)
    }

    fn end_name(&self) -> Result<Place, Violation> {
        let name = self.name.get(..self.length);
        if name.is_some_and(|name| FORBIDDEN.iter().any(|other| other.as_bytes() == name)) {
            return Err(Violation::TrailerField);
        }
        Ok(Place::Value)
    }
}
