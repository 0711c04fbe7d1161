//! The built component in the proxy's sandbox: a preflight and what it leads to, as between a
//! browser and a proxy.

use tidegate_testkit::{
    Component, FilterPlugin, Host, LoadError, Request, ResponseEdits, Verdict, build,
};

const CONFIG: &str = r#"{
    "allow_origins": ["https://app.example.com", "https://*.example.org"],
    "allow_methods": ["GET", "PUT"], "allow_headers": ["x-token"],
    "expose_headers": ["x-total"], "credentials": true, "max_age": "10m"
}"#;

fn component() -> Component {
    build!("plugin")
}

fn start(host: &Host) -> FilterPlugin {
    host.filter(&component(), CONFIG).unwrap()
}

fn preflight(origin: &str) -> Request {
    Request::new("OPTIONS", "/a")
        .header("origin", origin)
        .header("access-control-request-method", "PUT")
        .header("access-control-request-headers", "x-token")
}

/// What a browser is told, when the endpoint has answered with these fields.
fn told(host: &Host, filter: &mut FilterPlugin, origin: &str, fields: &[(&str, &str)]) -> Request {
    filter.next();
    let fields: Vec<(String, Vec<u8>)> = fields
        .iter()
        .map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()))
        .collect();
    host.request(Request::new("PUT", "/a").header("origin", origin));
    assert_eq!(filter.on_request().unwrap(), Verdict::Pass);
    let asked = host.exchange();
    host.request(asked.answered(200, &fields));
    let edits: Option<ResponseEdits> = filter.on_response().unwrap();
    assert!(edits.is_some());
    host.exchange()
}

fn field<'a>(exchange: &'a Request, name: &str) -> Option<&'a str> {
    let value = exchange.response_field(name)?;
    Some(std::str::from_utf8(value).unwrap())
}

#[test]
fn a_preflight_is_answered_and_goes_no_further() {
    let host = Host::new();
    let mut filter = start(&host);
    for origin in ["https://app.example.com", "https://a.b.example.org"] {
        host.request(preflight(origin));
        let Verdict::Answer(reply) = filter.on_request().unwrap() else {
            panic!("it went on");
        };
        assert_eq!(reply.status, 204);
        for (name, value) in [
            ("access-control-allow-origin", origin),
            ("access-control-allow-credentials", "true"),
            ("access-control-allow-methods", "GET, PUT"),
            ("access-control-allow-headers", "x-token"),
            ("access-control-max-age", "600"),
        ] {
            assert_eq!(reply.field(name), Some(value.as_bytes()), "{name}");
        }
    }
}

#[test]
fn a_stranger_is_allowed_nothing() {
    let host = Host::new();
    let mut filter = start(&host);
    for origin in [
        "https://app.example.com.evil.example",
        "https://example.org",
        "http://app.example.com",
        "null",
    ] {
        host.request(preflight(origin));
        let Verdict::Answer(reply) = filter.on_request().unwrap() else {
            panic!("it went on");
        };
        let allowed = reply
            .headers
            .iter()
            .find(|(name, _)| name.starts_with("access-control"));
        assert_eq!(allowed, None, "{origin}");
    }
}

#[test]
fn a_response_says_who_may_have_it_whatever_the_endpoint_said() {
    let host = Host::new();
    let mut filter = start(&host);
    let careless = [
        ("access-control-allow-origin", "*"),
        ("access-control-expose-headers", "x-secret"),
        ("vary", "accept"),
    ];
    let friend = told(&host, &mut filter, "https://app.example.com", &careless);
    let origin = field(&friend, "access-control-allow-origin");
    assert_eq!(origin, Some("https://app.example.com"));
    let exposed = field(&friend, "access-control-expose-headers");
    assert_eq!(exposed, Some("x-total"));
    let stranger = told(&host, &mut filter, "https://evil.example", &careless);
    for name in [
        "access-control-allow-origin",
        "access-control-allow-credentials",
        "access-control-expose-headers",
    ] {
        assert_eq!(field(&stranger, name), None, "{name}");
    }
    // A cache that knows of `Vary: Origin` gives nobody another's answer.
    let cautious = told(&host, &mut filter, "https://evil.example", &[]);
    assert_eq!(field(&cautious, "vary"), Some("Origin"));
}

#[test]
fn it_sees_both_heads_and_waits_for_nobody() {
    let filter = start(&Host::new());
    let interest = filter.interest();
    assert!(interest.request && interest.response);
    assert!(!filter.waits());
}

#[test]
fn nonsense_is_refused_with_its_key() {
    for (config, expected) in [
        ("{}", "missing field `allow_origins`"),
        (
            r#"{"allow_origins": ["*"], "credentials": true}"#,
            "credentials: cannot be true for every origin",
        ),
        (
            r#"{"allow_origins": ["app.example.com"]}"#,
            "allow_origins[0]: ",
        ),
        (
            r#"{"allow_origins": ["*"], "origins": []}"#,
            "origins: unknown field",
        ),
    ] {
        let refused = Host::new().filter(&component(), config);
        let Err(LoadError::Refused(why)) = refused else {
            panic!("{config}: {refused:?}");
        };
        assert!(why.starts_with(expected), "{why}");
    }
}
