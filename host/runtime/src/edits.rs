//! Header edits of a plugin, checked. A plugin's word is hostile until it is parsed.

use crate::bindings::tidegate::plugin::types::HeaderEdit as Written;
use http::{HeaderMap, HeaderName, HeaderValue, header};

/// Edits that one decision may carry.
pub(crate) const MAX_EDITS: usize = 64;
/// Bytes of names and values of one decision.
pub(crate) const MAX_BYTES: usize = 16 << 10;

/// One change to a set of header fields, valid by construction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeaderEdit {
    /// Replaces every value of the field.
    Set(HeaderName, HeaderValue),
    /// Adds one more value.
    Append(HeaderName, HeaderValue),
    /// Removes the field.
    Remove(HeaderName),
}

/// Fields that frame the message or belong to one connection (RFC 9110, 7.6.1;
/// RFC 9112, 6): the host's alone.
const FORBIDDEN: [HeaderName; 9] = [
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::TE,
    header::TRAILER,
    header::HOST,
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
];

/// All edits, or why the first bad one is refused.
pub(crate) fn parse(written: Vec<Written>) -> Result<Vec<HeaderEdit>, String> {
    if written.is_empty() {
        return Ok(Vec::new());
    }
    if written.len() > MAX_EDITS {
        return Err(format!(
            "{} header edits; at most {MAX_EDITS}",
            written.len()
        ));
    }
    let mut bytes = 0;
    written
        .into_iter()
        .map(|edit| {
            let edit = match edit {
                Written::Set((name, value)) => {
                    HeaderEdit::Set(field(&name)?, content(&name, &value)?)
                }
                Written::Append((name, value)) => {
                    HeaderEdit::Append(field(&name)?, content(&name, &value)?)
                }
                Written::Remove(name) => HeaderEdit::Remove(field(&name)?),
            };
            bytes += edit.size();
            if bytes > MAX_BYTES {
                return Err(format!("header edits of more than {MAX_BYTES} bytes"));
            }
            Ok(edit)
        })
        .collect()
}

/// The fields of a whole message, checked as edits are.
pub(crate) fn fields(written: Vec<(String, Vec<u8>)>) -> Result<HeaderMap, String> {
    let edits = written.into_iter().map(Written::Append).collect();
    let mut map = HeaderMap::new();
    for edit in parse(edits)? {
        if let HeaderEdit::Append(name, value) = edit {
            map.append(name, value);
        }
    }
    Ok(map)
}

impl HeaderEdit {
    fn size(&self) -> usize {
        match self {
            Self::Set(name, value) | Self::Append(name, value) => name.as_str().len() + value.len(),
            Self::Remove(name) => name.as_str().len(),
        }
    }
}

fn field(name: &str) -> Result<HeaderName, String> {
    let parsed = HeaderName::from_bytes(name.as_bytes())
        .map_err(|_| format!("`{}` is not a field name", name.escape_debug()))?;
    let listed =
        FORBIDDEN.contains(&parsed) || matches!(parsed.as_str(), "keep-alive" | "proxy-connection");
    if listed {
        Err(format!("the field `{parsed}` belongs to the host"))
    } else {
        Ok(parsed)
    }
}

fn content(name: &str, value: &[u8]) -> Result<HeaderValue, String> {
    HeaderValue::from_bytes(value).map_err(|_| {
        format!(
            "the value of `{}` has characters that a field must not have",
            name.escape_debug()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(name: &str, value: &[u8]) -> Written {
        Written::Set((name.into(), value.into()))
    }

    #[test]
    fn refuses_what_could_split_or_frame_a_message() {
        for bad in [
            set("a b", b"x"),
            set("", b"x"),
            set("x", b"a\r\nb: c"),
            set("x", b"a\0"),
            set("Content-Length", b"1"),
            set("transfer-encoding", b"chunked"),
            set("Keep-Alive", b"1"),
            Written::Remove("connection".into()),
        ] {
            assert!(parse(vec![bad.clone()]).is_err(), "{bad:?}");
        }
        assert!(parse(vec![set("x", b"a"); MAX_EDITS + 1]).is_err());
        assert!(parse(vec![set("x", &[b'a'; MAX_BYTES])]).is_err());
    }

    #[test]
    fn takes_what_a_selector_needs() {
        let edits = parse(vec![Written::Append((
            "set-cookie".into(),
            b"tg=1; Path=/".to_vec(),
        ))])
        .unwrap();
        assert_eq!(
            edits,
            [HeaderEdit::Append(
                header::SET_COOKIE,
                HeaderValue::from_static("tg=1; Path=/")
            )]
        );
    }
}
