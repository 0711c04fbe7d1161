//! A strict guard over the raw bytes of HTTP/1 requests, and a judge of parsed responses.
//!
//! A request that two parsers read in two ways is a request that an attacker can hide in
//! another one ("request smuggling"; RFC 9112, sections 11.1 and 11.2). The parser behind
//! this guard is lax, as are many endpoints, so nothing is shown to them before it has
//! passed here. The rule: whatever could be read in two ways is refused, even where the RFC
//! lets a recipient mend it. What passes has one line end (CRLF), one method, one target,
//! one version, one host and one length.
//!
//! [`HeadScan`] reads a head while it comes, [`BodyScan`] follows the body and finds the end
//! of the message. Both give the first violation in the order of the bytes, so that it makes
//! no difference where the network cut the text into pieces. Neither allocates.
//! [`response::judge`] does the same for what endpoints answer.
//!
//! Refuses to know what a path means (see [`crate::path`]), to change or keep any byte, and
//! to judge fields that decide neither where a message ends nor whom it is for.

mod body;
mod bytes;
mod field_lines;
mod fields;
mod head;
mod host;
mod request_line;
pub mod response;
mod target;
mod text;
mod trailers;
mod violation;

#[cfg(test)]
mod tests;

pub use self::body::BodyScan;
pub use self::head::{Head, HeadScan};
pub use self::target::TargetForm;
pub use self::violation::Violation;

/// Bounds of what is kept in memory for one request. The same ones must be given to every
/// call for one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the head: empty lines before the request, request line and field lines, all
    /// with their line ends, and the empty line behind them. The trailers may have as many
    /// once more, from the first byte behind the line of the last chunk.
    pub head: usize,
    /// Bytes of the request target.
    pub target: usize,
    /// Field lines in the head. The trailers may have as many once more.
    pub fields: usize,
}

/// How the end of a request is told (RFC 9112, section 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// Neither length nor coding: the request ends with its head.
    None,
    /// So many bytes, by `Content-Length`. At most `i64::MAX`.
    Length(u64),
    /// In chunks, by `Transfer-Encoding: chunked`.
    Chunked,
}
