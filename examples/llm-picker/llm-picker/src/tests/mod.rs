//! The logic by plain `cargo test`: the SDK's fakes stand for the host.

use tidegate_sdk::testing::{Host, Plugin, Request, endpoints};

use super::*;

mod closed_loop;

fn configured(host: &Host, config: &str, list: &[Endpoint]) -> Plugin<Picker> {
    let mut selector = host.plugin::<Picker>(config).unwrap();
    selector.update(list);
    selector
}

/// A request as the filter leaves it.
fn of(prefix: u64, reports: &str) -> Request {
    Request::get("/")
        .attribute(reports::PREFIX, &format!("{prefix:016x}"))
        .attribute(reports::DEPTHS, reports)
}

fn pick(host: &Host, selector: &mut Plugin<Picker>, request: Request) -> u32 {
    host.request(request);
    selector.pick().unwrap()
}

/// Reports of `endpoints`, by position.
fn told(depths: &[u32], number: u8) -> String {
    let entry = |(i, depth)| format!("10.0.0.{i}:80={depth}~{number}");
    let entries: Vec<String> = depths.iter().enumerate().map(entry).collect();
    entries.join(" ")
}

#[test]
fn a_prefix_stays_and_prefixes_are_spread() {
    let host = Host::new();
    let mut one = configured(&host, "{}", &endpoints(4));
    let mut other = configured(&host, "{}", &endpoints(4));
    let mut tally = [0u32; 4];
    for prefix in 0..4_000 {
        let home = pick(&host, &mut one, of(prefix, ""));
        assert_eq!(pick(&host, &mut other, of(prefix, "")), home);
        tally[home as usize] += 1;
    }
    // Five standard deviations.
    assert!(tally.iter().all(|n| n.abs_diff(1_000) < 140), "{tally:?}");
}

#[test]
fn a_home_is_left_beyond_the_margin_and_found_again() {
    let host = Host::new();
    let mut selector = configured(&host, r#"{"margin": 4}"#, &endpoints(3));
    let home = pick(&host, &mut selector, of(7, "")) as usize;
    let mut depths = [10, 10, 10];
    depths[home] = 14;
    assert_eq!(
        pick(&host, &mut selector, of(7, &told(&depths, 1))),
        home as u32
    );
    depths[home] = 15;
    let next = pick(&host, &mut selector, of(7, &told(&depths, 2)));
    assert_ne!(next, home as u32);
    host.exclude(&[home as u32]);
    assert_eq!(
        pick(&host, &mut selector, of(7, "")),
        next,
        "the next in its order"
    );
    host.exclude(&[]);
    depths[home] = 9;
    assert_eq!(
        pick(&host, &mut selector, of(7, &told(&depths, 3))),
        home as u32
    );
}

#[test]
fn what_was_sent_since_the_report_counts() {
    let host = Host::new();
    let mut selector = configured(&host, r#"{"margin": 2}"#, &endpoints(2));
    let reports = told(&[5, 5], 1);
    let home = pick(&host, &mut selector, of(7, &reports)) as usize;
    let mut in_flight = [0; 2];
    in_flight[home] = 2;
    host.in_flight(&in_flight);
    assert_eq!(pick(&host, &mut selector, of(7, &reports)) as usize, home);
    in_flight[home] = 3;
    host.in_flight(&in_flight);
    assert_ne!(pick(&host, &mut selector, of(7, &reports)) as usize, home);
    let reports = told(&[5, 5], 2);
    assert_eq!(pick(&host, &mut selector, of(7, &reports)) as usize, home);
}

#[test]
fn an_endpoint_that_lies_gets_no_more_than_its_bound() {
    let host = Host::new();
    let mut selector = configured(&host, r#"{"margin": 4, "bound": 2}"#, &endpoints(5));
    let mut in_flight = [0u32; 5];
    for number in 0..200u8 {
        let mut said = in_flight.map(|n| n + 20);
        said[3] = 0;
        host.in_flight(&in_flight);
        let request = of(u64::from(number), &told(&said, number));
        in_flight[pick(&host, &mut selector, request) as usize] += 1;
    }
    assert!((60..=84).contains(&in_flight[3]), "{in_flight:?}");
    assert!(in_flight.iter().all(|&n| n > 20), "{in_flight:?}");
}

#[test]
fn requests_without_a_prefix_are_spread_over_those_with_little_to_do() {
    let host = Host::new();
    let mut selector = configured(&host, "{}", &endpoints(3));
    let reports = told(&[0, 4, 5], 1);
    host.request(Request::get("/").attribute(reports::DEPTHS, &reports));
    let tally = selector.tally(1_000);
    assert!(
        tally[0] > 400 && tally[1] > 400 && tally[2] == 0,
        "{tally:?}"
    );
}

#[test]
fn weights_count_for_the_share_and_for_the_depth() {
    let host = Host::new();
    let mut list = endpoints(2);
    list[1].weight = 3;
    let mut selector = configured(&host, r#"{"margin": 0}"#, &list);
    let tally = selector.tally(4_000);
    assert!(tally[1].abs_diff(3_000) < 140, "{tally:?}");
    let reports = told(&[2, 5], 1);
    assert_eq!(
        pick(&host, &mut selector, of(7, &reports)),
        1,
        "5 of 3 are less than 2 of 1"
    );
}

#[test]
fn who_drains_or_is_excluded_is_not_chosen() {
    let host = Host::new();
    let mut list = endpoints(3);
    list[0].draining = true;
    let mut selector = configured(&host, "{}", &list);
    host.exclude(&[1]);
    assert_eq!(selector.tally(50), [0, 0, 50]);
    host.exclude(&[0, 1, 2]);
    assert_eq!(selector.pick(), None);
}

#[test]
fn nonsense_in_the_attributes_is_passed_over() {
    let host = Host::new();
    let mut selector = configured(&host, "{}", &endpoints(3));
    for text in [
        "",
        " ",
        "=",
        "10.0.0.0:80=99999~1",
        "10.0.0.0:80=-1~1",
        "x=1~1",
    ] {
        let request = Request::get("/").attribute(reports::DEPTHS, text);
        pick(
            &host,
            &mut selector,
            request.attribute(reports::PREFIX, text),
        );
    }
}

#[test]
fn nonsense_is_refused_with_its_key() {
    for (config, expected) in [
        (r#"{"margin": 1001}"#, "margin: at most 1000"),
        (r#"{"margin": -1}"#, "margin: invalid value"),
        (r#"{"bound": 1}"#, "bound: must be from 1.1"),
        (r#"{"bound": 1e300}"#, "bound: must be from 1.1"),
        (r#"{"magrin": 4}"#, "magrin: unknown field"),
    ] {
        let refused = Host::new().plugin::<Picker>(config).unwrap_err();
        assert!(refused.starts_with(expected), "{refused}");
    }
}
