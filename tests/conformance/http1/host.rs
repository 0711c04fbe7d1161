//! RFC 9112 section 3.2 and RFC 9110 section 7.2: whom a request is for.

use super::{Expect, Table, saw};

/// `Host`.
pub fn hosts() -> Table {
    let mut t = Table::default();
    let of = |host: &str| format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n");
    for host in [
        "a", "a.example", "A.Example", "a:80", "a:", "a.", "a_b", "a-b~c", "127.0.0.1", "127.0.0.1:8080", "[::1]",
        "[::1]:80", "[2001:db8::1]", "xn--bcher-kva.example", "a:65535", "a:1", "1.2.3", "0", "[::ffff:192.0.2.1]",
    ] {
        t.passes("9110 7.2", format!("Host: {host}"), of(host), saw("GET /").host(host));
    }
    let long = format!("{}example", "a.".repeat(100));
    t.passes("9110 7.2", "a long name", of(&long), saw("GET /").host(&long));
    for host in [
        "", " ", "a, b", "a,b", "a b", "a\tb", "user@a", "user:secret@a", "@a", "a@", "a/b", "a/", "/a", "a?b", "a#b",
        "a:65536", "a:-1", "a:+80", "a:80a", "a: 80", "a :80", "a:80:80", "a:0x50", "a:99999999999999999999", ":80", ":",
        "[::1", "::1", "::1:80", "[::1]x", "[::1]]", "[[::1]]", "[zz]", "[]", "[::1]:x", "[v1.a]", "[fe80::1%25eth0]",
        "[fe80::1%eth0]", "[1.2.3.4]", "a\\b", "a\\", "http://a", "http://a/", "a%00", "a%2fb", "a%zz", "<a>", "{a}",
        "\"a\"", "a|b", "a^b", "a`b", "\u{e9}", "a\u{ff0e}b", "a\0b", "a\x01", "a\x7f", "a:80, a:80", "a;b", "*",
    ] {
        t.bad("3.2", format!("Host: {host:?}"), of(host));
    }
    for host in ["a!b", "a$b", "a&b", "a'b", "a(b)", "a*b", "a+b", "a=b", "a%41", "a:0", "a:00080", "..", "a..b"] {
        // RFC 3986 allows all of these; which names there are is for others to say.
        let expect = Expect::Either(saw("GET /").host(host), super::BAD);
        t.case("9110 7.2", format!("Host: {host}"), of(host), expect);
    }
    let fields = |fields: &str| format!("GET / HTTP/1.1\r\n{fields}\r\n");
    for (name, lines) in [
        ("no host", ""),
        ("no host but other fields", "X-A: 1\r\nX-Host: a\r\nX-Forwarded-Host: a\r\n"),
        ("two that are the same", "Host: a\r\nHost: a\r\n"),
        ("two that differ", "Host: a\r\nHost: b\r\n"),
        ("two in different case", "Host: a\r\nhost: b\r\n"),
        ("two far apart", "Host: a\r\nX-A: 1\r\nX-B: 2\r\nHost: b\r\n"),
        ("one and an empty one", "Host: a\r\nHost:\r\n"),
        ("an empty one and one", "Host:\r\nHost: a\r\n"),
        ("three", "Host: a\r\nHost: a\r\nHost: a\r\n"),
        ("a space before the colon", "Host : a\r\n"),
        ("the second with a space before the colon", "Host: a\r\nHost : b\r\n"),
        ("folded", "Host:\r\n a\r\n"),
        ("folded into a list", "Host: a\r\n b\r\n"),
        ("a line feed inside", "Host: a\nHost: b\r\n"),
        ("a carriage return inside", "Host: a\rHost: b\r\n"),
        ("a NUL behind", "Host: a\0\r\n"),
    ] {
        t.bad("3.2", name, fields(lines));
    }
    for (name, lines) in [
        ("spaces around it", "Host:   a  \r\n"),
        ("no space", "Host:a\r\n"),
        ("lower case", "host: a\r\n"),
        ("mixed case", "hOsT: a\r\n"),
        ("last of all", "X-A: 1\r\nX-B: 2\r\nHost: a\r\n"),
    ] {
        t.passes("3.2", name, fields(lines), saw("GET /").host("a"));
    }
    let old = |fields: &str| format!("GET / HTTP/1.0\r\n{fields}\r\n");
    t.passes("3.2", "HTTP/1.0 with one", old("Host: a\r\n"), saw("GET /").host("a"));
    t.case("3.2", "HTTP/1.0 without", old(""), Expect::Either(saw("GET /"), super::BAD));
    t.bad("3.2", "HTTP/1.0 with two", old("Host: a\r\nHost: b\r\n"));
    t.bad("3.2", "HTTP/1.0 with a bad one", old("Host: a/b\r\n"));
    t
}
