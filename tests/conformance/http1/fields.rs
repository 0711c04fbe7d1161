//! RFC 9112 section 5, RFC 9110 sections 5 to 10: fields, and what they ask for.

use super::{Expect, Table, get, post, saw};

/// Names, values, folding, limits.
pub fn syntax() -> Table {
    let mut t = Table::default();
    for (name, line, field, value) in [
        ("an empty value", "X-A:\r\n", "x-a", ""),
        ("no space", "X-A:1\r\n", "x-a", "1"),
        ("many spaces and tabs", "X-A: \t  1 \t \r\n", "x-a", "1"),
        ("a tab inside", "X-A: 1\t2\r\n", "x-a", "1\t2"),
        ("colons inside", "X-A: :a:b:\r\n", "x-a", ":a:b:"),
        ("a name of all token characters", "!#$%&'*+-.^_`|~09Az: 1\r\n", "!#$%&'*+-.^_`|~09az", "1"),
        ("quotes", "X-A: \"a\\\"b\"\r\n", "x-a", "\"a\\\"b\""),
        ("a name of one letter", "Q: 1\r\n", "q", "1"),
        ("a name of digits", "1: 1\r\n", "1", "1"),
        ("what looks like a request line", "X-A: GET / HTTP/1.1\r\n", "x-a", "GET / HTTP/1.1"),
        ("an underscore", "X_A: 1\r\n", "x_a", "1"),
    ] {
        t.passes("5", name, get(line), saw("GET /").field(field, value));
    }
    let bytes = get(b"X-A: \x80\xe9\xff\r\n");
    let seen = saw("GET /").field("x-a", "\u{80}\u{e9}\u{ff}");
    t.case("9110 5.5", "bytes above ASCII in a value", bytes, Expect::Either(seen, super::BAD));
    for byte in (0..=255_u8).filter(|byte| !byte.is_ascii_alphanumeric() && !b"!#$%&'*+-.^_`|~:".contains(byte)) {
        let bytes = get([&b"X"[..], &[byte], b"A: 1\r\n"].concat());
        t.bad("5.1", format!("{byte:#04x} in a name"), bytes);
    }
    for byte in (0..0x20_u8).chain([0x7f]).filter(|byte| !b"\t".contains(byte)) {
        let bytes = get([&b"X-A: a"[..], &[byte], b"b\r\n"].concat());
        t.bad("9110 5.5", format!("{byte:#04x} in a value"), bytes);
        if byte != b'\n' {
            let bytes = get([&b"X-A: "[..], &[byte], b"\r\n"].concat());
            t.bad("9110 5.5", format!("{byte:#04x} as a value"), bytes);
        }
    }
    for (name, lines) in [
        ("a space before the colon", "X-A : 1\r\n"),
        ("a tab before the colon", "X-A\t: 1\r\n"),
        ("a space in a name", "X A: 1\r\n"),
        ("no name", ": 1\r\n"),
        ("a space as a name", " : 1\r\n"),
        ("no colon", "X-A\r\n"),
        ("no colon and a space", "X-A 1\r\n"),
        ("a colon alone", ":\r\n"),
        ("a quoted name", "\"X-A\": 1\r\n"),
        ("a name in another alphabet", "\u{445}-a: 1\r\n"),
        ("a NUL in a name", "X\0A: 1\r\n"),
        ("a NUL before the colon", "X-A\0: 1\r\n"),
        ("a carriage return before the colon", "X-A\r: 1\r\n"),
        ("a line feed before the colon", "X-A\n: 1\r\n"),
        ("a second field behind a carriage return", "X-A: 1\rX-B: 2\r\n"),
        ("a second field behind a line feed", "X-A: 1\nX-B: 2\r\n"),
    ] {
        t.bad("5.1", name, get(lines));
    }
    for (name, lines) in [
        ("folding with a space", "X-A: 1\r\n 2\r\n"),
        ("folding with a tab", "X-A: 1\r\n\t2\r\n"),
        ("folding of an empty value", "X-A:\r\n 1\r\n"),
        ("folding to an empty line", "X-A: 1\r\n \r\n"),
        ("folding of the length", "Content-Length:\r\n 3\r\n"),
        ("folding of the coding", "Transfer-Encoding:\r\n chunked\r\n"),
        ("folding with a colon", "X-A: 1\r\n X-B: 2\r\n"),
        ("folding after a line feed", "X-A: 1\n 2\r\n"),
    ] {
        t.bad("5.2", name, get(lines));
    }
    for space in [" ", "\t", "  "] {
        let bytes = format!("GET / HTTP/1.1\r\n{space}Host: a\r\n\r\n");
        t.bad("2.2", format!("{space:?} before the first field"), bytes);
        let bytes = format!("GET / HTTP/1.1\r\n{space}X: 1\r\nHost: a\r\n\r\n");
        t.bad("2.2", format!("{space:?} before a first field that is another"), bytes);
    }
    let many = |count: usize| "X-A: 1\r\n".repeat(count);
    // `Host` is one of them.
    t.passes("5.4", "as many fields as may be", get(many(99)), saw("GET /"));
    for count in [100, 101, 200, 300, 2_000] {
        let name = format!("{} fields", count + 1);
        t.refused("9110 5.4", name, get(many(count)), &[431]);
    }
    for length in [1_000, 8_000, 30_000] {
        let value = "x".repeat(length);
        let bytes = get(format!("X-A: {value}\r\n"));
        let name = format!("a value of {length} bytes");
        t.passes("9110 5.4", name, bytes, saw("GET /").field("x-a", &value));
    }
    for length in [33_000, 66_000, 200_000] {
        let bytes = get(format!("X-A: {}\r\n", "x".repeat(length)));
        t.refused("9110 5.4", format!("a value of {length} bytes"), bytes, &[431]);
        let bytes = get(format!("{}: 1\r\n", "x".repeat(length)));
        t.refused("9110 5.4", format!("a name of {length} bytes"), bytes, &[431]);
    }
    let bytes = get(format!("X-A: {}\r\n", "x".repeat(3_000)).repeat(12));
    t.refused("9110 5.4", "many values that are too large together", bytes, &[431]);
    let mut endless = b"GET / HTTP/1.1\r\nHost: a\r\nX-A: ".to_vec();
    endless.extend([b'x'; 100_000]);
    t.refused("9110 5.4", "a field without end", endless, &[431]);
    t
}

