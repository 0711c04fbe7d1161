//! The logic by plain `cargo test`: the SDK's fakes stand for the host.

use tidegate_sdk::testing::{FilterPlugin, Host, Metric, Request, Response};

use super::*;

const CONFIG: &str = r#"{"key": {"header": "x-prefix-key"}}"#;

/// An answer of that endpoint, with what it says of its queue.
fn answered(host: &Host, filter: &mut FilterPlugin<Depths>, endpoint: &str, report: &str) {
    let response = Response::new(200).header("x-queue-depth", report);
    host.response(response.endpoint(endpoint));
    filter.on_response();
}

/// What the next request carries, as address and depth.
fn known(host: &Host, filter: &mut FilterPlugin<Depths>) -> Vec<(String, u32)> {
    host.request(Request::get("/"));
    filter.on_request();
    let text = request::attribute(DEPTHS).unwrap();
    let reports = reports::read(&text);
    let mut known: Vec<_> = reports.map(|(a, r)| (a.to_owned(), r.depth)).collect();
    known.sort();
    known
}

#[test]
fn a_report_is_known_to_the_next_request_on_any_thread_until_it_is_old() {
    let host = Host::new();
    let mut one = host.filter::<Depths>(CONFIG).unwrap();
    let mut other = host.filter::<Depths>(CONFIG).unwrap();
    assert_eq!(known(&host, &mut one), []);
    answered(&host, &mut one, "10.0.0.1:80", "3");
    answered(&host, &mut one, "10.0.0.2:80", " 12 ");
    let both = [
        ("10.0.0.1:80".to_owned(), 3),
        ("10.0.0.2:80".to_owned(), 12),
    ];
    assert_eq!(known(&host, &mut other), both);
    host.advance(Duration::from_secs(9));
    answered(&host, &mut other, "10.0.0.1:80", "0");
    host.advance(Duration::from_secs(1));
    assert_eq!(known(&host, &mut one), [("10.0.0.1:80".to_owned(), 0)]);
}

#[test]
fn lies_are_cut_and_nonsense_is_counted() {
    let host = Host::new();
    let mut filter = host.filter::<Depths>(CONFIG).unwrap();
    let many = "9".repeat(4000);
    for (report, depth) in [("10000", MOST_DEPTH), (&*many, MOST_DEPTH), ("007", 7)] {
        answered(&host, &mut filter, "10.0.0.1:80", report);
        assert_eq!(
            known(&host, &mut filter),
            [("10.0.0.1:80".to_owned(), depth)]
        );
    }
    for nonsense in ["", "-1", "1.5", "+1", "many", "1 2", "0x10"] {
        answered(&host, &mut filter, "10.0.0.2:80", nonsense);
    }
    assert_eq!(known(&host, &mut filter).len(), 1);
    assert_eq!(host.metric("depth_reports"), Some(Metric::Counter(3)));
    assert_eq!(
        host.metric("depth_reports_refused"),
        Some(Metric::Counter(7))
    );
}

#[test]
fn a_failure_and_an_answer_of_nobody_say_nothing() {
    let host = Host::new();
    let mut filter = host.filter::<Depths>(CONFIG).unwrap();
    let failure = Response::new(503).header("x-queue-depth", "0");
    host.response(failure.endpoint("10.0.0.1:80"));
    filter.on_response();
    host.response(Response::new(200).header("x-queue-depth", "0"));
    filter.on_response();
    assert_eq!(known(&host, &mut filter), []);
}

#[test]
fn clients_see_the_field_only_where_they_may() {
    let host = Host::new();
    let forward = CONFIG.replace("}}", r#"}, "forward": true}"#);
    for (config, seen) in [(CONFIG, false), (&*forward, true)] {
        let mut filter = host.filter::<Depths>(config).unwrap();
        answered(&host, &mut filter, "10.0.0.1:80", "3");
        assert_eq!(response::header("x-queue-depth").is_some(), seen);
    }
}

#[test]
fn the_prefix_is_a_hash_of_any_key() {
    let host = Host::new();
    let mut filter = host.filter::<Depths>(CONFIG).unwrap();
    let mut prefix = |request: Request| {
        host.request(request);
        filter.on_request();
        request::attribute(PREFIX)
    };
    let by = |key: &str| Request::get("/").header("x-prefix-key", key);
    let long = "p".repeat(60_000);
    let known = prefix(by(&long)).unwrap();
    assert_eq!(known.len(), 16);
    assert_eq!(prefix(by(&long)), Some(known.clone()));
    assert_ne!(prefix(by("p")), Some(known));
    assert_eq!(prefix(by("")), None);
    assert_eq!(prefix(Request::get("/")), None);
}

#[test]
fn a_thousand_endpoints_leave_room_for_the_attributes_of_others() {
    let host = Host::new();
    let mut filter = host.filter::<Depths>(CONFIG).unwrap();
    for i in 0..1000 {
        let endpoint = format!("[2001:db8::ffff:ffff:{i:x}]:8000");
        answered(&host, &mut filter, &endpoint, "9999");
    }
    host.request(Request::get("/").attribute("user", &"u".repeat(1900)));
    filter.on_request();
    assert!(request::attribute(DEPTHS).unwrap().len() > 6000);
}

#[test]
fn nonsense_is_refused_with_its_key() {
    for (config, expected) in [
        ("{}", "missing field `key`"),
        (r#"{"key": "body"}"#, "key: unknown variant `body`"),
        (r#"{"key": "path", "ttl": "0s"}"#, "ttl: must be from 100ms"),
        (r#"{"key": "path", "ttl": 5}"#, "ttl: invalid type"),
        (
            r#"{"key": "path", "report": "a b"}"#,
            "report: `a b` is not",
        ),
        (
            r#"{"key": "path", "report": "te"}"#,
            "report: the field `te` belongs",
        ),
        (r#"{"key": "path", "tll": "5s"}"#, "tll: unknown field"),
    ] {
        let refused = Host::new().filter::<Depths>(config).unwrap_err();
        assert!(refused.starts_with(expected), "{refused}");
    }
}
