//! Text and numbers into a line, without allocation.
//!
//! Whoever reads a log trusts its lines, so nothing that a client sends may start
//! one, end one, or reach a terminal as a control sequence (CWE-117).

use std::time::Duration;

/// Most bytes of one field: a client may send a path of a megabyte, and the log
/// would rather keep the lines of others.
pub(super) const LONGEST: usize = 4096;

const HEX: &[u8; 16] = b"0123456789abcdef";

/// Writes a JSON string (RFC 8259, section 7). What is not UTF-8 becomes U+FFFD.
///
/// Beyond what JSON asks for, everything that some reader takes for the end of a line
/// or that a terminal obeys is escaped: DEL, C1 controls, U+2028 and U+2029.
pub(super) fn json(bytes: &[u8], line: &mut Vec<u8>) {
    line.push(b'"');
    let (bytes, cut) = clip(bytes);
    // Nearly always the whole field is plain.
    let (plain, rest) = bytes.split_at(plain(bytes, b' '));
    line.extend_from_slice(plain);
    for chunk in rest.utf8_chunks() {
        chunk
            .valid()
            .chars()
            .for_each(|letter| json_letter(letter, line));
        if !chunk.invalid().is_empty() {
            line.extend_from_slice("\u{fffd}".as_bytes());
        }
    }
    if cut {
        line.extend_from_slice("…".as_bytes());
    }
    line.push(b'"');
}

/// Writes printable ASCII as it is, all else as `\xHH`, so that the field has no
/// space, no quote and no control character. Empty becomes `-`.
pub(super) fn token(bytes: &[u8], line: &mut Vec<u8>) {
    ascii(bytes, b'!', line);
}

/// The same between quotes, where spaces stay.
pub(super) fn quoted(bytes: &[u8], line: &mut Vec<u8>) {
    line.push(b'"');
    ascii(bytes, b' ', line);
    line.push(b'"');
}

/// Writes a number in decimal.
pub(super) fn number(n: u64, line: &mut Vec<u8>) {
    padded(n, 1, line);
}

/// Writes a number with leading zeros, `width` digits at least (and 20 at most).
pub(super) fn padded(mut n: u64, width: usize, line: &mut Vec<u8>) {
    let mut digits = [b'0'; 20];
    let mut start = digits.len();
    while n > 0 {
        start -= 1;
        digits[start] = b'0' + (n % 10) as u8;
        n /= 10;
    }
    let start = start.min(digits.len().saturating_sub(width));
    line.extend_from_slice(&digits[start..]);
}

/// Writes milliseconds with three decimals.
pub(super) fn milliseconds(duration: Duration, line: &mut Vec<u8>) {
    let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
    number(micros / 1000, line);
    line.push(b'.');
    padded(micros % 1000, 3, line);
}

fn clip(bytes: &[u8]) -> (&[u8], bool) {
    bytes
        .get(..LONGEST)
        .map_or((bytes, false), |head| (head, bytes.len() > LONGEST))
}

/// Length of the beginning that both formats write as it is: printable ASCII from
/// `first` on, without quotes and backslashes.
fn plain(bytes: &[u8], first: u8) -> usize {
    // Without branches, so that 16 bytes are looked at together.
    let is_plain = |b: u8| (b >= first) & (b <= b'~') & (b != b'"') & (b != b'\\');
    let chunks = bytes.chunks_exact(16);
    let all_plain = |chunk: &&[u8]| chunk.iter().fold(true, |all, &b| all & is_plain(b));
    let head = 16 * chunks.take_while(all_plain).count();
    head + bytes[head..].iter().take_while(|&&b| is_plain(b)).count()
}

fn json_letter(letter: char, line: &mut Vec<u8>) {
    match letter {
        '"' | '\\' => line.extend_from_slice(&[b'\\', letter as u8]),
        '\n' => line.extend_from_slice(br"\n"),
        '\r' => line.extend_from_slice(br"\r"),
        '\t' => line.extend_from_slice(br"\t"),
        '\0'..='\x1f' | '\x7f'..='\u{9f}' | '\u{2028}' | '\u{2029}' => {
            line.extend_from_slice(br"\u");
            let code = letter as u32;
            line.extend([12, 8, 4, 0].map(|shift| HEX[(code >> shift) as usize & 15]));
        }
        _ => line.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes()),
    }
}

