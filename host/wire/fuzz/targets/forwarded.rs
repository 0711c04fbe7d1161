//! Any field lines: what a client writes changes nothing once a proxy has appended whom it
//! saw, and no stranger is passed.

use std::net::IpAddr;
use tidegate_wire::forwarded::{client, client_from_forwarded, last_word, scheme};

/// Proxies are in 10.0.0.0/8.
fn ours(address: IpAddr) -> bool {
    matches!(address, IpAddr::V4(address) if address.octets()[0] == 10)
}

/// Panics where this is not so.
pub fn check(data: &[u8]) {
    let proxy = IpAddr::from([10, 0, 0, 1]);
    let stranger = IpAddr::from([192, 0, 2, 7]);
    let lines = || data.split(|byte| *byte == b'\n');
    for (appended, forwarded) in [
        (&b"192.0.2.7"[..], &b"for=192.0.2.7"[..]),
        (
            b"[::ffff:192.0.2.7]:80",
            b"for=\"[::ffff:192.0.2.7]:80\";host=\"a\\\"b,c\";proto=https",
        ),
    ] {
        let line = [data, b",", appended].concat();
        let lines = line.split(|byte| *byte == b'\n');
        assert_eq!(client(proxy, ours, lines), stranger);
        let line = [data, b",", forwarded].concat();
        let lines = line.split(|byte| *byte == b'\n');
        assert_eq!(client_from_forwarded(proxy, ours, lines), stranger);
    }
    for found in [
        client(proxy, ours, lines()),
        client_from_forwarded(proxy, ours, lines()),
    ] {
        assert_eq!(found, found.to_canonical());
    }
    assert_eq!(client(stranger, ours, lines()), stranger);
    assert_eq!(client_from_forwarded(stranger, ours, lines()), stranger);
    // A plain address alone in a line is found, and found the same in both fields.
    if let Ok(Ok(address)) = std::str::from_utf8(data).map(str::parse::<IpAddr>) {
        assert_eq!(
            client(proxy, ours, [data].into_iter()),
            address.to_canonical()
        );
        let line = [b"for=\"", data, b"\""].concat();
        let found = client_from_forwarded(proxy, ours, [&line[..]].into_iter());
        assert_eq!(found, address.to_canonical());
    }
    let last = last_word(lines());
    assert_eq!(
        scheme(lines()).map(|scheme| scheme.as_str().as_bytes()),
        match last {
            Some(b"http" | b"https") => last,
            _ => None,
        }
    );
}
