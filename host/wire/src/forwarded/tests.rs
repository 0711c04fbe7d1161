//! Tests of the walk: chains of proxies, what attackers put in front, random chains.

use super::*;
use proptest::prelude::*;
use std::net::{Ipv4Addr, Ipv6Addr};

/// Proxies are in 10.0.0.0/8 and fd00::/8.
fn ours(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.octets()[0] == 10,
        IpAddr::V6(address) => address.octets()[0] == 0xfd,
    }
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn x_forwarded_for(peer: &str, lines: &[&str]) -> IpAddr {
    client(ip(peer), ours, lines.iter().map(|line| line.as_bytes()))
}

fn forwarded(peer: &str, lines: &[&str]) -> IpAddr {
    client_from_forwarded(ip(peer), ours, lines.iter().map(|line| line.as_bytes()))
}

#[test]
fn a_stranger_is_the_client_whatever_he_says() {
    assert_eq!(
        x_forwarded_for("1.1.1.1", &["10.0.0.1, 2.2.2.2"]),
        ip("1.1.1.1")
    );
    assert_eq!(forwarded("1.1.1.1", &["for=2.2.2.2"]), ip("1.1.1.1"));
}

#[test]
fn the_first_stranger_from_the_right_is_the_client() {
    for (lines, expected) in [
        (&[][..], "10.0.0.1"),
        (&[""], "10.0.0.1"),
        (&["2.2.2.2"], "2.2.2.2"),
        (&["6.6.6.6, 2.2.2.2, 10.0.0.2"], "2.2.2.2"),
        (&["6.6.6.6, 10.9.9.9, 2.2.2.2,10.0.0.2"], "2.2.2.2"),
        // Lines are one list, the last line being the latest.
        (&["6.6.6.6", "2.2.2.2", "10.0.0.3,\t10.0.0.2"], "2.2.2.2"),
        (&["2.2.2.2", ", ,", "10.0.0.2, ,"], "2.2.2.2"),
        // All are ours: the leftmost began it.
        (&["10.0.0.4", "10.0.0.3, 10.0.0.2"], "10.0.0.4"),
    ] {
        assert_eq!(
            x_forwarded_for("10.0.0.1", lines),
            ip(expected),
            "{lines:?}"
        );
    }
}

#[test]
fn what_is_no_address_ends_the_walk() {
    for broken in [
        "unknown",
        "_hidden",
        "2.2.2",
        "2.2.2.02",
        "[::1",
        "::1]",
        "fe80::1%eth0",
    ] {
        let chain = format!("6.6.6.6, {broken}, 10.0.0.3, 10.0.0.2");
        assert_eq!(
            x_forwarded_for("10.0.0.1", &[&chain]),
            ip("10.0.0.3"),
            "{broken}"
        );
        let chain = format!("for=6.6.6.6, for=\"{broken}\", for=10.0.0.3, for=10.0.0.2");
        assert_eq!(forwarded("10.0.0.1", &[&chain]), ip("10.0.0.3"), "{broken}");
    }
}

#[test]
fn ports_are_dropped_and_mapped_addresses_made_plain() {
    for (node, expected) in [
        ("2.2.2.2:1", "2.2.2.2"),
        ("2.2.2.2:_gate", "2.2.2.2"),
        ("2001:db8::1", "2001:db8::1"),
        ("[2001:DB8::1]", "2001:db8::1"),
        ("[2001:db8::1]:65535", "2001:db8::1"),
        ("::ffff:2.2.2.2", "2.2.2.2"),
        ("[::ffff:2.2.2.2]:80", "2.2.2.2"),
    ] {
        assert_eq!(x_forwarded_for("10.0.0.1", &[node]), ip(expected), "{node}");
        // The proxy itself, too: it is trusted as 10.0.0.1.
        assert_eq!(
            x_forwarded_for("::ffff:10.0.0.1", &[node]),
            ip(expected),
            "{node}"
        );
    }
    for node in [
        "2.2.2.2:",
        "2.2.2.2:_",
        "2.2.2.2:_a!",
        "2.2.2.2:a",
        "2.2.2.2:123456",
        "[::2]80",
        "[::2]:",
        "::2:_",
        "[2.2.2.2]",
    ] {
        assert_eq!(
            x_forwarded_for("10.0.0.1", &[node]),
            ip("10.0.0.1"),
            "{node}"
        );
    }
    assert_eq!(x_forwarded_for("::ffff:3.3.3.3", &[]), ip("3.3.3.3"));
}

#[test]
fn forwarded_is_read_as_rfc_7239_has_it() {
    for (lines, expected) in [
        (&["for=2.2.2.2"][..], "2.2.2.2"),
        (&["For=\"[2001:db8:cafe::17]:4711\""], "2001:db8:cafe::17"),
        (&["for=2.2.2.2;proto=http;by=203.0.113.43"], "2.2.2.2"),
        (
            &["proto=https; FOR=\"2.2.2.2:80\" ;host=\"a, b;for=6.6.6.6\""],
            "2.2.2.2",
        ),
        (
            &["for=6.6.6.6, for=2.2.2.2", "for=10.0.0.2;by=_x"],
            "2.2.2.2",
        ),
        (&["for=[2001:db8::1]:80"], "2001:db8::1"),
        (&["for=2.2.2.2;host=\"\\\"\\\\\""], "2.2.2.2"),
        (&["for=2.2.2.2;;,,"], "2.2.2.2"),
    ] {
        assert_eq!(forwarded("10.0.0.1", lines), ip(expected), "{lines:?}");
    }
}

