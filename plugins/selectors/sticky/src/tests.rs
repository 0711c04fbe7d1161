use tidegate_sdk::testing::{Host, Plugin, Request, endpoints};

use super::*;

/// A new client: its endpoint, the cookie that comes back from it, and the whole `set-cookie`.
fn arrive(host: &Host, selector: &mut Plugin<Sticky>) -> (u32, String, String) {
    host.request(Request::get("/"));
    placed(selector)
}

fn placed(selector: &mut Plugin<Sticky>) -> (u32, String, String) {
    let choice = selector.select().unwrap();
    let [HeaderEdit::Append((name, value))] = &choice.response_edits[..] else {
        panic!("one cookie: {choice:?}");
    };
    assert_eq!(name, "set-cookie");
    let set = String::from_utf8(value.clone()).unwrap();
    let value = set
        .split(';')
        .next()
        .unwrap()
        .split_once('=')
        .unwrap()
        .1
        .to_owned();
    (choice.index, value, set)
}

#[test]
fn a_client_stays_and_gets_its_cookie_once() {
    let host = Host::new();
    let mut selector = host.plugin::<Sticky>("{}").unwrap();
    selector.update(&endpoints(4));
    for _ in 0..8 {
        let (home, cookie, _) = arrive(&host, &mut selector);
        host.request(Request::get("/").cookie("other", "1").cookie("tg", &cookie));
        for _ in 0..3 {
            assert_eq!(selector.select(), Some(Choice::at(home)));
        }
    }
}

#[test]
fn new_clients_go_to_the_least_loaded() {
    let host = Host::new();
    let mut selector = host.plugin::<Sticky>("{}").unwrap();
    selector.update(&endpoints(3));
    host.in_flight(&[4, 1, 2]);
    assert_eq!(arrive(&host, &mut selector).0, 1);
    host.in_flight(&[0, 0, 0]);
    assert_eq!(selector.tally(9), [3, 3, 3]);
}

#[test]
fn a_forged_or_stale_cookie_makes_a_new_client() {
    let host = Host::new();
    let mut selector = host.plugin::<Sticky>("{}").unwrap();
    let list = endpoints(3);
    selector.update(&list);
    host.in_flight(&[0, 1, 1]);
    let (home, stale, _) = arrive(&host, &mut selector);
    assert_eq!(home, 0);
    selector.update(&list[1..]);
    for cookie in [stale.as_str(), "0123456789abcdef", "", "10.0.0.1:80", "0"] {
        host.request(Request::get("/").cookie("tg", cookie));
        let (_, new, _) = placed(&mut selector);
        assert_ne!(new, cookie);
    }
}

#[test]
fn a_cookie_holds_on_to_the_endpoint_and_not_to_its_position() {
    let host = Host::new();
    let mut selector = host.plugin::<Sticky>(r#"{"secret": "s"}"#).unwrap();
    let mut list = endpoints(5);
    selector.update(&list);
    let (home, cookie, _) = arrive(&host, &mut selector);
    let id = list[home as usize].id;
    list.reverse();
    // Another instance, as on another thread or another machine.
    let mut other = host.plugin::<Sticky>(r#"{"secret": "s"}"#).unwrap();
    other.update(&list);
    host.request(Request::get("/").cookie("tg", &cookie));
    assert_eq!(list[other.pick().unwrap() as usize].id, id);
}

#[test]
fn another_secret_makes_new_clients() {
    let host = Host::new();
    let mut one = host.plugin::<Sticky>(r#"{"secret": "one"}"#).unwrap();
    let mut two = host.plugin::<Sticky>(r#"{"secret": "two"}"#).unwrap();
    one.update(&endpoints(2));
    two.update(&endpoints(2));
    let (_, cookie, _) = arrive(&host, &mut one);
    host.request(Request::get("/").cookie("tg", &cookie));
    placed(&mut two);
}

#[test]
fn clients_of_an_excluded_endpoint_move_and_get_a_new_cookie() {
    let host = Host::new();
    let mut selector = host.plugin::<Sticky>("{}").unwrap();
    selector.update(&endpoints(3));
    let (home, cookie, _) = arrive(&host, &mut selector);
    host.request(Request::get("/").cookie("tg", &cookie));
    host.exclude(&[home]);
    let (moved, new, _) = placed(&mut selector);
    assert_ne!(moved, home);
    host.exclude(&[]);
    host.request(Request::get("/").cookie("tg", &new));
    assert_eq!(selector.select(), Some(Choice::at(moved)));
    host.exclude(&[0, 1, 2]);
    assert_eq!(selector.select(), None);
}

#[test]
fn a_draining_endpoint_keeps_its_clients_and_takes_no_new_ones() {
    let host = Host::new();
    let mut selector = host.plugin::<Sticky>("{}").unwrap();
    let mut list = endpoints(3);
    selector.update(&list);
    let (home, cookie, _) = arrive(&host, &mut selector);
    list[home as usize].draining = true;
    selector.update(&list);
    assert_eq!(selector.tally(10)[home as usize], 0);
    host.request(Request::get("/").cookie("tg", &cookie));
    assert_eq!(selector.select(), Some(Choice::at(home)));
}

#[test]
fn the_cookie_is_written_as_configured_and_does_not_show_the_address() {
    let host = Host::new();
    for (config, before, after) in [
        ("{}", "tg=", "; Path=/; HttpOnly; SameSite=Lax"),
        (
            r#"{"cookie": "__Secure-a", "path": "/app", "ttl": "1h", "secure": true,
                "http_only": false, "same_site": "none"}"#,
            "__Secure-a=",
            "; Path=/app; Max-Age=3600; Secure; SameSite=None",
        ),
    ] {
        let mut selector = host.plugin::<Sticky>(config).unwrap();
        selector.update(&endpoints(1));
        let (_, value, set) = arrive(&host, &mut selector);
        assert_eq!(set, format!("{before}{value}{after}"));
        assert_eq!(value.len(), 16);
        assert_ne!(value, format!("{:016x}", endpoints(1)[0].id));
    }
}

#[test]
fn what_a_browser_would_drop_is_refused_with_its_key() {
    let host = Host::new();
    for (config, key) in [
        (r#"{"same_site": "none"}"#, "same_site: none needs"),
        (r#"{"same_site": "loose"}"#, "same_site: unknown variant"),
        (r#"{"cookie": ""}"#, "cookie: "),
        (r#"{"cookie": "a b"}"#, "cookie: "),
        (r#"{"cookie": "a=b"}"#, "cookie: "),
        (r#"{"cookie": "__Host-a"}"#, "cookie: "),
        (
            r#"{"cookie": "__Host-a", "secure": true, "path": "/a"}"#,
            "cookie: ",
        ),
        (r#"{"cookie": "__secure-a"}"#, "cookie: "),
        (r#"{"path": "a"}"#, "path: "),
        (r#"{"path": "/a; Domain=b"}"#, "path: "),
        (r#"{"path": "/a\r\n"}"#, "path: "),
        (r#"{"ttl": "0s"}"#, "ttl: "),
        (r#"{"ttl": "1500ms"}"#, "ttl: "),
        (r#"{"ttl": "1 hour"}"#, "ttl: "),
        (r#"{"ttl": 3600}"#, "ttl: "),
        (r#"{"secret": ""}"#, "secret: "),
        (r#"{"samesite": "lax"}"#, "samesite: unknown field"),
    ] {
        let refused = host.plugin::<Sticky>(config).unwrap_err();
        assert!(refused.starts_with(key), "{refused}");
    }
}
