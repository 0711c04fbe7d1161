//! Whom a request is for: `uri-host [ ":" port ]` (RFC 9110, section 7.2).
//!
//! Refuses to know which hosts exist, and to read what only one parser in two would take for
//! a host: user information, lists, percent-encoding, zones and future kinds of addresses.

use super::bytes;
use std::net::Ipv6Addr;

/// The longest text of an IPv6 address: eight groups, the last two as IPv4.
const LONGEST_ADDRESS: usize = "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255".len();

/// What is behind the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Port {
    /// Nothing, or a colon alone, which says the same (RFC 3986, section 3.2.3).
    Absent,
    /// A colon and a number.
    Given,
}

/// Reads the text of a `Host` field, or of the authority in a request target. `None` if it
/// is not one.
pub(super) fn read(text: &[u8]) -> Option<Port> {
    let (host, port) = if text.first() == Some(&b'[') {
        let end = text.iter().position(|byte| *byte == b']')?;
        (&text[..=end], &text[end + 1..])
    } else {
        let end = text.iter().position(|byte| *byte == b':');
        text.split_at(end.unwrap_or(text.len()))
    };
    if !is_host(host) {
        return None;
    }
    match port {
        [] | [b':'] => Some(Port::Absent),
        [b':', digits @ ..] => bytes::decimal(digits, u16::MAX.into()).map(|_| Port::Given),
        _ => None,
    }
}

fn is_host(host: &[u8]) -> bool {
    match host {
        [b'[', address @ .., b']'] => {
            address.len() <= LONGEST_ADDRESS
                && std::str::from_utf8(address).is_ok_and(|text| text.parse::<Ipv6Addr>().is_ok())
        }
        name => bytes::is_name(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_a_name_or_an_address() {
        for text in [
            "a",
            "example.com",
            "EXAMPLE.com.",
            "my_service",
            "xn--bcher-kva.example",
            "~a-b",
            "127.0.0.1",
            "[::1]",
            "[2001:db8::1]",
            "[::ffff:192.0.2.1]",
            "[ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255]",
        ] {
            assert_eq!(read(text.as_bytes()), Some(Port::Absent), "{text}");
            let empty = format!("{text}:");
            assert_eq!(read(empty.as_bytes()), Some(Port::Absent), "{empty}");
            for port in ["0", "80", "65535"] {
                let text = format!("{text}:{port}");
                assert_eq!(read(text.as_bytes()), Some(Port::Given), "{text}");
            }
        }
    }

    #[test]
    fn what_could_be_read_as_another_host_is_none() {
        for text in [
            "",
            ":",
            ":80",
            "a:65536",
            "a:080",
            "a:+80",
            "a:80:80",
            "a:b",
            "a: 80",
            "a :80",
            "a,b",
            "a, b",
            "a b",
            "a\tb",
            "user@a",
            "user:secret@a",
            "a%2eb",
            "a/",
            "/a",
            "a?b",
            "a#b",
            "a\\b",
            "b\u{fc}cher",
            "a;b",
            "a'b",
            "a!",
            "(a)",
            "*",
            "http://a",
            "::1",
            "[",
            "]",
            "[]",
            "[::1",
            "::1]",
            "[::1]80",
            "[::1]]",
            "[[::1]]",
            "[fe80::1%25eth0]",
            "[fe80::1%eth0]",
            "[v1.a]",
            "[1.2.3.4]",
            "[ ::1]",
            "[::1] ",
            "[::1]:x",
            "a\0",
            "[0000000000:0000000000:0000000000:000000000000:1]",
            "a[::1]",
        ] {
            assert_eq!(read(text.as_bytes()), None, "{text}");
        }
    }
}
