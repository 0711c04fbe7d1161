//! The built component in the proxy's sandbox.

use tidegate_testkit::{
    Component, FilterPlugin, Host, LoadError, Request, RequestEdits, Verdict, build,
};

/// Of `abc`.
const HASH: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

fn component() -> Component {
    build!("plugin")
}

fn config(more: &str) -> String {
    format!(r#"{{"keys": {{"billing": "{HASH}"}}{more}}}"#)
}

fn asked(host: &Host, filter: &mut FilterPlugin, request: Request) -> Verdict {
    filter.next();
    host.request(request);
    filter.on_request().unwrap()
}

#[test]
fn a_key_lets_in_and_names() {
    let host = Host::new();
    let mut filter = host
        .filter(&component(), &config(r#", "forward": false"#))
        .unwrap();
    let request = Request::get("/").header("X-Api-Key", "abc");
    let verdict = asked(&host, &mut filter, request);
    let edits = RequestEdits::new()
        .attribute("api_key", "billing")
        .remove("x-api-key");
    assert_eq!(verdict, Verdict::Edit(edits));
}

#[test]
fn nobody_else_gets_in() {
    let host = Host::new();
    let mut filter = host.filter(&component(), &config("")).unwrap();
    for request in [
        Request::get("/"),
        Request::get("/").header("x-api-key", "abd"),
        Request::get("/").header("x-api-key", b"\xff\xfe"),
        Request::get("/").header("x-api-key", HASH),
        Request::get("/?x-api-key=abc"),
        // What an earlier filter has left is not a key.
        Request::get("/").attribute("api_key", "billing"),
    ] {
        let Verdict::Answer(reply) = asked(&host, &mut filter, request) else {
            panic!("it got in");
        };
        assert_eq!(reply.status, 401);
        let challenge = reply.field("www-authenticate");
        assert_eq!(challenge, Some(&b"ApiKey realm=\"tidegate\""[..]));
    }
}

#[test]
fn a_thousand_keys_are_looked_through_within_the_deadline() {
    let keys: Vec<String> = (0..1_000)
        .map(|i| format!(r#""client-{i}": "{i:064x}""#))
        .collect();
    let config = format!(
        r#"{{"keys": {{"billing": "{HASH}", {}}}}}"#,
        keys.join(", ")
    );
    let host = Host::new();
    let mut filter = host.filter(&component(), &config).unwrap();
    for _ in 0..20 {
        let request = Request::get("/").header("x-api-key", "abc");
        let verdict = asked(&host, &mut filter, request);
        assert!(matches!(verdict, Verdict::Edit(_)), "{verdict:?}");
        let verdict = asked(&host, &mut filter, Request::get("/"));
        assert!(matches!(verdict, Verdict::Answer(_)), "{verdict:?}");
    }
}

#[test]
fn it_is_called_for_requests_alone_and_waits_for_nobody() {
    let filter = Host::new().filter(&component(), &config("")).unwrap();
    let interest = filter.interest();
    assert!(interest.request && !interest.response);
    assert!(!filter.waits());
}

#[test]
fn nonsense_is_refused_with_its_key() {
    for (config, expected) in [
        ("{}".to_owned(), "missing field `keys`"),
        (
            r#"{"keys": {"a": "secret"}}"#.to_owned(),
            "keys.a: not a SHA-256 in hexadecimal",
        ),
        (config(r#", "header": "host""#), "header: the field `host`"),
        (config(r#", "key": "a""#), "key: unknown field"),
    ] {
        let refused = Host::new().filter(&component(), &config);
        let Err(LoadError::Refused(why)) = refused else {
            panic!("{config}: {refused:?}");
        };
        assert!(why.starts_with(expected), "{why}");
    }
}
