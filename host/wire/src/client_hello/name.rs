//! Host names as they may stand in a ClientHello (RFC 6066 3).

use super::HelloFault;
use std::net::IpAddr;

/// A host name in lower case; `None` for an IP address. There is no dot at the end, and an
/// underscore is let pass, as it is used.
pub(super) fn host(bytes: &[u8]) -> Result<Option<String>, HelloFault> {
    let text = str::from_utf8(bytes).map_err(|_| HelloFault::ServerName)?;
    if text.parse::<IpAddr>().is_ok() {
        return Ok(None);
    }
    // What ends in a number is an address to some, in spellings that no route knows.
    let number = |label: &str| label.bytes().all(|byte| byte.is_ascii_digit());
    let valid = text.len() <= 253
        && text.split('.').all(is_label)
        && !text.rsplit('.').next().is_none_or(number);
    match valid {
        true => Ok(Some(text.to_ascii_lowercase())),
        false => Err(HelloFault::ServerName),
    }
}

fn is_label(label: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (1..=63).contains(&label.len())
        && label.bytes().all(allowed)
        && !label.starts_with('-')
        && !label.ends_with('-')
}
