use tidegate_sdk::testing::{Host, endpoints};

use super::*;

#[test]
fn requests_that_stay_in_flight_fill_up_by_weight() {
    let host = Host::new();
    let mut selector = host.plugin::<LeastConnections>("{}").unwrap();
    let mut list = endpoints(3);
    list[0].weight = 4;
    list[1].weight = 2;
    selector.update(&list);
    let mut in_flight = [0; 3];
    for _ in 0..70 {
        host.in_flight(&in_flight);
        in_flight[selector.pick().unwrap() as usize] += 1;
    }
    assert_eq!(in_flight, [40, 20, 10]);
}

#[test]
fn equals_take_turns() {
    let host = Host::new();
    let mut selector = host.plugin::<LeastConnections>("{}").unwrap();
    selector.update(&endpoints(5));
    assert_eq!(selector.tally(50), [10; 5]);
}

#[test]
fn draining_and_excluded_endpoints_are_left_out_even_if_idle() {
    let host = Host::new();
    let mut selector = host.plugin::<LeastConnections>("{}").unwrap();
    let mut list = endpoints(4);
    list[0].draining = true;
    selector.update(&list);
    host.in_flight(&[0, 0, 9, 8]);
    assert_eq!(selector.pick(), Some(1));
    host.exclude(&[1]);
    assert_eq!(selector.pick(), Some(3));
    host.exclude(&[1, 2, 3]);
    assert_eq!(selector.pick(), None);
}
