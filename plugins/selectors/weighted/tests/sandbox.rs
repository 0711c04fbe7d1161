//! The built component in the proxy's sandbox.

use tidegate_testkit::{Component, Endpoint, Host, build, endpoints};

fn component() -> Component {
    build!("plugin")
}

fn weighted(weights: &[u32]) -> Vec<Endpoint> {
    let list = endpoints(weights.len() as u32).into_iter();
    let pairs = list.zip(weights);
    pairs
        .map(|(endpoint, &weight)| Endpoint { weight, ..endpoint })
        .collect()
}

#[test]
fn five_one_one_is_spread() {
    let selector = Host::new()
        .plugin(&component(), "{}", &weighted(&[5, 1, 1]))
        .unwrap();
    let picks: Vec<u32> = (0..14).map(|_| selector.pick().unwrap()).collect();
    // a a b a c a a
    assert_eq!(picks, [0, 0, 1, 0, 2, 0, 0].repeat(2));
}

#[test]
fn each_cycle_is_exact_over_threads() {
    let selector = Host::new()
        .plugin(&component(), "{}", &weighted(&[5, 1, 2]))
        .unwrap();
    // 4 threads × 50 cycles of 8.
    assert_eq!(selector.tally_on(4, 400), [1000, 200, 400]);
}

#[test]
fn a_new_weight_counts_from_the_next_request_on() {
    let mut selector = Host::new()
        .plugin(&component(), "{}", &weighted(&[1, 1]))
        .unwrap();
    assert_eq!(selector.tally(10), [5, 5]);
    selector.update(&weighted(&[1, 4])).unwrap();
    assert_eq!(selector.tally(10), [2, 8]);
}
