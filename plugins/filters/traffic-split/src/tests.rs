use tidegate_sdk::testing::{FilterPlugin, Host, Request};

use super::*;

fn config(key: &str, weights: (u32, u32)) -> String {
    let (web, next) = weights;
    format!(
        r#"{{"key": {key}, "upstreams": [{{"name": "web", "weight": {web}}}, {{"name": "next", "weight": {next}}}]}}"#
    )
}

fn upstream(host: &Host, filter: &mut FilterPlugin<TrafficSplit>, request: Request) -> String {
    host.request(request);
    filter.on_request();
    let upstream = host.upstream().unwrap();
    assert_eq!(request::attribute("split").as_ref(), Some(&upstream));
    upstream
}

#[test]
fn lots_fall_by_weight() {
    let host = Host::new();
    for config in [
        config(r#""random""#, (90, 10)),
        config(r#""random""#, (90, 10)).replace(r#""key": "random", "#, ""),
    ] {
        let mut filter = host.filter::<TrafficSplit>(&config).unwrap();
        let next =
            (0..10_000).filter(|_| upstream(&host, &mut filter, Request::get("/")) == "next");
        let next = next.count();
        // Five standard deviations.
        assert!((850..=1150).contains(&next), "{next}");
    }
}

#[test]
fn a_key_stays_and_moves_only_with_the_weights() {
    let host = Host::new();
    let key = r#"{"cookie": "id"}"#;
    let mut before = host.filter::<TrafficSplit>(&config(key, (95, 5))).unwrap();
    let mut other = host.filter::<TrafficSplit>(&config(key, (95, 5))).unwrap();
    let mut after = host.filter::<TrafficSplit>(&config(key, (90, 10))).unwrap();
    let (mut moved, mut next) = (0, 0);
    for i in 0..10_000 {
        let request = || Request::get("/").cookie("id", &i.to_string());
        let first = upstream(&host, &mut before, request());
        assert_eq!(upstream(&host, &mut other, request()), first);
        let second = upstream(&host, &mut after, request());
        assert!(first == "web" || second == "next", "nobody comes back");
        moved += u32::from(first != second);
        next += u32::from(first == "next");
    }
    assert!((400..=600).contains(&moved), "{moved}");
    assert!((400..=600).contains(&next), "{next}");
}

#[test]
fn a_request_without_the_key_counts_by_its_client() {
    let host = Host::new();
    let mut by_header = host
        .filter::<TrafficSplit>(&config(r#"{"header": "x-user"}"#, (1, 1)))
        .unwrap();
    let mut by_client = host
        .filter::<TrafficSplit>(&config(r#""client_address""#, (1, 1)))
        .unwrap();
    for i in 0..100 {
        let request = Request::get("/").client(&format!("192.0.2.{i}"));
        let expected = upstream(&host, &mut by_client, request.clone());
        assert_eq!(upstream(&host, &mut by_header, request), expected);
    }
}

#[test]
fn nonsense_is_refused_with_what_to_write() {
    for (config, why) in [
        ("{}", "missing field `upstreams`"),
        (r#"{"upstreams": []}"#, "upstreams: nobody has a weight"),
        (
            r#"{"upstreams": [{"name": "a", "weight": 0}]}"#,
            "upstreams: nobody has a weight",
        ),
        (
            r#"{"upstreams": [{"name": "", "weight": 1}]}"#,
            "upstreams[0].name: a name is missing",
        ),
        (
            r#"{"upstreams": [{"name": "a", "weight": 1}, {"name": "a", "weight": 1}]}"#,
            "upstreams[1].name: `a` is there twice",
        ),
        (
            r#"{"upstreams": [{"name": "a"}]}"#,
            "missing field `weight`",
        ),
        (
            r#"{"upstreams": [{"name": "a", "weight": 1}], "key": "ip"}"#,
            "(or `random`)",
        ),
    ] {
        let refused = Host::new().filter::<TrafficSplit>(config).err();
        let refused = refused.unwrap_or_else(|| panic!("{config}"));
        assert!(refused.contains(why), "{config}: {refused}");
    }
}
