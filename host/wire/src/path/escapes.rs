//! The bytes of a path, one by one: what may not be there, and how escapes are spelt.

use super::{EncodedSlashes, PathFault, Rules};

/// What [`survey`] found to be done.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Findings {
    /// Escapes are to be decoded or to get upper-case digits.
    pub(super) respell: bool,
    /// There are slashes to be merged.
    pub(super) slashes: bool,
    /// There may be dot segments: a segment begins with a dot, or an escape stands for a dot
    /// or a slash.
    pub(super) dots: bool,
}

/// Looks at each byte once. `path` begins with `/`.
pub(super) fn survey(path: &str, rules: &Rules) -> Result<Findings, PathFault> {
    let bytes = path.as_bytes();
    let mut findings = Findings::default();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        if PLAIN[usize::from(byte)] {
            continue;
        }
        match byte {
            b'/' => match bytes.get(at) {
                Some(b'/') => findings.slashes |= rules.merge_slashes,
                Some(b'.') => findings.dots |= rules.dot_segments,
                _ => (),
            },
            b'%' => {
                escape(&bytes[at..], rules, &mut findings)?;
                at += 2;
            }
            b'\\' => return Err(PathFault::Backslash),
            _ => return Err(PathFault::Forbidden),
        }
    }
    Ok(findings)
}

/// Judges an escape by what follows its `%`.
fn escape(digits: &[u8], rules: &Rules, findings: &mut Findings) -> Result<(), PathFault> {
    let value = decoded(digits).ok_or(PathFault::BadPercent)?;
    match value {
        0..0x20 | 0x7f => return Err(PathFault::EncodedControl),
        b'/' | b'\\' if rules.encoded_slashes == EncodedSlashes::Refuse => {
            return Err(PathFault::EncodedSlash);
        }
        b'/' | b'\\' | b'.' => findings.dots |= rules.dot_segments,
        _ => (),
    }
    let lower = digits[..2].iter().any(u8::is_ascii_lowercase);
    findings.respell |= rules.unreserved && (lower || is_unreserved(value));
    Ok(())
}

/// `path` with unreserved characters decoded and upper-case digits in the other escapes.
/// Every escape is known to be whole.
pub(super) fn respell(path: &str) -> String {
    let mut text = String::with_capacity(path.len());
    let mut rest = path;
    while let Some(at) = memchr::memchr(b'%', rest.as_bytes()) {
        text.push_str(&rest[..at]);
        let digits = &rest[at + 1..at + 3];
        match decoded(digits.as_bytes()) {
            Some(value) if is_unreserved(value) => text.push(char::from(value)),
            _ => {
                text.push('%');
                text.push_str(&digits.to_ascii_uppercase());
            }
        }
        rest = &rest[at + 3..];
    }
    text.push_str(rest);
    text
}

/// The byte that two hexadecimal digits at the beginning of `digits` stand for.
pub(super) fn decoded(digits: &[u8]) -> Option<u8> {
    let digit = |at: usize| char::from(*digits.get(at)?).to_digit(16);
    u8::try_from(digit(0)? * 16 + digit(1)?).ok()
}

/// Whether a character means the same with and without its escape (RFC 3986 2.3).
fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// Which bytes need no second look. RFC 3986 3.3 allows fewer; but `|` and `[` are sent by
/// honest clients, and no server reads them as something else.
const PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        plain[byte] = byte > 0x20 && byte != 0x7f;
        byte += 1;
    }
    let mut rest: &[u8] = br"/%\?#";
    while let [byte, others @ ..] = rest {
        plain[*byte as usize] = false;
        rest = others;
    }
    plain
};
