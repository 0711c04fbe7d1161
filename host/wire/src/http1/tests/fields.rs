//! Each rule for hosts, connections and expectations, with what breaks it and with what
//! nearly does.

use super::*;
use Violation as V;

/// What is said of a GET with this and no other field line.
fn only(line: &str) -> Result<Option<Head>, V> {
    scan(format!("GET / HTTP/1.1\r\n{line}\r\n\r\n"))
}

#[test]
fn a_host_is_one_host() {
    for host in [
        "a",
        "a.example:8080",
        "A_b~c.",
        "[::1]:80",
        "10.0.0.1",
        "a:",
        "  a  ",
    ] {
        assert!(only(&format!("hOST:{host}")).is_ok(), "{host}");
    }
    for host in [
        "", " ", "a,b", "a, b", "a b", "u@a", "u:p@a", "a:x", "a:65536", "a%2e", "a/", "\ta",
        "a\t", "::1", "[::1", "a\u{e9}", "http://a", ":80", "*", "a\\b", "a?", "a#",
    ] {
        assert_eq!(only(&format!("Host: {host}")), Err(V::Host), "{host}");
        let old = scan(format!("GET / HTTP/1.0\r\nHost: {host}\r\n\r\n"));
        assert_eq!(old, Err(V::Host), "{host}");
    }
}

#[test]
fn a_host_comes_once_and_may_be_missing_in_http_1_0_alone() {
    assert_eq!(scan("GET / HTTP/1.1\r\n\r\n"), Err(V::HostMissing));
    assert_eq!(scan("OPTIONS * HTTP/1.1\r\n\r\n"), Err(V::HostMissing));
    assert_eq!(scan("GET http://a/ HTTP/1.1\r\n\r\n"), Err(V::HostMissing));
    assert_eq!(only("X-Host: a"), Err(V::HostMissing));
    assert_eq!(only("Hos: a"), Err(V::HostMissing));
    assert!(scan("GET / HTTP/1.0\r\n\r\n").is_ok());
    assert!(scan("GET http://a/ HTTP/1.0\r\n\r\n").is_ok());
    for version in ["1.0", "1.1"] {
        for second in ["a", "b", ""] {
            let text = format!("GET / HTTP/{version}\r\nHost: a\r\nA: b\r\nhost: {second}\r\n\r\n");
            assert_eq!(scan(text), Err(V::HostTwice), "{version} {second}");
        }
    }
}

#[test]
fn a_host_is_that_of_the_target() {
    let said = |line: &str, host: &str| scan(format!("{line} HTTP/1.1\r\nHost: {host}\r\n\r\n"));
    for (line, host) in [
        ("GET http://a/", "a"),
        ("GET http://A.example:80/b", " a.EXAMPLE:80 "),
        ("GET https://[::1]?a", "[::1]"),
        ("OPTIONS http://a", "a"),
        ("CONNECT a:443", "a:443"),
        ("OPTIONS *", "whatever"),
        ("GET /http://b/", "a"),
    ] {
        assert!(said(line, host).is_ok(), "{line} {host}");
    }
    for (line, host) in [
        ("GET http://a/", "b"),
        ("GET http://a/", "a:80"),
        ("GET http://a:80/", "a"),
        ("GET http://a:/", "a"),
        ("GET http://a./", "a"),
        ("GET http://ab/", "a"),
        ("CONNECT a:443", "a"),
        ("CONNECT a:443", "a:80"),
    ] {
        assert_eq!(said(line, host), Err(V::HostMismatch), "{line} {host}");
    }
    assert_eq!(
        scan("GET http://a/ HTTP/1.0\r\nHost: b\r\n\r\n"),
        Err(V::HostMismatch)
    );
}

#[test]
fn the_connection_stays_open_by_version_and_options() {
    let said = |version, lines: &str| {
        let text = format!("GET / HTTP/{version}\r\nHost: a\r\n{lines}\r\n");
        head(scan(text)).keep_alive
    };
    for (lines, old, new) in [
        ("", false, true),
        ("Connection: close\r\n", false, false),
        ("Connection: CLOSE\r\n", false, false),
        ("connection:Keep-Alive\r\n", true, true),
        ("Connection: keep-alive, close\r\n", false, false),
        (
            "Connection: close\r\nConnection: keep-alive\r\n",
            false,
            false,
        ),
        (
            "Connection: keep-alive\r\nConnection: close\r\n",
            false,
            false,
        ),
        ("Connection: , te ,\t,keep-alive,\r\n", true, true),
        ("Connection: \r\n", false, true),
        ("Connection: closed\r\n", false, true),
        ("Connection: not-close, keep-alives\r\n", false, true),
        (
            "Proxy-Connection: close\r\nKeep-Alive: close\r\n",
            false,
            true,
        ),
    ] {
        assert_eq!(
            (said("1.0", lines), said("1.1", lines)),
            (old, new),
            "{lines}"
        );
    }
}

#[test]
fn connection_options_are_tokens_and_never_drop_what_matters() {
    for value in [
        "\"close\"",
        "close;a",
        "close keep-alive",
        "close/1",
        "a=b",
        "\u{e9}",
        "close, (a)",
    ] {
        assert_eq!(
            field(&format!("Connection: {value}")),
            Err(V::Connection),
            "{value}"
        );
    }
    for value in [
        "Content-Length",
        "close, host",
        "transfer-encoding,close",
        "x,\tCONTENT-LENGTH",
    ] {
        let result = field(&format!("Connection: {value}"));
        assert_eq!(result, Err(V::ConnectionOption), "{value}");
    }
    for value in ["Content-Lengths", "TE, Trailers", "Upgrade, HTTP2-Settings"] {
        assert!(field(&format!("Connection: {value}")).is_ok(), "{value}");
    }
}

#[test]
fn an_upgrade_is_one_if_the_connection_names_it() {
    let said = |version, lines: &str| {
        let head = head(scan(format!(
            "GET / HTTP/{version}\r\nHost: a\r\n{lines}\r\n"
        )));
        (head.upgrade, head.stray_upgrade)
    };
    let both = "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n";
    assert_eq!(said("1.1", both), (true, false));
    assert_eq!(said("1.0", both), (false, true));
    assert_eq!(said("1.1", "uPGRADE: h2c\r\n"), (false, true));
    assert_eq!(
        said("1.1", "Upgrade: h2c\r\nConnection: upgrades\r\n"),
        (false, true)
    );
    assert_eq!(said("1.1", "Connection: upgrade\r\n"), (false, false));
    assert_eq!(
        said("1.1", "Upgrades: h2c\r\nConnection: upgrade\r\n"),
        (false, false)
    );
}

#[test]
fn an_expectation_is_a_continue_and_comes_once() {
    let said = |version, value: &str| {
        scan(format!(
            "POST / HTTP/{version}\r\nHost: a\r\nExpect:{value}\r\n\r\n"
        ))
    };
    for value in [" 100-continue", "100-Continue  "] {
        assert!(head(said("1.1", value)).expects_continue);
        assert!(!head(said("1.0", value)).expects_continue);
    }
    for value in [
        "",
        " ",
        " y 100-continue",
        " 100-continue, 100-continue",
        " 100",
        " 200-ok",
        "\t100-continue",
    ] {
        assert_eq!(said("1.1", value), Err(V::Expect), "{value}");
    }
    assert_eq!(
        field("Expect: 100-continue\r\nexpect: 100-continue"),
        Err(V::Expect)
    );
    assert!(!head(field("Expects: 200-ok")).expects_continue);
}
