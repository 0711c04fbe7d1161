//! The logic by plain `cargo test`: the SDK's fakes stand for the host.

use std::time::Duration;

use hmac::Mac;
use tidegate_sdk::testing::{FilterPlugin, Host, Request};

use super::*;

/// RFC 9421, B.1.5.
const SECRET: &str =
    "uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==";

fn configured(host: &Host, more: &str) -> FilterPlugin<Signing> {
    let config = format!(r#"{{"secret": "{SECRET}", "key_id": "test-shared-secret"{more}}}"#);
    host.filter(&config).unwrap()
}

fn field(name: &str) -> String {
    String::from_utf8(request::header(name).unwrap()).unwrap()
}

/// The signature as an endpoint would compute it over that base.
fn expected(base: &str) -> String {
    let Config { secret, .. } =
        tidegate_sdk::config::Config::parse(&format!(r#"{{"secret": "{SECRET}", "key_id": "k"}}"#))
            .unwrap();
    let mut mac = secret.begin();
    mac.update(base.as_bytes());
    let signature = Base64::encode_string(&mac.finalize().into_bytes());
    format!("sig=:{signature}:")
}

/// RFC 9421, 2: the request of its examples.
fn example() -> Request {
    Request::new("POST", "/foo?param=Value&Pet=dog")
        .https()
        .authority("example.com")
        .header("date", "Tue, 20 Apr 2021 02:07:55 GMT")
        .header("content-type", "application/json")
}

#[test]
fn the_vector_of_the_rfc_comes_out() {
    let host = Host::new();
    let more = r#", "components": ["date", "@authority", "content-type"], "label": "sig-b25""#;
    let mut filter = configured(&host, more);
    host.set_wall(Duration::from_secs(1_618_884_473));
    host.request(example());
    filter.on_request();
    assert_eq!(
        field("signature-input"),
        r#"sig-b25=("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret""#
    );
    assert_eq!(
        field("signature"),
        "sig-b25=:pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=:"
    );
}

#[test]
fn method_authority_path_and_query_are_signed_unless_said_otherwise() {
    let host = Host::new();
    let mut filter = configured(&host, "");
    host.set_wall(Duration::from_secs(1_618_884_473));
    host.request(example());
    filter.on_request();
    let base = "\"@method\": POST\n\"@authority\": example.com\n\"@path\": /foo\n\
        \"@query\": ?param=Value&Pet=dog\n\"@signature-params\": \
        (\"@method\" \"@authority\" \"@path\" \"@query\");created=1618884473;keyid=\"test-shared-secret\"";
    assert_eq!(field("signature"), expected(base));
    host.request(Request::get("/"));
    filter.on_request();
    let base = base
        .replace("POST", "GET")
        .replace("example.com", "test.example");
    let base = base
        .replace("/foo", "/")
        .replace("?param=Value&Pet=dog", "?");
    assert_eq!(field("signature"), expected(&base));
}

#[test]
fn a_field_counts_with_all_its_values_and_one_that_is_missing_is_not_named() {
    let host = Host::new();
    let mut filter = configured(&host, r#", "components": ["X-A", "x-b", "@method"]"#);
    host.set_wall(Duration::from_secs(1));
    let request = Request::get("/")
        .header("x-a", " 1")
        .header("x-a", "")
        .header("X-A", b"\xff ");
    host.request(request);
    filter.on_request();
    let input = r#"("x-a" "@method");created=1;keyid="test-shared-secret""#;
    assert_eq!(field("signature-input"), format!("sig={input}"));
    let mut mac = filter.inner().config.secret.begin();
    mac.update(b"\"x-a\": 1, , \xff\n\"@method\": GET\n\"@signature-params\": ");
    mac.update(input.as_bytes());
    let signature = Base64::encode_string(&mac.finalize().into_bytes());
    assert_eq!(field("signature"), format!("sig=:{signature}:"));
}

#[test]
fn a_date_is_written_where_the_client_wrote_none() {
    let host = Host::new();
    let mut filter = configured(&host, r#", "components": ["date"]"#);
    host.set_wall(Duration::from_secs(1_618_884_475));
    host.request(Request::get("/"));
    filter.on_request();
    let date = "Tue, 20 Apr 2021 02:07:55 GMT";
    assert_eq!(field("date"), date);
    let params = r#""@signature-params": ("date");created=1618884475;keyid="test-shared-secret""#;
    assert_eq!(
        field("signature"),
        expected(&format!("\"date\": {date}\n{params}"))
    );
    host.request(Request::get("/").header("date", "yesterday"));
    filter.on_request();
    assert_eq!(
        field("signature"),
        expected(&format!("\"date\": yesterday\n{params}"))
    );
}

#[test]
fn a_client_cannot_bring_a_signature() {
    let host = Host::new();
    let mut filter = configured(&host, "");
    let forged = Request::get("/")
        .header("signature", "sig=:AAAA:")
        .header("signature", "x=:AA:");
    host.request(forged.header("signature-input", "sig=();created=1"));
    filter.on_request();
    let fields = request::headers();
    let of = |name| fields.iter().filter(|(field, _)| field == name).count();
    assert_eq!((of("signature"), of("signature-input")), (1, 1));
    assert!(!field("signature").contains("AAAA"));
}

#[test]
fn huge_fields_are_signed_and_not_repeated() {
    let host = Host::new();
    let mut filter = configured(&host, r#", "components": ["cookie"]"#);
    host.request(Request::get("/").header("cookie", "c".repeat(100_000)));
    filter.on_request();
    assert!(field("signature-input").len() < 200);
}

#[test]
fn nonsense_is_refused_with_its_key_and_the_secret_is_not_shown() {
    let host = Host::new();
    let with = |more: &str| format!(r#"{{"secret": "{SECRET}", "key_id": "k", {more}}}"#);
    for (config, expected) in [
        (r#"{"key_id": "k"}"#.to_owned(), "missing field `secret`"),
        (
            r#"{"secret": "c2hvcnQ=", "key_id": "k"}"#.to_owned(),
            "secret: must be base64",
        ),
        (
            r#"{"secret": "hunter2 hunter2", "key_id": "k"}"#.to_owned(),
            "secret: must be base64",
        ),
        (
            r#"{"secret": 12345, "key_id": "k"}"#.to_owned(),
            "secret: must be base64",
        ),
        (
            format!(r#"{{"secret": "{SECRET}", "key_id": ""}}"#),
            "key_id: write by which",
        ),
        (
            format!(r#"{{"secret": "{SECRET}", "key_id": "a\"b"}}"#),
            "key_id: `a\\\"b`",
        ),
        (with(r#""components": []"#), "components: write from 1"),
        (
            with(r#""components": ["@path", "@path"]"#),
            "components[1]: `@path` is there twice",
        ),
        (
            with(r#""components": ["@target-uri"]"#),
            "components[0]: `@target-uri` is none of",
        ),
        (
            with(r#""components": ["x-forwarded-for"]"#),
            "components[0]: `x-forwarded-for` is not",
        ),
        (
            with(r#""components": ["a b"]"#),
            "components[0]: `a b` is not a field name",
        ),
        (with(r#""label": "a b""#), "label: must be small"),
        (with(r#""algorithm": "none""#), "algorithm: unknown field"),
    ] {
        let refused = host.filter::<Signing>(&config).map(|_| ()).unwrap_err();
        assert!(refused.starts_with(expected), "{refused}");
        for secret in ["hunter2", "c2hvcnQ", "12345", &SECRET[..9]] {
            assert!(!refused.contains(secret), "{refused}");
        }
    }
}
