//! Version 2: sixteen bytes that are always there, then addresses, then type-length-values.

use super::{Header, ProxyFault};
use std::net::{IpAddr, SocketAddr};

/// Reads what begins with [`SIGNATURE`], or with as much of it as there is.
pub(super) fn read(bytes: &[u8]) -> Result<Option<(Header, usize)>, ProxyFault> {
    let Some(command) = bytes.get(SIGNATURE.len()) else {
        return Ok(None);
    };
    let local = match command {
        &LOCAL => true,
        &PROXY => false,
        0x22..=0x2f => return Err(ProxyFault::Command),
        _ => return Err(ProxyFault::Version),
    };
    let Some(&family) = bytes.get(SIGNATURE.len() + 1) else {
        return Ok(None);
    };
    // The family of LOCAL is to be ignored.
    let least = if local { 0 } else { addresses(family)? };
    let Some(length) = bytes.get(FIXED - 2..FIXED) else {
        return Ok(None);
    };
    let length = usize::from(length[0]) << 8 | usize::from(length[1]);
    if !(least..=MAX_REST).contains(&length) {
        return Err(ProxyFault::Length);
    }
    let Some(rest) = bytes.get(FIXED..FIXED + length) else {
        return Ok(None);
    };
    let header = if local {
        Header::Local
    } else {
        header(family, rest)
    };
    Ok(Some((header, FIXED + length)))
}

/// How many bytes the addresses of a family and transport take.
fn addresses(family: u8) -> Result<usize, ProxyFault> {
    match family {
        UNSPECIFIED => Ok(0),
        TCP4 => Ok(2 * (4 + 2)),
        TCP6 => Ok(2 * (16 + 2)),
        UNIX => Ok(2 * 108),
        0x12 | 0x22 | 0x32 => Err(ProxyFault::Datagram),
        _ => Err(ProxyFault::Family),
    }
}

/// The addresses at the beginning of `rest`.
fn header(family: u8, rest: &[u8]) -> Header {
    let pair = match family {
        TCP4 => pair::<4>(rest),
        TCP6 => pair::<16>(rest),
        _ => None,
    };
    match pair {
        Some((source, destination)) => Header::Proxied {
            source,
            destination,
        },
        None => Header::Local,
    }
}

/// Two addresses of `N` bytes, then their ports. `None` never comes of as many bytes as
/// [`addresses`] asks for.
fn pair<const N: usize>(rest: &[u8]) -> Option<(SocketAddr, SocketAddr)>
where
    IpAddr: From<[u8; N]>,
{
    let (source, rest) = rest.split_first_chunk::<N>()?;
    let (destination, rest) = rest.split_first_chunk::<N>()?;
    let (source_port, rest) = rest.split_first_chunk()?;
    let (destination_port, _) = rest.split_first_chunk()?;
    let whole = |address: [u8; N], port| SocketAddr::new(address.into(), u16::from_be_bytes(port));
    Some((
        whole(*source, *source_port),
        whole(*destination, *destination_port),
    ))
}

/// What version 2 begins with.
pub(super) const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";
/// Bytes before the addresses.
pub(super) const FIXED: usize = 16;
/// More bytes of addresses and type-length-values are refused; the specification promises
/// that the addresses' 216 and then some fit into the first segment of a connection.
pub(super) const MAX_REST: usize = 536;

/// Version 2, PROXY.
pub(super) const PROXY: u8 = 0x21;
const LOCAL: u8 = 0x20;

const UNSPECIFIED: u8 = 0x00;
pub(super) const TCP4: u8 = 0x11;
pub(super) const TCP6: u8 = 0x21;
const UNIX: u8 = 0x31;
