//! Whatever a client or an endpoint sends: what must hold of the message that goes on.

use super::*;
use http::{HeaderMap, HeaderName};
use proptest::prelude::*;
use proptest::sample::select;

const CLIENT: &str = "192.0.2.7";

/// Fields that are interesting to send, in any case and any number.
const NAMES: [&str; 26] = [
    "Host",
    "Connection",
    "connection",
    "Keep-Alive",
    "Proxy-Connection",
    "Proxy-Authorization",
    "Proxy-Authenticate",
    "TE",
    "Trailer",
    "Transfer-Encoding",
    "Content-Length",
    "Upgrade",
    "HTTP2-Settings",
    "Via",
    "X-Forwarded-For",
    "x-forwarded-host",
    "X-FORWARDED-PROTO",
    "X-Forwarded-Port",
    "X_Forwarded_For",
    "X-Real-IP",
    "Forwarded",
    "Accept",
    "X-Custom",
    "x-custom",
    "Cookie",
    "Date",
];

fn value() -> impl Strategy<Value = Vec<u8>> {
    let token = prop_oneof![
        4 => select(&NAMES[..]).prop_map(|name| name.as_bytes().to_vec()),
        2 => select(vec!["close", "Upgrade", "websocket", "trailers", "h2c", "", "\"x\"", "@"])
            .prop_map(|word| word.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..12),
    ];
    prop::collection::vec(token, 0..5).prop_map(|tokens| tokens.join(&b", "[..]))
}

/// Fields as a parser would let them through.
fn fields() -> impl Strategy<Value = Vec<(&'static str, http::HeaderValue)>> {
    let value = value().prop_filter_map("no field value", |value| {
        http::HeaderValue::from_bytes(&value).ok()
    });
    prop::collection::vec((select(&NAMES[..]), value), 0..25)
}

fn origin(upgrade: bool, received: Version) -> Origin<'static> {
    let client = CLIENT.parse().expect("an address");
    Origin {
        client,
        appended: false,
        scheme: "http",
        authority: "a.test:8080",
        received,
        upgrade,
        trailers: true,
    }
}

fn values<'h>(headers: &'h HeaderMap, name: &str) -> Vec<&'h [u8]> {
    headers
        .get_all(name)
        .iter()
        .map(|value| value.as_bytes())
        .collect()
}

/// Every field that `Connection` names, and may.
fn nominated(headers: &HeaderMap) -> Vec<HeaderName> {
    let kept = [
        "host",
        "content-length",
        "transfer-encoding",
        "via",
        "upgrade",
        "connection",
    ];
    let values = headers.get_all("connection").iter();
    let tokens = values.flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    tokens
        .filter_map(|token| HeaderName::from_bytes(token.trim_ascii()).ok())
        .filter(|name| !kept.contains(&name.as_str()) && !name.as_str().starts_with("x-forwarded-"))
        .collect()
}

