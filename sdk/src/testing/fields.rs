//! Header fields: names in lower case, in the order of the wire.

use crate::HeaderEdit;

pub(crate) type Field = (String, Vec<u8>);

/// First value of a field.
pub(crate) fn first<'a>(fields: &'a [Field], name: &str) -> Option<&'a [u8]> {
    fields
        .iter()
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.as_slice())
}

/// Changes the fields, in the order of the edits.
pub(super) fn apply(fields: &mut Vec<Field>, edits: &[HeaderEdit]) {
    for edit in edits {
        if let HeaderEdit::Set((name, _)) | HeaderEdit::Remove(name) = edit {
            fields.retain(|(key, _)| !key.eq_ignore_ascii_case(name));
        }
        if let HeaderEdit::Set((name, value)) | HeaderEdit::Append((name, value)) = edit {
            fields.push((name.to_ascii_lowercase(), value.clone()));
        }
    }
}

/// Whether a message may have the field, and why not (RFC 9110, 5.5 and 5.6.2).
pub(super) fn check(name: &str, value: &[u8]) -> Result<(), String> {
    // Fields that frame the message or belong to one connection.
    const OF_THE_HOST: [&str; 11] = [
        "connection",
        "content-length",
        "host",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    ];
    if !is_token(name) {
        return Err(format!("`{}` is not a field name", name.escape_debug()));
    }
    if OF_THE_HOST.contains(&name.to_ascii_lowercase().as_str()) {
        return Err(format!("the field `{name}` belongs to the host"));
    }
    let bad = |byte: &u8| *byte < b' ' && *byte != b'\t' || *byte == 0x7f;
    match value.iter().any(bad) {
        true => Err(format!(
            "the value of `{name}` has characters that a field must not have"
        )),
        false => Ok(()),
    }
}

/// What names of fields and methods are made of.
pub(super) fn is_token(name: &str) -> bool {
    let tchar = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(tchar)
}
