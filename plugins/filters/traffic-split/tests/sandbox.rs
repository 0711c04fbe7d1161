//! The built component in the proxy's sandbox: lots are drawn by the host, keys are hashed alike in
//! every instance.

use std::collections::BTreeMap;

use tidegate_testkit::{Component, FilterPlugin, Host, LoadError, Request, Verdict, build};

const UPSTREAMS: &str = r#"[{"name": "web", "weight": 90}, {"name": "next", "weight": 10}]"#;

fn component() -> Component {
    build!("plugin")
}

fn start(host: &Host, key: &str) -> FilterPlugin {
    let config = format!(r#"{{"key": {key}, "upstreams": {UPSTREAMS}}}"#);
    host.filter(&component(), &config).unwrap()
}

/// Where the request goes, which is what the attribute says too.
fn upstream(host: &Host, filter: &mut FilterPlugin, request: Request) -> String {
    filter.next();
    host.request(request);
    let Verdict::Edit(edits) = filter.on_request().unwrap() else {
        panic!("no edits");
    };
    let upstream = edits.upstream.expect("another upstream");
    assert_eq!(edits.attributes, [("split".to_owned(), upstream.clone())]);
    upstream
}

#[test]
fn lots_fall_by_weight() {
    let host = Host::new();
    let mut filter = start(&host, r#""random""#);
    let mut counts = BTreeMap::new();
    for _ in 0..5_000 {
        let upstream = upstream(&host, &mut filter, Request::get("/"));
        *counts.entry(upstream).or_insert(0) += 1;
    }
    // 500 ± five standard deviations of 21.
    assert!((394..=606).contains(&counts["next"]), "{counts:?}");
    assert_eq!(counts["next"] + counts["web"], 5_000);
}

#[test]
fn a_key_stays_on_every_instance_and_after_a_restart() {
    let key = r#"{"cookie": "id"}"#;
    let hosts = [Host::new(), Host::new()];
    let mut filters = hosts.each_ref().map(|host| start(host, key));
    let mut next = 0;
    for i in 0..2_000 {
        let request = || Request::get("/").cookie("id", &i.to_string());
        let [one, other] = [0, 1].map(|at| upstream(&hosts[at], &mut filters[at], request()));
        assert_eq!(one, other);
        next += u32::from(one == "next");
    }
    // 200 ± five standard deviations of 13.
    assert!((133..=267).contains(&next), "{next}");
}

#[test]
fn it_is_called_for_requests_alone_and_waits_for_nobody() {
    let filter = start(&Host::new(), r#""random""#);
    let interest = filter.interest();
    assert!(interest.request && !interest.response);
    assert!(!filter.waits());
}

#[test]
fn nonsense_is_refused_with_its_key() {
    for (config, expected) in [
        ("{}", "missing field `upstreams`"),
        (r#"{"upstreams": []}"#, "upstreams: nobody has a weight"),
        (
            r#"{"upstreams": [{"name": "a", "weight": 1}], "key": "ip"}"#,
            "key: ",
        ),
        (
            r#"{"upstreams": [{"name": "a", "weight": 1}], "by": "path"}"#,
            "by: unknown field",
        ),
    ] {
        let refused = Host::new().filter(&component(), config);
        let Err(LoadError::Refused(why)) = refused else {
            panic!("{config}: {refused:?}");
        };
        assert!(why.starts_with(expected), "{why}");
    }
}
