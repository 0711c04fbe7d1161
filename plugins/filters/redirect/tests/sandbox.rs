//! The built component in the proxy's sandbox.

use tidegate_testkit::{Component, Host, LoadError, Reply, Request, Verdict, build};

fn component() -> Component {
    build!("plugin")
}

fn answered(config: &str, request: Request) -> Reply {
    let host = Host::new();
    let mut filter = host.filter(&component(), config).unwrap();
    host.request(request);
    match filter.on_request().unwrap() {
        Verdict::Answer(reply) => reply,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_client_is_sent_where_the_file_says() {
    let config = r#"{"to": "https://{host}{path}{query}", "status": 308}"#;
    let request = Request::get("/a%20b?c=d").authority("example.com:8080");
    let reply = answered(config, request);
    assert_eq!(reply.status, 308);
    let location = reply.field("location");
    assert_eq!(location, Some(&b"https://example.com/a%20b?c=d"[..]));
}

#[test]
fn a_path_leads_to_no_other_host() {
    for path in ["//evil.example", "///evil.example/a", "/"] {
        let reply = answered(r#"{"to": "{path}"}"#, Request::get(path));
        let location = reply.field("location").unwrap();
        assert_eq!(location[0], b'/');
        assert_ne!(location.get(1), Some(&b'/'), "{path}");
    }
    let homeless = Request::get("/").authority("");
    let reply = answered(r#"{"to": "https://{host}/"}"#, homeless);
    assert_eq!((reply.status, reply.field("location")), (400, None));
}

#[test]
fn the_longest_target_of_a_request_is_no_fault() {
    let long = format!("/{}", "x".repeat(8_000));
    let reply = answered(r#"{"to": "/new{path}"}"#, Request::get(&long));
    let location = reply.field("location").unwrap();
    assert_eq!(location, format!("/new{long}").as_bytes());
}

#[test]
fn it_is_called_for_requests_alone_and_waits_for_nobody() {
    let filter = Host::new()
        .filter(&component(), r#"{"to": "/new"}"#)
        .unwrap();
    let interest = filter.interest();
    assert!(interest.request && !interest.response);
    assert!(!filter.waits());
}

#[test]
fn nonsense_is_refused_with_its_key() {
    for (config, expected) in [
        ("{}", "missing field `to`"),
        (r#"{"to": "example.com"}"#, "to: `example.com` does not"),
        (
            r#"{"to": "/a", "status": 200}"#,
            "status: 200 is not that of a redirect",
        ),
        (r#"{"to": "/a", "from": "/b"}"#, "from: unknown field"),
    ] {
        let refused = Host::new().filter(&component(), config);
        let Err(LoadError::Refused(why)) = refused else {
            panic!("{config}: {refused:?}");
        };
        assert!(why.starts_with(expected), "{why}");
    }
}
