use tidegate_sdk::testing::{Host, endpoints};

use super::*;

#[test]
fn latency_and_load_and_weight_count_together() {
    let host = Host::new();
    let mut selector = host.plugin::<PeakEwma>("{}").unwrap();
    let mut list = endpoints(2);
    selector.update(&list);
    host.latency(&[1000, 4000]);
    assert_eq!(selector.tally(100), [100, 0], "four times as fast");
    host.in_flight(&[7, 0]);
    assert_eq!(selector.tally(100), [0, 100], "but eight in the queue");
    list[0].weight = 3;
    selector.update(&list);
    assert_eq!(selector.tally(100), [100, 0], "but three times as strong");
}

#[test]
fn an_unmeasured_endpoint_is_compared_by_load_alone() {
    let host = Host::new();
    let mut selector = host.plugin::<PeakEwma>("{}").unwrap();
    selector.update(&endpoints(2));
    host.latency(&[0, 50]);
    let tally = selector.tally(10_000);
    assert!(tally[0].abs_diff(5000) < 250, "an equal share: {tally:?}");
    host.in_flight(&[1, 0]);
    assert_eq!(selector.tally(100), [0, 100]);
}

#[test]
fn a_slow_endpoint_among_many_wins_no_draw() {
    let host = Host::new();
    let mut selector = host.plugin::<PeakEwma>("{}").unwrap();
    let mut list = endpoints(5);
    list[4].draining = true;
    selector.update(&list);
    host.latency(&[10, 10, 900, 10, 1]);
    host.exclude(&[0]);
    let tally = selector.tally(1000);
    assert_eq!((tally[0], tally[2], tally[4]), (0, 0, 0));
    host.exclude(&[0, 1, 3]);
    assert_eq!(selector.pick(), Some(2));
    host.exclude(&[0, 1, 2, 3]);
    assert_eq!(selector.pick(), None);
}
