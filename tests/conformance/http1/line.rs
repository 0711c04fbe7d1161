//! RFC 9112 sections 2.2 and 3: lines, methods, targets, versions.

use super::{Expect, Table, saw};

const VERSION: &[u16] = &[400, 505];

/// The request line and what stands before it.
pub fn lines() -> Table {
    let mut t = Table::default();
    let h = "Host: a\r\n\r\n";
    t.passes("3", "plain", format!("GET / HTTP/1.1\r\n{h}"), saw("GET /").host("a"));
    for (name, line) in [
        ("a request of HTTP/0.9", "GET /"),
        ("a trailing space", "GET / HTTP/1.1 "),
        ("a trailing tab", "GET / HTTP/1.1\t"),
        ("a leading space", " GET / HTTP/1.1"),
        ("a leading tab", "\tGET / HTTP/1.1"),
        ("two spaces behind the method", "GET  / HTTP/1.1"),
        ("two spaces before the version", "GET /  HTTP/1.1"),
        ("a tab behind the method", "GET\t/ HTTP/1.1"),
        ("a tab before the version", "GET /\tHTTP/1.1"),
        ("a vertical tab", "GET\x0b/ HTTP/1.1"),
        ("a form feed", "GET /\x0cHTTP/1.1"),
        ("no target", "GET HTTP/1.1"),
        ("an empty target", "GET  HTTP/1.1"),
        ("a space in the target", "GET /a b HTTP/1.1"),
        ("four parts", "GET / x HTTP/1.1"),
        ("a method alone", "GET"),
        ("a version alone", "HTTP/1.1"),
        ("the parts in another order", "/ GET HTTP/1.1"),
        ("a second request line in it", "GET / HTTP/1.1 GET / HTTP/1.1"),
        ("a status line", "HTTP/1.1 200 OK"),
        ("a field instead of it", "Host: a"),
    ] {
        t.bad("3", name, format!("{line}\r\n{h}"));
    }
    for version in [
        "HTTP/2.0", "HTTP/3.0", "HTTP/0.9", "HTTP/1", "HTTP/1.", "HTTP/.1", "HTTP/11", "HTTP/1.10", "HTTP/1.01",
        "HTTP/01.1", "http/1.1", "Http/1.1", "HTTPS/1.1", "HTTP 1.1", "HTTP/1,1", "HTTP/1.1a", "HTTP/-1.1",
        "HTTP/+1.1", "HTTP/1.1\0", "ICY/1.1", "HTTP/a.b", "HTTP\\1.1", "HTTP/1.1;", "HTTP//1.1", "HTTP1.1", "HTTP/",
        "HTTP/1.1#", "HTTP/1.-1", "HTTP/10.1", "HTTP/1.9223372036854775808", "HTTP/\u{ff11}.1", "XTTP/1.1", "TTP/1.1",
    ] {
        let bytes = format!("GET / {version}\r\n{h}");
        t.refused("2.3", format!("the version {version:?}"), bytes, VERSION);
    }
    let bytes = format!("GET / HTTP/1.2\r\n{h}");
    t.case("2.3", "a higher minor version", bytes, Expect::Either(saw("GET /"), VERSION));
    for (name, bytes) in [
        ("line feeds alone", "GET / HTTP/1.1\nHost: a\n\n"),
        ("a line feed behind the request line", "GET / HTTP/1.1\nHost: a\r\n\r\n"),
        ("a line feed behind a field", "GET / HTTP/1.1\r\nHost: a\n\r\n"),
        ("a line feed as the empty line", "GET / HTTP/1.1\r\nHost: a\r\n\n"),
        ("a carriage return behind the request line", "GET / HTTP/1.1\rHost: a\r\n\r\n"),
        ("a carriage return behind a field", "GET / HTTP/1.1\r\nHost: a\r\r\n\r\n"),
        ("a carriage return before the line end", "GET / HTTP/1.1\r\r\nHost: a\r\n\r\n"),
        ("a carriage return in the target", "GET /\r/ HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("a carriage return in the method", "GE\rT / HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("a carriage return in the version", "GET / HTTP/1.\r1\r\nHost: a\r\n\r\n"),
        ("carriage returns alone", "GET / HTTP/1.1\rHost: a\r\rx\r\n\r\n"),
        ("line ends the other way round", "GET / HTTP/1.1\n\rHost: a\n\r\n\r"),
        ("a field line in the request line", "GET / HTTP/1.1\nX: 1\r\nHost: a\r\n\r\n"),
        ("an empty line of a line feed first", "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("two of them", "\n\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("a carriage return first", "\rGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("two of them and a line feed", "\r\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("a line of a space first", " \r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("a line of a tab behind an empty one", "\r\n\t\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("a NUL first", "\0GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("a byte order mark first", "\u{feff}GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("a record of TLS", "\x16\x03\x01\x02\0\x01\0\x01\u{fc}\x03\x03\r\n\r\n"),
        ("a header of the PROXY protocol", "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("a greeting of SSH", "SSH-2.0-OpenSSH_9.6\r\n\r\n"),
        ("a greeting of SMTP", "EHLO a\r\n\r\n"),
    ] {
        t.bad("2.2", name, bytes);
    }
    for (name, before) in [("one empty line first", "\r\n"), ("two empty lines first", "\r\n\r\n")] {
        t.passes("2.2", name, format!("{before}GET / HTTP/1.1\r\n{h}"), saw("GET /"));
    }
    let bytes = format!("{}GET / HTTP/1.1\r\n{h}", "\r\n".repeat(20));
    t.case("2.2", "twenty empty lines first", bytes, Expect::Either(saw("GET /"), super::BAD));
    let bytes = "\r\n".repeat(50_000);
    t.refused("2.2", "empty lines without end", bytes, &[400, 431]);
    t
}

/// Methods.
pub fn methods() -> Table {
    let mut t = Table::default();
    for method in ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"] {
        let bytes = format!("{method} /m HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
        t.passes("9110 9.3", method, bytes, saw(&format!("{method} /m")));
    }
    for method in [
        "PROPFIND", "MKCOL", "COPY", "LOCK", "M-SEARCH", "PURGE", "REPORT", "QUERY", "FOO", "get", "Get", "gET", "a",
        "!#$%&'*+-.^_`|~", "PRI", "TRACK",
    ] {
        let bytes = format!("{method} /m HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
        let expect = Expect::Either(saw(&format!("{method} /m")), &[400, 405, 501]);
        t.case("9110 9.1", format!("the method {method}"), bytes, expect);
    }
    let bytes = "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n";
    t.case("9110 9.3.8", "TRACE", bytes, Expect::Declined(&[405, 501]));
    let bytes = "TRACE / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc";
    t.case("9110 9.3.8", "TRACE with content", bytes, Expect::Declined(&[400, 405]));
    for target in ["a:443", "a:80", "a", "/", "*", "http://a:443", "http://a/", "[::1]:443", "a:0", "a:65536"] {
        let bytes = format!("CONNECT {target} HTTP/1.1\r\nHost: a:443\r\n\r\n");
        let name = format!("a tunnel to {target}");
        t.case("9110 9.3.6", name, bytes, Expect::Declined(&[400, 405, 501]));
    }
    for byte in (0..=255_u8).filter(|byte| !token(*byte)) {
        let bytes = [&b"G"[..], &[byte], b"T / HTTP/1.1\r\nHost: a\r\n\r\n"].concat();
        t.bad("9110 9.1", format!("{byte:#04x} in the method"), bytes);
    }
    t.refused("3.1", "no method", " / HTTP/1.1\r\nHost: a\r\n\r\n", super::BAD);
    let long = "M".repeat(100_000);
    t.refused("3.1", "a method without end", long, &[400, 414, 431, 501]);
    t
}

/// Targets.
pub fn targets() -> Table {
    let mut t = Table::default();
    let of = |target: &str, host: &str| format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n");
    for (target, host, seen) in [
        ("/", "a", "/"),
        ("/a?b=c&d", "a", "/a?b=c&d"),
        ("/?", "a", "/?"),
        ("/??", "a", "/??"),
        ("/a;b=c,d@e:f!$&'()*+=~", "a", "/a;b=c,d@e:f!$&'()*+=~"),
        ("/?a=/b?c", "a", "/?a=/b?c"),
        ("/?x=[1]{2}|3", "a", "/?x=[1]{2}|3"),
        ("//b/c", "a", "/b/c"),
        ("/http://b/c", "a", "/http:/b/c"),
        ("/*", "a", "/*"),
        ("/a:80", "a", "/a:80"),
        ("http://a/b?c", "a", "/b?c"),
        ("http://a/", "A", "/"),
        ("http://a", "a", "/"),
        ("http://a?b", "a", "/?b"),
        ("http://a:80/b", "a:80", "/b"),
        ("http://[::1]/b", "[::1]", "/b"),
        ("http://127.0.0.1:8080/b", "127.0.0.1:8080", "/b"),
        ("http://a//b", "a", "/b"),
        ("http://a/http://b/", "a", "/http:/b/"),
        ("http://a/x@b", "a", "/x@b"),
    ] {
        let name = format!("the target {target}");
        t.passes("3.2", name, of(target, host), saw(&format!("GET {seen}")));
    }
    for (target, host) in [("HTTP://a/b", "a"), ("Http://a/b", "a"), ("https://a/b", "a")] {
        let expect = Expect::Either(saw("GET /b"), &[400, 421]);
        t.case("3.2.2", format!("the target {target}"), of(target, host), expect);
    }
    for target in [
        "a", "a/b", "a:80", "*", "**", "*/", "?a", "#", "/#", "/a#b", "/a?b#c", "http://a/#b", "http://", "http:///b",
        "http://?b", "http:/a", "http:a", "http://u@a/", "http://u:p@a/", "http://@a/", "http://a:b/", "http://a:65536/",
        "http://a,b/", "http://a b/", "ftp://a/", "file:///etc/passwd", "httpx://a/", "ws://a/", "javascript:alert(1)",
        "data:,x", "http://[::1/", "http://::1/", "http://a\\b/", "\\", "\\a", "/a\\b", "/\\a", "http:\\\\a/", ".", "..",
        "../a", "./a", "@a", ":80", "[::1]", "http://a%00/", "http://a%2fb/", "http://a\u{e9}/", "%2f", "http://a;b/",
        "://a/", "//", "http://a:-1/", "http://a:80:80/",
    ] {
        if target != "//" {
            t.bad("3.2", format!("the target {target}"), of(target, "a"));
        }
    }
    for (target, host) in [
        ("http://a/", "b"), ("http://a/", "a:80"), ("http://a:80/", "a"), ("http://a:80/", "a:81"), ("http://a/", ""),
        ("http://a.b/", "a"), ("https://a/", "b"),
    ] {
        let name = format!("the target {target} with Host: {host}");
        t.bad("3.2.2", name, of(target, host));
    }
    t.bad("3.2.2", "an absolute target without Host", "GET http://a/ HTTP/1.1\r\n\r\n");
    let bytes = "GET http://a/b HTTP/1.0\r\n\r\n";
    t.case("3.2.2", "the same in HTTP/1.0", bytes, Expect::Either(saw("GET /b").host("a"), super::BAD));
    for byte in (0..=255_u8).filter(|byte| !(0x21..0x7f).contains(byte) || b"#\\".contains(byte)) {
        for (name, before) in [("path", "/a"), ("query", "/?a")] {
            let bytes = [b"GET ", before.as_bytes(), &[byte], b"b HTTP/1.1\r\nHost: a\r\n\r\n"].concat();
            if !(byte == b'\\' && name == "query") {
                t.bad("3.2", format!("{byte:#04x} in the {name}"), bytes);
            }
        }
    }
    for byte in b"\"<>^`{|}[]" {
        let target = format!("/?a{}b", char::from(*byte));
        let expect = Expect::Either(saw(&format!("GET {target}")), super::BAD);
        t.case("3.2", format!("{:?} in the query", char::from(*byte)), of(&target, "a"), expect);
    }
    let asterisk = Expect::Either(saw("OPTIONS *"), &[200, 204, 400, 404, 405, 501]);
    t.case("3.2.4", "OPTIONS *", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", asterisk);
    for method in ["GET", "POST", "HEAD", "options", "DELETE"] {
        let bytes = format!("{method} * HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
        t.bad("3.2.4", format!("{method} *"), bytes);
    }
    for (length, passes) in [(4_000, true), (8_000, true), (8_192, true), (8_193, false), (20_000, false)] {
        let target = format!("/{}", "x".repeat(length - 1));
        let name = format!("a target of {length} bytes");
        if passes {
            t.passes("3", name, of(&target, "a"), saw(&format!("GET {target}")));
        } else {
            t.refused("3", name, of(&target, "a"), &[414]);
        }
    }
    let bytes = format!("GET /{}", "x".repeat(100_000));
    t.refused("3", "a target without end", bytes, &[414, 431]);
    let bytes = format!("GET /?{} HTTP/1.1\r\nHost: a\r\n\r\n", "x".repeat(9_000));
    t.refused("3", "a query that is too long", bytes, &[414]);
    t
}

fn token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}
