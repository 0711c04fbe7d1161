//! The built component in the proxy's sandbox.

use tidegate_testkit::{Component, Host, build, endpoints};

fn component() -> Component {
    build!("plugin")
}

#[test]
fn shares_follow_the_weights_over_threads() {
    let host = Host::new();
    let mut list = endpoints(3);
    list[0].weight = 6;
    list[1].weight = 3;
    let selector = host.plugin(&component(), "{}", &list).unwrap();
    let tally = selector.tally_on(2, 5000);
    // Of 10,000; six standard deviations of the most uncertain one are 294.
    for (count, expected) in tally.iter().zip([6000, 3000, 1000]) {
        assert!(count.abs_diff(expected) < 294, "{tally:?}");
    }
    host.exclude(&[0, 1]);
    assert_eq!(selector.tally(20), [0, 0, 20]);
}
