//! The logic by plain `cargo test`: the SDK's fakes stand for the host.

use tidegate_sdk::testing::{Host, Plugin, Request, endpoints};

use super::*;

const CONFIG: &str = r#"{"header": "x-canary", "value": "1", "label": {"version": "canary"}}"#;

/// Positions 2 and 3 of four are the canary.
fn four_endpoints() -> Vec<Endpoint> {
    let mut list = endpoints(4);
    for endpoint in &mut list[2..] {
        endpoint
            .labels
            .push(("version".to_owned(), "canary".to_owned()));
    }
    list
}

fn configured(host: &Host, list: &[Endpoint]) -> Plugin<HeaderCanary> {
    let mut selector = host.plugin::<HeaderCanary>(CONFIG).unwrap();
    selector.update(list);
    selector
}

#[test]
fn the_header_decides_the_group_and_the_group_takes_turns() {
    let host = Host::new();
    let mut selector = configured(&host, &four_endpoints());
    host.request(Request::get("/"));
    assert_eq!(selector.tally(10), [5, 5, 0, 0]);
    host.request(Request::get("/").header("X-Canary", "1"));
    assert_eq!(selector.tally(10), [0, 0, 5, 5]);
    host.request(Request::get("/").header("x-canary", "0"));
    assert_eq!(selector.tally(10), [5, 5, 0, 0]);
}

#[test]
fn without_a_value_any_will_do() {
    let host = Host::new();
    let config = r#"{"header": "x-canary", "label": {"version": "canary"}}"#;
    let mut selector = host.plugin::<HeaderCanary>(config).unwrap();
    selector.update(&four_endpoints());
    host.request(Request::get("/").header("x-canary", "anything"));
    assert_eq!(selector.tally(10), [0, 0, 5, 5]);
}

#[test]
fn the_least_loaded_of_the_group_is_chosen() {
    let host = Host::new();
    let mut selector = configured(&host, &four_endpoints());
    host.in_flight(&[3, 2, 0, 0]);
    assert_eq!(selector.pick(), Some(1));
}

#[test]
fn the_other_group_serves_when_one_cannot() {
    let host = Host::new();
    let mut selector = configured(&host, &four_endpoints());
    host.request(Request::get("/").header("x-canary", "1"));
    host.exclude(&[2, 3]);
    assert_eq!(selector.tally(10), [5, 5, 0, 0]);
    host.exclude(&[0, 1, 2, 3]);
    assert_eq!(selector.pick(), None);
}

#[test]
fn a_missing_canary_is_told_to_the_operator() {
    let host = Host::new();
    let mut selector = configured(&host, &endpoints(2));
    host.request(Request::get("/").header("x-canary", "1"));
    assert_eq!(selector.tally(10), [5, 5]);
    let (level, line) = host.lines().remove(0);
    assert_eq!(level, log::Level::Warn);
    assert!(line.contains("canary"), "{line}");
}

#[test]
fn a_draining_endpoint_takes_nothing_new() {
    let host = Host::new();
    let mut list = four_endpoints();
    list[2].draining = true;
    let mut selector = configured(&host, &list);
    host.request(Request::get("/").header("x-canary", "1"));
    assert_eq!(selector.tally(10), [0, 0, 0, 10]);
}

#[test]
fn nonsense_is_refused_with_its_key() {
    let host = Host::new();
    for (config, expected) in [
        (r#"{"header": "a"}"#, "missing field `label`"),
        (r#"{"header": "", "label": {"a": "b"}}"#, "header: a name"),
        (
            r#"{"header": "a", "label": {}}"#,
            "label: write at least one",
        ),
        (
            r#"{"header": "a", "label": {"a": 1}}"#,
            "label.a: invalid type",
        ),
        (
            r#"{"header": "a", "label": {"a": "b"}, "vlaue": "1"}"#,
            "vlaue: unknown field",
        ),
    ] {
        let refused = host.plugin::<HeaderCanary>(config).unwrap_err();
        assert!(refused.starts_with(expected), "{refused}");
    }
}
