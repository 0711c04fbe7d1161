//! Each rule for a body, with what breaks it and with what nearly does.

use super::*;
use Violation as V;

fn whole(text: impl AsRef<[u8]>) -> Followed {
    follow(Body::Chunked, text.as_ref(), [], &LIMITS)
}

/// What is said of these trailers.
fn trailers(lines: &str) -> Followed {
    whole(format!("0\r\n{lines}\r\n"))
}

/// The beginning of the text is refused, and without its last byte it is not.
fn refused_at_once(text: &str, violation: V, limits: &Limits) {
    let (rest, last) = text.as_bytes().split_at(text.len() - 1);
    let mut scan = BodyScan::new(Body::Chunked, limits);
    for byte in rest {
        assert_eq!(scan.scan(&[*byte]), Ok(1), "{text:?}");
    }
    assert_eq!(scan.scan(last), Err(violation), "{text:?}");
    assert_eq!(scan.scan(b""), Err(violation), "again: {text:?}");
    assert_eq!(scan.scan(b"0\r\n\r\n"), Err(violation), "again: {text:?}");
    assert!(!scan.is_complete());
}

#[test]
fn a_body_that_is_none_is_complete_at_once() {
    for body in [Body::None, Body::Length(0)] {
        assert_eq!(follow(body, b"GET /", [], &LIMITS), Ok(Some((0, 0))));
        assert!(BodyScan::new(body, &LIMITS).is_complete());
    }
}

#[test]
fn a_body_with_a_length_is_that_long_whatever_it_holds() {
    let text = b"0\r\n\r\n\n\0GET / HTTP/1.1\r\n";
    for length in 1..text.len() {
        let body = Body::Length(length as u64);
        assert_eq!(
            follow(body, text, [], &LIMITS),
            Ok(Some((length, length as u64)))
        );
        assert_eq!(follow(body, &text[..length - 1], [], &LIMITS), Ok(None));
    }
    let mut scan = BodyScan::new(Body::Length(i64::MAX as u64), &LIMITS);
    assert_eq!(
        (scan.scan(text), scan.content()),
        (Ok(text.len()), text.len() as u64)
    );
}

#[test]
fn chunks_end_with_an_empty_one() {
    for (text, content) in [
        ("0\r\n\r\n", 0),
        ("1\r\na\r\n0\r\n\r\n", 1),
        ("5\r\n0\r\n\r\n\r\n0\r\n\r\n", 5),
        ("a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n", 20),
        ("00000001\r\na\r\n00\r\n\r\n", 1),
        ("0000000000000001\r\na\r\n0000000000000000\r\n\r\n", 1),
        ("2\r\n\r\n\r\n0\r\n\r\n", 2),
        ("2\r\n\n\0\r\n0\r\n\r\n", 2),
    ] {
        let expected = Ok(Some((text.len(), content)));
        assert_eq!(whole(text), expected, "{text:?}");
        assert_eq!(whole(format!("{text}\n\0not ours")), expected, "{text:?}");
        for end in 0..text.len() {
            assert_eq!(whole(&text[..end]), Ok(None), "{end} bytes of {text:?}");
        }
    }
}

#[test]
fn a_chunk_size_is_hexadecimal_digits_and_a_line_end() {
    for (text, violation) in [
        ("\r", V::ChunkSize),
        (" ", V::ChunkSize),
        ("\t", V::ChunkSize),
        ("+", V::ChunkSize),
        ("-", V::ChunkSize),
        ("0x", V::ChunkSize),
        ("g", V::ChunkSize),
        ("5g", V::ChunkSize),
        ("5_", V::ChunkSize),
        ("5\0", V::ChunkSize),
        (";", V::ChunkSize),
        ("00000000000000001", V::ChunkSize),
        ("fffffffffffffffff", V::ChunkSize),
        ("ffffffffffffffff\r", V::ChunkSize),
        ("8000000000000000\r", V::ChunkSize),
        ("1\r\na\r\n7fffffffffffffff\r", V::ChunkSize),
        ("5;", V::ChunkExtension),
        ("0;", V::ChunkExtension),
        ("5 ", V::ChunkExtension),
        ("5\t", V::ChunkExtension),
        ("\n", V::BareLineFeed),
        ("5\n", V::BareLineFeed),
        ("0\n", V::BareLineFeed),
        ("5\r5", V::BareCarriageReturn),
        ("5\r\r", V::BareCarriageReturn),
        ("0\r\r", V::BareCarriageReturn),
    ] {
        refused_at_once(text, violation, &LIMITS);
    }
    assert_eq!(whole("7fffffffffffffff\r\na"), Ok(None));
    assert_eq!(whole("1\r\na\r\n7ffffffffffffffe\r\na"), Ok(None));
}

