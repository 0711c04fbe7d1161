//! Which header fields a message may have, and which of them a plugin may touch.

/// Fields that frame the message or belong to one connection (RFC 9110, 7.6.1; RFC 9112, 6): the
/// host's alone.
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

/// What names of fields and methods are made of (RFC 9110, 5.6.2).
pub(crate) fn is_token(name: &str) -> bool {
    let tchar = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(tchar)
}

/// A name of a field, or what is wrong with it.
pub(crate) fn name(name: &str) -> Result<(), String> {
    match is_token(name) {
        true => Ok(()),
        false if name.is_empty() => Err("a name is missing".to_owned()),
        false => Err(format!("`{}` is not a field name", name.escape_debug())),
    }
}

/// A name of a field that a plugin may write, or why it may not.
pub(crate) fn editable(written: &str) -> Result<(), String> {
    name(written)?;
    match OF_THE_HOST.contains(&written.to_ascii_lowercase().as_str()) {
        true => Err(format!("the field `{written}` belongs to the host")),
        false => Ok(()),
    }
}

/// The value of that field, or what is wrong with it (RFC 9110, 5.5).
pub(crate) fn value(name: &str, value: &[u8]) -> Result<(), String> {
    let bad = |byte: &u8| *byte < b' ' && *byte != b'\t' || *byte == 0x7f;
    match value.iter().any(bad) {
        true => Err(format!(
            "the value of `{name}` has characters that a field must not have"
        )),
        false => Ok(()),
    }
}
