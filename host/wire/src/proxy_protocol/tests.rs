//! Tests of both versions: headers by hand, then what is written read again.

use super::*;
use proptest::prelude::*;
use std::net::IpAddr;

fn proxied(source: &str, destination: &str) -> Header {
    let parse = |text: &str| text.parse().unwrap();
    Header::Proxied {
        source: parse(source),
        destination: parse(destination),
    }
}

/// A header of version 2.
fn v2(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
    let length = (rest.len() as u16).to_be_bytes();
    [
        b"\r\n\r\n\0\r\nQUIT\n",
        &[command, family][..],
        &length,
        rest,
    ]
    .concat()
}

/// The whole of `bytes` is the header.
fn header(bytes: &[u8]) -> Header {
    let (header, length) = read(bytes).unwrap().unwrap();
    assert_eq!(length, bytes.len());
    header
}

const FOUR: [u8; 12] = [1, 2, 3, 4, 5, 6, 7, 8, 0x12, 0x67, 1, 0xbb];

#[test]
fn lines_of_version_1() {
    for (line, expected) in [
        (
            "PROXY TCP4 1.2.3.4 5.6.7.8 4711 443",
            proxied("1.2.3.4:4711", "5.6.7.8:443"),
        ),
        (
            "PROXY TCP4 255.255.255.255 255.255.255.255 65535 0",
            proxied("255.255.255.255:65535", "255.255.255.255:0"),
        ),
        (
            "PROXY TCP6 2001:DB8::1 ::1 1 2",
            proxied("[2001:db8::1]:1", "[::1]:2"),
        ),
        ("PROXY UNKNOWN", Header::Local),
        (
            "PROXY UNKNOWN ffff:f...f:ffff whatever, \x01 65535",
            Header::Local,
        ),
    ] {
        assert_eq!(header(format!("{line}\r\n").as_bytes()), expected, "{line}");
    }
    // 107 bytes and not one more.
    let line = |stars| format!("PROXY UNKNOWN {}\r\n", "*".repeat(stars));
    assert_eq!(header(line(91).as_bytes()), Header::Local);
    for stars in [92, 93, 500] {
        assert_eq!(read(line(stars).as_bytes()), Err(ProxyFault::Line));
    }
}

#[test]
fn broken_lines_are_refused_as_soon_as_they_are_seen() {
    for (line, at, fault) in [
        ("GET / HTTP/1.1\r\n", 1, ProxyFault::Signature),
        ("PROXX", 5, ProxyFault::Signature),
        ("PROXY TCP5 ", 10, ProxyFault::Line),
        ("PROXY UNKNOWNS ", 14, ProxyFault::Line),
        ("PROXY  TCP4", 7, ProxyFault::Line),
        ("PROXY tcp4", 7, ProxyFault::Line),
        ("PROXY\r\n", 6, ProxyFault::Signature),
        ("PROXY \r\n", 7, ProxyFault::Line),
        ("PROXY TCP4\r\n", 11, ProxyFault::Line),
        ("PROXY TCP4 1.2.3.4 5.6.7.8 1\r\n", 29, ProxyFault::Line),
        ("PROXY TCP4 1.2.3.4 5.6.7.8 1 2\n", 31, ProxyFault::Line),
        ("PROXY TCP4 1.2.3.4 5.6.7.8 1 2\rX", 32, ProxyFault::Line),
        ("PROXY TCP4 1.2.3.4 5.6.7.8 1 2 ", 31, ProxyFault::Line),
        ("PROXY TCP4 1.2.3.g", 18, ProxyFault::Address),
        ("PROXY TCP4 1.2.3.4 5.6.7.8 f", 28, ProxyFault::Port),
        ("PROXY TCP4 1.2.3.04 ", 20, ProxyFault::Address),
        ("PROXY TCP4 ::1 ", 15, ProxyFault::Address),
        ("PROXY TCP6 1.2.3.4 ", 19, ProxyFault::Address),
        ("PROXY TCP4  ", 12, ProxyFault::Address),
        ("PROXY TCP4 1.2.3.4 5.6.7.8 01 ", 30, ProxyFault::Port),
        ("PROXY TCP4 1.2.3.4 5.6.7.8 65536 ", 33, ProxyFault::Port),
        ("PROXY TCP4 1.2.3.4 5.6.7.8  ", 28, ProxyFault::Port),
        ("PROXY TCP4 1.2.3.4 5.6.7.8 1 00\r", 32, ProxyFault::Port),
        ("PROXY UNKNOWN \n", 15, ProxyFault::Line),
    ] {
        assert_eq!(read(&line.as_bytes()[..at - 1]), Ok(None), "{line}");
        assert_eq!(read(&line.as_bytes()[..at]), Err(fault), "{line}");
        assert_eq!(read(line.as_bytes()), Err(fault), "{line}");
    }
}