#[test]
fn a_chunk_ends_where_its_size_says() {
    for (text, violation) in [
        ("1\r\nab", V::ChunkEnd),
        ("1\r\na0", V::ChunkEnd),
        ("1\r\na\n", V::BareLineFeed),
        ("1\r\na\r0", V::BareCarriageReturn),
        ("1\r\na\r\r", V::BareCarriageReturn),
        ("1\r\na\r\n\r", V::ChunkSize),
    ] {
        refused_at_once(text, violation, &LIMITS);
    }
}

#[test]
fn trailers_are_field_lines() {
    for lines in [
        "",
        "a: b\r\n",
        "a:\r\nX-Checksum: \t\u{e9}\r\n",
        "Server-Timing: a\r\n",
        "grpc-status: 0\r\n",
    ] {
        let text = format!("0\r\n{lines}\r\n");
        assert_eq!(trailers(lines), Ok(Some((text.len(), 0))), "{lines}");
    }
    for (lines, violation) in [
        ("\n", V::BareLineFeed),
        ("a\n", V::BareLineFeed),
        ("a: b\n", V::BareLineFeed),
        ("a: b\r\n\n", V::BareLineFeed),
        ("\rG", V::BareCarriageReturn),
        ("a: b\rc", V::BareCarriageReturn),
        ("a\r", V::FieldWithoutColon),
        (":", V::FieldName),
        ("(", V::FieldName),
        ("a\0", V::FieldName),
        ("a ", V::SpaceBeforeColon),
        ("a\t", V::SpaceBeforeColon),
        (" ", V::ObsoleteFold),
        ("a: b\r\n\t", V::ObsoleteFold),
        ("a: \0", V::FieldValue),
        ("a: \x7f", V::FieldValue),
        ("a: \x0b", V::FieldValue),
    ] {
        refused_at_once(&format!("0\r\n{lines}"), violation, &LIMITS);
    }
}

#[test]
fn trailers_have_nothing_that_matters_in_a_head() {
    for name in [
        "Content-Length",
        "TRANSFER-ENCODING",
        "Host",
        "Trailer",
        "Connection",
        "te",
        "Authorization",
        "Content_Length",
        "transfer_encoding",
        "X-Forwarded-For",
        "x_forwarded_for",
        "Cookie",
        "Proxy-Authorization",
        "If-Unmodified-Since",
    ] {
        refused_at_once(&format!("0\r\n{name}:"), V::TrailerField, &LIMITS);
    }
    for name in [
        "Content-Lengths",
        "X-Host",
        "Content-MD5",
        "Proxy-Authorizations",
        "Proxy-Authorizatio",
        "T",
    ] {
        assert!(trailers(&format!("{name}: a\r\n")).is_ok(), "{name}");
    }
}

#[test]
fn no_trailer_is_forbidden_by_a_name_that_is_too_long_to_be_kept() {
    for name in super::trailers::FORBIDDEN {
        refused_at_once(&format!("0\r\n{name}:"), V::TrailerField, &LIMITS);
    }
}

#[test]
fn trailers_have_limits_of_their_own() {
    let limits = Limits {
        head: 20,
        fields: 2,
        ..LIMITS
    };
    let said = |lines: &str| {
        follow(
            Body::Chunked,
            format!("0\r\n{lines}\r\n").as_bytes(),
            [],
            &limits,
        )
    };
    assert!(said("a: b\r\nc: 6789abc\r\n").is_ok_and(|end| end.is_some()));
    assert_eq!(said("a: b\r\nc: 6789abcd\r\n"), Err(V::TrailersTooLarge));
    refused_at_once("0\r\na: b\r\nc: d\r\ne", V::TooManyTrailers, &limits);
    refused_at_once("0\r\na: 456789012345678901", V::TrailersTooLarge, &limits);
    // Chunks do not count.
    let chunks = "1\r\na\r\n".repeat(100);
    let text = format!("{chunks}0\r\n\r\n");
    assert_eq!(
        follow(Body::Chunked, text.as_bytes(), [], &limits),
        Ok(Some((text.len(), 100)))
    );
    let none = Limits {
        head: 2,
        fields: 0,
        ..LIMITS
    };
    assert_eq!(
        follow(Body::Chunked, b"0\r\n\r\n", [], &none),
        Ok(Some((5, 0)))
    );
}