/// Fields of the hop, and those that ask something of the proxy itself.
pub fn hops() -> Table {
    let mut t = Table::default();
    for (name, lines, gone) in [
        ("a named field", "Connection: x-a\r\nX-A: 1\r\n", "x-a"),
        ("a named field in another case", "Connection: X-a\r\nx-A: 1\r\n", "x-a"),
        ("a named field in a list", "Connection: keep-alive , x-a,\r\nX-A: 1\r\n", "x-a"),
        ("a named field in a second Connection", "Connection: keep-alive\r\nConnection: x-a\r\nX-A: 1\r\n", "x-a"),
        ("a named field that comes first", "X-A: 1\r\nConnection: x-a\r\n", "x-a"),
        ("Keep-Alive", "Keep-Alive: timeout=5\r\n", "keep-alive"),
        ("Keep-Alive named", "Connection: keep-alive\r\nKeep-Alive: timeout=5\r\n", "keep-alive"),
        ("Proxy-Connection", "Proxy-Connection: keep-alive\r\n", "proxy-connection"),
        ("Proxy-Authorization", "Proxy-Authorization: Basic eDp5\r\n", "proxy-authorization"),
        ("TE", "Connection: te\r\nTE: deflate\r\n", "te"),
        ("Trailer", "Trailer: x-sum\r\n", "trailer"),
        ("Upgrade", "Connection: upgrade\r\nUpgrade: h2c\r\n", "upgrade"),
        ("Upgrade to TLS", "Connection: upgrade\r\nUpgrade: TLS/1.3\r\n", "upgrade"),
        ("Upgrade that is not named", "Upgrade: websocket\r\n", "upgrade"),
        ("HTTP2-Settings", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n", "http2-settings"),
        ("h2c and another protocol", "Connection: Upgrade\r\nUpgrade: foo, h2c\r\n", "http2-settings"),
        ("HTTP2-Settings that is not named", "HTTP2-Settings: AAMAAABkAAQAAP__\r\n", "http2-settings"),
    ] {
        t.passes("9110 7.6.1", name, get(lines), saw("GET /").without(gone));
    }
    let bytes = get("Connection: Upgrade\r\nUpgrade: foo, h2c\r\n");
    t.passes("9110 7.8", "h2c among others", bytes, saw("GET /").without("upgrade"));
    let lines = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: H2C\r\nHTTP2-Settings: AA\r\nContent-Length: 3\r\n";
    let seen = saw("POST /").body("abc").without("upgrade").without("http2-settings");
    t.passes("9113 3.1", "h2c with content", post(lines, "abc"), seen);
    for name in ["host", "content-length", "transfer-encoding", "Host, x", "x , Content-Length"] {
        let bytes = post(format!("Connection: {name}\r\nContent-Length: 3\r\n"), "abc");
        let seen = saw("POST /").host("a").body("abc");
        t.case("9110 7.6.1", format!("Connection: {name}"), bytes, Expect::Either(seen, super::BAD));
    }
    for field in [
        "cookie", "authorization", "cache-control", "via", "x-forwarded-for", "forwarded", "te", "date", "range",
    ] {
        let bytes = get(format!("Connection: {field}\r\n"));
        t.case("9110 7.6.1", format!("Connection: {field}"), bytes, Expect::Either(saw("GET /"), super::BAD));
    }
    for option in ["\"close\"", "close;x", "clo se", "@", "=", "close\x0b", "(x)"] {
        let bytes = get(format!("Connection: {option}\r\n"));
        let expect = if option.contains('\x0b') {
            Expect::Refused(super::BAD)
        } else {
            Expect::Either(saw("GET /"), super::BAD)
        };
        t.case("9110 7.6.1", format!("Connection: {option:?}"), bytes, expect);
    }
    t.passes("9110 10.1.4", "TE: trailers", get("Connection: TE\r\nTE: trailers\r\n"), saw("GET /"));
    t.passes("9110 7.6.1", "other fields stay", get("X-B: 2\r\nAccept: */*\r\n"), saw("GET /").field("x-b", "2").field("accept", "*/*"));

    // RFC 9110 section 7.6.2.
    let options = |hops: &str| format!("OPTIONS /m HTTP/1.1\r\nHost: a\r\nMax-Forwards: {hops}\r\n\r\n");
    let seen = saw("OPTIONS /m").field("max-forwards", "4");
    t.passes("9110 7.6.2", "OPTIONS with Max-Forwards: 5", options("5"), seen);
    t.case("9110 7.6.2", "OPTIONS with Max-Forwards: 0", options("0"), Expect::Declined(&[200, 204, 405]));
    let seen = saw("GET /").field("max-forwards", "0");
    let either = Expect::Either(seen, super::BAD);
    t.case("9110 7.6.2", "GET with Max-Forwards: 0", get("Max-Forwards: 0\r\n"), either);
    for hops in ["0", "1", "5"] {
        let bytes = format!("TRACE / HTTP/1.1\r\nHost: a\r\nMax-Forwards: {hops}\r\n\r\n");
        t.case("9110 7.6.2", format!("TRACE with Max-Forwards: {hops}"), bytes, Expect::Declined(&[400, 405, 501]));
    }

    for value in ["200-ok", "100-continue, x", "100-continue=1", "", "100continue"] {
        let bytes = post(format!("Expect: {value}\r\nContent-Length: 3\r\n"), "abc");
        let either = Expect::Either(saw("POST /").body("abc"), &[400, 417]);
        t.case("9110 10.1.1", format!("Expect: {value}"), bytes, either);
    }
    let bytes = post("Expect: 100-continue\r\nContent-Length: 3\r\n", "abc");
    t.passes("9110 10.1.1", "content that does not wait for 100", bytes, saw("POST /").body("abc"));
    let bytes = post("Expect: 100-Continue\r\nContent-Length: 3\r\n", "abc");
    t.passes("9110 10.1.1", "in another case", bytes, saw("POST /").body("abc"));
    let bytes = get("Expect: 100-continue\r\n");
    t.passes("9110 10.1.1", "nothing to wait for", bytes, saw("GET /"));
    let bytes = "POST / HTTP/1.0\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc";
    t.passes("9110 10.1.1", "HTTP/1.0 does not know it", bytes, saw("POST /").body("abc"));
    t
}
