use tidegate_sdk::testing::{Host, Plugin, Request, endpoints};

use super::*;

const CLIENTS: usize = 2000;

/// The address of the endpoint of each client.
fn placed(host: &Host, selector: &mut Plugin<IpHash>, list: &[Endpoint]) -> Vec<String> {
    selector.update(list);
    let clients = (0..CLIENTS).map(|i| format!("198.51.{}.{}", i / 256, i % 256));
    let pick = |client: String| {
        host.request(Request::get("/").client(&client));
        list[selector.pick().unwrap() as usize].address.clone()
    };
    clients.map(pick).collect()
}

#[test]
fn taking_one_away_moves_only_its_clients_and_they_come_back() {
    let host = Host::new();
    let mut selector = host.plugin::<IpHash>("{}").unwrap();
    let list = endpoints(10);
    let before = placed(&host, &mut selector, &list);

    let mut rest = list.clone();
    let gone = rest.remove(3).address;
    let without = placed(&host, &mut selector, &rest);
    let moved = |(before, after): (&String, &String)| before != after;
    for (before, after) in before.iter().zip(&without) {
        assert_eq!(before == &gone, before != after);
    }
    let movers = before.iter().zip(&without).filter(|&it| moved(it)).count();
    assert!(
        (100..320).contains(&movers),
        "about a tenth of {CLIENTS}: {movers}"
    );

    let mut again = list.clone();
    again.reverse();
    assert_eq!(
        placed(&host, &mut selector, &again),
        before,
        "in another order"
    );
}

#[test]
fn a_draining_endpoint_counts_as_taken_away() {
    let host = Host::new();
    let mut selector = host.plugin::<IpHash>("{}").unwrap();
    let mut list = endpoints(5);
    let mut rest = list.clone();
    rest.remove(2);
    let without = placed(&host, &mut selector, &rest);
    list[2].draining = true;
    assert_eq!(placed(&host, &mut selector, &list), without);
}

#[test]
fn an_excluded_endpoint_sends_its_clients_where_its_removal_would() {
    let host = Host::new();
    let mut selector = host.plugin::<IpHash>("{}").unwrap();
    let list = endpoints(5);
    let mut rest = list.clone();
    rest.remove(2);
    let without = placed(&host, &mut selector, &rest);
    host.exclude(&[2]);
    assert_eq!(placed(&host, &mut selector, &list), without);
    host.exclude(&[0, 1, 2, 3, 4]);
    assert_eq!(selector.pick(), None);
}

#[test]
fn shares_follow_the_weights() {
    let host = Host::new();
    let mut selector = host.plugin::<IpHash>("{}").unwrap();
    let mut list = endpoints(3);
    list[0].weight = 2;
    let placed = placed(&host, &mut selector, &list);
    let heavy = placed
        .iter()
        .filter(|address| **address == list[0].address)
        .count();
    assert!(
        (750..1250).contains(&heavy),
        "about half of {CLIENTS}: {heavy}"
    );
}
