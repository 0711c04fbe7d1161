//! RFC 9113 section 8: requests, and what would be another one behind the proxy.

use tidegate_e2e::frames::code::PROTOCOL_ERROR;
use tidegate_e2e::frames::{self, continuation, data, flag, headers, headers_open};
use tidegate_e2e::hpack::{self, literal};

use super::Expect::{Alive, Declined, Malformed, Status, Stream};
use super::{Table, expect, open, send};

const GET: [(&str, &str); 4] = [(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "test")];

fn whole(fields: &[(&str, &str)]) -> Vec<u8> {
    headers(1, flag::END_STREAM, hpack::block(fields))
}

fn plus(more: &[(&str, &str)]) -> Vec<u8> {
    whole(&[&GET[..], more].concat())
}

fn without(name: &str) -> Vec<u8> {
    let left: Vec<_> = GET.into_iter().filter(|(had, _)| *had != name).collect();
    whole(&left)
}

fn replaced(name: &str, value: &str) -> Vec<u8> {
    whole(&GET.map(|(had, old)| (had, if had == name { value } else { old })))
}

/// Requests that pass, and those that are malformed.
pub fn requests() -> Table {
    let mut t = Table::default();
    for method in ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"] {
        t.case("9113 8.1", method, headers(1, flag::END_STREAM, frames::request(method, "/", &[])), Status(1, 200));
    }
    let post = |more: &[(&str, &str)]| headers(1, 0, frames::request("POST", "/", more));
    t.case("9113 8.1", "POST with content", [post(&[("content-length", "4")]), data(1, flag::END_STREAM, b"test")].concat(), Status(1, 200));
    let trailers = headers(1, flag::END_STREAM, hpack::block(&[("x-test", "ok")]));
    t.case("9113 8.1", "POST with trailers", [post(&[("trailer", "x-test")]), data(1, 0, b"test"), trailers.clone()].concat(), Status(1, 200));
    t.case("9113 8.1", "no content but trailers", [post(&[]), trailers.clone()].concat(), Status(1, 200));
    let middle = headers(1, 0, hpack::block(&[("x-test", "ok")]));
    t.case("9113 8.1", "HEADERS that do not end the stream", [post(&[]), middle].concat(), Malformed(1));
    t.case("9113 8.1", "the same behind DATA", [post(&[]), data(1, 0, b"test"), headers(1, 0, hpack::block(&[("x-test", "ok")]))].concat(), Malformed(1));

    let fields = |block: &[u8]| headers(1, flag::END_STREAM, [&hpack::block(&GET)[..], block].concat());
    for name in ["X-TEST", "x-Test", "Host"] {
        t.case("9113 8.2.1", format!("the name {name}"), fields(&literal(name.as_bytes(), b"ok")), Malformed(1));
    }
    for name in [&b"x test"[..], b"x:test", b" x", b"x ", b"x\0", b"x\n", b"x\r", b"x\x7f", b"x\xe9", b"x(", b"x\"", b"x,y", b"x/y", b"x@y", b"x[y", b"x{y", b"x\t"] {
        t.case("9113 8.2.1", format!("the name {}", name.escape_ascii()), fields(&literal(name, b"ok")), Malformed(1));
    }
    for value in [&b"a\0b"[..], b"a\nb", b"a\rb", b"a\r\nb", b"\n", b"a\r\nHost: b", b"a\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n", b"a\r\nContent-Length: 5", b"a\r\nTransfer-Encoding: chunked"] {
        t.case("9113 8.2.1", format!("the value {}", value.escape_ascii()), fields(&literal(b"x-test", value)), Malformed(1));
    }
    for value in [&b"a\x01b"[..], b"a\x7fb", b"\x1b[2J"] {
        t.case("9110 5.5", format!("the value {}", value.escape_ascii()), fields(&literal(b"x-test", value)), Malformed(1));
    }

    t.case("9113 8.3", "an unknown pseudo field", plus(&[(":test", "ok")]), Malformed(1));
    t.case("9113 8.3", "one of answers", plus(&[(":status", "200")]), Malformed(1));
    t.case("9113 8.3", "one in the trailers", [post(&[]), data(1, 0, b"test"), headers(1, flag::END_STREAM, hpack::block(&[(":method", "GET")]))].concat(), Malformed(1));
    t.case("9113 8.3", "one behind a field", whole(&[&GET[..3], &[("x-test", "ok"), (":authority", "test")]].concat()), Malformed(1));
    t.case("9113 8.3", "all behind a field", whole(&[&[("x-test", "ok")], &GET[..]].concat()), Malformed(1));
    t.case("9113 8.3", "an empty name of one", plus(&[(":", "x")]), Malformed(1));
    t.case("9113 8.3", ":protocol without a tunnel", plus(&[(":protocol", "websocket")]), Malformed(1));
    for field in ["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"] {
        let value = match field {
            "transfer-encoding" => "chunked",
            "upgrade" => "h2c",
            _ => "keep-alive",
        };
        t.case("9113 8.2.2", field, plus(&[(field, value)]), Malformed(1));
        t.case("9113 8.2.2", format!("{field} with content"), [post(&[(field, value)]), data(1, flag::END_STREAM, b"0\r\n\r\n")].concat(), Malformed(1));
    }
    for value in ["gzip", "trailers, deflate", "trailers;q=0.5", ""] {
        t.case("9113 8.2.2", format!("te: {value}"), plus(&[("te", value)]), Malformed(1));
    }
    t.case("9113 8.2.2", "te: trailers", plus(&[("te", "trailers")]), Status(1, 200));

    for name in [":method", ":scheme", ":path"] {
        t.case("9113 8.3.1", format!("no {name}"), without(name), Malformed(1));
        let old = GET.iter().find(|(had, _)| *had == name).map_or("", |(_, value)| value);
        t.case("9113 8.3.1", format!("{name} twice"), whole(&[&[(name, old)], &GET[..]].concat()), Malformed(1));
    }
    t.case("9113 8.3.1", ":authority twice", whole(&[&GET[..], &[(":authority", "test")]].concat()), Malformed(1));
    t.case("9113 8.3.1", "two that differ", whole(&[&GET[..], &[(":authority", "other")]].concat()), Malformed(1));
    t.case("9113 8.3.1", "no authority at all", without(":authority"), Malformed(1));
    t.case("9113 8.3.1", "no authority but a host", whole(&[&GET[..3], &[("host", "test")]].concat()), Status(1, 200));
    t.case("9113 8.3.1", "an authority and the same host", plus(&[("host", "test")]), Status(1, 200));
    t.case("9113 8.3.1", "an authority and another host", plus(&[("host", "other")]), Malformed(1));
    t.case("9113 8.3.1", "two hosts", plus(&[("host", "test"), ("host", "test")]), Malformed(1));
    t.case("9113 8.3.1", "two hosts that differ and no authority", whole(&[&GET[..3], &[("host", "test"), ("host", "other")]].concat()), Malformed(1));
    for authority in ["", "u@test", "u:p@test", "a b", "a,b", "a/b", "a:b", "a:65536", "a\r\nX: 1", "a\0", "a#b", "a?b", "[::1", "http://a"] {
        t.case("9113 8.3.1", format!("the authority {authority:?}"), replaced(":authority", authority), Malformed(1));
        let host = whole(&[&GET[..3], &[("host", authority)]].concat());
        t.case("9113 8.3.1", format!("the host {authority:?}"), host, Malformed(1));
    }
    for path in [
        "", "a", "a/b", "?a", "*", "http://a/", "/a b", "/a\r\nX: 1", "/ HTTP/1.1\r\nHost: b\r\n\r\nGET /smuggled", "/a\0", "/a\tb", "/\u{e9}",
        "/..", "/a/../..", "/%00", "/%", "/%zz", "/a\\b", "/a/..;/b", "//..",
    ] {
        t.case("9113 8.3.1", format!("the path {path:?}"), replaced(":path", path), Malformed(1));
    }
    for method in ["", "G T", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET\r\n", "G\0T", "G(T", "GET\t", "G\u{e9}T", "GET:", "GET /x HTTP/1.1"] {
        t.case("9113 8.3.1", format!("the method {method:?}"), replaced(":method", method), Malformed(1));
    }
    for scheme in ["", "h\r\nttp", "http ", "ht tp", "http://a", "http\0", "1http", "h/t"] {
        t.case("9113 8.3.1", format!("the scheme {scheme:?}"), replaced(":scheme", scheme), Malformed(1));
    }
    let long = format!("/{}", "x".repeat(9_000));
    t.case("9110 15.5.15", "a path that is too long", replaced(":path", &long), Declined(1, &[414, 431]));
    t.case("9110 9.3.8", "TRACE", replaced(":method", "TRACE"), refused());
    t.steps("9113 8.3.1", "OPTIONS *", [
        open(),
        send(whole(&[(":method", "OPTIONS"), (":scheme", "http"), (":path", "*"), (":authority", "test")])),
        expect(super::Expect::End(1)),
        expect(Alive(3)),
    ]);

    t.case("9113 8.5", "CONNECT with a path", whole(&[(":method", "CONNECT"), (":scheme", "http"), (":path", "/"), (":authority", "test:443")]), refused());
    t.case("9113 8.5", "CONNECT without an authority", whole(&[(":method", "CONNECT")]), refused());
    t.case("9113 8.5", "CONNECT", headers(1, 0, hpack::block(&[(":method", "CONNECT"), (":authority", "test:443")])), refused());
    t.case("8441 4", "extended CONNECT that was not offered", headers(1, 0, hpack::block(&[(":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "http"), (":path", "/"), (":authority", "test")])), refused());
    t
}

/// A tunnel is refused.
fn refused() -> super::Expect {
    Declined(1, &[400, 405, 501])
}

/// Lengths, and what a request is behind the proxy.
pub fn lengths() -> Table {
    let mut t = Table::default();
    let post = |length: &str| headers(1, 0, frames::request("POST", "/", &[("content-length", length)]));
    let end = |text: &str| data(1, flag::END_STREAM, text);
    t.case("9113 8.1.1", "less than was announced", [post("5"), end("test")].concat(), Stream(1, &[PROTOCOL_ERROR]));
    t.case("9113 8.1.1", "more than was announced", [post("3"), end("test")].concat(), Stream(1, &[PROTOCOL_ERROR]));
    t.case("9113 8.1.1", "less, in pieces", [post("9"), data(1, 0, "test"), end("test")].concat(), Stream(1, &[PROTOCOL_ERROR]));
    t.case("9113 8.1.1", "more, in pieces", [post("7"), data(1, 0, "test"), end("test")].concat(), Stream(1, &[PROTOCOL_ERROR]));
    t.case("9113 8.1.1", "content where none was announced", [post("0"), end("test")].concat(), Stream(1, &[PROTOCOL_ERROR]));
    t.case("9113 8.1.1", "none where some was announced", headers(1, flag::END_STREAM, frames::request("POST", "/", &[("content-length", "4")])), Stream(1, &[PROTOCOL_ERROR]));
    t.case("9113 8.1.1", "none in DATA where some was announced", [post("4"), end("")].concat(), Stream(1, &[PROTOCOL_ERROR]));
    let trailers = headers(1, flag::END_STREAM, hpack::block(&[("x-test", "ok")]));
    t.case("9113 8.1.1", "less, and trailers", [post("5"), data(1, 0, "test"), trailers.clone()].concat(), Stream(1, &[PROTOCOL_ERROR]));
    t.case("9113 8.1.1", "the right one in pieces", [post("8"), data(1, 0, "test"), end("test")].concat(), Status(1, 200));
    t.case("9113 8.1.1", "the right one, and trailers", [post("4"), data(1, 0, "test"), trailers].concat(), Status(1, 200));
    for length in ["x", "-4", "+4", "4,4", "4, 4", "", "0x4", "4 ", "18446744073709551620", "4\0", "4.0", "4\r\nX: 1"] {
        t.case("9110 8.6", format!("the length {length:?}"), [post(length), end("test")].concat(), Malformed(1));
    }
    let twice = |a: &str, b: &str| headers(1, 0, frames::request("POST", "/", &[("content-length", a), ("content-length", b)]));
    t.case("9110 8.6", "two lengths that differ", [twice("4", "5"), end("test")].concat(), Malformed(1));
    t.case("9110 8.6", "the same twice", [twice("4", "4"), end("test")].concat(), Malformed(1));

    for (name, fields) in [
        ("a length", &[("content-length", "4")][..]),
        ("a coding", &[("transfer-encoding", "chunked")]),
        ("a host", &[("host", "other")]),
        ("a connection", &[("connection", "close")]),
    ] {
        let trailers = headers(1, flag::END_STREAM, hpack::block(fields));
        let start = headers(1, 0, frames::request("POST", "/", &[]));
        // Dropped or refused; the endpoint never sees them, which is judged in any case.
        t.steps("9110 6.5.1", format!("{name} in the trailers"), [
            open(),
            send([start, data(1, 0, "test"), trailers].concat()),
            expect(super::Expect::End(1)),
        ]);
    }
    let large: Vec<u8> = std::iter::repeat_n(data(1, 0, vec![b'x'; 16_000]), 3).flatten().collect();
    let start = headers(1, 0, frames::request("POST", "/", &[("content-length", "2000000")]));
    t.case("9110 15.5.14", "an announced body that is too large", [start, large].concat(), Status(1, 413));
    t.steps("9113 8.1", "after a malformed request, others are served", [
        open(),
        send(plus(&[("transfer-encoding", "chunked")])),
        expect(Malformed(1)),
        expect(Alive(3)),
    ]);
    t.steps("9113 8.1", "after a request that was given up, others are served", [
        open(),
        send([headers(1, 0, frames::request("POST", "/", &[])), frames::reset(1, 8)].concat()),
        expect(Alive(3)),
    ]);

    // Cookies come in pieces (section 8.2.3).
    let crumbs = plus(&[("cookie", "a=b"), ("cookie", "c=d"), ("cookie", "e=f")]);
    t.case("9113 8.2.3", "cookies in pieces", crumbs, Status(1, 200));

    // Heads that are too large, and too many fields.
    let many: Vec<(&str, &str)> = std::iter::repeat_n(("x-a", "1"), 150).collect();
    t.case("9110 5.4", "150 fields", plus(&many), too_large());
    let value = "x".repeat(15_000);
    let block = hpack::block(&[&GET[..], &[("x-a", &value), ("x-b", &value), ("x-c", &value)]].concat());
    let (first, rest) = block.split_at(16_000);
    let (second, third) = rest.split_at(16_000);
    let bytes = [headers_open(1, flag::END_STREAM, first), continuation(1, 0, second), continuation(1, flag::END_HEADERS, third)].concat();
    t.case("9110 5.4", "a head of 45,000 bytes", bytes, too_large());
    t
}

/// 431, as RFC 6585 has it, or a refusal of the stream.
fn too_large() -> super::Expect {
    Declined(1, &[431])
}
