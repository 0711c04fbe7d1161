use tidegate_sdk::testing::{Host, Request};

use super::*;

/// Which of the clients come through.
fn let_in<'a>(config: &str, clients: &[&'a str]) -> Vec<&'a str> {
    let host = Host::new();
    let mut filter = host.filter::<IpAllow>(config).unwrap();
    let mut clients = clients.to_vec();
    clients.retain(|client| {
        host.request(Request::get("/").client(client));
        let passed = filter.on_request() == Verdict::Pass;
        assert!(passed || response::status() == 403);
        passed
    });
    clients
}

#[test]
fn those_of_the_list_come_in_and_deny_wins() {
    let config =
        r#"{"allow": ["10.0.0.0/8", "2001:db8::/32"], "deny": ["10.6.0.0/16", "2001:db8::6"]}"#;
    let clients = [
        "10.0.0.1",
        "10.6.0.1",
        "11.0.0.1",
        "2001:db8::1",
        "2001:db8::6",
        "::1",
    ];
    assert_eq!(let_in(config, &clients), ["10.0.0.1", "2001:db8::1"]);
}

#[test]
fn without_allow_everybody_else_comes_in() {
    let clients = ["10.0.0.1", "10.0.0.2", "::1"];
    assert_eq!(
        let_in(r#"{"deny": ["10.0.0.1"]}"#, &clients),
        ["10.0.0.2", "::1"]
    );
}

#[test]
fn ipv4_in_the_clothes_of_ipv6_is_ipv4() {
    let clients = ["::ffff:10.0.0.1", "::ffff:11.0.0.1"];
    assert_eq!(
        let_in(r#"{"allow": ["10.0.0.0/8"]}"#, &clients),
        ["::ffff:10.0.0.1"]
    );
    assert_eq!(
        let_in(r#"{"deny": ["10.0.0.0/8"]}"#, &clients),
        ["::ffff:11.0.0.1"]
    );
}

#[test]
fn who_cannot_be_told_is_kept_out() {
    assert!(let_in(r#"{"deny": ["10.0.0.1"]}"#, &["", "unix", "10.0.0.1:80"]).is_empty());
}

#[test]
fn nonsense_is_refused() {
    for (config, why) in [
        ("{}", "nobody is kept out"),
        (r#"{"deny": []}"#, "nobody is kept out"),
        (r#"{"allow": []}"#, "allow: an empty list lets nobody in"),
        (
            r#"{"allow": ["10.0.0.0/8", "10.0.0.1/8"]}"#,
            "allow[1]: `10.0.0.1/8` has bits",
        ),
        (r#"{"alow": []}"#, "alow: unknown field"),
    ] {
        let refused = Host::new().filter::<IpAllow>(config).unwrap_err();
        assert!(refused.contains(why), "{config}: {refused}");
    }
}
