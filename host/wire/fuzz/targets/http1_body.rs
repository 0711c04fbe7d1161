//! Bodies of HTTP/1 in chunks: where the text is cut makes no difference, what is behind the
//! end is not looked at, and what passes ends where the parser that Pingora has ends it.

use httparse::Status;
use tidegate_wire::http1::{Body, BodyScan, Limits, Violation};

const WIDE: Limits = Limits {
    head: 1 << 20,
    target: 0,
    fields: 64,
};
const NARROW: Limits = Limits {
    head: 24,
    target: 0,
    fields: 2,
};

/// Panics where this is not so.
pub fn check(text: &[u8]) {
    for limits in [&WIDE, &NARROW] {
        let said = follow(Body::Chunked, text, [], limits);
        let middle = text.iter().fold(text.len(), |sum, byte| {
            sum.wrapping_mul(31) + usize::from(*byte)
        }) % (text.len() + 1);
        assert_eq!(
            follow(Body::Chunked, text, [middle], limits),
            said,
            "cut at {middle}"
        );
        if text.len() <= 512 {
            assert_eq!(
                follow(Body::Chunked, text, 0..text.len(), limits),
                said,
                "byte by byte"
            );
        }
        if let Ok((end, content, complete)) = said {
            assert!(end <= text.len() && content <= end as u64);
            assert!(complete || end == text.len());
            assert!(announced(text) <= i64::MAX.unsigned_abs());
            if complete {
                assert_eq!(follow(Body::Chunked, &text[..end], [], limits), said);
                let before = follow(Body::Chunked, &text[..end - 1], [], limits);
                assert!(before.is_ok_and(|(_, _, complete)| !complete));
                assert_eq!((end, content), decode(text));
            }
        }
    }
    let middle = text.len() / 2;
    let said = follow(Body::Length(middle as u64), text, [middle / 2], &WIDE);
    assert_eq!(said, Ok((middle, middle as u64, true)));
}

/// What is said of a body that comes in pieces: how many bytes are its own, how many of these
/// are content, and whether it has ended.
fn follow(
    body: Body,
    text: &[u8],
    cuts: impl IntoIterator<Item = usize>,
    limits: &Limits,
) -> Result<(usize, u64, bool), Violation> {
    let mut scan = BodyScan::new(body, limits);
    let (mut end, mut from) = (0, 0);
    for to in cuts.into_iter().chain([text.len()]) {
        end += scan.scan(&text[from..to]).inspect_err(|violation| {
            assert!((400..=505).contains(&violation.status()));
        })?;
        from = to;
    }
    Ok((end, scan.content(), scan.is_complete()))
}

/// How much content the chunks have, or are to have, of a body in which nothing is wrong.
fn announced(text: &[u8]) -> u64 {
    let (mut at, mut content) = (0, 0u64);
    while let Some(rest) = text.get(at..)
        && let Ok(Status::Complete((line, size @ 1..))) = httparse::parse_chunk_size(rest)
    {
        content = content.saturating_add(size);
        at = at.saturating_add(line + 2).saturating_add(size as usize);
    }
    content
}

/// The end of a body that is known to be valid, and how much content it has.
fn decode(text: &[u8]) -> (usize, u64) {
    let (mut at, mut content) = (0, 0);
    loop {
        let Ok(Status::Complete((line, size))) = httparse::parse_chunk_size(&text[at..]) else {
            panic!("no chunk size at {at}");
        };
        let digits = &text[at..at + line - 2];
        assert!(digits.iter().all(u8::is_ascii_hexdigit));
        assert_eq!(&text[at + line - 2..at + line], b"\r\n");
        at += line;
        if size == 0 {
            break;
        }
        at += size as usize;
        content += size;
        assert_eq!(&text[at..at + 2], b"\r\n");
        at += 2;
    }
    let mut fields = [httparse::EMPTY_HEADER; 64];
    let Ok(Status::Complete((length, fields))) = httparse::parse_headers(&text[at..], &mut fields)
    else {
        panic!("no trailers at {at}");
    };
    for name in [
        "content-length",
        "transfer-encoding",
        "host",
        "trailer",
        "connection",
    ] {
        assert!(
            !fields
                .iter()
                .any(|field| field.name.eq_ignore_ascii_case(name))
        );
    }
    (at + length, content)
}
