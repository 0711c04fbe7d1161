//! Which upgrades a route lets pass (RFC 9110, 7.8).
//!
//! An upgrade that is not let pass is not refused: a server may ignore one, and the request is
//! then as any other. None passes from a request with a body, which endpoints read in two ways.

use http::header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING, UPGRADE};
use pingora::http::RequestHeader;

/// Removes an upgrade that is not to one of these protocols, which are lower case.
pub fn permit(head: &mut RequestHeader, protocols: &[String]) {
    if !head.headers.contains_key(UPGRADE) {
        return;
    }
    let mut asked = head.headers.get_all(UPGRADE).iter();
    let only = asked.next().filter(|_| asked.next().is_none());
    let known = only.is_some_and(|only| {
        let mut protocols = protocols.iter();
        protocols.any(|known| only.as_bytes().eq_ignore_ascii_case(known.as_bytes()))
    });
    let named = head.headers.get_all(CONNECTION).iter().any(|value| {
        let mut options = value.as_bytes().split(|byte| *byte == b',');
        options.any(|option| option.trim_ascii().eq_ignore_ascii_case(b"upgrade"))
    });
    let length = head.headers.get(CONTENT_LENGTH);
    let bodiless = !head.headers.contains_key(TRANSFER_ENCODING)
        && length.is_none_or(|length| length.as_bytes().iter().all(|digit| *digit == b'0'));
    if !(known && named && bodiless) {
        head.remove_header(&UPGRADE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_named_and_bodiless_passes() {
        let protocols = ["websocket".to_owned(), "tidal/2".to_owned()];
        for (fields, passes) in [
            (
                vec![
                    ("upgrade", "WebSocket"),
                    ("connection", "keep-alive, Upgrade"),
                ],
                true,
            ),
            (
                vec![("upgrade", "tidal/2"), ("connection", "upgrade")],
                true,
            ),
            (vec![("upgrade", "websocket")], false),
            (vec![("upgrade", "h2c"), ("connection", "upgrade")], false),
            (
                vec![("upgrade", "websocket, h2c"), ("connection", "upgrade")],
                false,
            ),
            (
                vec![
                    ("upgrade", "websocket"),
                    ("upgrade", "h2c"),
                    ("connection", "upgrade"),
                ],
                false,
            ),
            (
                vec![
                    ("upgrade", "websocket"),
                    ("connection", "upgrade"),
                    ("content-length", "3"),
                ],
                false,
            ),
        ] {
            let mut head = RequestHeader::build("GET", b"/", None).expect("a request");
            for (name, value) in &fields {
                head.append_header(*name, *value).expect("a field");
            }
            permit(&mut head, &protocols);
            assert_eq!(head.headers.contains_key(UPGRADE), passes, "{fields:?}");
        }
    }
}
