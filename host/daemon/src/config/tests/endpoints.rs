//! Where endpoints are written: names, and lists in files of their own.

use std::path::Path;
use std::time::Duration;

use super::{WEB, accept, accept_beside, refuse_beside};
use crate::config::value::{Address, Endpoint, Family, Name, Resolve};
use crate::config::{files, load};

fn addresses(endpoints: &[Endpoint]) -> Vec<String> {
    let addresses = endpoints
        .iter()
        .map(|endpoint| endpoint.address.to_string());
    addresses.collect()
}

fn name(endpoint: &Endpoint) -> &Name {
    match &endpoint.address {
        Address::Name(name) => name,
        Address::Socket(address) => panic!("{address} is no name"),
    }
}

#[test]
fn a_name_is_an_endpoint_and_says_how_it_is_resolved() {
    let config = accept(
        "
listeners: [{ address: 127.0.0.1:8080, max_connections: 10000 }]
resolver: { servers: [10.0.0.2, 10.0.0.3:5353, \"::1\"], timeout: 500ms }
upstreams:
  web:
    endpoints:
      - Web.Internal.:8080
      - localhost:80
      - { address: a.internal:8080, priority: 1, resolve: { min_ttl: 1s, max_ttl: 10s, family: v6 } }
      - { address: b.internal:8080, priority: 15, resolve: { min_ttl: 2m } }
      - { address: c.internal:8080, resolve: { max_ttl: 1s, family: any } }
      - { address: d.internal:8080, resolve: { family: v4 } }
      - { address: e.internal:8080, resolve: {} }
routes: [{ upstream: web }]
",
    );
    assert_eq!(config.listeners[0].max_connections, Some(10_000));
    assert_eq!(
        config.resolver.servers,
        ["10.0.0.2:53", "10.0.0.3:5353", "[::1]:53"].map(|address| address.parse().unwrap())
    );
    assert_eq!(config.resolver.timeout, Duration::from_millis(500));

    let web = &config.upstreams["web"].endpoints;
    let first = name(&web[0]);
    assert_eq!((first.host.as_str(), first.port), ("web.internal", 8080));
    assert_eq!(web[1].address.to_string(), "localhost:80");
    let resolve = |floor, ceiling, family| Resolve {
        floor: Duration::from_secs(floor),
        ceiling: Duration::from_secs(ceiling),
        family,
    };
    let expected = [
        resolve(5, 60, Family::Any),
        resolve(5, 60, Family::Any),
        resolve(1, 10, Family::V6),
        resolve(120, 120, Family::Any),
        resolve(1, 1, Family::Any),
        resolve(5, 60, Family::V4),
        resolve(5, 60, Family::Any),
    ];
    let resolved: Vec<_> = web.iter().map(|endpoint| name(endpoint).resolve).collect();
    assert_eq!(resolved, expected);
    let priorities: Vec<_> = web.iter().map(|endpoint| endpoint.priority).collect();
    assert_eq!(priorities, [0, 0, 1, 15, 0, 0, 0]);
}

#[test]
fn the_system_resolves_unless_told_otherwise() {
    let config = accept(WEB);
    assert!(config.resolver.servers.is_empty());
    assert_eq!(config.resolver.timeout, Duration::from_secs(2));
    assert_eq!(config.listeners[0].max_connections, None);
    assert_eq!(config.upstreams["web"].endpoints[0].priority, 0);
    assert!(config.endpoint_files.is_empty());
    let config = accept(&format!("{WEB}resolver: {{ timeout: 1s }}\n"));
    assert_eq!(config.resolver.timeout, Duration::from_secs(1));
}

const LISTED: &str = "
listeners: [{ address: 127.0.0.1:8080 }]
upstreams:
  api: { endpoints_from: endpoints.yaml }
  web: { endpoints: [10.0.0.1:80], endpoints_from: endpoints.yaml }
  old: { endpoints_from: lists/old.yaml }
routes: [{ upstream: web }]
";

#[test]
fn a_list_in_a_file_of_its_own_serves_several_upstreams() {
    let config = accept_beside(
        LISTED,
        &[
            (
                "endpoints.yaml",
                "# made by a discovery\n- 10.0.1.1:80\n- address: web.internal:${PORT}\n  \
                 weight: ${WEIGHT}\n  zone: a\n",
            ),
            ("lists/old.yaml", "[\"10.0.1.1:80\"]"),
        ],
    );
    let (api, web) = (&config.upstreams["api"], &config.upstreams["web"]);
    assert_eq!(
        addresses(&api.endpoints),
        ["10.0.1.1:80", "web.internal:8001"]
    );
    assert_eq!(
        addresses(&web.endpoints),
        ["10.0.0.1:80", "10.0.1.1:80", "web.internal:8001"]
    );
    let listed = &web.endpoints[2];
    assert_eq!((listed.weight, listed.zone.as_deref()), (7, Some("a")));
    assert_eq!(listed.place.to_string(), "endpoints.yaml:3:3");
    assert_eq!(listed.path, "[1]");
    assert_eq!(web.endpoints[0].path, "upstreams.web.endpoints[0]");
    assert_eq!(
        addresses(&config.upstreams["old"].endpoints),
        ["10.0.1.1:80"]
    );

    let lists = ["endpoints.yaml", "lists/old.yaml"].map(|file| Path::new(file).to_owned());
    assert_eq!(config.endpoint_files, lists);
    assert_eq!(files(&config)[1..], lists);
}

#[test]
fn a_list_that_lost_everything_is_refused() {
    let web = WEB.replace(
        "endpoints: [127.0.0.1:8001]",
        "endpoints_from: endpoints.yaml",
    );
    for (list, told) in [
        ("", "1:1: the file is empty (it needs a list of endpoints)"),
        (
            "# none\n",
            "the file is empty (it needs a list of endpoints)",
        ),
        ("[]", "1:1: there is no endpoint here (write at least one)"),
        (
            "{}",
            "1:1: expected a list, found a mapping (write `[…]` around it, or `- ` before it)",
        ),
        ("- [", "not valid YAML"),
        (
            "- 10.0.0.1:80\n- 10.0.0.2\n",
            "2:3: [1]: expected HOST:PORT",
        ),
    ] {
        let refused = refuse_beside(&web, &[("endpoints.yaml", list)]);
        assert!(
            refused.starts_with("endpoints.yaml:") && refused.contains(told),
            "{refused}"
        );
        assert_eq!(refused.lines().count(), 1, "{refused}");
    }
}

#[test]
fn a_path_stays_in_one_line() {
    let from = "endpoints_from: \"a\\nb\"";
    let refused = refuse_beside(&WEB.replace("endpoints: [127.0.0.1:8001]", from), &[]);
    assert!(refused.contains("cannot read `a\\nb`: "), "{refused}");
    assert_eq!(refused.lines().count(), 1, "{refused}");
}

#[test]
fn a_list_is_read_from_the_directory_of_its_configuration() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("t.yaml");
    let list = directory.path().join("endpoints.yaml");
    let web = WEB.replace(
        "endpoints: [127.0.0.1:8001]",
        "endpoints_from: endpoints.yaml",
    );
    std::fs::write(&file, web).unwrap();
    std::fs::write(&list, "- 10.0.0.1:80\n").unwrap();
    let config = load(&file, &|_| None).unwrap();
    assert_eq!(files(&config), [file.clone(), list.clone()]);
    assert_eq!(*config.upstreams["web"].endpoints[0].place.file, *list);

    let refused = |expected: &str| {
        let problems = load(&file, &|_| None).unwrap_err().to_string();
        assert!(problems.contains(expected), "{problems}");
        assert_eq!(problems.lines().count(), 1, "{problems}");
    };
    std::fs::write(&list, b"# first\n\xff").unwrap();
    refused("endpoints.yaml`: line 2 is not UTF-8 (");
    std::fs::remove_file(&list).unwrap();
    refused("t.yaml:2:37: upstreams.web.endpoints_from: cannot read ");
}
