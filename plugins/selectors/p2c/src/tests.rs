use tidegate_sdk::testing::{Host, endpoints};

use super::*;

#[test]
fn the_most_loaded_endpoint_is_never_chosen_and_the_least_loaded_wins_each_draw() {
    let host = Host::new();
    let mut selector = host.plugin::<P2c>("{}").unwrap();
    selector.update(&endpoints(3));
    host.in_flight(&[5, 9, 1]);
    let tally = selector.tally(30_000);
    assert_eq!(tally[1], 0);
    // In two of three pairs; five standard deviations are 409.
    assert!(tally[2].abs_diff(20_000) < 409, "{tally:?}");
}

#[test]
fn weights_divide_the_load_and_equals_are_fair() {
    let host = Host::new();
    let mut selector = host.plugin::<P2c>("{}").unwrap();
    let mut list = endpoints(2);
    list[0].weight = 10;
    selector.update(&list);
    host.in_flight(&[18, 1]);
    assert_eq!(selector.tally(100), [100, 0]);
    host.in_flight(&[20, 1]);
    assert_eq!(selector.tally(100), [0, 100]);
    host.in_flight(&[19, 1]);
    // Of equals the one that was drawn first, and it is drawn by weight: ten times of eleven.
    let tally = selector.tally(10_000);
    assert!(tally[0].abs_diff(9091) < 144, "{tally:?}");
}

#[test]
fn a_large_endpoint_gets_its_share_of_an_idle_upstream() {
    let host = Host::new();
    let mut selector = host.plugin::<P2c>("{}").unwrap();
    let mut list = endpoints(11);
    list[4].weight = 90;
    selector.update(&list);
    // It is drawn first in nine of ten, and wins whenever it is drawn second.
    let tally = selector.tally(1_000);
    assert!(tally[4] > 900, "{tally:?}");
}

#[test]
fn draining_and_excluded_endpoints_are_never_drawn() {
    let host = Host::new();
    let mut selector = host.plugin::<P2c>("{}").unwrap();
    let mut list = endpoints(4);
    list[0].draining = true;
    selector.update(&list);
    host.in_flight(&[0, 7, 0, 7]);
    host.exclude(&[2]);
    let tally = selector.tally(1000);
    assert_eq!((tally[0], tally[2]), (0, 0));
    host.exclude(&[1, 2]);
    assert_eq!(selector.pick(), Some(3));
    host.exclude(&[1, 2, 3]);
    assert_eq!(selector.pick(), None);
}
