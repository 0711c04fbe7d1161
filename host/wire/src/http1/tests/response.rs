//! Each rule for a response, with what breaks it and with what nearly does.

use crate::http1::response::ResponseViolation as V;
use crate::http1::response::judge;

const PLAIN: (&str, u16) = ("GET", 200);

/// What is said of a response of HTTP/1.1 to such a request.
fn said((method, status): (&str, u16), lengths: &[&str], codings: &[&str]) -> Result<(), V> {
    said_of(1, (method, status), lengths, codings)
}

fn said_of(
    minor: u8,
    (method, status): (&str, u16),
    lengths: &[&str],
    codings: &[&str],
) -> Result<(), V> {
    let (head, connect) = (method == "HEAD", method == "CONNECT");
    let lengths = lengths.iter().map(|value| value.as_bytes());
    let codings = codings.iter().map(|value| value.as_bytes());
    judge(status, head, connect, lengths, codings, minor)
}

#[test]
fn a_status_has_three_digits_of_which_the_first_is_1_to_5() {
    for status in [100, 101, 200, 299, 304, 404, 500, 599] {
        assert_eq!(said(("GET", status), &[], &[]), Ok(()), "{status}");
    }
    for status in [0, 1, 99, 600, 999, 1000, u16::MAX] {
        assert_eq!(said(("GET", status), &[], &[]), Err(V::Status), "{status}");
    }
}

#[test]
fn a_length_is_one_plain_number() {
    for value in ["0", "5", " 5 ", "9223372036854775807"] {
        assert_eq!(said(PLAIN, &[value], &[]), Ok(()), "{value}");
    }
    for value in [
        "",
        " ",
        "+5",
        "-5",
        "0x5",
        "5,5",
        "5, 5",
        "5 5",
        "05",
        "5.",
        "9223372036854775808",
        "\t5",
    ] {
        assert_eq!(said(PLAIN, &[value], &[]), Err(V::ContentLength), "{value}");
    }
    for values in [["5", "5"], ["5", "6"], ["5", "x"], ["x", ""]] {
        assert_eq!(
            said(PLAIN, &values, &[]),
            Err(V::ContentLengthTwice),
            "{values:?}"
        );
    }
}

#[test]
fn the_only_coding_is_chunked_and_only_once() {
    for value in ["chunked", "Chunked", "CHUNKED", " chunked "] {
        assert_eq!(said(PLAIN, &[], &[value]), Ok(()), "{value}");
    }
    for value in [
        "",
        "gzip",
        "identity",
        "gzip, chunked",
        "chunked, gzip",
        "chunked, chunked",
        "xchunked",
        "chunked;q=1",
        "\"chunked\"",
        "chunked,",
        ",chunked",
        "\x0bchunked",
        "chunked\0",
    ] {
        assert_eq!(
            said(PLAIN, &[], &[value]),
            Err(V::TransferEncoding),
            "{value}"
        );
    }
    let twice = Err(V::TransferEncodingTwice);
    assert_eq!(said(PLAIN, &[], &["chunked", "chunked"]), twice);
    assert_eq!(said(PLAIN, &[], &["gzip", "chunked"]), twice);
}

#[test]
fn a_response_has_a_length_or_is_chunked() {
    let both = Err(V::TransferEncodingAndContentLength);
    for response in [PLAIN, ("HEAD", 200), ("GET", 304), ("GET", 500)] {
        assert_eq!(said(response, &["5"], &["chunked"]), both, "{response:?}");
    }
    assert_eq!(said(PLAIN, &["0"], &["chunked"]), both);
}

#[test]
fn http_1_0_has_no_transfer_encoding() {
    assert_eq!(said_of(0, PLAIN, &["5"], &[]), Ok(()));
    assert_eq!(said_of(0, PLAIN, &[], &[]), Ok(()));
    assert_eq!(
        said_of(0, PLAIN, &[], &["chunked"]),
        Err(V::TransferEncodingInHttp10)
    );
}

#[test]
fn where_no_content_can_be_nothing_says_that_there_is_some() {
    let encoded = Err(V::TransferEncodingWithoutContent);
    let sized = Err(V::ContentLengthWithoutContent);
    for response in [
        ("GET", 100),
        ("GET", 103),
        ("GET", 101),
        ("POST", 204),
        ("CONNECT", 200),
    ] {
        assert_eq!(said(response, &[], &[]), Ok(()), "{response:?}");
        assert_eq!(said(response, &["0"], &[]), Ok(()), "{response:?}");
        assert_eq!(said(response, &["5"], &[]), sized, "{response:?}");
        assert_eq!(said(response, &[], &["chunked"]), encoded, "{response:?}");
    }
    assert_eq!(said(("HEAD", 204), &["5"], &[]), Ok(()));
    assert_eq!(said(("HEAD", 204), &[], &["chunked"]), encoded);
    // Near misses: these have content, or tell of it.
    for response in [
        PLAIN,
        ("HEAD", 200),
        ("GET", 304),
        ("GET", 205),
        ("CONNECT", 403),
        ("GET", 203),
    ] {
        assert_eq!(said(response, &["5"], &[]), Ok(()), "{response:?}");
        assert_eq!(said(response, &[], &["chunked"]), Ok(()), "{response:?}");
    }
}

#[test]
fn each_violation_has_its_own_word_and_sentence() {
    const ALL: [V; 9] = [
        V::Status,
        V::ContentLength,
        V::ContentLengthTwice,
        V::TransferEncoding,
        V::TransferEncodingTwice,
        V::TransferEncodingAndContentLength,
        V::TransferEncodingInHttp10,
        V::TransferEncodingWithoutContent,
        V::ContentLengthWithoutContent,
    ];
    for (index, violation) in ALL.iter().enumerate() {
        for other in &ALL[..index] {
            assert_ne!(violation.as_str(), other.as_str());
            assert_ne!(violation.sentence(), other.sentence());
        }
    }
}
