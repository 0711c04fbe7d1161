//! The built component in the proxy's sandbox: cookies go round as between the proxy and a
//! browser.

use tidegate_testkit::{
    Choice, Component, HeaderEdit, Host, LoadError, Plugin, Request, build, endpoints,
};

fn component() -> Component {
    build!("plugin")
}

/// Where a request goes, and the `set-cookie` that its answer carries, if any.
fn visit(selector: &Plugin, request: Request) -> (u32, Option<String>) {
    let Choice {
        index,
        response_edits,
    } = selector.select_for(request).unwrap().unwrap();
    let set = match &response_edits[..] {
        [] => None,
        [HeaderEdit::Append((name, value))] if name == "set-cookie" => {
            Some(String::from_utf8(value.clone()).unwrap())
        }
        other => panic!("{other:?}"),
    };
    (index, set)
}

/// A new client: its endpoint, and its next request as a browser sends it.
fn arrive(selector: &Plugin) -> (u32, Request) {
    let (home, set) = visit(selector, Request::get("/"));
    let set = set.expect("a new client gets a cookie");
    let (name, value) = set
        .split(';')
        .next()
        .and_then(|pair| pair.split_once('='))
        .unwrap();
    (
        home,
        Request::get("/")
            .cookie("theme", "dark")
            .cookie(name, value),
    )
}

#[test]
fn a_client_stays_by_its_cookie_and_gets_it_once() {
    let selector = Host::new()
        .plugin(&component(), "{}", &endpoints(4))
        .unwrap();
    for _ in 0..8 {
        let (home, again) = arrive(&selector);
        assert_eq!(visit(&selector, again), (home, None));
    }
}

#[test]
fn the_cookie_is_opaque_and_written_as_configured() {
    let config =
        r#"{"cookie": "sid", "path": "/app", "ttl": "1h", "secure": true, "same_site": "strict"}"#;
    let selector = Host::new()
        .plugin(&component(), config, &endpoints(1))
        .unwrap();
    let set = visit(&selector, Request::get("/app")).1.unwrap();
    let token = set
        .strip_prefix("sid=")
        .and_then(|rest| rest.get(..16))
        .unwrap();
    assert!(token.bytes().all(|byte| byte.is_ascii_hexdigit()), "{set}");
    let rest = "; Path=/app; Max-Age=3600; Secure; HttpOnly; SameSite=Strict";
    assert_eq!(set, format!("sid={token}{rest}"));
    assert_ne!(token, format!("{:016x}", endpoints(1)[0].id));
}

#[test]
fn a_forged_cookie_is_a_new_client_and_an_excluded_home_is_left_for_good() {
    let host = Host::new();
    let selector = host.plugin(&component(), "{}", &endpoints(3)).unwrap();
    let forged = Request::get("/").cookie("tg", "0123456789abcdef");
    assert!(visit(&selector, forged).1.is_some());
    let (home, again) = arrive(&selector);
    let (moved, set) = visit(&selector, again.excluding([home]));
    assert_ne!(moved, home);
    assert!(set.is_some());
}

#[test]
fn a_draining_endpoint_keeps_its_clients_and_takes_no_new_ones() {
    let mut list = endpoints(3);
    let mut selector = Host::new().plugin(&component(), "{}", &list).unwrap();
    let (home, again) = arrive(&selector);
    list[home as usize].draining = true;
    selector.update(&list).unwrap();
    assert_eq!(selector.tally(10)[home as usize], 0);
    assert_eq!(visit(&selector, again), (home, None));
}

#[test]
fn nonsense_is_refused_with_its_key() {
    let refused = Host::new().plugin(&component(), r#"{"same_site": "none"}"#, &endpoints(1));
    let Err(LoadError::Refused(why)) = refused else {
        panic!("{refused:?}");
    };
    assert!(why.starts_with("same_site: none needs"), "{why}");
}