fn ascii(bytes: &[u8], first: u8, line: &mut Vec<u8>) {
    if bytes.is_empty() {
        line.push(b'-');
    }
    let (mut bytes, cut) = clip(bytes);
    while !bytes.is_empty() {
        let (plain, rest) = bytes.split_at(plain(bytes, first));
        line.extend_from_slice(plain);
        let Some((&byte, rest)) = rest.split_first() else {
            break;
        };
        if matches!(byte, b'"' | b'\\') {
            line.extend_from_slice(&[b'\\', byte]);
        } else {
            let [high, low] = [byte >> 4, byte & 15].map(|half| HEX[usize::from(half)]);
            line.extend_from_slice(&[b'\\', b'x', high, low]);
        }
        bytes = rest;
    }
    if cut {
        line.extend_from_slice(b"...");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut line = Vec::new();
        write(&mut line);
        String::from_utf8(line).unwrap()
    }

    #[test]
    fn numbers_are_decimal() {
        assert_eq!(written(|line| number(0, line)), "0");
        assert_eq!(written(|line| number(u64::MAX, line)), u64::MAX.to_string());
        assert_eq!(written(|line| padded(7, 3, line)), "007");
        assert_eq!(written(|line| padded(1234, 3, line)), "1234");
        assert_eq!(
            written(|line| milliseconds(Duration::from_nanos(12_045_999), line)),
            "12.045"
        );
        assert_eq!(
            written(|line| milliseconds(Duration::MAX, line)),
            "18446744073709551.615"
        );
    }

    #[test]
    fn line_ends_and_controls_of_every_reader_are_escaped() {
        let hostile = "a\n\r\t\u{1b}[2J\u{7f}\u{85}\u{2028}\u{2029}\"\\ä".as_bytes();
        let expected = r#""a\n\r\t\u001b[2J\u007f\u0085\u2028\u2029\"\\ä""#;
        assert_eq!(written(|line| json(hostile, line)), expected);
        assert_eq!(
            written(|line| token(b"a b\n\"\\\xff", line)),
            r#"a\x20b\x0a\"\\\xff"#
        );
        assert_eq!(written(|line| quoted(b"a b\x1b", line)), r#""a b\x1b""#);
        assert_eq!(written(|line| token(b"", line)), "-");
    }

    #[test]
    fn a_long_field_is_cut() {
        let long = [b'a'; LONGEST + 1];
        assert_eq!(written(|line| token(&long[1..], line)).len(), LONGEST);
        assert!(written(|line| token(&long, line)).ends_with("a..."));
        assert!(written(|line| json(&long, line)).ends_with("a…\""));
    }

    proptest! {
        #[test]
        fn json_reads_back_as_the_text_that_it_was(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let line = written(|line| json(&bytes, line));
            let back: String = serde_json::from_str(&line).unwrap();
            prop_assert_eq!(back, String::from_utf8_lossy(&bytes));
        }

        #[test]
        fn any_text_survives_json(text in any::<String>()) {
            let line = written(|line| json(text.as_bytes(), line));
            prop_assert_eq!(serde_json::from_str::<String>(&line).unwrap(), text);
        }

        #[test]
        fn a_token_is_one_printable_word(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let word = written(|line| token(&bytes, line));
            prop_assert!(!word.is_empty() && word.bytes().all(|b| b.is_ascii_graphic()));
        }

        #[test]
        fn numbers_are_as_the_standard_library_writes_them(n in any::<u64>(), width in 1usize..=20) {
            prop_assert_eq!(written(|line| number(n, line)), n.to_string());
            prop_assert_eq!(written(|line| padded(n, width, line)), format!("{n:0width$}"));
        }
    }
}
