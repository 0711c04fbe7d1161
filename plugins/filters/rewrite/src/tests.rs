use tidegate_sdk::testing::{Host, Request};

use super::*;

/// What becomes of each path and query.
fn rewritten(config: &str, targets: &[&str]) -> Vec<String> {
    let host = Host::new();
    let mut filter = host.filter::<Rewrite>(config).unwrap();
    let targets = targets.iter().map(|target| {
        host.request(Request::get(target));
        filter.on_request();
        match request::query() {
            Some(query) => format!("{}?{query}", request::path()),
            None => request::path(),
        }
    });
    targets.collect()
}

#[test]
fn a_prefix_is_made_of_whole_segments() {
    let config = r#"{"prefix": {"from": "/api", "to": "/v1"}}"#;
    let targets = ["/api", "/api/", "/api/x?q=1", "/apix", "/", "/a/api"];
    let expected = ["/v1", "/v1/", "/v1/x?q=1", "/apix", "/", "/a/api"];
    assert_eq!(rewritten(config, &targets), expected);
}

#[test]
fn slashes_at_the_end_make_no_difference() {
    for (from, to) in [("/api", "/"), ("/api/", "/")] {
        let config = format!(r#"{{"prefix": {{"from": "{from}", "to": "{to}"}}}}"#);
        let targets = ["/api", "/api/", "/api/x", "/api//x"];
        assert_eq!(rewritten(&config, &targets), ["/", "/", "/x", "//x"]);
    }
    let config = r#"{"prefix": {"from": "/", "to": "/site/"}}"#;
    assert_eq!(rewritten(config, &["/", "/x"]), ["/site/", "/site/x"]);
}

#[test]
fn a_query_of_the_replacement_is_the_query() {
    let config = r#"{"prefix": {"from": "/a", "to": "/b?c=d"}}"#;
    assert_eq!(
        rewritten(config, &["/a/x?q=1", "/a"]),
        ["/b/x?c=d", "/b?c=d"]
    );
    let config = r#"{"regex": {"pattern": "^/users/([0-9]+)$", "replacement": "/user?id=$1"}}"#;
    let targets = ["/users/17?q=1", "/users/x?q=1"];
    assert_eq!(rewritten(config, &targets), ["/user?id=17", "/users/x?q=1"]);
}

#[test]
fn a_pattern_changes_its_first_match() {
    let config = r#"{"regex": {"pattern": "/(?<lang>de|en)/", "replacement": "/${lang}_x/$$/"}}"#;
    let targets = ["/a/de/en/?q", "/fr/"];
    assert_eq!(rewritten(config, &targets), ["/a/de_x/$/en/?q", "/fr/"]);
    let config = r#"{"regex": {"pattern": "^/old(.*)", "replacement": "$1"}}"#;
    assert_eq!(
        rewritten(config, &["/old", "/old/a", "/olda"]),
        ["/", "/a", "/a"]
    );
}

#[test]
fn a_request_that_does_not_match_passes() {
    let host = Host::new();
    let config = r#"{"prefix": {"from": "/api", "to": "/v1"}}"#;
    let mut filter = host.filter::<Rewrite>(config).unwrap();
    host.request(Request::get("/"));
    assert_eq!(filter.on_request(), Verdict::Pass);
}

#[test]
fn a_path_that_becomes_too_long_is_refused() {
    let host = Host::new();
    let config = r#"{"prefix": {"from": "/a", "to": "/longer"}}"#;
    let mut filter = host.filter::<Rewrite>(config).unwrap();
    host.request(Request::get(&format!("/a/{}?q", "x".repeat(8182))));
    assert!(matches!(filter.on_request(), Verdict::Edit(_)));
    host.request(Request::get(&format!("/a/{}?q", "x".repeat(8183))));
    filter.on_request();
    assert_eq!(response::status(), 414);
}

#[test]
fn nonsense_is_refused_with_its_key() {
    for (config, why) in [
        ("{}", "nothing is rewritten"),
        (
            r#"{"prefix": {"from": "/a", "to": "/b"}, "regex": {"pattern": "", "replacement": ""}}"#,
            "exclude",
        ),
        (
            r#"{"prefix": {"from": "a", "to": "/b"}}"#,
            "prefix.from: the path `a` does not begin",
        ),
        (
            r#"{"prefix": {"from": "/a", "to": "/ü"}}"#,
            "prefix.to: the path `/ü` is not percent-encoded",
        ),
        (
            r#"{"prefix": {"from": "/a?b", "to": "/b"}}"#,
            "prefix.from: is compared",
        ),
        (r#"{"prefix": {"from": "/a"}}"#, "missing field `to`"),
        (
            r#"{"regex": {"pattern": "(", "replacement": "/"}}"#,
            "regex.pattern: ",
        ),
        (
            r#"{"regex": {"pattern": "(a)", "replacement": "/$2"}}"#,
            "no group `2`",
        ),
        (
            r#"{"regex": {"pattern": "(a)", "replacement": "/$1x"}}"#,
            "no group `1x`",
        ),
        (
            r#"{"regex": {"pattern": "(a)", "replacement": "/${1"}}"#,
            "a `${` has no `}`",
        ),
        (
            r#"{"regex": {"pattern": "(a)", "replacement": "/$"}}"#,
            "a dollar sign is $$",
        ),
        (
            r#"{"regex": {"pattern": "(a)", "replacement": "/a b"}}"#,
            "percent-encoded",
        ),
        (r#"{"regexp": {}}"#, "regexp: unknown field"),
    ] {
        let refused = Host::new().filter::<Rewrite>(config).unwrap_err();
        assert!(refused.contains(why), "{config}: {refused}");
    }
}
