use tidegate_sdk::testing::{Host, endpoints};

use super::*;

#[test]
fn all_instances_together_are_exact() {
    let host = Host::new();
    let mut threads = [(); 3].map(|()| host.plugin::<RoundRobin>("{}").unwrap());
    threads
        .iter_mut()
        .for_each(|thread| thread.update(&endpoints(7)));
    let mut tally = [0; 7];
    // Every thread at its own pace: 70 requests, however they are spread.
    for turn in 0..70 {
        let thread = if turn % 5 == 0 { 1 } else { turn % 2 * 2 };
        tally[threads[thread].pick().unwrap() as usize] += 1;
    }
    assert_eq!(tally, [10; 7]);
}

#[test]
fn draining_endpoints_are_left_out() {
    let host = Host::new();
    let mut selector = host.plugin::<RoundRobin>("{}").unwrap();
    let mut list = endpoints(3);
    list[1].draining = true;
    selector.update(&list);
    assert_eq!(selector.tally(10), [5, 0, 5]);
    list.iter_mut()
        .for_each(|endpoint| endpoint.draining = true);
    selector.update(&list);
    assert_eq!(selector.tally(9), [3, 3, 3]);
}

#[test]
fn an_excluded_endpoint_gives_its_turn_to_the_next() {
    let host = Host::new();
    let mut selector = host.plugin::<RoundRobin>("{}").unwrap();
    selector.update(&endpoints(4));
    host.exclude(&[1, 2]);
    let picks: Vec<_> = (0..4).map(|_| selector.pick()).collect();
    assert_eq!(picks, [Some(0), Some(3), Some(3), Some(3)]);
    host.exclude(&[0, 1, 2, 3]);
    assert_eq!(selector.pick(), None);
}

#[test]
fn it_goes_on_where_it_was_after_a_replacement() {
    let host = Host::new();
    let mut old = host.plugin::<RoundRobin>("{}").unwrap();
    old.update(&endpoints(3));
    assert_eq!(old.pick(), Some(0));
    drop(old);
    let mut new = host.plugin::<RoundRobin>("{}").unwrap();
    new.update(&endpoints(3));
    assert_eq!(new.pick(), Some(1));
}

#[test]
fn any_configuration_is_refused() {
    let refused = Host::new()
        .plugin::<RoundRobin>(r#"{"start": 1}"#)
        .unwrap_err();
    assert_eq!(
        refused,
        "start: unknown key, this plugin has no configuration"
    );
}
