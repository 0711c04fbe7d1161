//! What looks at the requests of a route.

use serde_json::json;

use super::{WEB, accept, refuse};
use crate::config::value::Route;

/// The route with these keys, beside a plugin that the file declares.
fn route(keys: &str) -> Route {
    let text = WEB.replace("upstream: web", &format!("upstream: web, {keys}"));
    let config = accept(&format!(
        "{text}plugins: {{ canary: {{ source: a.wasm }} }}\n"
    ));
    config.routes[0].clone()
}

#[test]
fn a_route_has_neither_filters_nor_timings_unless_it_is_written() {
    let route = route("filters: [], server_timing: []");
    assert!(route.filters.is_empty() && route.server_timing.is_empty());
    let route = accept(WEB).routes[0].clone();
    assert!(route.filters.is_empty() && route.server_timing.is_empty());
}

#[test]
fn filters_keep_their_order_their_configuration_and_their_place() {
    let route = route(
        "filters: [headers, { plugin: rate-limit, config: { rate: 100, key: client_address } },
                   { plugin: canary }, canary, headers]",
    );
    let names: Vec<_> = route.filters.iter().map(|filter| &*filter.plugin).collect();
    assert_eq!(
        names,
        ["headers", "rate-limit", "canary", "canary", "headers"]
    );
    let [headers, limit, canary, ..] = &route.filters[..] else {
        panic!("five filters");
    };
    assert_eq!((&headers.config, &canary.config), (&json!({}), &json!({})));
    assert_eq!(
        limit.config,
        json!({ "rate": 100, "key": "client_address" })
    );
    assert_eq!(headers.place.to_string(), "t.yaml:3:37");
    assert_eq!(canary.place.line, 4);
}

#[test]
fn thirty_two_filters_are_run_and_no_more() {
    let filters = |count| format!("filters: [{}]", vec!["headers"; count].join(", "));
    assert_eq!(route(&filters(32)).filters.len(), 32);
    let text = WEB.replace("upstream: web", &format!("upstream: web, {}", filters(33)));
    assert_eq!(
        refuse(&text),
        "3:27: routes[0].filters: 33 filters are too many for one route \
         (at most 32: remove some, or make one plugin of several)"
    );
}

#[test]
fn timings_are_for_the_clients_of_these_networks() {
    let route = route("server_timing: [10.0.0.0/8, 127.0.0.1, \"::1\", \"fd00::/8\"]");
    let networks: Vec<_> = route
        .server_timing
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        networks,
        ["10.0.0.0/8", "127.0.0.1/32", "::1/128", "fd00::/8"]
    );
    let inside = |address: &str| {
        let address: std::net::IpAddr = address.parse().unwrap();
        route.server_timing.iter().any(|net| net.contains(&address))
    };
    assert!(inside("10.1.2.3") && inside("127.0.0.1") && inside("fd12::1"));
    assert!(!inside("11.0.0.1") && !inside("127.0.0.2") && !inside("::2"));
}
