//! What a byte may be part of, and how far a run of such bytes goes.

/// Part of a token: method, field name, connection option (RFC 9110, section 5.6.2).
const TOKEN: u8 = 1;
/// Part of a request target, see [`target_length`].
const TARGET: u8 = 1 << 1;
/// Part of a registered name in a host, see [`is_name`].
const NAME: u8 = 1 << 2;
/// Visible ASCII (RFC 5234, "VCHAR").
const VISIBLE: u8 = 1 << 3;

/// The classes of each byte. One look-up answers for a byte whatever its class is.
static CLASSES: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut table = [0; 256];
    let mut byte = 0x21;
    // `for` cannot be used in a constant.
    while byte <= 0x7e {
        table[byte as usize] = classes_of(byte);
        byte += 1;
    }
    table
}

/// Those of a byte that is visible ASCII.
const fn classes_of(byte: u8) -> u8 {
    let mut classes = VISIBLE;
    if byte.is_ascii_alphanumeric()
        || matches!(byte, b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+')
        || matches!(byte, b'-' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~')
    {
        classes |= TOKEN;
    }
    if !matches!(byte, b'#' | b'<' | b'>' | b'"' | b'\\' | b'^' | b'`') {
        classes |= TARGET;
    }
    if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
        classes |= NAME;
    }
    classes
}

const fn is(byte: u8, class: u8) -> bool {
    CLASSES[byte as usize] & class != 0
}

fn length(bytes: &[u8], class: u8) -> usize {
    let end = bytes.iter().position(|byte| !is(*byte, class));
    end.unwrap_or(bytes.len())
}

/// How many bytes from the first one on are those of a token.
pub(super) fn token_length(bytes: &[u8]) -> usize {
    length(bytes, TOKEN)
}

/// How many bytes from the first one on may stand in a request target.
///
/// RFC 3986 allows fewer. `|`, `{`, `}`, `[` and `]` are tolerated because real clients send
/// them in queries and no parser takes them for the end of anything. `#` would be a fragment,
/// which is never sent; a backslash is a slash to some; the others are delimiters in the text
/// around a URI and never belong to one.
pub(super) fn target_length(bytes: &[u8]) -> usize {
    length(bytes, TARGET)
}

/// How many bytes from the first one on are visible ASCII.
pub(super) fn visible_length(bytes: &[u8]) -> usize {
    length(bytes, VISIBLE)
}

/// How many bytes from the first one on may stand in a field value: all but the controls,
/// of which HTAB alone is allowed (RFC 9110, section 5.5).
pub(super) fn value_length(bytes: &[u8]) -> usize {
    let (words, _) = bytes.as_chunks();
    let mut at = 0;
    for word in words {
        // HTAB is a control and stops the fast way, not the value.
        if has_control(*word)
            && let Some(end) = word.iter().position(|byte| !is_value(*byte))
        {
            return at + end;
        }
        at += word.len();
    }
    let rest = &bytes[at..];
    at + rest
        .iter()
        .position(|b| !is_value(*b))
        .unwrap_or(rest.len())
}

/// Whether the byte may stand in a field value.
pub(super) const fn is_value(byte: u8) -> bool {
    (byte >= 0x20 && byte != 0x7f) || byte == b'\t'
}

/// Whether any of eight bytes is below 0x20 or DEL. ("Bit Twiddling Hacks", Anderson,
/// "Determine if a word has a byte less than n" and "has a zero byte": exact as a yes or no,
/// not as to which byte.)
const fn has_control(word: [u8; 8]) -> bool {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGH: u64 = ONES * 0x80;
    let word = u64::from_ne_bytes(word);
    let delete = word ^ (ONES * 0x7f);
    let below = word.wrapping_sub(ONES * 0x20) & !word;
    let equal = delete.wrapping_sub(ONES) & !delete;
    (below | equal) & HIGH != 0
}

/// Whether the byte may stand in a token.
pub(super) const fn is_token_byte(byte: u8) -> bool {
    is(byte, TOKEN)
}

/// Whether the whole is a token.
pub(super) fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && token_length(bytes) == bytes.len()
}

