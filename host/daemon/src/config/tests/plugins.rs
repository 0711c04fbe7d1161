//! What plugins may be given, and what happens when they fail.

use std::path::Path;
use std::time::Duration;

use super::{WEB, accept, refuse};
use crate::config::files;
use crate::config::value::{FilterFault, FilterFaults, Isolation, OnFault, Origin, Plugin};

/// The plugin with these keys, beside two upstreams that it may be granted.
fn plugin(keys: &str) -> Plugin {
    let config = accept(&format!(
        "
listeners: [{{ address: 127.0.0.1:8080 }}]
plugins: {{ guard: {{ {keys} }} }}
upstreams: {{ web: {{ endpoints: [10.0.0.1:80] }}, auth: {{ endpoints: [10.0.0.2:80] }} }}
routes: [{{ upstream: web }}]
"
    ));
    config.plugins["guard"].clone()
}

#[test]
fn a_plugin_may_do_little_unless_it_is_written() {
    let plugin = plugin("source: a.wasm");
    assert_eq!(plugin.deadline, Duration::from_millis(2));
    assert_eq!((plugin.memory, plugin.instances), (16 << 20, 64));
    assert_eq!(plugin.isolation, Isolation::Reuse);
    assert_eq!((plugin.body, plugin.state), (1 << 20, 1 << 20));
    assert!(plugin.grant_http.is_empty());
    assert_eq!(plugin.callout_timeout, Duration::from_secs(1));
}

#[test]
fn a_built_in_plugin_has_the_bounds_that_it_needs_unless_others_are_written() {
    let login = plugin("builtin: basic-auth");
    assert_eq!(login.deadline, Duration::from_millis(200));
    assert_eq!(login.memory, 64 << 20);
    let login = plugin("builtin: basic-auth, memory: 128MiB");
    assert_eq!(login.deadline, Duration::from_millis(200));
    assert_eq!(login.memory, 128 << 20);
    let limit = plugin("builtin: rate-limit");
    assert_eq!(limit.deadline, Duration::from_millis(2));
}

#[test]
fn every_bound_and_grant_arrives() {
    let plugin = plugin(
        "source: a.wasm, isolation: per_request, body: 64MiB,
         grant: { state: 0B, http: [web, auth], callout_timeout: 250ms }",
    );
    assert_eq!(plugin.isolation, Isolation::PerRequest);
    assert_eq!((plugin.body, plugin.state), (64 << 20, 0));
    assert_eq!(plugin.grant_http, ["web", "auth"]);
    assert_eq!(plugin.callout_timeout, Duration::from_millis(250));
    assert_eq!(
        self::plugin("source: a.wasm, isolation: reuse, body: 1KiB").body,
        1024
    );
}

#[test]
fn a_built_in_plugin_has_no_file() {
    for name in ["ext-auth", "sticky"] {
        let plugin = plugin(&format!("builtin: {name}"));
        assert_eq!(plugin.origin, Origin::BuiltIn(name.into()));
        assert_eq!(plugin.origin.file(), None);
    }
    let config = accept(&format!(
        "{WEB}plugins: {{ a: {{ builtin: p2c }}, b: {{ source: b.wasm }} }}\n"
    ));
    assert_eq!(files(&config), [Path::new("t.yaml"), Path::new("b.wasm")]);
}

#[test]
fn a_grant_may_name_an_upstream_that_is_wrong() {
    // Only the upstream is wrong, and told.
    let refused = refuse(
        "
listeners: [{ address: 127.0.0.1:8080 }]
plugins: { guard: { source: a.wasm, grant: { http: [web] } } }
upstreams: { web: { endpoints: [] } }
routes: [{ upstream: web }]
",
    );
    assert_eq!(
        refused,
        "4:21: upstreams.web.endpoints: there is no endpoint here (write at least one)"
    );
}