/// Pingora keeps the names' spelling apart from the values, and panics when they disagree.
fn lines_on_the_wire(write: impl Fn(&mut Vec<u8>)) -> usize {
    let mut wire = Vec::new();
    write(&mut wire);
    wire.windows(2).filter(|two| two == b"\r\n").count()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn a_prepared_request_is_ours(
        fields in fields(), upgrade: bool, http2: bool,
        target in select(vec!["/", "/a/b?c", "http://a.test:8080", "http://a.test:8080/x?y"]),
        received in select(vec![Version::HTTP_10, Version::HTTP_11, Version::HTTP_2]),
    ) {
        let mut up = RequestHeader::build("GET", target.as_bytes(), None).expect("a target");
        up.set_version(if http2 { Version::HTTP_2 } else { Version::HTTP_11 });
        for (name, value) in fields {
            up.append_header(name, value).expect("room");
        }
        let before = up.clone();
        prepare_request(&mut up, &origin(upgrade, received)).expect("room");
        let (before, after) = (&before.headers, &up.headers);

        prop_assert_eq!(values(after, "host"), [&b"a.test:8080"[..]]);
        prop_assert_eq!(values(after, "x-forwarded-for"), [CLIENT.as_bytes()]);
        prop_assert_eq!(values(after, "x-forwarded-proto"), [&b"http"[..]]);
        prop_assert_eq!(values(after, "x-forwarded-host"), [&b"a.test:8080"[..]]);
        for name in [
            "keep-alive", "proxy-connection", "proxy-authorization", "trailer", "http2-settings",
            "x-forwarded-port", "x_forwarded_for", "x-real-ip", "forwarded",
        ] {
            prop_assert!(!after.contains_key(name), "{}", name);
        }
        for name in nominated(before) {
            let te = name == "te" && values(after, "te") == [&b"trailers"[..]] && http2;
            prop_assert!(te || !after.contains_key(&name), "{}", name);
        }
        // Framing is not touched.
        for name in ["content-length", "transfer-encoding"] {
            prop_assert_eq!(values(after, name), values(before, name));
        }
        // What belongs to nobody in between passes as it came, or not at all when named.
        for name in ["accept", "x-custom", "cookie", "date"] {
            if !nominated(before).iter().any(|other| other == name) {
                prop_assert_eq!(values(after, name), values(before, name));
            }
        }
        let (via, earlier) = (values(after, "via"), values(before, "via"));
        prop_assert_eq!(&via[..via.len() - 1], &earlier[..]);
        prop_assert!(via[via.len() - 1].ends_with(b" tidegate"));
        let handshake = upgrade && after.contains_key("upgrade");
        prop_assert_eq!(after.contains_key("connection"), handshake);
        prop_assert!(upgrade || !after.contains_key("upgrade"));
        prop_assert_eq!(up.raw_path().first(), Some(&b'/'));
        prop_assert_eq!(lines_on_the_wire(|wire| up.header_to_h1_wire(wire)), after.len());
    }

    #[test]
    fn a_prepared_response_is_ours(fields in fields(), upgraded: bool) {
        let mut down = ResponseHeader::build(200, None).expect("a status");
        for (name, value) in fields {
            down.append_header(name, value).expect("room");
        }
        let before = down.clone();
        prepare_response(&mut down, Version::HTTP_11, upgraded).expect("room");
        let (before, after) = (&before.headers, &down.headers);

        for name in ["keep-alive", "proxy-connection", "proxy-authenticate", "trailer"] {
            prop_assert!(!after.contains_key(name), "{}", name);
        }
        for name in ["content-length", "transfer-encoding"] {
            prop_assert_eq!(values(after, name), values(before, name));
        }
        for name in nominated(before) {
            prop_assert!(name == "te" || !after.contains_key(&name), "{}", name);
        }
        prop_assert_eq!(after.contains_key("connection"), upgraded);
        prop_assert!(upgraded || !after.contains_key("upgrade"));
        let via = values(after, "via");
        prop_assert_eq!(via.last(), Some(&&b"1.1 tidegate"[..]));
        prop_assert_eq!(lines_on_the_wire(|wire| down.header_to_h1_wire(wire)), after.len());
    }

    #[test]
    fn an_authority_is_clean_or_refused(
        host in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..20),
            "[a-zA-Z0-9.:@\\[\\]%_-]{0,20}".prop_map(String::into_bytes),
        ],
    ) {
        let mut request = RequestHeader::build("GET", b"/", None).expect("a target");
        request.set_version(Version::HTTP_11);
        let Ok(value) = http::HeaderValue::from_bytes(&host) else { return Ok(()) };
        request.append_header("Host", value).expect("room");
        if let Ok(authority) = effective_authority(&request) {
            prop_assert_eq!(authority.as_bytes(), &host[..]);
            let letters = |b: u8| b.is_ascii_alphanumeric() || b"-._~:[]".contains(&b);
            prop_assert!(!authority.is_empty() && authority.bytes().all(letters));
            let host = host_only(authority).into_owned();
            prop_assert!(!host.is_empty() && !host.ends_with('.'));
            prop_assert_eq!(host_only(&host), host.as_str());
            prop_assert_eq!(host.to_ascii_lowercase(), host);
        }
    }

    #[test]
    fn no_target_breaks_anything(target in prop::collection::vec(any::<u8>(), 0..30)) {
        let Ok(mut up) = RequestHeader::build("GET", &target, None) else { return Ok(()) };
        up.set_version(Version::HTTP_10);
        if let Ok(authority) = effective_authority(&up) {
            let authority = authority.to_owned();
            let origin = Origin { authority: &authority, ..origin(true, Version::HTTP_10) };
            prepare_request(&mut up, &origin).expect("a request that was accepted");
            prop_assert_eq!(up.raw_path().first(), Some(&b'/'));
            prop_assert_eq!(values(&up.headers, "host"), [authority.as_bytes()]);
        }
    }
}
