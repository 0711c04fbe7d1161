//! The built component in the proxy's sandbox.

use tidegate_testkit::{Component, Endpoint, Host, Plugin, Request, build, endpoints};

fn component() -> Component {
    build!("plugin")
}

/// The address of the endpoint of each of 500 clients.
fn placed(selector: &Plugin, list: &[Endpoint]) -> Vec<String> {
    let clients = (0..500).map(|i| format!("198.51.{}.{}", i / 256, i % 256));
    let address = |client: String| {
        let choice = selector.select_for(Request::get("/").client(&client));
        list[choice.unwrap().unwrap().index as usize]
            .address
            .clone()
    };
    clients.map(address).collect()
}

#[test]
fn taking_one_away_moves_only_its_clients_and_they_come_back() {
    let list = endpoints(10);
    let mut selector = Host::new().plugin(&component(), "{}", &list).unwrap();
    let before = placed(&selector, &list);

    let mut rest = list.clone();
    let gone = rest.remove(3).address;
    assert!(before.contains(&gone));
    selector.update(&rest).unwrap();
    for (before, after) in before.iter().zip(placed(&selector, &rest)) {
        assert_eq!(*before == gone, *before != after);
    }

    selector.update(&list).unwrap();
    assert_eq!(placed(&selector, &list), before);
}

#[test]
fn another_process_with_the_same_list_chooses_the_same() {
    let list = endpoints(10);
    let one = Host::new().plugin(&component(), "{}", &list).unwrap();
    let other = Host::new().plugin(&component(), "{}", &list).unwrap();
    assert_eq!(placed(&one, &list), placed(&other, &list));
}
