//! The built component in the proxy's sandbox.

use tidegate_testkit::{Component, Host, build, endpoints};

fn component() -> Component {
    build!("plugin")
}

#[test]
fn requests_that_stay_in_flight_fill_up_by_weight() {
    let host = Host::new();
    let mut list = endpoints(3);
    list[0].weight = 4;
    list[1].weight = 2;
    let selector = host.plugin(&component(), "{}", &list).unwrap();
    let mut in_flight = [0; 3];
    for _ in 0..70 {
        host.in_flight(&in_flight);
        in_flight[selector.pick().unwrap() as usize] += 1;
    }
    assert_eq!(in_flight, [40, 20, 10]);
}

#[test]
fn equals_take_turns_and_nobody_else_is_chosen() {
    let host = Host::new();
    let selector = host.plugin(&component(), "{}", &endpoints(4)).unwrap();
    host.in_flight(&[1, 0, 0, 1]);
    assert_eq!(selector.tally(100), [0, 50, 50, 0]);
    host.exclude(&[1, 2]);
    assert_eq!(selector.tally(100), [50, 0, 0, 50]);
}
