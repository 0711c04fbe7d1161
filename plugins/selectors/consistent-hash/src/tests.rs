use tidegate_sdk::testing::{Host, Plugin, Request, endpoints};

use super::*;

fn selector(host: &Host, config: &str) -> Plugin<ConsistentHash> {
    host.plugin(config).unwrap()
}

fn pick(host: &Host, selector: &mut Plugin<ConsistentHash>, request: Request) -> u32 {
    host.request(request);
    selector.pick().unwrap()
}

#[test]
fn each_kind_of_key_decides_alone() {
    let host = Host::new();
    type Build = fn(String) -> Request;
    let kinds: [(&str, Build); 5] = [
        (r#"{"key": {"header": "X-User"}}"#, |key| {
            Request::get("/").header("x-user", key)
        }),
        (r#"{"key": {"cookie": "id"}}"#, |key| {
            Request::get("/").cookie("id", &key)
        }),
        (r#"{"key": {"query": "user"}}"#, |key| {
            Request::get(&format!("/?user={key}"))
        }),
        (r#"{"key": "path"}"#, |key| Request::get(&format!("/{key}"))),
        (r#"{"key": "client_address"}"#, |key| {
            Request::get("/").client(&key)
        }),
    ];
    for (config, build) in kinds {
        let mut selector = selector(&host, config);
        selector.update(&endpoints(8));
        let mut met = [false; 8];
        for i in 0..200 {
            let chosen = pick(&host, &mut selector, build(format!("key{i}")));
            met[chosen as usize] = true;
            let again = build(format!("key{i}"))
                .attempt(1)
                .header("x-other", format!("{i}"));
            assert_eq!(pick(&host, &mut selector, again), chosen, "{config}");
        }
        assert_eq!(met, [true; 8], "{config}");
    }
}

#[test]
fn a_request_without_the_key_counts_by_its_client() {
    let host = Host::new();
    let mut by_header = selector(&host, r#"{"key": {"header": "x-user"}}"#);
    let mut by_client = selector(&host, r#"{"key": "client_address"}"#);
    by_header.update(&endpoints(8));
    by_client.update(&endpoints(8));
    for i in 0..100 {
        let request = Request::get("/").client(&format!("192.0.2.{i}"));
        let expected = pick(&host, &mut by_client, request.clone());
        assert_eq!(pick(&host, &mut by_header, request.clone()), expected);
        assert_eq!(
            pick(&host, &mut by_header, request.header("x-user", "")),
            expected
        );
    }
}

#[test]
fn taking_one_away_moves_only_its_keys() {
    let host = Host::new();
    let mut selector = selector(&host, r#"{"key": "path"}"#);
    let list = endpoints(9);
    let mut rest = list.clone();
    rest.swap_remove(0);
    for i in 0..500 {
        host.request(Request::get(&format!("/{i}")));
        selector.update(&list);
        let before = selector.pick().unwrap() as usize;
        selector.update(&rest);
        let after = selector.pick().unwrap() as usize;
        if before != 0 {
            assert_eq!(rest[after].id, list[before].id);
        }
        host.exclude(&[0]);
        selector.update(&list);
        let excluded = selector.pick().unwrap() as usize;
        assert_eq!(list[excluded].id, rest[after].id, "as if it was taken away");
        host.exclude(&[]);
    }
}

#[test]
fn a_hot_key_stays_within_its_bound_and_goes_home_afterwards() {
    let host = Host::new();
    let mut selector = selector(&host, r#"{"key": "path", "bounded_load": 1.25}"#);
    let mut list = endpoints(5);
    list[1].weight = 4;
    selector.update(&list);
    host.request(Request::get("/hot"));
    let home = selector.pick().unwrap();
    let mut in_flight = [0u32; 5];
    for _ in 0..400 {
        host.in_flight(&in_flight);
        in_flight[selector.pick().unwrap() as usize] += 1;
        let allowed = 1.25 * f64::from(in_flight.iter().sum::<u32>()) / 8.0;
        for (count, endpoint) in in_flight.iter().zip(&list) {
            let capacity = (allowed * f64::from(endpoint.weight)).ceil();
            assert!(f64::from(*count) <= capacity, "{in_flight:?}");
        }
    }
    host.in_flight(&[0; 5]);
    assert_eq!(selector.pick(), Some(home));
}

#[test]
fn without_room_the_first_that_may_be_used_is_chosen() {
    let host = Host::new();
    let mut selector = selector(&host, r#"{"key": "path", "bounded_load": 1.1}"#);
    selector.update(&endpoints(3));
    host.in_flight(&[50, 0, 50]);
    host.exclude(&[1]);
    assert!(selector.pick().is_some());
    host.exclude(&[0, 1, 2]);
    assert_eq!(selector.pick(), None);
}

#[test]
fn nonsense_is_refused_with_its_key() {
    let host = Host::new();
    for (config, expected) in [
        ("{}", "missing field `key`"),
        (
            r#"{"key": {"header": ""}}"#,
            "key.header: a name is missing",
        ),
        (r#"{"key": "host"}"#, "key: unknown variant `host`"),
        (
            r#"{"key": "path", "bounded_load": 1}"#,
            "bounded_load: must be above 1",
        ),
        (
            r#"{"key": "path", "bound": 2}"#,
            "bound: unknown field `bound`",
        ),
    ] {
        let refused = host.plugin::<ConsistentHash>(config).unwrap_err();
        assert!(refused.starts_with(expected), "{refused}");
    }
}
