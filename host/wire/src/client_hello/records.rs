//! One handshake message out of TLS records (RFC 8446 5.1 and 4).

use super::{HelloFault, MAX_HELLO};
use std::borrow::Cow;

/// The ClientHello without its header, or `None` if it is not whole.
pub(super) fn message(bytes: &[u8]) -> Result<Option<Cow<'_, [u8]>>, HelloFault> {
    let seen = &bytes[..bytes.len().min(MAX_HELLO)];
    let mut rest = seen;
    let mut handshake = Cow::Borrowed(&seen[..0]);
    while let Some(record) = Record::first(rest)? {
        match handshake.is_empty() {
            true => handshake = Cow::Borrowed(record.fragment),
            false => handshake.to_mut().extend_from_slice(record.fragment),
        }
        if let Some(end) = end(&handshake)?
            && end <= handshake.len()
        {
            return Ok(Some(match handshake {
                Cow::Borrowed(bytes) => Cow::Borrowed(&bytes[HEADER..end]),
                Cow::Owned(bytes) => Cow::Owned(bytes[HEADER..end].to_vec()),
            }));
        }
        rest = record.rest;
    }
    match seen.len() {
        MAX_HELLO => Err(HelloFault::TooLong),
        _ => Ok(None),
    }
}

struct Record<'a> {
    /// What there is of it.
    fragment: &'a [u8],
    /// What follows, which is nothing as long as it is not whole.
    rest: &'a [u8],
}

impl<'a> Record<'a> {
    /// The first record of `bytes`. `None` if not even its header is whole.
    fn first(bytes: &'a [u8]) -> Result<Option<Self>, HelloFault> {
        // The second byte of the version is to be ignored (RFC 8446 5.1).
        if !matches!(bytes, [] | [HANDSHAKE] | [HANDSHAKE, 3, ..]) {
            return Err(HelloFault::NotTls);
        }
        let [_, _, _, high, low, rest @ ..] = bytes else {
            return Ok(None);
        };
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        // Fragments of handshakes are never empty (RFC 8446 5.1).
        if !(1..=MAX_FRAGMENT).contains(&length) {
            return Err(HelloFault::Record);
        }
        let (fragment, rest) = rest.split_at(length.min(rest.len()));
        Ok(Some(Self { fragment, rest }))
    }
}

/// Where a ClientHello ends that begins like this, as soon as that can be told.
fn end(handshake: &[u8]) -> Result<Option<usize>, HelloFault> {
    match handshake {
        [] | [CLIENT_HELLO] | [CLIENT_HELLO, _] | [CLIENT_HELLO, _, _] => Ok(None),
        [CLIENT_HELLO, high, middle, low, ..] => {
            let length = u32::from_be_bytes([0, *high, *middle, *low]) as usize;
            match HEADER + length {
                end if end > MAX_HELLO => Err(HelloFault::TooLong),
                end => Ok(Some(end)),
            }
        }
        _ => Err(HelloFault::NotClientHello),
    }
}

/// The type of records that carry handshakes.
const HANDSHAKE: u8 = 22;
const CLIENT_HELLO: u8 = 1;
/// Bytes of a handshake message's header.
const HEADER: usize = 4;
const MAX_FRAGMENT: usize = 1 << 14;
