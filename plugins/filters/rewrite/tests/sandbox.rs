//! The built component in the proxy's sandbox: what it writes is a target that the sandbox takes.

use tidegate_testkit::{Component, Host, LoadError, Request, RequestEdits, Verdict, build};

fn component() -> Component {
    build!("plugin")
}

fn rewritten(config: &str, target: &str) -> Verdict {
    let host = Host::new();
    let mut filter = host.filter(&component(), config).unwrap();
    host.request(Request::get(target));
    filter.on_request().unwrap()
}

fn to(target: &str) -> Verdict {
    Verdict::Edit(RequestEdits::new().path(target))
}

#[test]
fn a_prefix_and_a_pattern_make_targets_that_can_be_sent() {
    let prefix = r#"{"prefix": {"from": "/api", "to": "/"}}"#;
    let pattern = r#"{"regex": {"pattern": "^/users/([^/]+)$", "replacement": "/user?id=$1"}}"#;
    for (config, target, expected) in [
        (prefix, "/api/a%20b?q=1", to("/a%20b?q=1")),
        (prefix, "/api", to("/")),
        (prefix, "/apix", Verdict::Pass),
        (pattern, "/users/7", to("/user?id=7")),
        (pattern, "/users/%3Fa%23b", to("/user?id=%3Fa%23b")),
        (pattern, "/users/", Verdict::Pass),
    ] {
        assert_eq!(rewritten(config, target), expected, "{target}");
    }
}

#[test]
fn filters_in_a_row_see_each_others_work() {
    let host = Host::new();
    host.request(Request::get("/old/a"));
    for (config, expected) in [
        (r#"{"prefix": {"from": "/old", "to": "/new"}}"#, "/new/a"),
        (r#"{"prefix": {"from": "/new", "to": "/v2"}}"#, "/v2/a"),
    ] {
        let mut filter = host.filter(&component(), config).unwrap();
        assert_eq!(filter.on_request().unwrap(), to(expected));
    }
}

#[test]
fn a_pattern_made_to_take_long_is_done_within_the_deadline() {
    // Exponential in an engine that goes back.
    let config = r#"{"regex": {"pattern": "^/(a*)*b$", "replacement": "/"}}"#;
    let target = format!("/{}", "a".repeat(200));
    for _ in 0..5 {
        assert_eq!(rewritten(config, &target), Verdict::Pass);
    }
}

#[test]
fn it_is_called_for_requests_alone_and_waits_for_nobody() {
    let filter = Host::new()
        .filter(&component(), r#"{"prefix": {"from": "/a", "to": "/b"}}"#)
        .unwrap();
    let interest = filter.interest();
    assert!(interest.request && !interest.response);
    assert!(!filter.waits());
}

#[test]
fn nonsense_is_refused_with_its_key() {
    for (config, expected) in [
        ("{}", "nothing is rewritten"),
        (
            r#"{"prefix": {"from": "a", "to": "/b"}}"#,
            "prefix.from: the path `a`",
        ),
        (
            r#"{"regex": {"pattern": "(", "replacement": "/"}}"#,
            "regex.pattern: ",
        ),
        (r#"{"prefixes": {}}"#, "prefixes: unknown field"),
    ] {
        let refused = Host::new().filter(&component(), config);
        let Err(LoadError::Refused(why)) = refused else {
            panic!("{config}: {refused:?}");
        };
        assert!(why.starts_with(expected), "{why}");
    }
}