/// Whether the whole is a host name as hosts on the net have one: letters, digits, `-`, `.`,
/// `_` and `~`. RFC 3986 would also allow percent-encoding and punctuation, which one parser
/// decodes or takes for a delimiter and the next one does not.
pub(super) fn is_name(bytes: &[u8]) -> bool {
    !bytes.is_empty() && length(bytes, NAME) == bytes.len()
}

/// The number that decimal digits say, if there is nothing but digits and it is at most
/// `most`. No leading zeros: with them the number is octal to some.
pub(super) fn decimal(digits: &[u8], most: u64) -> Option<u64> {
    if digits.is_empty() || (digits[0] == b'0' && digits.len() > 1) {
        return None;
    }
    let mut number = 0u64;
    for byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        number = number.checked_mul(10)?.checked_add(u64::from(digit))?;
        // At once, so that endless digits end here.
        if number > most {
            return None;
        }
    }
    Some(number)
}

/// Without spaces and tabs at both ends (RFC 9110, section 5.6.3, "OWS").
pub(super) fn trim(value: &[u8]) -> &[u8] {
    trim_of(value, |byte| byte == b' ' || byte == b'\t')
}

/// Without spaces at both ends. For the fields that everything depends on: no client pads
/// those with tabs, and not every parser strips them.
pub(super) fn trim_spaces(value: &[u8]) -> &[u8] {
    trim_of(value, |byte| byte == b' ')
}

fn trim_of(mut value: &[u8], blank: impl Fn(u8) -> bool) -> &[u8] {
    while let [first, rest @ ..] = value
        && blank(*first)
    {
        value = rest;
    }
    while let [rest @ .., last] = value
        && blank(*last)
    {
        value = rest;
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_classes_are_those_of_the_grammar() {
        let all = |class| {
            let bytes = (0..=u8::MAX).filter(|byte| is(*byte, class));
            bytes.map(char::from).collect::<String>()
        };
        assert_eq!(
            all(TOKEN),
            "!#$%&'*+-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ^_`abcdefghijklmnopqrstuvwxyz|~"
        );
        assert_eq!(
            all(TARGET),
            "!$%&'()*+,-./0123456789:;=?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]_\
             abcdefghijklmnopqrstuvwxyz{|}~"
        );
        assert_eq!(
            all(NAME),
            "-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~"
        );
        assert_eq!(all(VISIBLE).len(), 0x7e - 0x20);
    }

    #[test]
    fn a_decimal_number_has_one_way_to_be_written() {
        for (text, number) in [("0", 0), ("7", 7), ("10", 10), ("65535", 65535)] {
            assert_eq!(decimal(text.as_bytes(), 65535), Some(number), "{text}");
        }
        let longest = u64::MAX.to_string();
        assert_eq!(decimal(longest.as_bytes(), u64::MAX), Some(u64::MAX));
        for text in [
            "",
            "00",
            "01",
            "+5",
            "-5",
            "5 ",
            " 5",
            "0x5",
            "5,5",
            "65536",
            "5.0",
            "1e3",
            "18446744073709551616",
            "99999999999999999999999999999999",
            "\u{665}",
        ] {
            assert_eq!(decimal(text.as_bytes(), 65535), None, "{text}");
        }
        assert_eq!(decimal(b"18446744073709551616", u64::MAX), None);
    }

    proptest! {
        /// Against a look at each byte. Catches: a control that hides behind another byte of
        /// its word, a tab that ends a value, a value that ends with its last full word, a
        /// byte above 0x7f that is taken for a control.
        #[test]
        fn a_value_goes_up_to_its_first_control(
            bytes in prop::collection::vec(
                prop_oneof![8 => 0x20u8..0x7f, 2 => 0x7e..=0xffu8, 2 => Just(b'\t'), 1 => 0..0x20u8],
                0..60,
            ),
        ) {
            let expected = bytes
                .iter()
                .take_while(|b| **b == 9 || (**b >= 32 && **b != 127))
                .count();
            prop_assert_eq!(value_length(&bytes), expected);
        }
    }
}
