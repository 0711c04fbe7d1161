use tidegate_sdk::testing::{Host, Request};

use super::*;

fn location(config: &str, request: Request) -> String {
    let host = Host::new();
    let mut filter = host.filter::<Redirect>(config).unwrap();
    host.request(request);
    filter.on_request();
    String::from_utf8(response::header("location").unwrap()).unwrap()
}

fn to(to: &str, request: Request) -> String {
    location(&format!(r#"{{"to": "{to}"}}"#), request)
}

#[test]
fn placeholders_are_parts_of_the_request() {
    let request = || Request::get("/a/b?c=d").authority("example.com:8080");
    for (template, expected) in [
        ("https://{host}{path}{query}", "https://example.com/a/b?c=d"),
        (
            "https://www.{host}:8443{path}",
            "https://www.example.com:8443/a/b",
        ),
        (
            "https://other.example{path}{query}#top",
            "https://other.example/a/b?c=d#top",
        ),
        ("/new{path}?from=old", "/new/a/b?from=old"),
        ("{path}/index.html", "/a/b/index.html"),
        ("https://example.com", "https://example.com"),
    ] {
        assert_eq!(to(template, request()), expected);
    }
    let without = Request::get("/a").authority("[2001:db8::1]");
    assert_eq!(
        to("https://{host}{path}{query}", without),
        "https://[2001:db8::1]/a"
    );
}

#[test]
fn the_status_is_307_or_what_is_written() {
    let host = Host::new();
    for (config, status) in [
        (r#"{"to": "/"}"#, 307),
        (r#"{"to": "/", "status": 301}"#, 301),
    ] {
        host.filter::<Redirect>(config).unwrap().on_request();
        assert_eq!(response::status(), status);
    }
}

#[test]
fn a_path_does_not_lead_to_another_host() {
    for path in ["//evil.example/a", "///evil.example/a", "/\\evil.example/a"] {
        assert_eq!(to("{path}", Request::get(path)), "/evil.example/a");
        assert_eq!(to("/{path}", Request::get(path)), "/evil.example/a");
    }
    assert_eq!(
        to("https://a.example{path}", Request::get("//b")),
        "https://a.example//b"
    );
}

#[test]
fn without_a_host_there_is_no_address() {
    let host = Host::new();
    let mut filter = host
        .filter::<Redirect>(r#"{"to": "https://{host}/"}"#)
        .unwrap();
    host.request(Request::get("/").authority(""));
    filter.on_request();
    assert_eq!(response::status(), 400);
}

#[test]
fn an_address_that_would_be_too_long_is_not_given() {
    let host = Host::new();
    let mut filter = host.filter::<Redirect>(r#"{"to": "/a{path}"}"#).unwrap();
    for (length, status) in [(15_997, 307), (15_998, 414)] {
        host.request(Request::get(&format!("/{}", "x".repeat(length))));
        filter.on_request();
        assert_eq!(response::status(), status);
    }
}

#[test]
fn nonsense_is_refused_with_what_to_write() {
    for (config, why) in [
        ("{}", "missing field `to`"),
        (
            r#"{"to": "example.com"}"#,
            "to: `example.com` does not begin with https://",
        ),
        (
            r#"{"to": "javascript:alert(1)"}"#,
            "does not begin with https://",
        ),
        (r#"{"to": "https://{path}"}"#, "a host is missing"),
        (r#"{"to": "https:///a"}"#, "a host is missing"),
        (r#"{"to": "/a{uri}"}"#, "there is no `{uri}`: write {path}"),
        (r#"{"to": "/a{path"}"#, "there is no `{path`"),
        (r#"{"to": "/a}"}"#, "`}` cannot stand in an address"),
        (r#"{"to": "/a b"}"#, "` ` cannot stand in an address"),
        (r#"{"to": "/a?{query}"}"#, "brings its question mark"),
        (
            r#"{"to": "/", "status": 200}"#,
            "status: 200 is not that of a redirect",
        ),
        (r#"{"to": "/", "code": 301}"#, "code: unknown field"),
    ] {
        let refused = Host::new().filter::<Redirect>(config).unwrap_err();
        assert!(refused.contains(why), "{config}: {refused}");
    }
}
