//! RFC 9112 section 6: where a message ends.

use super::{Expect, Saw, Table, post, saw};

const CODING: &[u16] = &[400, 501];

fn abc() -> Saw {
    saw("POST /").body("abc")
}

/// `Content-Length`.
pub fn lengths() -> Table {
    let mut t = Table::default();
    let of = |value: &[u8]| post([b"Content-Length:", value, b"\r\n"].concat(), "abc");
    for value in ["3", " 3", "  3  "] {
        t.passes("6.2", format!("{value:?}"), of(value.as_bytes()), abc());
    }
    for value in ["\t3", " 3\t", " 03", " 0003"] {
        let either = Expect::Either(abc(), super::BAD);
        t.case("6.2", format!("{value:?}"), of(value.as_bytes()), either);
    }
    for value in [
        " 3, 3", " 3,3", " 3,", " ,3", " 3, 4", " 3 3", " +3", " -3", " -0", " 0x3", " 3.0", " 3e0", "", "  ", " \u{ff13}",
        " 9223372036854775808", " 18446744073709551615", " 18446744073709551616", " 18446744073709551619",
        " 4294967296x", " 99999999999999999999999999999999", " 3;", " 3;x=1", " \"3\"", " 1_0", " 3\0", " 3\x0b", " \x0b3",
        " \x0c3", " 3\r", " three", " 0b11", " 3h", " (3)", " 3 ,3", " 3\x7f", " 0,3", " 3\u{a0}", " \u{a0}3", " '3'", " 3/1",
        " 3-", " 3x", " x3", " -9223372036854775808", " 1e1", " NaN", " 3:3",
    ] {
        t.bad("6.3", format!("{value:?}"), of(value.as_bytes()));
    }
    for (name, lines) in [
        ("the same twice", "Content-Length: 3\r\nContent-Length: 3\r\n"),
        ("two that differ", "Content-Length: 3\r\nContent-Length: 4\r\n"),
        ("two in another order", "Content-Length: 0\r\nContent-Length: 3\r\n"),
        ("two in different case", "Content-Length: 3\r\ncontent-length: 0\r\n"),
        ("two far apart", "Content-Length: 3\r\nX-A: 1\r\nContent-Length: 0\r\n"),
        ("three", "Content-Length: 3\r\nContent-Length: 3\r\nContent-Length: 3\r\n"),
        ("one and an empty one", "Content-Length: 3\r\nContent-Length:\r\n"),
        ("a space before the colon", "Content-Length : 3\r\n"),
        ("a tab before the colon", "Content-Length\t: 3\r\n"),
        ("a second with a space before the colon", "Content-Length: 3\r\nContent-Length : 0\r\n"),
        ("a NUL in the name", "Content-Length\0: 3\r\n"),
        ("a space in the name", "Content Length: 3\r\n"),
        ("folded", "Content-Length:\r\n 3\r\n"),
        ("behind a line feed", "X-A: 1\nContent-Length: 3\r\n"),
        ("behind a carriage return", "X-A: 1\rContent-Length: 3\r\n"),
        ("a byte above ASCII in the name", "Content-Length\u{a0}: 3\r\n"),
    ] {
        t.bad("6.3", name, post(lines, "abc"));
    }
    let get = |method: &str| format!("{method} / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
    for method in ["GET", "DELETE", "OPTIONS", "HEAD", "PUT"] {
        let seen = saw(&format!("{method} /")).body("abc");
        t.passes("6.3", format!("{method} with content"), get(method), seen);
    }
    for method in ["GET", "POST", "PUT", "DELETE"] {
        let bytes = format!("{method} / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
        t.passes("6.3", format!("{method} with a length of 0"), bytes, saw(&format!("{method} /")));
        let bytes = format!("{method} / HTTP/1.1\r\nHost: a\r\n\r\n");
        t.passes("6.3", format!("{method} without a length"), bytes, saw(&format!("{method} /")));
    }
    let old = "POST / HTTP/1.0\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc";
    t.passes("6.3", "HTTP/1.0 with a length", old, abc());
    for method in ["CONNECT a:443", "CONNECT a:80"] {
        let bytes = format!("{method} HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
        t.case("6.3", "a tunnel with content", bytes, Expect::Declined(&[400, 405, 501]));
    }
    for (length, passes) in [(100_000, true), (1 << 20, true), ((1 << 20) + 1, false), (3 << 20, false)] {
        let body = "x".repeat(length);
        let bytes = post(format!("Content-Length: {length}\r\n"), &body);
        let name = format!("a body of {length} bytes");
        if passes {
            t.passes("9110 15.5.14", name, bytes, saw("POST /").body(&body));
        } else {
            t.refused("9110 15.5.14", name, bytes, &[413]);
        }
    }
    let bytes = post("Content-Length: 9223372036854775807\r\n", "abc");
    t.refused("9110 15.5.14", "a length near the end of all numbers", bytes, &[400, 413]);
    let bytes = post("Content-Length: 2000000\r\nExpect: 100-continue\r\n", "");
    t.refused("9110 10.1.1", "a client that asks first whether it is too large", bytes, &[413]);

    for (name, bytes) in [
        ("a body that is cut off", post("Content-Length: 10\r\n", "abc")),
        ("a body of which nothing comes", post("Content-Length: 10\r\n", "")),
        ("a head that is cut off", b"GET / HTTP/1.1\r\nHost: a\r\nX-A: 1".to_vec()),
        ("a head without its last line feed", b"GET / HTTP/1.1\r\nHost: a\r\n\r".to_vec()),
        ("a head without its empty line", b"GET / HTTP/1.1\r\nHost: a\r\n".to_vec()),
        ("a request line that is cut off", b"GET / HT".to_vec()),
        ("an empty line alone", b"\r\n".to_vec()),
        ("nothing at all", Vec::new()),
        ("chunks without an end", post("Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n")),
        ("a chunk that is cut off", post("Transfer-Encoding: chunked\r\n", "10\r\nabc")),
        ("a chunk size that is cut off", post("Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n1")),
        ("a last chunk that is cut off", post("Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n0\r\n")),
        ("trailers that are cut off", post("Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n0\r\nX: 1\r\n")),
    ] {
        t.case("8", name, bytes, Expect::Unfinished);
    }
    t
}

/// `Transfer-Encoding`.
pub fn codings() -> Table {
    let mut t = Table::default();
    let end = "3\r\nabc\r\n0\r\n\r\n";
    let of = |value: &[u8]| post([b"Transfer-Encoding:", value, b"\r\n"].concat(), end);
    for value in [" chunked", "chunked", " CHUNKED", " ChUnKeD", "  chunked  "] {
        t.passes("6.1", format!("{value:?}"), of(value.as_bytes()), abc().without("content-length"));
    }
    for value in ["\tchunked", " chunked\t", " \t chunked"] {
        let either = Expect::Either(abc(), CODING);
        t.case("6.1", format!("{value:?}"), of(value.as_bytes()), either);
    }
    for value in [
        " xchunked", " chunkedx", " chunked-", " -chunked", " chunked, identity", " identity", " identity, chunked",
        " chunked, chunked", " chunked,chunked", " chunked chunked", " \x0bchunked", " \x0cchunked", " chunked\x0b", " chunked\0",
        " \0chunked", " chunked;q=1", " chunked;", " chunked ;a=b", " \"chunked\"", " 'chunked'", " gzip", " gzip, chunked",
        " chunked, gzip", " deflate, chunked", " compress, chunked", " br, chunked", " ,chunked", " chunked,", " chunked, ", " ,",
        "", " ", " chun ked", " c hunked", " trailers", " cow", " cow, chunked", " chunked, cow", " chunked\x7f", " (x)chunked",
        " chunked(x)", " nonchunked", " identity,chunked", " x,chunked", " chunked\r", " {chunked}", " [chunked]", " chunked=1",
        " chunk", " chunke", " chunked\\", " \\chunked", " chunked/1", " chunked.", " chunked:", " :chunked", " 0", " null",
        " gzip, gzip, chunked", " gzip;q=1, chunked", " ,,chunked", " chunked , ,",
    ] {
        t.refused("6.1", format!("{value:?}"), of(value.as_bytes()), CODING);
    }
    for value in [
        &b" \xa0chunked"[..], b" chunked\xa0", b" \x85chunked", b" chunked\x85", b" ch\xfcnked", b" \xef\xbb\xbfchunked",
        b" chun\xc2\xadked", b" \xc4\x8bhunked", b" chun\xe2\x84\xaaed",
    ] {
        t.refused("6.1", value.escape_ascii().to_string(), of(value), CODING);
    }
    for (name, lines) in [
        ("chunked twice", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
        ("identity and chunked", "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n"),
        ("chunked and identity", "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n"),
        ("chunked and something", "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n"),
        ("chunked and nothing", "Transfer-Encoding: chunked\r\nTransfer-Encoding:\r\n"),
        ("gzip and chunked", "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n"),
        ("in different case", "Transfer-Encoding: chunked\r\ntransfer-encoding: cow\r\n"),
        ("far apart", "Transfer-Encoding: chunked\r\nX-A: 1\r\nTransfer-Encoding: identity\r\n"),
        ("a space before the colon", "Transfer-Encoding : chunked\r\n"),
        ("a tab before the colon", "Transfer-Encoding\t: chunked\r\n"),
        ("a NUL before the colon", "Transfer-Encoding\0: chunked\r\n"),
        ("a space before the name", "X-A: 1\r\n Transfer-Encoding: chunked\r\n"),
        ("a tab before the name", "X-A: 1\r\n\tTransfer-Encoding: chunked\r\n"),
        ("a space in the name", "Transfer Encoding: chunked\r\n"),
        ("a line feed behind the colon", "Transfer-Encoding:\n chunked\r\n"),
        ("a line feed before the colon", "Transfer-Encoding\n: chunked\r\n"),
        ("a line end before the colon", "Transfer-Encoding\r\n : chunked\r\n"),
        ("folded", "Transfer-Encoding:\r\n chunked\r\n"),
        ("folded with a tab", "Transfer-Encoding:\r\n\tchunked\r\n"),
        ("folded into a list", "Transfer-Encoding: chunked\r\n , identity\r\n"),
        ("behind a line feed", "X-A: 1\nTransfer-Encoding: chunked\r\n"),
        ("behind a carriage return", "X-A: 1\rTransfer-Encoding: chunked\r\n"),
        ("behind two carriage returns", "X-A: 1\r\r\nTransfer-Encoding: chunked\r\n"),
        ("a soft hyphen in the name", "Transfer\u{ad}Encoding: chunked\r\n"),
        ("a colon more", "Transfer-Encoding:: chunked\r\n"),
        ("quoted", "\"Transfer-Encoding\": chunked\r\n"),
        ("named by Connection", "Connection: transfer-encoding\r\nTransfer-Encoding: chunked\r\n"),
    ] {
        t.refused("6.1", name, post(lines, end), CODING);
    }
    for (name, lines) in [
        ("length, then coding", "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n"),
        ("coding, then length", "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n"),
        ("a length of 0", "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n"),
        ("the right length", "Content-Length: 13\r\nTransfer-Encoding: chunked\r\n"),
        ("a bad length", "Content-Length: x\r\nTransfer-Encoding: chunked\r\n"),
        ("an empty length", "Content-Length:\r\nTransfer-Encoding: chunked\r\n"),
        ("two lengths", "Content-Length: 3\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n"),
        ("an unknown coding", "Content-Length: 13\r\nTransfer-Encoding: cow\r\n"),
        ("identity", "Content-Length: 13\r\nTransfer-Encoding: identity\r\n"),
        ("an empty coding", "Content-Length: 13\r\nTransfer-Encoding:\r\n"),
        ("a coding with a vertical tab", "Content-Length: 13\r\nTransfer-Encoding: \x0bchunked\r\n"),
        ("a coding that is not the last", "Content-Length: 13\r\nTransfer-Encoding: chunked, identity\r\n"),
        ("a coding with a space before the colon", "Content-Length: 13\r\nTransfer-Encoding : chunked\r\n"),
        ("a length with a space before the colon", "Content-Length : 13\r\nTransfer-Encoding: chunked\r\n"),
        ("the coding named by Connection", "Connection: transfer-encoding\r\nContent-Length: 13\r\nTransfer-Encoding: chunked\r\n"),
        ("the length named by Connection", "Connection: content-length\r\nContent-Length: 13\r\nTransfer-Encoding: chunked\r\n"),
        ("a folded coding", "Content-Length: 13\r\nTransfer-Encoding:\r\n chunked\r\n"),
    ] {
        t.refused("6.3", name, post(lines, end), CODING);
        let old = [b"POST / HTTP/1.0\r\nHost: a\r\n", lines.as_bytes(), b"\r\n", end.as_bytes()].concat();
        t.refused("6.1", format!("HTTP/1.0: {name}"), old, CODING);
    }
    let old = format!("POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{end}");
    t.refused("6.1", "HTTP/1.0 with chunks", old, CODING);
    let old = format!("POST / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n{end}");
    t.refused("6.1", "HTTP/1.0 with chunks and keep-alive", old, CODING);
    for method in ["GET", "HEAD", "DELETE", "OPTIONS", "PUT"] {
        let bytes = format!("{method} / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{end}");
        let seen = saw(&format!("{method} /")).body("abc");
        t.passes("6.1", format!("{method} in chunks"), bytes, seen);
    }
    t
}