#[test]
fn an_element_that_says_nothing_or_too_much_ends_the_walk() {
    for element in [
        "proto=https",
        "for",
        "for=",
        "=2.2.2.2",
        "for=2.2.2.2;for=3.3.3.3",
        "for=2.2.2.2 x",
        "for=\"2.2.2.2",
        "for=2.2.2.2\"",
        "for=\"2.2.2.2\"x",
        "f or=2.2.2.2",
        "for=\"2\\.2.2.2\"",
        "for =2.2.2.2",
        "for=2.2.2.2;\"",
        "for=\"\\",
        "for=\"\\\"\\",
    ] {
        assert_eq!(
            forwarded("10.0.0.1", &["for=6.6.6.6", element]),
            ip("10.0.0.1"),
            "{element}"
        );
    }
}

#[test]
fn an_open_quote_swallows_nothing_that_a_proxy_appends() {
    for lie in [
        "for=\"",
        "for=\"10.0.0.9, for=\\",
        "\"",
        "for=\"a\\\"",
        "for=6.6.6.6, \\",
    ] {
        for node in [
            "2.2.2.2",
            "\"2.2.2.2:80\"",
            "\"[::ffff:2.2.2.2]\";host=\"a\\\"b,c\"",
        ] {
            let line = format!("{lie}, for={node}, for=10.0.0.2");
            assert_eq!(forwarded("10.0.0.1", &[&line]), ip("2.2.2.2"), "{line}");
        }
    }
}

#[test]
fn a_chain_is_not_followed_forever() {
    let chain: Vec<String> = (0..100u8).map(|n| format!("10.1.1.{n}")).collect();
    assert_eq!(
        x_forwarded_for("10.0.0.1", &[&chain.join(",")]),
        ip("10.1.1.68")
    );
}

#[test]
fn the_last_word_is_the_last_of_all_lines() {
    let word = |lines: &[&'static str]| last_word(lines.iter().map(|line| line.as_bytes()));
    assert_eq!(word(&[]), None);
    assert_eq!(word(&["", " ,"]), None);
    assert_eq!(word(&["http", "a , https ,", ""]), Some(&b"https"[..]));
    let spoken = |line: &'static str| scheme([line.as_bytes()].into_iter());
    assert_eq!(spoken("https, http").map(Scheme::as_str), Some("http"));
    assert_eq!(spoken("http, https").map(Scheme::as_str), Some("https"));
    for other in ["", "HTTP", "https:", "ftp", "https http"] {
        assert_eq!(spoken(other), None, "{other}");
    }
}

fn address() -> impl Strategy<Value = IpAddr> {
    prop_oneof![
        (0..9u8).prop_map(|n| IpAddr::V4(Ipv4Addr::new(10, 0, 0, n))),
        any::<[u8; 4]>().prop_map(|bytes| IpAddr::V4(bytes.into())),
        any::<[u8; 16]>().prop_map(|bytes| IpAddr::V6(bytes.into()).to_canonical()),
        (0..9u16).prop_map(|n| IpAddr::V6(Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, n))),
    ]
}

/// The chain as somebody might write it; a hop is `None` where it is not known.
fn spelt(hop: Option<IpAddr>, port: Option<u16>) -> String {
    match (hop, port) {
        (None, _) => "unknown".to_owned(),
        (Some(ip), Some(port)) => std::net::SocketAddr::new(ip, port).to_string(),
        (Some(IpAddr::V6(ip)), None) => format!("[{ip}]"),
        (Some(ip), None) => ip.to_string(),
    }
}

proptest! {
    /// Against a walk over a list. Catches: a walk from the left, one that stops a hop early
    /// or late, lines in the wrong order, the two fields read differently.
    #[test]
    fn the_walk_is_over_one_list(
        peer in address(),
        hops in prop::collection::vec((prop::option::weighted(0.9, address()), any::<Option<u16>>(), any::<bool>()), 0..12),
    ) {
        let (mut plain, mut pairs) = (vec![String::new()], vec![String::new()]);
        for (hop, port, line) in &hops {
            let node = spelt(*hop, *port);
            if *line {
                plain.push(String::new());
                pairs.push(String::new());
            }
            *plain.last_mut().unwrap() += &format!("{node}, ");
            *pairs.last_mut().unwrap() += &format!("by=\"a,b\";for=\"{node}\", ");
        }
        let mut expected = peer;
        for (hop, ..) in hops.iter().rev() {
            match hop {
                Some(hop) if ours(expected) => expected = *hop,
                _ => break,
            }
        }
        let lines = plain.iter().map(|line| line.as_bytes());
        prop_assert_eq!(client(peer, ours, lines), expected);
        let lines = pairs.iter().map(|line| line.as_bytes());
        prop_assert_eq!(client_from_forwarded(peer, ours, lines), expected);
    }

    /// Catches: anything a client can write that changes what is found behind a proxy.
    #[test]
    fn nothing_in_front_of_a_stranger_matters(lie in "[ -~]{0,40}|[for=\"\\\\,; 10._:]{0,30}") {
        prop_assert_eq!(x_forwarded_for("10.0.0.1", &[&format!("{lie}, 2.2.2.2")]), ip("2.2.2.2"));
        let line = format!("{lie}, for=\"2.2.2.2:9\";host=\"a\"");
        prop_assert_eq!(forwarded("10.0.0.1", &[&line]), ip("2.2.2.2"));
    }

    /// Catches: a slice over the end, a walk that does not end.
    #[test]
    fn nothing_panics(lines in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..4)) {
        let lines = || lines.iter().map(Vec::as_slice);
        let _ = client(ip("10.0.0.1"), |_| true, lines());
        let _ = client_from_forwarded(ip("10.0.0.1"), |_| true, lines());
        let _ = scheme(lines());
    }
}
