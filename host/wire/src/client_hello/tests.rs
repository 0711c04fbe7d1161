//! Tests of the reader: hellos as they were sent, then made ones with one thing wrong.

use super::samples::{CURL, NAMELESS, PYTHON, TLS12};
use super::*;
use proptest::prelude::*;

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex
        .chars()
        .map(|digit| digit.to_digit(16).unwrap() as u8)
        .collect();
    digits
        .chunks(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect()
}

fn hello(name: Option<&str>, alpn: &[&str]) -> Hello {
    Hello {
        server_name: name.map(str::to_owned),
        alpn: alpn.iter().map(|word| word.as_bytes().to_vec()).collect(),
    }
}

fn vector8(bytes: &[u8]) -> Vec<u8> {
    [&[bytes.len() as u8], bytes].concat()
}

fn vector16(bytes: &[u8]) -> Vec<u8> {
    [&(bytes.len() as u16).to_be_bytes(), bytes].concat()
}

fn extension(kind: u16, data: &[u8]) -> Vec<u8> {
    [&kind.to_be_bytes()[..], &vector16(data)].concat()
}

fn server_name(name: &[u8]) -> Vec<u8> {
    extension(0, &vector16(&[&[0], &vector16(name)[..]].concat()))
}

fn alpn(words: &[&str]) -> Vec<u8> {
    let words: Vec<_> = words.iter().map(|word| vector8(word.as_bytes())).collect();
    extension(16, &vector16(&words.concat()))
}

/// The beginning of a ClientHello, up to where the extensions are.
fn start() -> Vec<u8> {
    [
        &[3, 3][..],
        &[7; 32],
        &vector8(&[]),
        &vector16(&[0x13, 1]),
        &vector8(&[0]),
    ]
    .concat()
}

/// A handshake message of ClientHello's type.
fn handshake(body: &[u8]) -> Vec<u8> {
    let length = (body.len() as u32).to_be_bytes();
    [&[1], &length[1..], body].concat()
}

/// The message in records of so many bytes.
fn records(message: &[u8], size: usize) -> Vec<u8> {
    let records = message
        .chunks(size)
        .map(|part| [&[22, 3, 1][..], &vector16(part)].concat());
    records.collect::<Vec<_>>().concat()
}

fn with(extensions: &[Vec<u8>]) -> Result<Option<Hello>, HelloFault> {
    let body = [start(), vector16(&extensions.concat())].concat();
    read(&records(&handshake(&body), 16_384))
}

#[test]
fn hellos_as_they_were_sent() {
    let both = ["h2", "http/1.1"];
    assert_eq!(
        read(&bytes(PYTHON)),
        Ok(Some(hello(Some("shop.example.test"), &both)))
    );
    assert_eq!(
        read(&bytes(CURL)),
        Ok(Some(hello(Some("curl.test"), &both)))
    );
    assert_eq!(read(&bytes(TLS12)), Ok(Some(hello(Some("a.test"), &[]))));
    assert_eq!(read(&bytes(NAMELESS)), Ok(Some(hello(None, &[]))));
}

#[test]
fn what_is_not_tls_is_refused_at_the_first_byte() {
    for (bytes, at, fault) in [
        (&b"GET / HTTP/1.1"[..], 1, HelloFault::NotTls),
        // SSL 2.
        (b"\x80\x2e\x01\x03\x01", 1, HelloFault::NotTls),
        (b"\x15\x03\x01\0\x02", 1, HelloFault::NotTls),
        (b"\x16\x02\x01", 2, HelloFault::NotTls),
        (b"\x16\x03\x01\0\0", 5, HelloFault::Record),
        (b"\x16\x03\x01\x40\x01", 5, HelloFault::Record),
        // ServerHello.
        (b"\x16\x03\x03\0\x05\x02", 6, HelloFault::NotClientHello),
        (b"\x16\x03\x03\0\x05\x01\0\x3f\xfd", 9, HelloFault::TooLong),
    ] {
        assert_eq!(read(&bytes[..at - 1]), Ok(None), "{bytes:?}");
        assert_eq!(read(&bytes[..at]), Err(fault), "{bytes:?}");
    }
    // Another type of record in the middle.
    let mut mixed = records(&handshake(&start()), 20);
    mixed[25] = 20;
    assert_eq!(read(&mixed), Err(HelloFault::NotTls));
}

#[test]
fn a_hello_ends_within_the_bound() {
    let padded = |size: usize| {
        let body = [start(), vector16(&extension(21, &vec![0; size - 51]))].concat();
        handshake(&body)
    };
    let largest = padded(MAX_HELLO - 5);
    assert_eq!(largest.len(), MAX_HELLO - 5);
    assert_eq!(read(&records(&largest, 16_384)), Ok(Some(Hello::default())));
    let larger = records(&padded(MAX_HELLO - 4), 16_384);
    assert_eq!(read(&larger[..MAX_HELLO - 1]), Ok(None));
    for cut in [MAX_HELLO, larger.len()] {
        assert_eq!(read(&larger[..cut]), Err(HelloFault::TooLong));
    }
    // Crumbs count with their headers.
    let crumbs = records(&padded(3000), 1);
    assert_eq!(read(&crumbs), Err(HelloFault::TooLong));
}

#[test]
fn extensions_may_be_missing() {
    assert_eq!(
        read(&records(&handshake(&start()), 100)),
        Ok(Some(Hello::default()))
    );
    assert_eq!(with(&[]), Ok(Some(Hello::default())));
}

