//! The built component in the proxy's sandbox: addresses come from the host, as text.

use tidegate_testkit::{Component, FilterPlugin, Host, LoadError, Request, Verdict, build};

fn component() -> Component {
    build!("plugin")
}

fn lets_in(host: &Host, filter: &mut FilterPlugin, client: &str) -> bool {
    filter.next();
    host.request(Request::get("/").client(client));
    match filter.on_request().unwrap() {
        Verdict::Pass => true,
        Verdict::Answer(reply) => {
            assert_eq!(reply.status, 403);
            false
        }
        edit @ Verdict::Edit(_) => panic!("{edit:?}"),
    }
}

#[test]
fn a_client_gets_in_by_its_network_and_not_by_what_it_says() {
    let config = r#"{"allow": ["10.0.0.0/8", "2001:db8::/32"], "deny": ["10.6.6.6"]}"#;
    let host = Host::new();
    let mut filter = host.filter(&component(), config).unwrap();
    for (client, expected) in [
        ("10.0.0.1", true),
        ("::ffff:10.0.0.1", true),
        ("10.6.6.6", false),
        ("::ffff:10.6.6.6", false),
        ("11.0.0.1", false),
        ("2001:db8::1", true),
        ("2001:db9::1", false),
    ] {
        assert_eq!(lets_in(&host, &mut filter, client), expected, "{client}");
    }
    let lying = Request::get("/")
        .client("192.0.2.1")
        .header("x-forwarded-for", "10.0.0.1")
        .header("forwarded", "for=10.0.0.1");
    host.request(lying);
    let verdict = filter.on_request().unwrap();
    assert!(matches!(verdict, Verdict::Answer(_)), "{verdict:?}");
}

#[test]
fn a_thousand_networks_are_looked_through_within_the_deadline() {
    let networks: Vec<String> = (0..1_000)
        .map(|i| format!(r#""10.{}.{}.0/24""#, i / 256, i % 256))
        .collect();
    let config = format!(r#"{{"deny": [{}]}}"#, networks.join(", "));
    let host = Host::new();
    let mut filter = host.filter(&component(), &config).unwrap();
    for _ in 0..20 {
        assert!(!lets_in(&host, &mut filter, "10.3.231.9"), "the last one");
        assert!(lets_in(&host, &mut filter, "192.0.2.1"));
    }
}

#[test]
fn it_is_called_for_requests_alone_and_waits_for_nobody() {
    let filter = Host::new()
        .filter(&component(), r#"{"deny": ["192.0.2.1"]}"#)
        .unwrap();
    let interest = filter.interest();
    assert!(interest.request && !interest.response);
    assert!(!filter.waits());
}

#[test]
fn nonsense_is_refused_with_its_key() {
    for (config, expected) in [
        ("{}", "nobody is kept out"),
        (r#"{"allow": []}"#, "allow: an empty list lets nobody in"),
        (r#"{"allow": ["10.0.0.0/33"]}"#, "allow[0]: "),
        (r#"{"allow": ["10.0.0.1/8"]}"#, "allow[0]: "),
        (r#"{"block": []}"#, "block: unknown field"),
    ] {
        let refused = Host::new().filter(&component(), config);
        let Err(LoadError::Refused(why)) = refused else {
            panic!("{config}: {refused:?}");
        };
        assert!(why.starts_with(expected), "{why}");
    }
}
