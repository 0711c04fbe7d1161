//! Each rule for the request line, with what breaks it and with what nearly does.

use super::*;
use Violation as V;

#[test]
fn two_empty_lines_before_a_request_are_skipped() {
    let text = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    for lines in 0..=2 {
        let text = "\r\n".repeat(lines) + text;
        let head = head(scan(&text));
        assert_eq!((head.skipped, head.length), (2 * lines, text.len()));
    }
    refused_at_once("\r\n\r\n\r", V::EmptyLines, &LIMITS);
    assert_eq!(scan(" \r\nGET / HTTP/1.1\r\n\r\n"), Err(V::Method));
}

#[test]
fn a_method_is_a_token() {
    for method in [
        "GET",
        "g",
        "M-SEARCH",
        "!#$%&'*+-.^_`|~09",
        "UPDATEREDIRECTREF",
        &"A".repeat(32),
    ] {
        assert!(line(&format!("{method} / HTTP/1.1")).is_ok(), "{method}");
    }
    for text in [
        " ",
        "\t",
        "(",
        "GET\t",
        "GE:",
        "G\0",
        "GET/",
        "G\u{e9}",
        "\x16\x03\x01",
        "{",
        "\x7f",
    ] {
        let first = text
            .bytes()
            .position(|byte| !bytes::is_token_byte(byte))
            .expect("invalid");
        refused_at_once(&text.as_bytes()[..=first], V::Method, &LIMITS);
    }
    refused_at_once("A".repeat(33), V::Method, &LIMITS);
}

#[test]
fn a_target_has_no_spaces_controls_fragments_and_other_bytes_that_no_uri_has() {
    for target in [
        "/",
        "/a|b{c}d[e]",
        "/%",
        "/%zz%00",
        "/a?b?c",
        "/;a=b@c:d",
        "/!$&'()*+,~",
        "//",
        "/..",
    ] {
        assert!(line(&format!("GET {target} HTTP/1.1")).is_ok(), "{target}");
    }
    for bad in (0..=u8::MAX).filter(|byte| !(0x21..=0x7e).contains(byte)) {
        if !matches!(bad, b' ' | b'\r' | b'\n') {
            refused_at_once([b"GET /a", &[bad][..]].concat(), V::Target, &LIMITS);
        }
    }
    for bad in *b"#<>\"\\^`" {
        refused_at_once([b"GET /a", &[bad][..]].concat(), V::Target, &LIMITS);
    }
    refused_at_once("GET  ", V::Target, &LIMITS);
    refused_at_once("GET \t", V::Target, &LIMITS);
}

#[test]
fn a_target_has_the_form_that_its_method_asks_for() {
    for (text, form) in [
        ("GET /a HTTP/1.1", TargetForm::Origin),
        ("GET http://a/b HTTP/1.1", TargetForm::Absolute),
        ("OPTIONS * HTTP/1.1", TargetForm::Asterisk),
        ("OPTIONS http://a HTTP/1.1", TargetForm::Absolute),
    ] {
        assert_eq!(head(line(text)).form, form, "{text}");
    }
    for target in [
        "*",
        "a",
        "a:80",
        "ftp://a/",
        "HTTP://a/",
        "http://u@a/",
        "http:///",
        "?a",
        "%2f",
    ] {
        refused_at_once(format!("GET {target} HTTP/1.1\r\n"), V::Target, &LIMITS);
    }
    refused_at_once("CONNECT / HTTP/1.1\r\n", V::Target, &LIMITS);
    refused_at_once("CONNECT a HTTP/1.1\r\n", V::Target, &LIMITS);
}

#[test]
fn a_request_line_has_a_version() {
    for text in ["GET\r\n", "GET /\r\n", "GET /a?b\r\n"] {
        refused_at_once(text, V::LineWithoutVersion, &LIMITS);
    }
    for text in [
        "GET / \r\n",
        "GET /  ",
        "GET / HTTP/1.1 ",
        "GET / HTTP/1.1\t",
        "GET / HTTP/1.1\0",
        "GET / HTTP/1.10",
        "GET / http/1.1\r\n",
        "GET / HTTP/1\r\n",
        "GET / HTTP/1.\r\n",
        "GET / HTTP/11\r\n",
        "GET / HTTP/1,1\r\n",
        "GET / HTTPS/1.1",
        "GET / a ",
        "GET / ICY/1.1\r\n",
        "GET / HTTP/a.b\r\n",
        "GET / HTTP/+1.1",
        "GET / HTTP/ ",
        "GET / HTTP\r\n",
    ] {
        refused_at_once(text, V::Version, &LIMITS);
    }
    for version in [
        "HTTP/0.9", "HTTP/1.2", "HTTP/1.9", "HTTP/2.0", "HTTP/3.0", "HTTP/9.9", "HTTP/0.0",
    ] {
        refused_at_once(
            format!("GET / {version}\r\n"),
            V::VersionUnsupported,
            &LIMITS,
        );
    }
    // The preface of HTTP/2 has no target that PRI may have, but the version says more.
    assert_eq!(
        scan("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        Err(V::VersionUnsupported)
    );
}

#[test]
fn a_target_has_a_limit_and_is_refused_before_its_end() {
    let limits = Limits {
        target: 8,
        ..LIMITS
    };
    let text = |target: &str| format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n");
    assert!(
        HeadScan::new()
            .scan(text("/2345678").as_bytes(), &limits)
            .is_ok()
    );
    let long = text("/23456789");
    assert_eq!(
        HeadScan::new().scan(long.as_bytes(), &limits),
        Err(V::TargetTooLong)
    );
    refused_at_once("GET /23456789", V::TargetTooLong, &limits);
}