#[test]
fn names_are_host_names() {
    let long = [
        "a".repeat(63),
        "b".repeat(63),
        "c".repeat(63),
        "d".repeat(61),
    ]
    .join(".");
    for name in [
        "a.test",
        "LOCALHOST",
        "xn--bcher-kva.test",
        "_x.a-b.test",
        "1.2.3.4.test",
        &long,
    ] {
        let expected = hello(Some(&name.to_lowercase()), &[]);
        assert_eq!(
            with(&[server_name(name.as_bytes())]),
            Ok(Some(expected)),
            "{name}"
        );
    }
    for address in ["1.2.3.4", "::1", "2001:db8::1"] {
        assert_eq!(
            with(&[server_name(address.as_bytes())]),
            Ok(Some(Hello::default()))
        );
    }
    let (longer, label) = (format!("{long}d"), "a".repeat(64));
    for name in [
        "",
        ".",
        "a.test.",
        ".a.test",
        "a..test",
        "a b",
        "a\0.test",
        "-a.test",
        "a-.test",
        "bücher.test",
        "*.test",
        "a.test:443",
        "[::1]",
        "1.2.3",
        "a.test/",
        "127.1",
        "0x7f.1",
        &longer,
        &label,
    ] {
        let refused = Err(HelloFault::ServerName);
        assert_eq!(with(&[server_name(name.as_bytes())]), refused, "{name}");
    }
    assert_eq!(
        with(&[server_name(b"\xff.test")]),
        Err(HelloFault::ServerName)
    );
}

#[test]
fn an_endpoint_cannot_see_another_hello() {
    use HelloFault::*;
    let (a, b) = (server_name(b"a.test"), server_name(b"b.test"));
    let two_names = [&[0], &vector16(b"a.test")[..], &[0], &vector16(b"b.test")].concat();
    let after = [
        vector16(&[&[0], &vector16(b"a.test")[..]].concat()),
        vec![0],
    ]
    .concat();
    for (extensions, fault) in [
        (vec![a.clone(), b], Duplicate),
        (vec![a.clone(), a.clone()], Duplicate),
        (vec![alpn(&["h2"]), a.clone(), alpn(&["h2"])], Duplicate),
        (vec![extension(0, &vector16(&two_names))], Malformed),
        (vec![extension(0, &after)], Malformed),
        (vec![extension(0, &vector16(&[1, 0, 1, b'a']))], ServerName),
        (vec![extension(0, &vector16(&[]))], Malformed),
        (vec![extension(0, &[])], Malformed),
        (vec![alpn(&[])], Malformed),
        (vec![alpn(&["h2", ""])], Malformed),
        (vec![extension(16, &vector16(&[2, b'h']))], Malformed),
        (vec![a.clone(), vec![0, 21, 0]], Malformed),
        (vec![a, vec![0, 21, 0, 2, 0]], Malformed),
    ] {
        assert_eq!(with(&extensions), Err(fault), "{extensions:?}");
    }
}

#[test]
fn every_part_has_its_length() {
    let part = |version: &[u8], session: &[u8], ciphers: &[u8], compression: &[u8], rest: &[u8]| {
        let parts = [vector8(session), vector16(ciphers), vector8(compression)].concat();
        read(&records(
            &handshake(&[version, &[7; 32], &parts, rest].concat()),
            16_384,
        ))
    };
    let good = Ok(Some(Hello::default()));
    let bad = Err(HelloFault::Malformed);
    assert_eq!(
        part(&[3, 3], &[1; 32], &[0x13, 1, 0x13, 2], &[0], &[]),
        good
    );
    assert_eq!(part(&[2, 0], &[], &[0x13, 1], &[0], &[]), bad);
    assert_eq!(part(&[3, 3], &[1; 33], &[0x13, 1], &[0], &[]), bad);
    assert_eq!(part(&[3, 3], &[], &[], &[0], &[]), bad);
    assert_eq!(part(&[3, 3], &[], &[0x13, 1, 0], &[0], &[]), bad);
    assert_eq!(part(&[3, 3], &[], &[0x13, 1], &[], &[]), bad);
    assert_eq!(part(&[3, 3], &[], &[0x13, 1], &[0], &[0]), bad);
    assert_eq!(part(&[3, 3], &[], &[0x13, 1], &[0], &[0, 0, 0]), bad);
    assert_eq!(part(&[3, 3], &[], &[0x13, 1], &[0], &[0, 1]), bad);
}

proptest! {
    /// Catches: a record's header that is taken for a part of the message, bytes lost at a
    /// border, an answer before the hello is whole.
    #[test]
    fn records_make_no_difference(
        sample in prop::sample::select(&[PYTHON, CURL, TLS12, NAMELESS][..]),
        size in 1..700usize,
        rest in prop::collection::vec(any::<u8>(), 0..20),
    ) {
        let whole = bytes(sample);
        let mut cut = records(&whole[5..], size);
        for end in 0..cut.len() {
            prop_assert_eq!(read(&cut[..end]), Ok(None));
        }
        cut.extend(rest);
        prop_assert_eq!(read(&cut), read(&whole));
    }

    /// Catches: a read over the end, an answer that more bytes change.
    #[test]
    fn an_answer_stands(
        sample in prop::sample::select(&[PYTHON, TLS12][..]),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        size in 1..600usize,
    ) {
        let mut message = bytes(sample).split_off(5);
        for (at, byte) in &changes {
            let at = at.index(message.len());
            message[at] = *byte;
        }
        let bytes = records(&message, size);
        let whole = read(&bytes);
        for end in 0..bytes.len() {
            let answer = read(&bytes[..end]);
            prop_assert!(answer == Ok(None) || answer == whole, "{:?} {:?}", answer, whole);
        }
    }

    /// Catches: a panic.
    #[test]
    fn nothing_panics(body in prop::collection::vec(prop_oneof![0..4u8, any::<u8>()], 0..300)) {
        let _ = read(&body);
        let _ = read(&records(&handshake(&body), 50));
        let _ = read(&records(&handshake(&[start(), body].concat()), 500));
    }
}
