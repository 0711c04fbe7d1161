//! The elements of `Forwarded` (RFC 7239 4): lists of pairs, with strings in quotes.

/// The elements of a field line, from the right; `None`, and then no more, where a quote has
/// no partner. Empty elements do not count.
pub(super) fn from_the_right(line: &[u8]) -> impl Iterator<Item = Option<&[u8]>> {
    let mut rest = Some(line);
    let all = std::iter::from_fn(move || match split_last(rest?) {
        Some((before, element)) => {
            rest = before;
            Some(Some(element.trim_ascii()))
        }
        None => {
            rest = None;
            Some(None)
        }
    });
    all.filter(|element| element.is_none_or(|bytes| !bytes.is_empty()))
}

/// What follows the last comma that is in no string, and what precedes it. `None` if the line
/// begins within a string.
fn split_last(line: &[u8]) -> Option<(Option<&[u8]>, &[u8])> {
    let mut end = line.len();
    loop {
        let Some(at) = memchr::memrchr2(b',', b'"', &line[..end]) else {
            return Some((None, line));
        };
        if line[at] == b',' {
            return Some((Some(&line[..at]), &line[at + 1..]));
        }
        end = opening(&line[..at])?;
    }
}

/// Where the string begins that is closed by the quote after `text`. A quote with an odd number
/// of backslashes before it is part of the string.
fn opening(text: &[u8]) -> Option<usize> {
    let mut end = text.len();
    loop {
        let at = memchr::memrchr(b'"', &text[..end])?;
        let escapes = text[..at].iter().rev().take_while(|byte| **byte == b'\\');
        if escapes.count() % 2 == 0 {
            return Some(at);
        }
        end = at;
    }
}

/// The value of the one `for` in an element, without its quotes. `None` if there is none or a
/// second one, or if anything in the element is not a pair.
pub(super) fn whom(element: &[u8]) -> Option<&[u8]> {
    let mut whom = None;
    let mut rest = element;
    loop {
        rest = rest.trim_ascii_start();
        if let Some(after) = rest.strip_prefix(b";") {
            rest = after;
            continue;
        }
        if rest.is_empty() {
            return whom;
        }
        let equals = memchr::memchr(b'=', rest)?;
        let (name, (value, after)) = (&rest[..equals], value(&rest[equals + 1..])?);
        if name.is_empty() || !name.iter().all(|byte| byte.is_ascii_alphanumeric()) {
            return None;
        }
        if name.eq_ignore_ascii_case(b"for") && whom.replace(value).is_some() {
            return None;
        }
        rest = after.trim_ascii_start();
        if !matches!(rest.first(), None | Some(b';')) {
            return None;
        }
    }
}

/// A value and what follows it. In a string, what is escaped stays so: an address needs none.
fn value(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let Some(string) = text.strip_prefix(b"\"") else {
        let ends = |byte: &u8| matches!(byte, b';' | b'"' | b' ' | b'\t');
        return Some(text.split_at(text.iter().position(ends).unwrap_or(text.len())));
    };
    let mut at = 0;
    loop {
        at += memchr::memchr2(b'"', b'\\', &string[at..])?;
        if string[at] == b'"' {
            return Some((&string[..at], &string[at + 1..]));
        }
        at += 2;
        if at > string.len() {
            return None;
        }
    }
}
