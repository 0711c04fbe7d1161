use tidegate_sdk::testing::{Host, endpoints};

use super::*;

#[test]
fn shares_follow_the_weights_of_those_that_may_be_used() {
    let host = Host::new();
    let mut selector = host.plugin::<WeightedRandom>("{}").unwrap();
    let mut list = endpoints(5);
    let weights = [1, 2, 3, 4, 100];
    list.iter_mut()
        .zip(weights)
        .for_each(|(endpoint, weight)| endpoint.weight = weight);
    list[4].draining = true;
    selector.update(&list);
    let tally = selector.tally(100_000);
    assert_eq!(tally[4], 0);
    for (count, weight) in tally.into_iter().zip(weights).take(4) {
        // Five standard deviations of the most uncertain one are 775.
        assert!(
            count.abs_diff(weight * 10_000) < 775,
            "{count} of weight {weight}"
        );
    }
    host.exclude(&[3]);
    let tally = selector.tally(60_000);
    assert_eq!((tally[3], tally[4]), (0, 0));
    for (count, weight) in tally.into_iter().zip(weights).take(3) {
        assert!(
            count.abs_diff(weight * 10_000) < 613,
            "{count} of weight {weight}"
        );
    }
}
