//! The logic by plain `cargo test`: the SDK's fakes stand for the host.

use tidegate_sdk::testing::{Host, Plugin, endpoints};

use super::*;

const BY_ORDER: &str = r#"{"zone": "a", "bound": 10, "spill": {"order": ["c", "b"]}}"#;
const BY_LATENCY: &str = r#"{"zone": "a", "bound": 10}"#;

/// In the zones a, a, b, b, c, c.
fn six() -> Vec<Endpoint> {
    let mut list = endpoints(6);
    for (endpoint, zone) in list.iter_mut().zip(["a", "a", "b", "b", "c", "c"]) {
        endpoint.zone = Some(zone.to_owned());
    }
    list
}

fn configured(host: &Host, config: &str, list: &[Endpoint]) -> Plugin<ZoneAware> {
    let mut selector = host.plugin::<ZoneAware>(config).unwrap();
    selector.update(list);
    selector
}

#[test]
fn the_own_zone_takes_all_below_its_bound() {
    let host = Host::new();
    let mut selector = configured(&host, BY_ORDER, &six());
    assert_eq!(selector.tally(10), [5, 5, 0, 0, 0, 0]);
    host.in_flight(&[10, 9, 0, 0, 0, 0]);
    assert_eq!(selector.pick(), Some(1));
}

#[test]
fn what_is_too_much_goes_to_the_next_zone_with_room() {
    let host = Host::new();
    let mut selector = configured(&host, BY_ORDER, &six());
    host.in_flight(&[10, 10, 0, 0, 3, 2]);
    assert_eq!(selector.pick(), Some(5), "c comes before b");
    host.in_flight(&[10, 10, 1, 0, 10, 10]);
    assert_eq!(selector.pick(), Some(3));
    host.in_flight(&[10, 9, 1, 0, 10, 10]);
    assert_eq!(selector.pick(), Some(1), "there is room again at home");
}

#[test]
fn when_nobody_has_room_the_least_loaded_zone_serves() {
    let host = Host::new();
    let mut selector = configured(&host, BY_ORDER, &six());
    host.in_flight(&[30, 30, 20, 19, 25, 25]);
    assert_eq!(selector.pick(), Some(3));
}

#[test]
fn the_quickest_zone_is_next_and_who_was_never_measured_is_tried() {
    let host = Host::new();
    let mut selector = configured(&host, BY_LATENCY, &six());
    host.in_flight(&[10, 10, 0, 0, 0, 0]);
    host.latency(&[1, 1, 900, 700, 500, 500]);
    assert!(selector.pick() >= Some(4));
    host.latency(&[1, 1, 900, 0, 500, 500]);
    let chosen = selector.pick();
    assert!(chosen == Some(2) || chosen == Some(3), "{chosen:?}");
}

#[test]
fn weights_count_for_the_bound_and_inside_of_the_zone() {
    let host = Host::new();
    let mut list = six();
    list.iter_mut().for_each(|endpoint| endpoint.weight = 100);
    list[0].weight = 50;
    let mut selector = configured(&host, BY_ORDER, &list);
    host.in_flight(&[2, 6]);
    assert_eq!(selector.pick(), Some(0), "3 of 50 are less than 7 of 100");
    host.in_flight(&[5, 9]);
    assert!(selector.pick() < Some(2), "14 are less than 15");
    host.in_flight(&[5, 10]);
    assert!(selector.pick() >= Some(4), "15 fill one and a half");
}

#[test]
fn excluded_and_draining_endpoints_are_not_used() {
    let host = Host::new();
    let mut list = six();
    list[0].draining = true;
    let mut selector = configured(&host, BY_ORDER, &list);
    assert_eq!(selector.tally(10), [0, 10, 0, 0, 0, 0]);
    host.in_flight(&[0, 10]);
    assert!(selector.pick() >= Some(4), "one that drains makes no room");
    host.exclude(&[1, 4, 5]);
    assert!(matches!(selector.pick(), Some(2 | 3)));
    host.exclude(&[0, 1, 2, 3, 4, 5]);
    assert_eq!(selector.pick(), None);
}

#[test]
fn a_zone_that_nobody_is_in_is_told_and_the_others_serve() {
    let host = Host::new();
    let config = r#"{"zone": "x", "bound": 10}"#;
    let mut selector = configured(&host, config, &endpoints(2));
    assert_eq!(selector.tally(10), [5, 5]);
    let (level, line) = host.lines().remove(0);
    assert_eq!(level, log::Level::Warn);
    assert!(line.contains("own zone x"), "{line}");
}

#[test]
fn nonsense_is_refused_with_its_key() {
    for (config, expected) in [
        ("{}", "missing field `zone`"),
        (r#"{"zone": "", "bound": 1}"#, "zone: write the zone"),
        (r#"{"zone": "a"}"#, "missing field `bound`"),
        (r#"{"zone": "a", "bound": 0}"#, "bound: must be above 0"),
        (r#"{"zone": "a", "bound": -1}"#, "bound: must be above 0"),
        (
            r#"{"zone": "a", "bound": 1, "spill": "nearest"}"#,
            "spill: unknown variant `nearest`",
        ),
        (
            r#"{"zone": "a", "bound": 1, "spill": {"order": ["b", "b"]}}"#,
            "spill.order[1]: write each",
        ),
        (
            r#"{"zone": "a", "bound": 1, "spill": {"order": ["a"]}}"#,
            "spill.order[0]: write each",
        ),
        (r#"{"zome": "a"}"#, "zome: unknown field"),
    ] {
        let refused = Host::new().plugin::<ZoneAware>(config).unwrap_err();
        assert!(refused.starts_with(expected), "{refused}");
    }
}
