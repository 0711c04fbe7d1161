//! Tests of the guard: each rule in a table, then random requests, whole, in pieces and
//! damaged, against [`model`].

mod body;
mod fields;
mod framing;
mod generate;
mod head;
mod model;
mod random;
mod request_line;
mod response;
mod stress;

use super::*;

const LIMITS: Limits = Limits {
    head: 4096,
    target: 1024,
    fields: 16,
};

/// What is said of a head that comes in one piece.
fn scan(text: impl AsRef<[u8]>) -> Result<Option<Head>, Violation> {
    scan_in_pieces(text.as_ref(), [], &LIMITS)
}

/// What is said of a head of which more and more comes: up to each of the cuts, then all. And
/// it stays said.
fn scan_in_pieces(
    text: &[u8],
    cuts: impl IntoIterator<Item = usize>,
    limits: &Limits,
) -> Result<Option<Head>, Violation> {
    let mut scan = HeadScan::new();
    for cut in cuts.into_iter().chain([text.len()]) {
        let said = scan.scan(&text[..cut], limits);
        assert_eq!(
            scan.scan(&text[..cut], limits),
            said,
            "{}",
            text.escape_ascii()
        );
        if said != Ok(None) {
            assert_eq!(scan.scan(text, limits), said, "{}", text.escape_ascii());
            return said;
        }
    }
    Ok(None)
}

/// What is said of a request with this request line and a host.
fn line(line: &str) -> Result<Option<Head>, Violation> {
    scan(format!("{line}\r\nHost: a\r\n\r\n"))
}

/// What is said of a POST with a host and this field line.
fn field(line: &str) -> Result<Option<Head>, Violation> {
    scan(format!("POST / HTTP/1.1\r\nHost: a\r\n{line}\r\n\r\n"))
}

fn head(result: Result<Option<Head>, Violation>) -> Head {
    result.expect("not refused").expect("complete")
}

/// The beginning of the text is refused, and without its last byte it is not.
fn refused_at_once(text: impl AsRef<[u8]>, violation: Violation, limits: &Limits) {
    let text = text.as_ref();
    let shown = text.escape_ascii();
    let mut scan = HeadScan::new();
    for end in 0..text.len() {
        assert_eq!(
            scan.scan(&text[..end], limits),
            Ok(None),
            "{end} bytes of {shown}"
        );
    }
    assert_eq!(scan.scan(text, limits), Err(violation), "{shown}");
    assert_eq!(
        scan.scan(&[text, b"\r\n\r\n"].concat(), limits),
        Err(violation),
        "again: {shown}"
    );
}

/// What is said of a body: where it ends and how much content it has, or `None` if it has
/// not ended.
type Followed = Result<Option<(usize, u64)>, Violation>;

/// What is said of a body that comes in pieces, cut at these places.
fn follow(
    body: Body,
    text: &[u8],
    cuts: impl IntoIterator<Item = usize>,
    limits: &Limits,
) -> Followed {
    let mut scan = BodyScan::new(body, limits);
    let mut end = 0;
    let mut from = 0;
    for to in cuts.into_iter().chain([text.len()]) {
        end += scan.scan(&text[from..to])?;
        from = to;
    }
    Ok(scan.is_complete().then(|| (end, scan.content())))
}

#[test]
fn each_violation_has_its_own_word_and_a_status() {
    use Violation as V;
    #[rustfmt::skip]
    const ALL: [V; 37] = [
        V::BareLineFeed, V::BareCarriageReturn, V::EmptyLines, V::Method, V::Target,
        V::TargetTooLong, V::LineWithoutVersion, V::Version, V::VersionUnsupported, V::FieldName,
        V::SpaceBeforeColon, V::FieldWithoutColon, V::ObsoleteFold, V::FieldValue,
        V::TooManyFields, V::HeadTooLarge, V::ContentLength, V::ContentLengthTwice,
        V::TransferEncoding, V::TransferEncodingTwice, V::TransferCodingUnknown,
        V::TransferEncodingAndContentLength, V::TransferEncodingInHttp10, V::ConnectWithContent,
        V::HostMissing, V::HostTwice, V::Host, V::HostMismatch, V::Connection,
        V::ConnectionOption, V::Expect, V::ChunkSize, V::ChunkExtension, V::ChunkEnd,
        V::TrailerField, V::TooManyTrailers, V::TrailersTooLarge,
    ];
    for (index, violation) in ALL.iter().enumerate() {
        let word = violation.as_str();
        assert!(
            word.bytes()
                .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_')),
            "{word}"
        );
        let sentence = violation.sentence();
        assert!(
            !sentence.is_empty() && !sentence.ends_with('.'),
            "{sentence}"
        );
        assert!(
            matches!(violation.status(), 400 | 414 | 417 | 431 | 501 | 505),
            "{word}"
        );
        for other in &ALL[..index] {
            assert_ne!(word, other.as_str());
            assert_ne!(sentence, other.sentence());
        }
    }
    for (violation, status) in [
        (V::BareLineFeed, 400),
        (V::TargetTooLong, 414),
        (V::Expect, 417),
        (V::HeadTooLarge, 431),
        (V::TooManyFields, 431),
        (V::TransferEncoding, 400),
        (V::TransferCodingUnknown, 501),
        (V::VersionUnsupported, 505),
    ] {
        assert_eq!(violation.status(), status, "{violation:?}");
    }
}