#[test]
fn a_fault_has_a_consequence_in_the_world_of_its_plugin() {
    const REFUSE: FilterFaults = FilterFaults::all(FilterFault::Refuse);
    const SKIP: FilterFaults = FilterFaults::all(FilterFault::Skip);
    let request = FilterFaults {
        request: FilterFault::Skip,
        ..REFUSE
    };
    let bodies = FilterFaults {
        request_body: FilterFault::Skip,
        response_body: FilterFault::Skip,
        ..REFUSE
    };
    let response = FilterFaults {
        response: FilterFault::Refuse,
        ..SKIP
    };
    for (written, selector, filter) in [
        ("", Some(OnFault::Fallback), Some(REFUSE)),
        ("on_fault: fallback", Some(OnFault::Fallback), None),
        ("on_fault: refuse", Some(OnFault::Refuse), Some(REFUSE)),
        ("on_fault: skip", None, Some(SKIP)),
        ("on_fault: { request: skip }", None, Some(request)),
        (
            "on_fault: { request_body: skip, response_body: skip, response: refuse }",
            None,
            Some(bodies),
        ),
        (
            "on_fault: { request: skip, request_body: skip, response_body: skip }",
            None,
            Some(response),
        ),
    ] {
        let faults = plugin(&format!("source: a.wasm, {written}")).on_fault;
        assert_eq!(faults.selector().ok(), selector, "{written}");
        assert_eq!(faults.filter().ok(), filter, "{written}");
    }
}

#[test]
fn what_is_said_of_the_other_world_is_told_with_its_place() {
    let faults = |written: &str| plugin(&format!("source: a.wasm, on_fault: {written}")).on_fault;
    let selector = |written| faults(written).selector().unwrap_err().to_string();
    assert_eq!(
        selector("skip"),
        "t.yaml:3:47: plugins.guard.on_fault: `skip` is for filters, and this plugin is a \
         selector (write `fallback` or `refuse`)"
    );
    assert_eq!(
        selector("{ request: refuse }"),
        "t.yaml:3:37: plugins.guard.on_fault: only filters have phases, and this plugin is a \
         selector (write `fallback` or `refuse`)"
    );
    assert_eq!(
        faults("fallback").filter().unwrap_err().to_string(),
        "t.yaml:3:47: plugins.guard.on_fault: `fallback` is for selectors, and this plugin is a \
         filter (write `refuse` or `skip`, for all phases or by phase)"
    );
}

#[test]
fn sixty_four_upstreams_are_granted_and_no_more() {
    let text = |count: u32| {
        let names = (0..count).map(|n| format!("u{n}"));
        let upstreams = names
            .clone()
            .map(|name| format!("{name}: {{ endpoints: [10.0.0.1:80] }}"));
        let (names, upstreams): (Vec<_>, Vec<_>) = (names.collect(), upstreams.collect());
        format!(
            "listeners: [{{ address: 127.0.0.1:8080 }}]\nroutes: [{{ upstream: u0 }}]\n\
             upstreams: {{ {} }}\n\
             plugins: {{ a: {{ source: a.wasm, grant: {{ http: [{}] }} }} }}\n",
            upstreams.join(", "),
            names.join(", ")
        )
    };
    assert_eq!(accept(&text(64)).plugins["a"].grant_http.len(), 64);
    assert!(refuse(&text(65)).contains(
        "plugins.a.grant.http: 65 upstreams are too many for one plugin (grant at most 64)"
    ));
}

#[test]
fn what_a_plugin_says_of_a_key_has_its_place() {
    let config = accept(
        "
listeners: [{ address: 127.0.0.1:8080 }]
upstreams:
  web:
    endpoints: [10.0.0.1:80]
    selector:
      plugin: sticky
      config:
        ttl: 5
        rules:
          - from: /a
          - { from: b, 'to: the': 1 }
routes: [{ upstream: web }]
",
    );
    let keys = &config.upstreams["web"].selector.keys;
    let of = |message: &str| {
        let key = keys.of(message)?;
        let (line, column) = (key.place.line, key.place.column);
        Some(format!("{line}:{column}: {}: {}", key.path, key.message))
    };
    let said = |message: &str| of(message).unwrap_or_default();
    assert_eq!(
        said("ttl: invalid type: integer `5`"),
        "9:14: upstreams.web.selector.config.ttl: invalid type: integer `5`"
    );
    assert_eq!(
        said("rules[1].from: no slash"),
        "12:21: upstreams.web.selector.config.rules[1].from: no slash"
    );
    assert_eq!(
        said("rules[0]: missing field `to`"),
        "11:13: upstreams.web.selector.config.rules[0]: missing field `to`"
    );
    assert_eq!(
        said("rules[1].to: the: no"),
        "12:35: upstreams.web.selector.config.rules[1][\"to: the\"]: no"
    );
    for other in [
        "missing field `key`",
        "ttl is too short",
        "rules",
        "ttl:",
        "",
    ] {
        assert_eq!(of(other), None, "{other}");
    }
}
