//! Version 1: `PROXY TCP4 192.0.2.1 192.0.2.2 4711 443`, and the end of the line.

use super::{Header, ProxyFault};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Reads what begins with [`SIGNATURE`], or with as much of it as there is.
pub(super) fn read(bytes: &[u8]) -> Result<Option<(Header, usize)>, ProxyFault> {
    let seen = &bytes[..bytes.len().min(MAX_LINE)];
    let full = seen.len() == MAX_LINE;
    let Some(end) = memchr::memchr2(b'\r', b'\n', seen) else {
        begun(seen)?;
        return if full {
            Err(ProxyFault::Line)
        } else {
            Ok(None)
        };
    };
    let header = parse(&seen[..end])?.ok_or(ProxyFault::Line)?;
    match &seen[end..] {
        [b'\r', b'\n', ..] => Ok(Some((header, end + 2))),
        [b'\r'] if !full => Ok(None),
        _ => Err(ProxyFault::Line),
    }
}

/// Whether the beginning of a line can become one: its words are what they should be, and of
/// the last one, which may go on, the letters are.
fn begun(line: &[u8]) -> Result<(), ProxyFault> {
    let Some(space) = memchr::memrchr(b' ', line) else {
        return Ok(());
    };
    let (words, last) = (&line[..space], &line[space + 1..]);
    let (fits, fault) = match parse(words)? {
        Some(Header::Local) => (true, ProxyFault::Line),
        Some(Header::Proxied { .. }) => (false, ProxyFault::Line),
        None => match words.iter().filter(|byte| **byte == b' ').count() {
            0 => (
                FAMILIES.iter().any(|word| word.starts_with(last)),
                ProxyFault::Line,
            ),
            1 | 2 => (last.iter().all(is_in_address), ProxyFault::Address),
            _ => (last.iter().all(u8::is_ascii_digit), ProxyFault::Port),
        },
    };
    if fits { Ok(()) } else { Err(fault) }
}

fn is_in_address(byte: &u8) -> bool {
    byte.is_ascii_hexdigit() || matches!(byte, b'.' | b':')
}

/// The words of a line; `None` if there are too few. What follows `UNKNOWN` is to be ignored.
fn parse(line: &[u8]) -> Result<Option<Header>, ProxyFault> {
    let mut words = line.split(|byte| *byte == b' ').skip(1);
    let family = match words.next() {
        None => return Ok(None),
        Some(b"UNKNOWN") => return Ok(Some(Header::Local)),
        Some(family) => family,
    };
    let mut addresses = [IpAddr::V4(Ipv4Addr::UNSPECIFIED); 2];
    let mut ports = [0; 2];
    if !FAMILIES.contains(&family) {
        return Err(ProxyFault::Line);
    }
    for address in &mut addresses {
        let Some(word) = words.next() else {
            return Ok(None);
        };
        *address = read_address(family, word).ok_or(ProxyFault::Address)?;
    }
    for port in &mut ports {
        let Some(word) = words.next() else {
            return Ok(None);
        };
        *port = read_port(word).ok_or(ProxyFault::Port)?;
    }
    match words.next() {
        None => Ok(Some(Header::Proxied {
            source: SocketAddr::new(addresses[0], ports[0]),
            destination: SocketAddr::new(addresses[1], ports[1]),
        })),
        Some(_) => Err(ProxyFault::Line),
    }
}

fn read_address(family: &[u8], word: &[u8]) -> Option<IpAddr> {
    let word = str::from_utf8(word).ok()?;
    match family {
        b"TCP4" => Some(IpAddr::V4(word.parse::<Ipv4Addr>().ok()?)),
        _ => Some(IpAddr::V6(word.parse::<Ipv6Addr>().ok()?)),
    }
}

/// A decimal number. The specification forbids zeros in front, which might mean octal.
fn read_port(word: &[u8]) -> Option<u16> {
    let plain = word.iter().all(u8::is_ascii_digit) && (word == b"0" || !word.starts_with(b"0"));
    if plain {
        str::from_utf8(word).ok()?.parse().ok()
    } else {
        None
    }
}

/// What version 1 begins with.
pub(super) const SIGNATURE: &[u8] = b"PROXY ";
/// Bytes of the longest line, its end included, by the specification.
const MAX_LINE: usize = 107;
const FAMILIES: [&[u8]; 3] = [b"TCP4", b"TCP6", b"UNKNOWN"];
