//! Fields that concern one connection and end there (RFC 9110, 7.6.1).
//!
//! `Connection` is in the hands of whoever sends the message, and can name any field. It
//! cannot have removed what the message is framed and routed by: such names are ignored.

use http::header::{
    CONNECTION, CONTENT_LENGTH, HOST, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE, TRAILER,
    TRANSFER_ENCODING, UPGRADE, VIA,
};
use http::{HeaderMap, HeaderName, HeaderValue, Version};
use pingora::http::{RequestHeader, ResponseHeader};

static KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
static PROXY_CONNECTION: HeaderName = HeaderName::from_static("proxy-connection");
static PROXY_AUTHENTICATION_INFO: HeaderName = HeaderName::from_static("proxy-authentication-info");
/// Of the upgrade to HTTP/2 over TCP, which never passes (RFC 7540, 3.2.1).
static HTTP2_SETTINGS: HeaderName = HeaderName::from_static("http2-settings");

/// Options of `Connection` that name no field, or one with rules of its own.
const OPTIONS: [&[u8]; 4] = [b"close", b"keep-alive", b"upgrade", b"te"];

/// Takes what the client's `Connection` names out of its request, and the names out of
/// `Connection`. Before anybody looks at the request: what a filter sets later, under whatever
/// name, is not the client's to take away.
pub(super) fn end_at_the_door(head: &mut RequestHeader) -> pingora::Result<()> {
    let is_option = |token: &&[u8]| {
        let mut options = OPTIONS.iter();
        token.is_empty() || options.any(|option| option.eq_ignore_ascii_case(token))
    };
    let values = head.headers.get_all(CONNECTION).iter();
    if values.flat_map(tokens).all(|token| is_option(&token)) {
        return Ok(());
    }
    for name in named_by_connection(&head.headers) {
        head.remove_header(&name);
    }
    let values = head.headers.get_all(CONNECTION).iter();
    let left: Vec<&[u8]> = values.flat_map(tokens).filter(is_option).collect();
    let left = left.join(&b", "[..]);
    head.remove_header(&CONNECTION);
    if !left.is_empty() {
        let left = HeaderValue::from_bytes(&left).map_err(|_| unreadable())?;
        head.insert_header(CONNECTION, left)?;
    }
    Ok(())
}

/// Parts of a valid value, joined by commas, are one.
fn unreadable() -> Box<pingora::Error> {
    pingora::Error::explain(pingora::ErrorType::InvalidHTTPHeader, "Connection")
}

/// Strips a request; `upgrade` lets an upgrade pass (RFC 9110, 7.8), `trailers` says whether the
/// client wants them.
pub(super) fn strip_request(
    up: &mut RequestHeader,
    upgrade: bool,
    trailers: bool,
) -> pingora::Result<()> {
    for name in named_by_connection(&up.headers) {
        up.remove_header(&name);
    }
    let handshake = upgrade && up.headers.contains_key(UPGRADE);
    if !handshake {
        up.remove_header(&UPGRADE);
    }
    // HTTP/1 trailers are not carried on, so they must not be asked for.
    let trailers = up.version == Version::HTTP_2 && trailers;
    for name in [&CONNECTION, &TE, &TRAILER, &PROXY_AUTHORIZATION] {
        up.remove_header(name);
    }
    for name in [&KEEP_ALIVE, &PROXY_CONNECTION, &HTTP2_SETTINGS] {
        up.remove_header(name);
    }
    if trailers {
        up.insert_header("TE", HeaderValue::from_static("trailers"))?;
    }
    if handshake {
        up.insert_header("Connection", HeaderValue::from_static("Upgrade"))?;
    }
    Ok(())
}

/// Strips a response; `upgraded` keeps what makes a 101.
pub(super) fn strip_response(down: &mut ResponseHeader, upgraded: bool) -> pingora::Result<()> {
    for name in named_by_connection(&down.headers) {
        down.remove_header(&name);
    }
    if !upgraded {
        down.remove_header(&UPGRADE);
    }
    for name in [&CONNECTION, &TE, &TRAILER, &PROXY_AUTHENTICATE] {
        down.remove_header(name);
    }
    for name in [&KEEP_ALIVE, &PROXY_CONNECTION, &PROXY_AUTHENTICATION_INFO] {
        down.remove_header(name);
    }
    if upgraded {
        down.insert_header("Connection", HeaderValue::from_static("Upgrade"))?;
    }
    Ok(())
}

/// The fields of this message that `Connection` names. Empty, and then not allocated, for
/// nearly every message: `close` and `keep-alive` are options and name nothing here.
fn named_by_connection(headers: &HeaderMap) -> Vec<HeaderName> {
    let values = headers.get_all(CONNECTION).iter();
    let options = values.flat_map(tokens).filter(|option| {
        !option.eq_ignore_ascii_case(b"close") && !option.eq_ignore_ascii_case(b"keep-alive")
    });
    let names = options.filter_map(|option| HeaderName::from_bytes(option).ok());
    names
        .filter(|name| headers.contains_key(name) && !is_kept(name))
        .collect()
}

/// What a message cannot lose by being named. `Upgrade` and `TE` have rules of their own;
/// the fields about forwarding are replaced anyway, after this.
fn is_kept(name: &HeaderName) -> bool {
    [
        &HOST,
        &CONTENT_LENGTH,
        &TRANSFER_ENCODING,
        &VIA,
        &UPGRADE,
        &TE,
    ]
    .contains(&name)
}

/// Whether the message says that its sender takes trailers (RFC 9110, 10.1.4).
pub(super) fn asks_for_trailers(headers: &HeaderMap) -> bool {
    let mut codings = headers.get_all(TE).iter().flat_map(tokens);
    codings.any(|coding| coding.eq_ignore_ascii_case(b"trailers"))
}

