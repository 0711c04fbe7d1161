//! The example plugin, built as its README says and run in the sandbox. The example stands
//! alone, so that it can be copied; its test in the sandbox is here, where the sandbox is
//! compiled anyway.

use std::sync::LazyLock;

use tidegate_testkit::{Component, Endpoint, Host, Level, LoadError, Request, endpoints};

static HEADER_CANARY: LazyLock<Component> = LazyLock::new(|| {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/header-canary");
    Component::build(folder, "release").unwrap_or_else(|problem| panic!("{problem}"))
});

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

#[test]
fn the_header_decides_the_group_and_the_least_loaded_of_it_is_chosen() {
    let host = Host::new();
    let selector = host
        .plugin(&HEADER_CANARY, CONFIG, &four_endpoints())
        .unwrap();
    host.in_flight(&[1, 0, 0, 3]);
    assert_eq!(selector.pick(), Some(1));
    host.request(Request::get("/").header("X-Canary", "1"));
    assert_eq!(selector.pick(), Some(2));
    host.exclude(&[2, 3]);
    assert_eq!(
        selector.pick(),
        Some(1),
        "the other group serves when one cannot"
    );
}

#[test]
fn a_missing_canary_is_told_to_the_operator() {
    let host = Host::new();
    host.plugin(&HEADER_CANARY, CONFIG, &endpoints(2)).unwrap();
    let (level, line) = host.lines().remove(0);
    assert_eq!(level, Level::Warn);
    assert!(line.contains("no endpoint has the labels"), "{line}");
}

#[test]
fn a_misspelt_key_refuses_the_file() {
    let config = CONFIG.replace("value", "vlaue");
    let refused = Host::new()
        .plugin(&HEADER_CANARY, &config, &endpoints(2))
        .unwrap_err();
    let LoadError::Refused(why) = refused else {
        panic!("{refused}");
    };
    assert!(why.starts_with("vlaue: unknown field"), "{why}");
}
