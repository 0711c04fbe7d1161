//! The built component in the proxy's sandbox.

use tidegate_testkit::{Component, Host, LoadError, build, endpoints};

fn component() -> Component {
    build!("plugin")
}

#[test]
fn turns_are_exact_over_threads() {
    let selector = Host::new()
        .plugin(&component(), "{}", &endpoints(7))
        .unwrap();
    // 4 threads × 700 requests over 7 endpoints.
    assert_eq!(selector.tally_on(4, 700), [400; 7]);
}

#[test]
fn the_turn_survives_a_replacement_and_a_new_list() {
    let mut selector = Host::new()
        .plugin(&component(), "{}", &endpoints(3))
        .unwrap();
    assert_eq!([selector.pick(), selector.pick()], [Some(0), Some(1)]);
    selector.replace(&component(), "{}").unwrap();
    assert_eq!(selector.pick(), Some(2));
    selector.update(&endpoints(2)).unwrap();
    assert_eq!([selector.pick(), selector.pick()], [Some(1), Some(0)]);
}

#[test]
fn an_excluded_endpoint_gives_its_turn_to_the_next() {
    let host = Host::new();
    let selector = host.plugin(&component(), "{}", &endpoints(4)).unwrap();
    host.exclude(&[1, 2]);
    assert_eq!(selector.tally_on(2, 50), [25, 0, 0, 75]);
    host.exclude(&[0, 1, 2, 3]);
    assert_eq!(selector.pick(), None);
}

#[test]
fn any_key_is_refused() {
    let refused = Host::new().plugin(&component(), r#"{"start": 1}"#, &endpoints(1));
    let Err(LoadError::Refused(why)) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(why, "start: unknown key, this plugin has no configuration");
}
