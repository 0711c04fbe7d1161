//! What files mean: defaults, every key, environment, aliases.

use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

use http::Method;
use serde_json::json;

use super::{WEB, accept, refuse};
use crate::config::value::{LogFormat, OnFault, Origin, Sink};
use crate::config::{files, load};

#[test]
fn the_smallest_file_has_careful_defaults() {
    let config = accept(WEB);
    assert_eq!(config.file, Path::new("t.yaml"));
    assert_eq!(
        config.listeners[0].address,
        "127.0.0.1:8080".parse().unwrap()
    );
    assert!(config.admin.is_none() && config.plugins.is_empty() && config.cache.is_none());
    let web = &config.upstreams["web"];
    assert_eq!(
        (web.name.as_str(), web.selector.plugin.as_str()),
        ("web", "round-robin")
    );
    assert_eq!(web.selector.config, json!({}));
    assert_eq!(web.timeouts.connect, Duration::from_secs(1));
    assert_eq!(web.timeouts.response_header, Duration::from_secs(15));
    assert_eq!(web.timeouts.idle, Duration::from_secs(60));
    assert_eq!(web.keep_alive, Some(Duration::from_secs(60)));
    let endpoint = &web.endpoints[0];
    assert_eq!(
        (endpoint.weight, endpoint.draining, endpoint.max_in_flight),
        (1, false, None)
    );
    let route = &config.routes[0];
    assert_eq!(
        (route.name.as_str(), route.upstream.as_str()),
        ("route-1", "web")
    );
    assert_eq!(
        (route.timeout, route.retry.attempts),
        (None, NonZeroU32::new(3).unwrap())
    );
    assert!(route.matches.host.is_none() && route.matches.methods.is_empty());
    assert_eq!(config.access_log.format, LogFormat::Text);
    assert_eq!(config.access_log.sink, Sink::Stdout);
    assert_eq!(config.shutdown.drain, Duration::from_secs(30));
    assert_eq!(config.watch, Some(Duration::from_secs(1)));
    assert_eq!(config.keep_alive.downstream, Duration::from_secs(60));
    assert_eq!(config.keep_alive.pool, 1024);
}

