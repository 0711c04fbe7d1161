//! The built component in the proxy's sandbox.

use tidegate_testkit::{Component, Host, build, endpoints};

fn component() -> Component {
    build!("plugin")
}

#[test]
fn everyone_is_as_likely_whatever_the_weight() {
    let host = Host::new();
    let mut list = endpoints(4);
    list[0].weight = 1000;
    let selector = host.plugin(&component(), "{}", &list).unwrap();
    let tally = selector.tally_on(2, 5000);
    for count in &tally {
        // A quarter of 10,000; six standard deviations are 260.
        assert!(count.abs_diff(2500) < 260, "{tally:?}");
    }
    host.exclude(&[0, 2, 3]);
    assert_eq!(selector.tally(20), [0, 20, 0, 0]);
}
