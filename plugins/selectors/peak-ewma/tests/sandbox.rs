//! The built component in the proxy's sandbox.

use tidegate_testkit::{Component, Host, build, endpoints};

fn component() -> Component {
    build!("plugin")
}

#[test]
fn of_two_the_one_that_answers_sooner_is_chosen() {
    let host = Host::new();
    let selector = host.plugin(&component(), "{}", &endpoints(2)).unwrap();
    host.latency(&[1000, 4000]);
    assert_eq!(selector.tally(100), [100, 0], "four times as fast");
    host.in_flight(&[7, 0]);
    assert_eq!(selector.tally(100), [0, 100], "but eight in the queue");
    host.exclude(&[1]);
    assert_eq!(selector.pick(), Some(0));
}
