use std::time::Duration;

use tidegate_sdk::testing::{FilterPlugin, Host, Request};

use super::*;

fn passes(host: &Host, filter: &mut FilterPlugin<RateLimit>, request: Request) -> bool {
    host.request(request);
    filter.on_request() == Verdict::Pass
}

fn field(name: &str) -> String {
    String::from_utf8(response::header(name).unwrap()).unwrap()
}

#[test]
fn the_burst_passes_then_the_rate() {
    let host = Host::new();
    let mut filter = host
        .filter::<RateLimit>(r#"{"rate": 2, "burst": 3}"#)
        .unwrap();
    let ask = |filter: &mut _| passes(&host, filter, Request::get("/"));
    assert_eq!(
        [(); 4].map(|()| ask(&mut filter)),
        [true, true, true, false]
    );
    assert_eq!(response::status(), 429);
    assert_eq!(field("retry-after"), "1");
    assert_eq!(field("ratelimit-policy"), "\"default\";q=3;w=2");
    assert_eq!(field("ratelimit"), "\"default\";r=0;t=1");
    host.advance(Duration::from_millis(500));
    assert_eq!([(); 2].map(|()| ask(&mut filter)), [true, false]);
}

#[test]
fn the_time_to_wait_is_rounded_up() {
    let host = Host::new();
    let mut filter = host.filter::<RateLimit>(r#"{"rate": 0.3}"#).unwrap();
    assert!(passes(&host, &mut filter, Request::get("/")));
    assert!(!passes(&host, &mut filter, Request::get("/")));
    assert_eq!(field("retry-after"), "4", "a third of a token in a second");
    assert_eq!(field("ratelimit-policy"), "\"default\";q=1;w=4");
}

#[test]
fn clients_do_not_share_and_instances_do() {
    let host = Host::new();
    let mut one = host.filter::<RateLimit>(r#"{"rate": 1}"#).unwrap();
    let mut other = host.filter::<RateLimit>(r#"{"rate": 1}"#).unwrap();
    let from = |address| Request::get("/").client(address);
    assert!(passes(&host, &mut one, from("192.0.2.1")));
    assert!(
        !passes(&host, &mut other, from("192.0.2.1")),
        "as on another thread"
    );
    assert!(passes(&host, &mut other, from("192.0.2.2")));
    assert!(passes(&host, &mut one, from("2001:db8::1")));
    assert!(
        !passes(&host, &mut one, from("2001:db8::2")),
        "one subscriber"
    );
}

#[test]
fn requests_without_the_key_share_one_bucket() {
    let host = Host::new();
    let mut filter = host
        .filter::<RateLimit>(r#"{"rate": 1, "key": {"header": "x-user"}}"#)
        .unwrap();
    let by = |user| Request::get("/").header("x-user", user);
    assert!(passes(&host, &mut filter, by("a")));
    assert!(passes(&host, &mut filter, by("b")));
    assert!(!passes(&host, &mut filter, by("a").client("192.0.2.9")));
    assert!(passes(
        &host,
        &mut filter,
        Request::get("/").client("192.0.2.1")
    ));
    assert!(!passes(
        &host,
        &mut filter,
        Request::get("/").client("192.0.2.2")
    ));
    assert!(!passes(&host, &mut filter, by("")));
}

#[test]
fn nonsense_is_refused_with_what_to_write() {
    for (config, why) in [
        ("{}", "missing field `rate`"),
        (r#"{"rate": 0}"#, "rate: must be above 0"),
        (r#"{"rate": -1}"#, "rate: must be above 0"),
        (r#"{"rate": 1e9}"#, "at most 1000000"),
        (r#"{"rate": 1, "burst": 0}"#, "burst: must be at least 1"),
        (r#"{"rate": 1, "burst": 1.5}"#, "burst: invalid type"),
        (
            r#"{"rate": 1, "key": "ip"}"#,
            "expected one of `client_address`, `path`",
        ),
        (
            r#"{"rate": 1, "key": {"header": "a b"}}"#,
            "not a field name",
        ),
        (r#"{"rate": 1, "per": "1m"}"#, "per: unknown field `per`"),
    ] {
        let refused = Host::new().filter::<RateLimit>(config).unwrap_err();
        assert!(refused.contains(why), "{config}: {refused}");
    }
}