/// The members of a list (RFC 9110, 5.6.1).
fn tokens(value: &HeaderValue) -> impl Iterator<Item = &[u8]> {
    value
        .as_bytes()
        .split(|byte| *byte == b',')
        .map(<[u8]>::trim_ascii)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strip_with(up: &mut RequestHeader, upgrade: bool) -> pingora::Result<()> {
        let trailers = asks_for_trailers(&up.headers);
        strip_request(up, upgrade, trailers)
    }

    fn request(fields: &[(&'static str, &str)]) -> RequestHeader {
        let mut request = RequestHeader::build("GET", b"/", None).expect("a request");
        request.set_version(Version::HTTP_11);
        for (name, value) in fields {
            request.append_header(*name, *value).expect("a field");
        }
        request
    }

    fn left_of_request(mut request: RequestHeader, upgrade: bool) -> Vec<String> {
        strip_with(&mut request, upgrade).expect("room");
        left(&request.headers)
    }

    fn left_of_response(fields: &[(&'static str, &str)], upgraded: bool) -> Vec<String> {
        let mut response = ResponseHeader::build(200, None).expect("a response");
        for (name, value) in fields {
            response.append_header(*name, *value).expect("a field");
        }
        strip_response(&mut response, upgraded).expect("room");
        left(&response.headers)
    }

    fn left(headers: &HeaderMap) -> Vec<String> {
        let line = |(name, value): (&HeaderName, &HeaderValue)| {
            format!("{name}: {}", value.to_str().expect("text"))
        };
        let mut lines: Vec<_> = headers.iter().map(line).collect();
        lines.sort();
        lines
    }

    #[test]
    fn fields_of_one_hop_end_here() {
        let request = request(&[
            ("Connection", "keep-alive, X-Mine"),
            ("connection", "close,,  x-other ,\"x-quoted\""),
            ("X-Mine", "1"),
            ("X-Other", "1"),
            ("X-Other", "2"),
            ("Keep-Alive", "timeout=5"),
            ("Proxy-Connection", "keep-alive"),
            ("Proxy-Authorization", "Basic eA=="),
            ("TE", "trailers, gzip"),
            ("Trailer", "x"),
            ("Upgrade", "websocket"),
            ("HTTP2-Settings", "x"),
            ("Accept", "*/*"),
        ]);
        assert_eq!(left_of_request(request, false), ["accept: */*"]);
    }

    #[test]
    fn what_connection_names_ends_before_anybody_looks() {
        let mut head = request(&[
            ("Connection", "Keep-Alive, X-Mine, x-user"),
            ("Connection", "Upgrade"),
            ("X-Mine", "1"),
            ("Upgrade", "websocket"),
        ]);
        end_at_the_door(&mut head).expect("room");
        assert_eq!(
            left(&head.headers),
            ["connection: Keep-Alive, Upgrade", "upgrade: websocket"]
        );
        head.insert_header("X-User", "ann").expect("a filter");
        assert_eq!(
            left_of_request(head, true),
            ["connection: Upgrade", "upgrade: websocket", "x-user: ann"]
        );
        let mut alone = request(&[("Connection", "x-mine"), ("Accept", "*/*")]);
        end_at_the_door(&mut alone).expect("room");
        assert_eq!(left(&alone.headers), ["accept: */*"]);
    }

    #[test]
    fn connection_cannot_take_away_what_the_message_lives_on() {
        let fields = [
            (
                "Connection",
                "Host, Content-Length, transfer-encoding, via, cookie",
            ),
            ("Host", "a.test"),
            ("Content-Length", "1"),
            ("Transfer-Encoding", "chunked"),
            ("Via", "1.1 x"),
            ("Cookie", "a=b"),
        ];
        let kept = [
            "content-length: 1",
            "host: a.test",
            "transfer-encoding: chunked",
            "via: 1.1 x",
        ];
        assert_eq!(left_of_request(request(&fields), false), kept);
        assert_eq!(left_of_response(&fields, false), kept);
    }

    #[test]
    fn an_upgrade_passes_where_it_may() {
        let handshake = |protocol| request(&[("Connection", "upgrade"), ("Upgrade", protocol)]);
        let passed = ["connection: Upgrade", "upgrade: WebSocket"];
        assert_eq!(left_of_request(handshake("WebSocket"), true), passed);
        assert!(left_of_request(handshake("WebSocket"), false).is_empty());
        assert!(left_of_request(request(&[("Connection", "upgrade")]), true).is_empty());
    }

    #[test]
    fn trailers_are_asked_for_where_they_are_carried() {
        let mut to_http2 = request(&[("TE", "gzip;q=0.5"), ("TE", "Trailers")]);
        to_http2.set_version(Version::HTTP_2);
        assert_eq!(left_of_request(to_http2, false), ["te: trailers"]);
        let mut nothing_asked = request(&[("TE", "trailers;q=1x")]);
        nothing_asked.set_version(Version::HTTP_2);
        assert!(left_of_request(nothing_asked, false).is_empty());
    }

    #[test]
    fn responses_lose_theirs_too() {
        let fields = [
            ("Connection", "close, X-Mine"),
            ("X-Mine", "1"),
            ("Keep-Alive", "timeout=5"),
            ("Proxy-Authenticate", "Basic"),
            ("Proxy-Authentication-Info", "x"),
            ("Trailer", "x"),
            ("Upgrade", "h2c"),
            ("Server", "x"),
        ];
        assert_eq!(left_of_response(&fields, false), ["server: x"]);
        let kept = ["connection: Upgrade", "server: x", "upgrade: h2c"];
        assert_eq!(left_of_response(&fields, true), kept);
    }
}
