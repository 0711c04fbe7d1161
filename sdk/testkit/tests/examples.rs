//! The examples in Rust, built as their READMEs say and run in the sandbox. Each has scenarios of its
//! own (`tests/e2e/examples_rust.rs` runs them); here is what no scenario of one plugin can show.

use std::sync::LazyLock;

use tidegate_testkit::{Component, FilterPlugin, Host, Plugin, Request, World, endpoints};

static LLM_DEPTHS: LazyLock<Component> = LazyLock::new(|| built("llm-picker/llm-depths"));
static LLM_PICKER: LazyLock<Component> = LazyLock::new(|| built("llm-picker/llm-picker"));

fn built(example: &str) -> Component {
    let folder = format!("{}/../../examples/{example}", env!("CARGO_MANIFEST_DIR"));
    Component::build(folder, "release").unwrap_or_else(|problem| panic!("{problem}"))
}

#[test]
fn every_example_is_a_component_that_the_sandbox_takes() {
    for (example, world) in [
        ("zone-aware", World::Selector),
        ("request-signing", World::Filter),
        ("bot-filter", World::Filter),
        ("ab-split", World::Filter),
    ] {
        let found = built(example).world();
        let found = found.unwrap_or_else(|problem| panic!("{example}: {problem}"));
        assert!(found == world, "{example}");
    }
    assert!(LLM_DEPTHS.world().unwrap() == World::Filter);
    assert!(LLM_PICKER.world().unwrap() == World::Selector);
}

#[test]
fn what_the_filter_hears_the_selector_weighs() {
    let host = Host::new();
    let list = endpoints(3);
    let config = r#"{"key": {"header": "x-prefix-key"}}"#;
    let mut depths = host.filter(&LLM_DEPTHS, config).unwrap();
    let picker = host.plugin(&LLM_PICKER, r#"{"margin": 4}"#, &list).unwrap();

    let home = ask(&host, &mut depths, &picker);
    let address = &list[home as usize].address;
    report(&host, &mut depths, address, "5");
    let next = ask(&host, &mut depths, &picker);
    assert_ne!(next, home, "it is beyond the margin");
    report(&host, &mut depths, address, "4");
    assert_eq!(ask(&host, &mut depths, &picker), home);
    report(&host, &mut depths, address, "99999999999");
    assert_eq!(
        ask(&host, &mut depths, &picker),
        next,
        "the next in its order"
    );
}

/// A request with one prefix, on its way through the filter to the selector.
fn ask(host: &Host, depths: &mut FilterPlugin, picker: &Plugin) -> u32 {
    host.request(Request::get("/").header("x-prefix-key", "system-prompt-7"));
    depths.next();
    depths.on_request().unwrap();
    picker.pick().unwrap()
}

/// The answer to it, by that endpoint.
fn report(host: &Host, depths: &mut FilterPlugin, endpoint: &str, depth: &str) {
    let fields = [("x-queue-depth".to_owned(), depth.as_bytes().to_vec())];
    let answered = host.exchange().answered(200, &fields);
    host.request(answered.from_endpoint(Some(endpoint)));
    depths.on_response().unwrap();
}
