use tidegate_sdk::testing::{Host, endpoints};

use super::*;

fn weighted(weights: &[u32]) -> Vec<Endpoint> {
    let mut list = endpoints(weights.len() as u32);
    list.iter_mut()
        .zip(weights)
        .for_each(|(endpoint, &weight)| endpoint.weight = weight);
    list
}

#[test]
fn five_one_one_is_spread_over_all_instances() {
    let host = Host::new();
    let mut threads = [(); 2].map(|()| host.plugin::<Weighted>("{}").unwrap());
    threads
        .iter_mut()
        .for_each(|thread| thread.update(&weighted(&[5, 1, 1])));
    let picks: Vec<u32> = (0..14)
        .map(|turn| threads[turn % 2].pick().unwrap())
        .collect();
    assert_eq!(picks, [0, 0, 1, 0, 2, 0, 0].repeat(2));
}

#[test]
fn each_full_cycle_is_exact_wherever_it_starts() {
    let host = Host::new();
    let mut selector = host.plugin::<Weighted>("{}").unwrap();
    let weights = [3, 8, 2, 5, 8];
    selector.update(&weighted(&weights));
    for offset in 0..26 {
        assert_eq!(selector.tally(26), weights, "after {offset}");
        selector.pick();
    }
}

#[test]
fn draining_endpoints_are_left_out() {
    let host = Host::new();
    let mut selector = host.plugin::<Weighted>("{}").unwrap();
    let mut list = weighted(&[5, 1, 2]);
    list[0].draining = true;
    selector.update(&list);
    assert_eq!(selector.tally(30), [0, 10, 20]);
}

#[test]
fn what_remains_after_exclusion_keeps_its_proportions() {
    let host = Host::new();
    let mut selector = host.plugin::<Weighted>("{}").unwrap();
    selector.update(&weighted(&[5, 1, 2]));
    host.exclude(&[0]);
    let tally = selector.tally(9000);
    assert_eq!(tally[0], 0);
    // A third of 9,000; five standard deviations are 224.
    assert!(tally[1].abs_diff(3000) < 224, "{tally:?}");
    host.exclude(&[0, 2]);
    assert_eq!(selector.tally(100), [0, 100, 0]);
    host.exclude(&[0, 1, 2]);
    assert_eq!(selector.pick(), None);
}
