use tidegate_sdk::testing::{Host, Request};

use super::*;

/// Of `abc`.
const HASH: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

fn config(more: &str) -> String {
    format!(r#"{{"keys": {{"billing": "{HASH}"}}{more}}}"#)
}

#[test]
fn who_has_a_key_is_known_by_name() {
    let host = Host::new();
    let mut filter = host.filter::<ApiKey>(&config("")).unwrap();
    host.request(Request::get("/").header("X-Api-Key", "abc"));
    filter.on_request();
    assert_eq!(request::attribute("api_key").as_deref(), Some("billing"));
    assert!(request::header("x-api-key").is_some());
}

#[test]
fn the_others_get_401() {
    let host = Host::new();
    let mut filter = host
        .filter::<ApiKey>(&config(r#", "realm": "partners""#))
        .unwrap();
    for request in [
        Request::get("/"),
        Request::get("/").header("x-api-key", "abd"),
        Request::get("/").header("x-api-key", ""),
        Request::get("/").header("x-api-key", HASH),
        Request::get("/?x-api-key=abc"),
    ] {
        host.request(request);
        filter.on_request();
        assert_eq!(response::status(), 401);
        let challenge = response::header("www-authenticate");
        assert_eq!(
            challenge.as_deref(),
            Some(&b"ApiKey realm=\"partners\""[..])
        );
    }
}

#[test]
fn a_key_may_be_in_the_query() {
    let host = Host::new();
    let mut filter = host
        .filter::<ApiKey>(&config(r#", "query": "key""#))
        .unwrap();
    host.request(Request::get("/?a=b&key=%61bc"));
    assert!(matches!(filter.on_request(), Verdict::Edit(_)));
    host.request(Request::get("/").header("x-api-key", "abc"));
    assert!(matches!(filter.on_request(), Verdict::Answer(_)));
}

#[test]
fn the_endpoint_need_not_see_it() {
    let host = Host::new();
    let config = config(r#", "forward": false, "header": "X-Key""#);
    let mut filter = host.filter::<ApiKey>(&config).unwrap();
    host.request(Request::get("/").header("x-key", "abc"));
    filter.on_request();
    assert_eq!(request::header("x-key"), None);
    assert_eq!(request::attribute("api_key").as_deref(), Some("billing"));
}

#[test]
fn nonsense_is_refused_with_what_to_write() {
    let nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    for (config, why) in [
        ("{}".to_owned(), "missing field `keys`"),
        (r#"{"keys": {}}"#.to_owned(), "keys: nobody has a key"),
        (
            r#"{"keys": {"a": "secret"}}"#.to_owned(),
            "keys.a: not a SHA-256 in hexadecimal",
        ),
        (
            format!(r#"{{"keys": {{"a": "{nothing}"}}}}"#),
            "keys.a: this is the hash of nothing",
        ),
        (
            format!(r#"{{"keys": {{"a": "{HASH}", "b": "{HASH}"}}}}"#),
            "keys.b: is the key of `a` too",
        ),
        (
            config(r#", "header": "a", "query": "b""#),
            "exclude each other",
        ),
        (config(r#", "query": """#), "query: a name is missing"),
        (
            config(r#", "query": "a", "forward": false"#),
            "forward: only a header",
        ),
        (
            config(r#", "header": "host""#),
            "header: the field `host` belongs",
        ),
        (config(r#", "realm": "a\"b""#), "realm: "),
        (config(r#", "name": "a""#), "name: unknown field"),
    ] {
        let refused = Host::new().filter::<ApiKey>(&config).unwrap_err();
        assert!(refused.contains(why), "{config}: {refused}");
    }
}
