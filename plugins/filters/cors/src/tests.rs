use tidegate_sdk::testing::{FilterPlugin, Host, Request, Response};

use super::*;

const CONFIG: &str = r#"{
    "allow_origins": ["https://app.example", "https://*.example.org"],
    "allow_methods": ["GET", "put"], "allow_headers": ["X-Token"], "expose_headers": ["x-total"],
    "credentials": true, "max_age": "10m"
}"#;

fn field(name: &str) -> Option<String> {
    response::header(name).map(|value| String::from_utf8(value).unwrap())
}

/// The names of the fields that allow something.
fn allowing() -> Vec<String> {
    let names = response::headers().into_iter().map(|(name, _)| name);
    names
        .filter(|name| name.starts_with("access-control-"))
        .collect()
}

fn preflight(host: &Host, filter: &mut FilterPlugin<Cors>, origin: &str) {
    let request = Request::new("OPTIONS", "/").header("origin", origin);
    host.request(request.header("access-control-request-method", "PUT"));
    assert!(matches!(filter.on_request(), Verdict::Answer(_)));
    filter.on_response();
    assert_eq!(response::status(), 204);
}

fn get(host: &Host, filter: &mut FilterPlugin<Cors>, origin: Option<&str>) {
    let request = Request::get("/");
    host.request(match origin {
        Some(origin) => request.header("origin", origin),
        None => request,
    });
    assert_eq!(filter.on_request(), Verdict::Pass);
    filter.on_response();
}

#[test]
fn a_preflight_is_answered_with_what_is_allowed() {
    let host = Host::new();
    let mut filter = host.filter::<Cors>(CONFIG).unwrap();
    preflight(&host, &mut filter, "https://a.example.org");
    for (name, value) in [
        ("access-control-allow-origin", "https://a.example.org"),
        ("access-control-allow-credentials", "true"),
        ("access-control-allow-methods", "GET, PUT"),
        ("access-control-allow-headers", "x-token"),
        ("access-control-max-age", "600"),
        ("vary", "Origin"),
    ] {
        assert_eq!(field(name).as_deref(), Some(value), "{name}");
    }
}

#[test]
fn a_preflight_of_a_stranger_allows_nothing() {
    let host = Host::new();
    let mut filter = host.filter::<Cors>(CONFIG).unwrap();
    for origin in [
        "https://example.org",
        &format!("https://{}.example.org", "a".repeat(500)),
    ] {
        preflight(&host, &mut filter, origin);
        assert!(allowing().is_empty());
    }
    assert_eq!(field("vary").as_deref(), Some("Origin"));
}

#[test]
fn a_response_says_who_may_have_it_in_place_of_the_endpoint() {
    let host = Host::new();
    let mut filter = host.filter::<Cors>(CONFIG).unwrap();
    let careless = Response::new(200).header("access-control-allow-origin", "*");
    host.response(careless.header("vary", "accept, ORIGIN"));
    get(&host, &mut filter, Some("https://app.example"));
    assert_eq!(
        field("access-control-allow-origin").as_deref(),
        Some("https://app.example")
    );
    assert_eq!(
        field("access-control-expose-headers").as_deref(),
        Some("x-total")
    );
    assert_eq!(field("access-control-allow-methods"), None);
    assert_eq!(
        response::headers()
            .iter()
            .filter(|(name, _)| name == "vary")
            .count(),
        1
    );
    for origin in [Some("https://evil.example"), Some("null"), None] {
        get(&host, &mut filter, origin);
        assert!(allowing().is_empty(), "{origin:?}");
    }
}

#[test]
fn every_origin_gets_the_same() {
    let host = Host::new();
    let config = r#"{"allow_origins": ["*"], "allow_headers": "*"}"#;
    let mut filter = host.filter::<Cors>(config).unwrap();
    preflight(&host, &mut filter, "https://any.example");
    assert_eq!(field("access-control-allow-origin").as_deref(), Some("*"));
    assert_eq!(
        field("access-control-allow-methods").as_deref(),
        Some("GET, HEAD, POST")
    );
    assert_eq!(
        field("access-control-allow-headers").as_deref(),
        Some("*, authorization")
    );
    assert_eq!(field("vary"), None);
    get(&host, &mut filter, None);
    assert_eq!(field("access-control-allow-origin").as_deref(), Some("*"));
}

#[test]
fn options_alone_are_no_preflight() {
    let host = Host::new();
    let mut filter = host.filter::<Cors>(CONFIG).unwrap();
    for request in [
        Request::new("OPTIONS", "/"),
        Request::new("OPTIONS", "/").header("origin", "https://app.example"),
        Request::get("/")
            .header("origin", "a")
            .header("access-control-request-method", "PUT"),
    ] {
        host.request(request);
        assert_eq!(filter.on_request(), Verdict::Pass);
    }
}

#[test]
fn nonsense_is_refused_with_what_to_write() {
    for (config, why) in [
        ("{}", "missing field `allow_origins`"),
        (r#"{"allow_origins": []}"#, "nobody is allowed"),
        (
            r#"{"allow_origins": ["*", "https://a.example"]}"#,
            "stands alone",
        ),
        (
            r#"{"allow_origins": ["*"], "credentials": true}"#,
            "credentials: cannot be true for every",
        ),
        (
            r#"{"allow_origins": ["a.example"]}"#,
            "allow_origins[0]: `a.example` is not an origin",
        ),
        (
            r#"{"allow_origins": ["https://a.example"], "allow_headers": "*", "credentials": true}"#,
            "list the fields",
        ),
        (
            r#"{"allow_origins": ["*"], "allow_headers": ["a b"]}"#,
            "a list of names of fields",
        ),
        (
            r#"{"allow_origins": ["*"], "allow_methods": ["a b"]}"#,
            "allow_methods[0]",
        ),
        (r#"{"allow_origins": ["*"], "max_age": 600}"#, "max_age"),
        (r#"{"allow_origin": ["*"]}"#, "unknown field `allow_origin`"),
    ] {
        let refused = Host::new().filter::<Cors>(config).unwrap_err();
        assert!(refused.contains(why), "{config}: {refused}");
    }
}
