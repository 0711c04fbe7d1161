//! The built component in the proxy's sandbox.

use tidegate_testkit::{Component, Host, LoadError, Request, build, endpoints};

fn component() -> Component {
    build!("plugin")
}

#[test]
fn a_key_stays_and_moves_only_when_its_endpoint_goes() {
    let list = endpoints(9);
    let config = r#"{"key": {"header": "x-user"}}"#;
    let mut selector = Host::new().plugin(&component(), config, &list).unwrap();
    let user = |i: u32| Request::get("/").header("X-User", i.to_string());
    let homes: Vec<usize> = (0..300)
        .map(|i| selector.select_for(user(i)).unwrap().unwrap().index as usize)
        .collect();
    selector.update(&list[1..]).unwrap();
    for (i, home) in (0..).zip(homes) {
        let now = selector
            .select_for(user(i).client("192.0.2.77"))
            .unwrap()
            .unwrap();
        assert!(
            home == 0 || now.index as usize == home - 1,
            "{i} moved from {home}"
        );
    }
}

#[test]
fn a_hot_key_stays_within_its_bound_and_goes_home_afterwards() {
    let host = Host::new();
    let config = r#"{"key": "path", "bounded_load": 1.25}"#;
    let selector = host.plugin(&component(), config, &endpoints(5)).unwrap();
    host.request(Request::get("/hot"));
    let home = selector.pick();
    let mut in_flight = [0u32; 5];
    for total in 1..=200 {
        host.in_flight(&in_flight);
        in_flight[selector.pick().unwrap() as usize] += 1;
        let bound = (1.25 * f64::from(total) / 5.0).ceil();
        assert!(
            in_flight.iter().all(|&count| f64::from(count) <= bound),
            "{in_flight:?}"
        );
    }
    host.in_flight(&[]);
    assert_eq!(selector.pick(), home);
}

#[test]
fn nonsense_is_refused_with_the_path_of_its_key() {
    for (config, expected) in [
        ("{}", "missing field `key`"),
        (
            r#"{"key": {"header": ""}}"#,
            "key.header: a name is missing",
        ),
        (
            r#"{"key": "path", "bounded_load": 1}"#,
            "bounded_load: must be above 1",
        ),
        (r#"{"key": "path", "bound": 2}"#, "bound: unknown field"),
    ] {
        let refused = Host::new().plugin(&component(), config, &endpoints(1));
        let Err(LoadError::Refused(why)) = refused else {
            panic!("{config}: {refused:?}");
        };
        assert!(why.starts_with(expected), "{why}");
    }
}
