//! Heads of HTTP/1: where the text is cut makes no difference, and what passes is read in
//! the same way by obvious means and by the parser that Pingora has.

use tidegate_wire::http1::{Body, Head, HeadScan, Limits, Violation};

type Said = Result<Option<Head>, Violation>;

const WIDE: Limits = Limits {
    head: 1 << 20,
    target: 1 << 16,
    fields: 256,
};
const NARROW: Limits = Limits {
    head: 100,
    target: 16,
    fields: 4,
};

/// Panics where this is not so.
pub fn check(text: &[u8]) {
    for limits in [&WIDE, &NARROW] {
        let said = scan(text, [], limits);
        let middle = text.iter().fold(text.len(), |sum, byte| {
            sum.wrapping_mul(31) + usize::from(*byte)
        }) % (text.len() + 1);
        assert_eq!(scan(text, [middle], limits), said, "cut at {middle}");
        if text.len() <= 512 {
            assert_eq!(scan(text, 0..text.len(), limits), said, "byte by byte");
        }
        match said {
            Ok(Some(head)) => compare(text, head, limits),
            Ok(None) => assert!(text.len() <= limits.head),
            Err(violation) => assert!((400..=505).contains(&violation.status())),
        }
    }
}

/// What is said of a text that comes in pieces. And it stays said.
fn scan(text: &[u8], cuts: impl IntoIterator<Item = usize>, limits: &Limits) -> Said {
    let mut scan = HeadScan::new();
    for cut in cuts.into_iter().chain([text.len()]) {
        let said = scan.scan(&text[..cut], limits);
        if said != Ok(None) {
            assert_eq!(scan.scan(text, limits), said);
            return said;
        }
    }
    Ok(None)
}

/// Holds what passed against the text.
fn compare(text: &[u8], head: Head, limits: &Limits) {
    assert!(head.length <= text.len().min(limits.head));
    let (read, rest) = text.split_at(head.length);
    assert!(rest.is_empty() || scan(read, [], limits) == Ok(Some(head)));

    // Every line ends with both, and the first empty line is the last one.
    for (at, byte) in read.iter().enumerate() {
        match byte {
            b'\r' => assert_eq!(read.get(at + 1), Some(&b'\n')),
            b'\n' => assert_eq!(read.get(at.wrapping_sub(1)), Some(&b'\r')),
            b'\t' | b' '..=b'~' | 0x80.. => {}
            _ => panic!("control {byte}"),
        }
    }
    assert!(read[..head.skipped].chunks(2).all(|line| line == b"\r\n"));
    let end = read[head.skipped..]
        .windows(4)
        .position(|four| four == b"\r\n\r\n");
    assert_eq!(end, Some(head.length - head.skipped - 4));

    let mut fields = [httparse::EMPTY_HEADER; 256];
    let mut request = httparse::Request::new(&mut fields);
    assert_eq!(
        request.parse(text),
        Ok(httparse::Status::Complete(head.length))
    );
    assert_eq!(request.version, Some(head.minor));
    let method = request.method.expect("parsed");
    assert_eq!(method == "CONNECT", head.is_connect);
    assert_eq!(method == "HEAD", head.is_head);
    let target = request.path.expect("parsed");
    assert!(target.len() <= limits.target);
    assert!(read[head.skipped..].starts_with(format!("{method} {target} HTTP/1.").as_bytes()));

    assert!(request.headers.len() <= limits.fields);
    let all = |name: &str| -> Vec<&[u8]> {
        let same = request
            .headers
            .iter()
            .filter(|field| field.name.eq_ignore_ascii_case(name));
        same.map(|field| field.value).collect()
    };
    match (&all("content-length")[..], &all("transfer-encoding")[..]) {
        ([], []) => assert_eq!(head.body, Body::None),
        ([length], []) => {
            let number: i64 = std::str::from_utf8(length)
                .expect("digits")
                .parse()
                .expect("a number");
            assert_eq!(head.body, Body::Length(number.unsigned_abs()));
            assert_eq!(*length, number.unsigned_abs().to_string().as_bytes());
        }
        ([], [coding]) => {
            assert!(coding.eq_ignore_ascii_case(b"chunked") && head.minor == 1);
            assert_eq!(head.body, Body::Chunked);
        }
        more => panic!("framed twice: {more:?}"),
    }
    match all("host")[..] {
        [] => assert_eq!(head.minor, 0),
        [host] => {
            assert!(!host.is_empty());
            assert!(!host.iter().any(|byte| b" \t,@/\\?#%".contains(byte)));
            if let Some((_, rest)) = target
                .split_once("://")
                .filter(|_| !target.starts_with('/'))
            {
                let authority = rest.split(['/', '?']).next().unwrap_or_default();
                assert!(authority.as_bytes().eq_ignore_ascii_case(host));
            }
        }
        _ => panic!("more than one host"),
    }
    assert!(!head.expects_continue || all("expect").len() == 1);
    assert_eq!(
        head.upgrade || head.stray_upgrade,
        !all("upgrade").is_empty()
    );
}
