use tidegate_sdk::http_client::Failure;
use tidegate_sdk::testing::{FilterPlugin, Host, Request};

use super::*;

const CONFIG: &str = r#"{"upstream": "auth", "path": "/check?v=1", "copy": ["X-User", "x-roles"]}"#;

fn filter(host: &Host, config: &str) -> FilterPlugin<ExtAuth> {
    host.filter(config).unwrap()
}

fn spoofing() -> Request {
    Request::new("PUT", "/a?b=c")
        .header("authorization", "Bearer t")
        .header("x-secret", "s")
        .header("x-user", "root")
        .header("x-roles", "admin")
}

#[test]
fn the_service_is_told_what_the_client_asked_for() {
    let host = Host::new();
    let mut filter = filter(&host, CONFIG);
    host.answers("auth", |_| Ok(Reply::new(200)));
    host.request(spoofing().client("192.0.2.7").authority("example.com"));
    filter.on_request();
    let [asked] = &host.callouts()[..] else {
        panic!("one question");
    };
    assert_eq!(
        (&*asked.method, &*asked.path_and_query),
        ("GET", "/check?v=1")
    );
    let fields: Vec<(&str, &str)> = asked
        .headers
        .iter()
        .map(|(name, value)| (&**name, std::str::from_utf8(value).unwrap()))
        .collect();
    let expected = [
        ("x-original-method", "PUT"),
        ("x-original-path", "/a?b=c"),
        ("x-original-host", "example.com"),
        ("x-original-client", "192.0.2.7"),
        ("authorization", "Bearer t"),
    ];
    assert_eq!(fields, expected);
}

#[test]
fn the_endpoint_learns_from_the_service_and_not_from_the_client() {
    let host = Host::new();
    let mut filter = filter(&host, CONFIG);
    host.answers("auth", |_| {
        let reply = Reply::new(204)
            .header("X-Roles", "reader")
            .header("x-roles", "writer");
        Ok(reply.header("x-other", "1"))
    });
    host.request(spoofing());
    filter.on_request();
    let fields = request::headers();
    let roles: Vec<&[u8]> = fields
        .iter()
        .filter(|(name, _)| name == "x-roles")
        .map(|(_, value)| &value[..])
        .collect();
    assert_eq!(roles, [&b"reader"[..], b"writer"]);
    assert_eq!(
        (request::header("x-user"), request::header("x-other")),
        (None, None)
    );
}

#[test]
fn a_refusal_is_the_clients() {
    let host = Host::new();
    let mut asking = filter(&host, CONFIG);
    host.answers("auth", |_| {
        let reply = Reply::new(401)
            .header("www-authenticate", "Bearer")
            .text("who?");
        let reply = reply
            .header("content-length", "4")
            .header("connection", "close");
        Ok((0..100).fold(reply, |reply, i| {
            reply.header(format!("x-{i}"), "x".repeat(300))
        }))
    });
    let Verdict::Answer(reply) = asking.on_request() else {
        panic!("an answer");
    };
    assert_eq!((reply.status, &reply.body[..]), (401, &b"who?"[..]));
    assert_eq!(reply.field("www-authenticate"), Some(&b"Bearer"[..]));
    assert_eq!(
        (reply.field("content-length"), reply.field("connection")),
        (None, None)
    );

    host.answers("auth", |_| Ok(Reply::new(302).header("location", "/login")));
    asking.on_request();
    assert_eq!(response::status(), 503, "not unless it is written");
    let config = r#"{"upstream": "auth", "pass_on": [302]}"#;
    filter(&host, config).on_request();
    assert_eq!(
        response::header("location").as_deref(),
        Some(&b"/login"[..])
    );
}

#[test]
fn without_an_answer_nobody_passes() {
    let host = Host::new();
    let mut asking = filter(&host, CONFIG);
    asking.on_request();
    assert_eq!(response::status(), 503);
    let (_, line) = host.lines().pop().unwrap();
    assert!(line.contains("grant does not name"), "{line}");
    let many = (0..64).fold(Reply::new(200), |reply, _| reply.header("x-roles", "a"));
    for answer in [
        Ok(Reply::new(200).header("x-user", "x".repeat(16 << 10))),
        Ok(many),
        Ok(Reply::new(500)),
        Ok(Reply::new(404)),
        Err(Failure::TimedOut),
    ] {
        host.request(spoofing());
        host.answers("auth", move |_| answer.clone());
        asking.on_request();
        assert_eq!(response::status(), 503);
    }
}

#[test]
fn on_error_allow_lets_in_and_names_nobody() {
    let host = Host::new();
    let config = CONFIG.replace('}', r#", "on_error": "allow", "timeout": "50ms"}"#);
    let mut filter = filter(&host, &config);
    host.answers("auth", |outgoing| {
        assert_eq!(outgoing.timeout, 50);
        Err(Failure::Unavailable)
    });
    host.request(spoofing());
    assert!(matches!(filter.on_request(), Verdict::Edit(_)));
    assert_eq!(
        (request::header("x-user"), request::header("x-roles")),
        (None, None)
    );
    host.answers("auth", |_| Ok(Reply::new(403)));
    filter.on_request();
    assert_eq!(response::status(), 403, "an answer is an answer");
}

#[test]
fn nonsense_is_refused_with_what_to_write() {
    for (config, why) in [
        ("{}", "missing field `upstream`"),
        (r#"{"upstream": ""}"#, "upstream: a name is missing"),
        (
            r#"{"upstream": "a", "path": "check"}"#,
            "does not begin with a slash",
        ),
        (
            r#"{"upstream": "a", "method": "PUT"}"#,
            "expected one of `GET`, `HEAD`, `POST`",
        ),
        (
            r#"{"upstream": "a", "send": ["host"]}"#,
            "send: the field `host` belongs to the host",
        ),
        (
            r#"{"upstream": "a", "send": ["X-Original-Path"]}"#,
            "send: `x-original-path` is what",
        ),
        (
            r#"{"upstream": "a", "copy": ["te"]}"#,
            "copy[0]: the field `te` belongs",
        ),
        (
            r#"{"upstream": "a", "pass_on": [200]}"#,
            "pass_on: 200 is not a refusal",
        ),
        (
            r#"{"upstream": "a", "on_error": "ignore"}"#,
            "expected `deny` or `allow`",
        ),
        (r#"{"upstream": "a", "timeout": 5}"#, "timeout"),
    ] {
        let refused = Host::new()
            .filter::<ExtAuth>(config)
            .err()
            .unwrap_or_else(|| panic!("{config}"));
        assert!(refused.contains(why), "{config}: {refused}");
    }
}
