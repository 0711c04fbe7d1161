//! The rules once more: slow, of whole texts, by splitting them. Obvious, and written without
//! looking at how the guard does it.

use super::*;
use crate::http1::trailers::FORBIDDEN;
use std::net::Ipv6Addr;

const TOKEN: &str = "!#$%&'*+-.^_`|~\
    0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
const NAME: &str = "-._~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// The head at the beginning of the bytes. `None` if it is invalid or not complete.
pub(super) fn head(bytes: &[u8], limits: &Limits) -> Option<Head> {
    let text = ascii(bytes);
    let empty = (0..2)
        .take_while(|n| text[2 * n..].starts_with("\r\n"))
        .count();
    let end = 2 * empty + text[2 * empty..].find("\r\n\r\n")?;
    let mut lines = text[2 * empty..end].split("\r\n");
    let line: Vec<&str> = lines.next()?.split(' ').collect();
    let [method, target, version] = line[..] else {
        return None;
    };
    let minor = ["HTTP/1.0", "HTTP/1.1"]
        .iter()
        .position(|one| *one == version)? as u8;
    let fields = fields(lines)?;
    let all = |name: &str| -> Vec<&str> {
        let same = fields
            .iter()
            .filter(|(other, _)| other.eq_ignore_ascii_case(name));
        same.map(|(_, value)| *value).collect()
    };
    // At most one of each.
    let one = |name: &str| match all(name)[..] {
        [] => Some(None),
        [value] => Some(Some(value.trim_matches(' '))),
        _ => None,
    };

    let host = one("host")?;
    let (form, authority) = form(method, target)?;
    let options: Vec<String> = all("connection")
        .iter()
        .flat_map(|value| value.split(','))
        .map(|option| option.trim_matches([' ', '\t']).to_ascii_lowercase())
        .filter(|option| !option.is_empty())
        .collect();
    let option = |name: &str| options.iter().any(|option| option == name);
    let length = one("content-length")?;
    let coding = one("transfer-encoding")?;
    let body = match (length, coding) {
        (None, None) => Body::None,
        (Some(length), None) => Body::Length(number(length)?.try_into().ok()?),
        (None, Some(coding)) if coding.eq_ignore_ascii_case("chunked") => Body::Chunked,
        _ => return None,
    };
    let expect = one("expect")?;

    let valid = end + 4 <= limits.head
        && target.len() <= limits.target
        && fields.len() <= limits.fields
        && method.len() <= 32
        && consists(method, TOKEN)
        && target
            .chars()
            .all(|c| ('!'..='~').contains(&c) && !"#<>\"\\^`".contains(c))
        && (minor == 0 || host.is_some())
        && host.is_none_or(|host| is_host(host).is_some())
        && host.is_none_or(|host| authority.is_empty() || host.eq_ignore_ascii_case(authority))
        && options.iter().all(|option| consists(option, TOKEN))
        && !["host", "content-length", "transfer-encoding"]
            .into_iter()
            .any(option)
        && expect.is_none_or(|value| value.eq_ignore_ascii_case("100-continue"))
        && (minor == 1 || coding.is_none())
        && (method != "CONNECT" || body == Body::None);
    let upgrade = minor == 1 && option("upgrade") && !all("upgrade").is_empty();
    valid.then_some(Head {
        skipped: 2 * empty,
        length: end + 4,
        body,
        minor,
        form,
        is_head: method == "HEAD",
        is_connect: method == "CONNECT",
        keep_alive: !option("close") && (minor == 1 || option("keep-alive")),
        upgrade,
        stray_upgrade: !upgrade && !all("upgrade").is_empty(),
        expects_continue: minor == 1 && expect.is_some(),
    })
}

/// The end of a body in chunks, and how much content it has. `None` if it is invalid or not
/// complete.
pub(super) fn chunks(bytes: &[u8], limits: &Limits) -> Option<(usize, u64)> {
    let text = ascii(bytes);
    let mut content = Vec::new();
    let mut at = 0;
    loop {
        let line = &text[at..at + text[at..].find("\r\n")?];
        at += line.len() + 2;
        if line.len() > 16 || !consists(line, "0123456789abcdefABCDEF") {
            return None;
        }
        let size = u64::from_str_radix(line, 16).ok()?;
        if size == 0 {
            break;
        }
        let size = usize::try_from(size).ok()?;
        let chunk = text.get(at..at.checked_add(size)?)?;
        content.extend(chunk.chars());
        at += size;
        if !text[at..].starts_with("\r\n") {
            return None;
        }
        at += 2;
    }
    let rest = &text[at..];
    let length = if rest.starts_with("\r\n") {
        2
    } else {
        rest.find("\r\n\r\n")? + 4
    };
    let fields = fields(rest[..length - 2].split_terminator("\r\n"))?;
    let forbidden = |name: &str| FORBIDDEN.contains(&&*name.to_ascii_lowercase().replace('_', "-"));
    let valid = length <= limits.head
        && fields.len() <= limits.fields
        && !fields.iter().any(|(name, _)| forbidden(name));
    valid.then_some((at + length, content.len() as u64))
}

/// Each byte as one of ASCII, so that texts can be split anywhere. Those beyond ASCII become
/// quotation marks: like these, they may stand in a value and nowhere else.
fn ascii(bytes: &[u8]) -> String {
    let letter = |byte: &u8| {
        if byte.is_ascii() {
            char::from(*byte)
        } else {
            '"'
        }
    };
    bytes.iter().map(letter).collect()
}

fn fields<'a>(lines: impl Iterator<Item = &'a str>) -> Option<Vec<(&'a str, &'a str)>> {
    lines.map(field).collect()
}

fn field(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once(':')?;
    let valid = |c: char| c == '\t' || (' '..='~').contains(&c);
    (consists(name, TOKEN) && value.chars().all(valid)).then_some((name, value))
}

fn form<'a>(method: &str, target: &'a str) -> Option<(TargetForm, &'a str)> {
    match (method, target) {
        ("CONNECT", _) => {
            let port = is_host(target)?;
            (port.len() > 1).then_some((TargetForm::Authority, target))
        }
        ("OPTIONS", "*") => Some((TargetForm::Asterisk, "")),
        _ if target.starts_with('/') => Some((TargetForm::Origin, "")),
        _ => {
            let (scheme, rest) = target.split_once("://")?;
            let authority = rest.split(['/', '?']).next()?;
            is_host(authority)?;
            ["http", "https"]
                .contains(&scheme)
                .then_some((TargetForm::Absolute, authority))
        }
    }
}

/// The port with its colon, if the text is a host.
fn is_host(text: &str) -> Option<&str> {
    let end = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => {
            address.parse::<Ipv6Addr>().ok()?;
            address.len() + 2
        }
        None => {
            let name = text.split(':').next()?;
            consists(name, NAME).then_some(name.len())?
        }
    };
    let port = &text[end..];
    let digits = port.strip_prefix(':').unwrap_or(port);
    let valid = port.is_empty() || port == ":" || number(digits).is_some_and(|n| n <= 65535);
    (valid && (port.is_empty() || port.starts_with(':'))).then_some(port)
}

/// A number from 0 to `i64::MAX` as one writes it.
fn number(text: &str) -> Option<i64> {
    let number: i64 = text.parse().ok()?;
    (number >= 0 && number.to_string() == text).then_some(number)
}

fn consists(text: &str, of: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| of.contains(c))
}
