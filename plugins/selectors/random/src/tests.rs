use tidegate_sdk::testing::{Host, endpoints};

use super::*;

#[test]
fn everyone_is_as_likely_except_who_drains_or_is_excluded() {
    let host = Host::new();
    let mut selector = host.plugin::<Random>("{}").unwrap();
    let mut list = endpoints(6);
    list[1].draining = true;
    list[2].weight = 1000;
    selector.update(&list);
    host.exclude(&[4]);
    let tally = selector.tally(40_000);
    assert_eq!((tally[1], tally[4]), (0, 0));
    for position in [0, 2, 3, 5] {
        // A quarter of 40,000; five standard deviations are 433.
        assert!(tally[position].abs_diff(10_000) < 433, "{tally:?}");
    }
}
