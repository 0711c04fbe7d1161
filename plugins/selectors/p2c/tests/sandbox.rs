//! The built component in the proxy's sandbox.

use tidegate_testkit::{Component, Host, build, endpoints};

fn component() -> Component {
    build!("plugin")
}

#[test]
fn of_two_the_less_loaded_for_its_weight_is_chosen() {
    let host = Host::new();
    let mut list = endpoints(3);
    list[2].weight = 10;
    let selector = host.plugin(&component(), "{}", &list).unwrap();
    host.in_flight(&[5, 9, 19]);
    let tally = selector.tally_on(2, 5000);
    assert_eq!(tally[1], 0, "the most loaded one wins no draw");
    // In all pairs but those of the two small ones, 2/12 × 1/11 of 10,000; six standard
    // deviations are 74.
    assert!(tally[2].abs_diff(9848) < 74, "{tally:?}");
    host.exclude(&[0, 2]);
    assert_eq!(selector.pick(), Some(1));
}