#[test]
fn every_key_arrives() {
    let config = accept(
        r#"
listeners: [{ address: "[::1]:0" }, { address: "[::1]:0" }]
admin: { address: 127.0.0.1:0 }
plugins:
  canary:
    source: plugins/canary.wasm
    sha256: "00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff"
    deadline: 2ms
    memory: 32MiB
    instances: 8
    on_fault: refuse
    grant: { state: 64KiB }
upstreams:
  web:
    endpoints:
      - address: 10.0.0.1:80
        weight: 3
        zone: a
        labels: { version: v2, "a.b": "1" }
        draining: true
        max_in_flight: 100
      - 10.0.0.2:80
    selector: { plugin: canary, config: { a: 1, b: [1.5, null, true], c: { d: "1" } } }
    timeouts: { connect: 2s, response_header: 3s, idle: 4s }
    keep_alive: off
routes:
  - name: api
    match: { host: example.com, path: /v1/*, methods: [GET, QUERY], headers: { X-Beta: "1" } }
    upstream: web
    retry: { attempts: 1, on: [reset, timeout], backoff: { base: 0s, max: 1s } }
    timeout: 1m
access_log: { format: json, path: log/access }
shutdown: { drain: 0s }
threads: 3
watch: off
cache: compiled
keep_alive: { downstream: 5s, pool: 0 }
"#,
    );
    let plugin = &config.plugins["canary"];
    assert_eq!(
        plugin.origin,
        Origin::File(PathBuf::from("plugins/canary.wasm"))
    );
    assert_eq!(&plugin.sha256.unwrap()[..2], [0x00, 0xff]);
    assert_eq!(
        (plugin.deadline, plugin.memory),
        (Duration::from_millis(2), 32 << 20)
    );
    assert_eq!(
        (plugin.instances, plugin.on_fault.selector()),
        (8, Ok(OnFault::Refuse))
    );
    assert_eq!(
        (plugin.state, plugin.place.line, plugin.place.column),
        (65_536, 5, 3)
    );
    let web = &config.upstreams["web"];
    let endpoint = &web.endpoints[0];
    assert_eq!((endpoint.weight, endpoint.zone.as_deref()), (3, Some("a")));
    assert_eq!(
        (endpoint.draining, endpoint.max_in_flight),
        (true, Some(100))
    );
    assert_eq!(
        (
            endpoint.labels["version"].as_str(),
            endpoint.labels["a.b"].as_str()
        ),
        ("v2", "1")
    );
    assert_eq!(
        web.selector.config,
        json!({ "a": 1, "b": [1.5, null, true], "c": { "d": "1" } })
    );
    assert_eq!(
        (web.timeouts.connect, web.keep_alive),
        (Duration::from_secs(2), None)
    );
    let route = &config.routes[0];
    assert_eq!(route.name, "api");
    assert_eq!(
        route.matches.methods,
        [Method::GET, Method::from_bytes(b"QUERY").unwrap()]
    );
    assert_eq!(route.matches.headers[0].0, "x-beta");
    assert_eq!(route.retry.attempts.get(), 1);
    assert!(!route.retry.on.connect_failure && route.retry.on.reset && route.retry.on.timeout);
    assert_eq!(
        (route.retry.backoff.base, route.retry.backoff.max.as_secs()),
        (Duration::ZERO, 1)
    );
    assert_eq!(route.timeout, Some(Duration::from_secs(60)));
    assert_eq!(config.access_log.format, LogFormat::Json);
    assert_eq!(
        config.access_log.sink,
        Sink::File(PathBuf::from("log/access"))
    );
    assert_eq!(
        (config.shutdown.drain, config.watch),
        (Duration::ZERO, None)
    );
    assert_eq!(
        (config.threads.get(), config.cache.as_deref()),
        (3, Some(Path::new("compiled")))
    );
    assert_eq!(
        (
            config.keep_alive.downstream.as_secs(),
            config.keep_alive.pool
        ),
        (5, 0)
    );
    assert_eq!(
        files(&config),
        [
            PathBuf::from("t.yaml"),
            PathBuf::from("plugins/canary.wasm")
        ]
    );
}

#[test]
fn a_variable_is_a_value_and_never_more() {
    let config = accept(
        r#"
listeners: [{ address: "127.0.0.1:${PORT}" }]
upstreams:
  web:
    endpoints: [{ address: "127.0.0.1:${MISSING:-80}", weight: "${WEIGHT}", draining: "${NO:-true}" }, 127.0.0.1:81]
    selector: { plugin: sticky, config: { a: "${YAML}", b: "${WEIGHT}", c: "$${YAML} $5" } }
routes: [{ upstream: "${NONE:-web}" }]
"#,
    );
    let web = &config.upstreams["web"];
    assert_eq!(config.listeners[0].address.port(), 8001);
    assert_eq!(
        (web.endpoints[0].weight, web.endpoints[0].draining),
        (7, true)
    );
    let expected = json!({ "a": "a, b: [c]\nd: e", "b": "7", "c": "${YAML} $5" });
    assert_eq!(web.selector.config, expected);
}

#[test]
fn aliases_and_merges_repeat_what_they_name() {
    let config = accept(
        "
listeners: [{ address: 127.0.0.1:8080 }]
upstreams:
  a: &a
    endpoints: &e [127.0.0.1:8001]
    timeouts: { connect: 7s }
  b: *a
  c: { <<: *a, selector: p2c }
  d: { endpoints: *e }
routes: [{ upstream: d }]
",
    );
    assert_eq!(config.upstreams["b"].timeouts.connect.as_secs(), 7);
    assert_eq!(config.upstreams["c"].timeouts.connect.as_secs(), 7);
    assert_eq!(config.upstreams["c"].selector.plugin, "p2c");
    assert_eq!(config.upstreams["d"].endpoints.len(), 1);
}

#[test]
fn json_is_yaml() {
    let text = "{\n\t\"listeners\": [{ \"address\": \"127.0.0.1:0\" }],\n\t\"upstreams\": { \"web\": { \
                \"endpoints\": [\"127.0.0.1:1\"] } },\n\t\"routes\": [{ \"upstream\": \"web\" }]\n}";
    assert_eq!(accept(text).listeners[0].address.port(), 0);
}

#[test]
fn one_backoff_bound_moves_the_other() {
    let text = |backoff| {
        WEB.replace(
            "upstream: web }",
            &format!("upstream: web, retry: {{ backoff: {backoff} }} }}"),
        )
    };
    let long = accept(&text("{ base: 1s }")).routes[0].retry.backoff;
    assert_eq!(
        (long.base, long.max),
        (Duration::from_secs(1), Duration::from_secs(1))
    );
    let short = accept(&text("{ max: 5ms }")).routes[0].retry.backoff;
    assert_eq!(
        (short.base, short.max),
        (Duration::from_millis(5), Duration::from_millis(5))
    );
}

#[test]
fn paths_are_relative_to_the_file_and_a_missing_file_is_one_problem() {
    let directory = std::env::temp_dir().join(format!("tidegate-config-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let file = directory.join("t.yaml");
    std::fs::write(
        &file,
        format!("{WEB}plugins: {{ x: {{ source: a/x.wasm }} }}\n"),
    )
    .unwrap();
    let config = load(&file, &|_| None).unwrap();
    assert_eq!(
        config.plugins["x"].origin.file(),
        Some(&*directory.join("a/x.wasm"))
    );
    std::fs::write(&file, b"# first\n\xff").unwrap();
    let problems = load(&file, &|_| None).unwrap_err();
    assert!(
        problems
            .to_string()
            .ends_with("t.yaml: line 2 is not UTF-8"),
        "{problems}"
    );
    std::fs::remove_dir_all(&directory).unwrap();
    let problems = load(&file, &|_| None).unwrap_err();
    assert!(
        problems.to_string().starts_with("cannot read "),
        "{problems}"
    );
    assert_eq!((problems.0.len(), &problems.0[0].place), (1, &None));
}

#[test]
fn the_largest_upstream_is_read_and_a_larger_one_refused() {
    let file = |count: u32| {
        let addresses: Vec<_> = (0..count)
            .map(|n| format!("{}:80", std::net::Ipv4Addr::from_bits(0x0a00_0000 + n)))
            .collect();
        WEB.replace("127.0.0.1:8001", &addresses.join(", "))
    };
    assert_eq!(
        accept(&file(65_536)).upstreams["web"].endpoints.len(),
        65_536
    );
    let refused = super::refuse(&file(65_537));
    assert!(
        refused.contains("65537 endpoints are too many for one upstream"),
        "{refused}"
    );
}

#[test]
fn a_thousand_endpoints_may_share_an_anchor_and_a_bomb_is_refused() {
    let shared = format!(
        "{WEB}plugins: {{}}\n{}",
        (0..1000).fold("x: &x { weight: 2 }\ny:\n".to_owned(), |text, n| {
            text + &format!(
                "  - {{ <<: *x, address: \"10.0.{}.{}:80\" }}\n",
                n / 250,
                n % 250
            )
        })
    );
    // Read to the end: only the keys, which are there for the anchor, are refused.
    assert_eq!(super::refuse(&shared).matches("unknown key").count(), 2);

    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let nine = vec![format!("*a{}", level - 1); 9].join(", ");
        bomb += &format!("a{level}: &a{level} [{nine}]\n");
    }
    let refused = super::refuse(&bomb);
    assert!(refused.contains("its aliases repeat too much"), "{refused}");
}

#[test]
fn who_serves_no_http_needs_no_routes() {
    let tcp = "listeners: [{ address: 127.0.0.1:8080, mode: tcp, upstream: web }]\n\
               upstreams: { web: { endpoints: [127.0.0.1:8001] } }\n";
    assert!(accept(tcp).routes.is_empty());
    let both = tcp.replace("}]", "}, { address: 127.0.0.1:8081 }]");
    assert_eq!(
        refuse(&both),
        "1:1: routes: this key is required (add `routes:`)"
    );
}

#[test]
fn calls_from_browsers_need_an_upstream_that_takes_calls() {
    let web = WEB.replace("{ upstream: web }", "{ upstream: web, grpc_web: true }");
    assert_eq!(
        refuse(&web),
        "3:37: routes[0].grpc_web: calls of gRPC need HTTP/2, and the upstream does not speak it \
         (write `protocol: http2` there)"
    );
    let calls = web.replace("{ endpoints:", "{ protocol: http2, endpoints:");
    assert!(accept(&calls).routes[0].grpc_web);
}

#[test]
fn what_a_probe_trusts_is_watched() {
    let config = accept(
        "listeners: [{ address: 127.0.0.1:8080 }]\nroutes: [{ upstream: web }]\nupstreams:\n  web:\n    \
         endpoints: [127.0.0.1:8001]\n    health: { https: { path: /, ca: trusted.pem } }\n",
    );
    assert!(files(&config).contains(&"trusted.pem".into()));
}
