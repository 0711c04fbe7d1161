//! Headers for those behind, in either version.

use super::v2;
use std::io::Write;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// Appends a header of version 1. If one address is IPv4 and the other IPv6, the former is
/// written as IPv4-mapped IPv6, for a header has one family. Scopes and flows are not written.
pub fn write_v1(source: SocketAddr, destination: SocketAddr, bytes: &mut Vec<u8>) {
    let (from, to) = (source.ip(), destination.ip());
    let (sport, dport) = (source.port(), destination.port());
    let written = match (from, to) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            write!(bytes, "PROXY TCP4 {from} {to} {sport} {dport}\r\n")
        }
        _ => {
            let (from, to) = (v6(from), v6(to));
            write!(bytes, "PROXY TCP6 {from} {to} {sport} {dport}\r\n")
        }
    };
    // A vector takes whatever it is given.
    debug_assert!(written.is_ok());
}

/// Appends a header of version 2, without type-length-values. Addresses as in [`write_v1`].
pub fn write_v2(source: SocketAddr, destination: SocketAddr, bytes: &mut Vec<u8>) {
    bytes.extend_from_slice(v2::SIGNATURE);
    match (source.ip(), destination.ip()) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            bytes.extend_from_slice(&[v2::PROXY, v2::TCP4, 0, 12]);
            bytes.extend_from_slice(&from.octets());
            bytes.extend_from_slice(&to.octets());
        }
        (from, to) => {
            bytes.extend_from_slice(&[v2::PROXY, v2::TCP6, 0, 36]);
            bytes.extend_from_slice(&v6(from).octets());
            bytes.extend_from_slice(&v6(to).octets());
        }
    }
    bytes.extend_from_slice(&source.port().to_be_bytes());
    bytes.extend_from_slice(&destination.port().to_be_bytes());
}

fn v6(address: IpAddr) -> Ipv6Addr {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => address,
    }
}
