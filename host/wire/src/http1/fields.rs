//! The fields that decide where a request ends, whom it is for, and what becomes of its
//! connection; the others pass unread.

use super::bytes::{decimal, is_token, trim, trim_spaces};
use super::{Body, Violation, host};
use std::ops::Range;

/// What the fields said that have come so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields {
    /// Where the value of `Host` is, without spaces around it.
    host: Option<Range<usize>>,
    content_length: Option<u64>,
    chunked: bool,
    /// Whether `Connection` has this option.
    pub(super) close: bool,
    /// Likewise.
    pub(super) keep_alive: bool,
    /// Likewise.
    pub(super) upgrade_option: bool,
    /// Whether there is an `Upgrade`.
    pub(super) upgrade: bool,
    /// Whether there is an `Expect`, hence `100-continue`.
    pub(super) expect: bool,
}

impl Fields {
    /// Takes a field line that is valid as such: name and value are parts of `head`.
    pub(super) fn take(
        &mut self,
        head: &[u8],
        name: Range<usize>,
        value: Range<usize>,
        minor: u8,
    ) -> Result<(), Violation> {
        // By length first: nearly all fields end here.
        let start = value.start;
        let (name, value) = (&head[name], &head[value]);
        match name.len() {
            4 if name.eq_ignore_ascii_case(b"host") => self.take_host(value, start),
            6 if name.eq_ignore_ascii_case(b"expect") => self.take_expect(value),
            7 if name.eq_ignore_ascii_case(b"upgrade") => {
                self.upgrade = true;
                Ok(())
            }
            10 if name.eq_ignore_ascii_case(b"connection") => self.take_connection(value),
            14 if name.eq_ignore_ascii_case(b"content-length") => self.take_length(value),
            17 if name.eq_ignore_ascii_case(b"transfer-encoding") => {
                self.take_encoding(value, minor)
            }
            _ => Ok(()),
        }
    }

    /// How the end of the request is told.
    pub(super) fn body(&self) -> Body {
        match self.content_length {
            _ if self.chunked => Body::Chunked,
            Some(length) => Body::Length(length),
            None => Body::None,
        }
    }

    /// The value of `Host`, if it has come.
    pub(super) fn host<'a>(&self, head: &'a [u8]) -> Option<&'a [u8]> {
        self.host.clone().map(|range| &head[range])
    }

    fn take_host(&mut self, value: &[u8], start: usize) -> Result<(), Violation> {
        if self.host.is_some() {
            return Err(Violation::HostTwice);
        }
        let text = trim_spaces(value);
        host::read(text).ok_or(Violation::Host)?;
        let before = value.iter().take_while(|byte| **byte == b' ').count();
        self.host = Some(start + before..start + before + text.len());
        Ok(())
    }

    /// Anything else than `100-continue` is refused. Some servers make a 100 of what only
    /// looks like it and some do not, and the two sides then no longer agree on whether
    /// content comes.
    fn take_expect(&mut self, value: &[u8]) -> Result<(), Violation> {
        let known = trim_spaces(value).eq_ignore_ascii_case(b"100-continue");
        if !known || self.expect {
            return Err(Violation::Expect);
        }
        self.expect = true;
        Ok(())
    }

    fn take_connection(&mut self, value: &[u8]) -> Result<(), Violation> {
        for option in value.split(|byte| *byte == b',').map(trim) {
            if option.is_empty() {
                continue;
            }
            if !is_token(option) {
                return Err(Violation::Connection);
            }
            let is = |name: &[u8]| option.eq_ignore_ascii_case(name);
            self.close |= is(b"close");
            self.keep_alive |= is(b"keep-alive");
            self.upgrade_option |= is(b"upgrade");
            if is(b"host") || is(b"content-length") || is(b"transfer-encoding") {
                return Err(Violation::ConnectionOption);
            }
        }
        Ok(())
    }

    fn take_length(&mut self, value: &[u8]) -> Result<(), Violation> {
        if self.content_length.is_some() {
            return Err(Violation::ContentLengthTwice);
        }
        if self.chunked {
            return Err(Violation::TransferEncodingAndContentLength);
        }
        self.content_length = Some(content_length(value).ok_or(Violation::ContentLength)?);
        Ok(())
    }

    fn take_encoding(&mut self, value: &[u8], minor: u8) -> Result<(), Violation> {
        if minor == 0 {
            return Err(Violation::TransferEncodingInHttp10);
        }
        if self.chunked {
            return Err(Violation::TransferEncodingTwice);
        }
        match coding(value) {
            Coding::Chunked if self.content_length.is_some() => {
                Err(Violation::TransferEncodingAndContentLength)
            }
            Coding::Chunked => {
                self.chunked = true;
                Ok(())
            }
            Coding::Unknown => Err(Violation::TransferCodingUnknown),
            Coding::Invalid => Err(Violation::TransferEncoding),
        }
    }
}

/// The number of a `Content-Length`: digits alone, no list, at most `i64::MAX`, which is as
/// much as anybody counts with.
pub(super) fn content_length(value: &[u8]) -> Option<u64> {
    decimal(trim_spaces(value), i64::MAX.unsigned_abs())
}

/// What a `Transfer-Encoding` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    /// `chunked` and nothing else.
    Chunked,
    /// Other codings, then `chunked`: RFC 9112, section 6.1 wants them told apart, for the
    /// sender did nothing wrong.
    Unknown,
    /// Anything else. Without `chunked` at the end the length is not known (section 6.3).
    Invalid,
}

/// Reads the value of one `Transfer-Encoding`. Parameters of codings are invalid: `chunked`
/// has none.
pub(super) fn coding(value: &[u8]) -> Coding {
    const CHUNKED: &[u8] = b"chunked";
    let value = trim_spaces(value);
    if value.eq_ignore_ascii_case(CHUNKED) {
        return Coding::Chunked;
    }
    let mut codings = value.rsplit(|byte| *byte == b',').map(trim_spaces);
    let last = codings.next().unwrap_or_default();
    let others = codings.all(|coding| is_token(coding) && !coding.eq_ignore_ascii_case(CHUNKED));
    if last.eq_ignore_ascii_case(CHUNKED) && others {
        Coding::Unknown
    } else {
        Coding::Invalid
    }
}