#[test]
fn headers_of_version_2() {
    let four = proxied("1.2.3.4:4711", "5.6.7.8:443");
    assert_eq!(header(&v2(0x21, 0x11, &FOUR)), four);
    // Type-length-values are jumped over, whatever is in them.
    assert_eq!(
        header(&v2(
            0x21,
            0x11,
            &[&FOUR[..], &[3, 0, 4, 9, 9, 9, 9, 0xff]].concat()
        )),
        four
    );
    let mut six = [0; 36];
    (six[15], six[31], six[33], six[35]) = (1, 2, 3, 4);
    assert_eq!(header(&v2(0x21, 0x21, &six)), proxied("[::1]:3", "[::2]:4"));
    for local in [
        v2(0x20, 0x00, &[]),
        v2(0x20, 0x11, &FOUR),
        v2(0x20, 0xff, &[0; 536]),
        v2(0x21, 0x00, &[]),
        v2(0x21, 0x00, &[1, 2, 3]),
        v2(0x21, 0x31, &[b'/'; 216]),
    ] {
        assert_eq!(header(&local), Header::Local);
    }
}

#[test]
fn broken_headers_are_refused_as_soon_as_they_are_seen() {
    for (bytes, at, fault) in [
        (b"\r\n\r\n\0\r\nQUIX\n".to_vec(), 11, ProxyFault::Signature),
        (v2(0x11, 0x11, &FOUR), 13, ProxyFault::Version),
        (v2(0x30, 0x11, &FOUR), 13, ProxyFault::Version),
        (v2(0x22, 0x11, &FOUR), 13, ProxyFault::Command),
        (v2(0x21, 0x12, &FOUR), 14, ProxyFault::Datagram),
        (v2(0x21, 0x22, &[0; 36]), 14, ProxyFault::Datagram),
        (v2(0x21, 0x32, &[0; 216]), 14, ProxyFault::Datagram),
        (v2(0x21, 0x01, &[]), 14, ProxyFault::Family),
        (v2(0x21, 0x10, &[]), 14, ProxyFault::Family),
        (v2(0x21, 0x41, &FOUR), 14, ProxyFault::Family),
        (v2(0x21, 0x11, &FOUR[..11]), 16, ProxyFault::Length),
        (v2(0x21, 0x21, &[0; 35]), 16, ProxyFault::Length),
        (v2(0x21, 0x31, &[0; 215]), 16, ProxyFault::Length),
        (v2(0x21, 0x11, &[0; 537]), 16, ProxyFault::Length),
        (v2(0x20, 0x00, &[0; 537]), 16, ProxyFault::Length),
    ] {
        assert_eq!(read(&bytes[..at - 1]), Ok(None), "{bytes:?}");
        assert_eq!(read(&bytes[..at]), Err(fault), "{bytes:?}");
        assert_eq!(read(&bytes), Err(fault), "{bytes:?}");
    }
}

#[test]
fn two_families_are_written_as_one() {
    let (four, six) = ("1.2.3.4:5".parse().unwrap(), "[::2]:6".parse().unwrap());
    for write in [write_v1, write_v2] {
        let mut bytes = Vec::new();
        write(four, six, &mut bytes);
        assert_eq!(header(&bytes), proxied("[::ffff:1.2.3.4]:5", "[::2]:6"));
    }
}

fn pair() -> impl Strategy<Value = (SocketAddr, SocketAddr)> {
    let ports = any::<(u16, u16)>();
    let four = any::<([u8; 4], [u8; 4])>().prop_map(|(from, to)| (from.into(), to.into()));
    let six = any::<([u8; 16], [u8; 16])>().prop_map(|(from, to)| (from.into(), to.into()));
    let both = prop_oneof![four, six];
    (both, ports).prop_map(|((from, to), (sport, dport)): ((IpAddr, IpAddr), _)| {
        (SocketAddr::new(from, sport), SocketAddr::new(to, dport))
    })
}

proptest! {
    /// Catches: source and destination exchanged, bytes in the wrong order, a header that is
    /// said to be longer or shorter than it is, one that is understood or refused before it
    /// is whole.
    #[test]
    fn what_is_written_is_read((source, destination) in pair(), rest in prop::collection::vec(any::<u8>(), 0..20)) {
        for write in [write_v1, write_v2] {
            let mut bytes = Vec::new();
            write(source, destination, &mut bytes);
            let length = bytes.len();
            for cut in 0..length {
                prop_assert_eq!(read(&bytes[..cut]), Ok(None));
            }
            bytes.extend(&rest);
            prop_assert_eq!(read(&bytes), Ok(Some((Header::Proxied { source, destination }, length))));
        }
    }

    /// Catches: an answer that more bytes change, a read over the end, waiting for more than
    /// a header can have.
    #[test]
    fn an_answer_stands(
        signature in prop::sample::select(&["", "PROXY TCP4 ", "PROXY ", "PROXY TCP6 ::", "\r\n\r\n\0\r\nQUIT\n"][..]),
        line in "[0-9.: ]{0,60}(\r\n)?",
        bytes in prop::collection::vec(prop_oneof![0x0..0x40u8, any::<u8>()], 0..700),
    ) {
        for bytes in [[signature.as_bytes(), line.as_bytes()].concat(), [signature.as_bytes(), &bytes].concat()] {
            let whole = read(&bytes);
            prop_assert!(whole != Ok(None) || bytes.len() < MAX_HEADER);
            for cut in 0..bytes.len() {
                let answer = read(&bytes[..cut]);
                prop_assert!(answer == Ok(None) || answer == whole, "{:?} {:?}", answer, whole);
            }
        }
    }
}
