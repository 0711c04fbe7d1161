//! RFC 9112 section 7.1: chunks and trailers.

use super::{Expect, Table, post, saw};

/// Bodies in chunks.
pub fn bodies() -> Table {
    let mut t = Table::default();
    let of = |body: &[u8]| post("Transfer-Encoding: chunked\r\n", body);
    for (name, body, seen) in [
        ("one chunk", "3\r\nabc\r\n0\r\n\r\n", "abc"),
        ("none", "0\r\n\r\n", ""),
        ("three", "1\r\na\r\n1\r\nb\r\n1\r\nc\r\n0\r\n\r\n", "abc"),
        ("a size in upper case", "A\r\n0123456789\r\n0\r\n\r\n", "0123456789"),
        ("a size in lower case", "a\r\n0123456789\r\n0\r\n\r\n", "0123456789"),
        ("two digits", "10\r\n0123456789abcdef\r\n0\r\n\r\n", "0123456789abcdef"),
        ("leading zeros", "003\r\nabc\r\n0\r\n\r\n", "abc"),
        ("sixteen digits", "0000000000000003\r\nabc\r\n0\r\n\r\n", "abc"),
        ("a last chunk of many zeros", "3\r\nabc\r\n0000\r\n\r\n", "abc"),
        ("line ends as content", "4\r\n\r\n\r\n\r\n0\r\n\r\n", "\r\n\r\n"),
        ("a last chunk as content", "5\r\n0\r\n\r\n\r\n0\r\n\r\n", "0\r\n\r\n"),
        ("a request as content", "12\r\nGET / HTTP/1.1\r\n\r\n\r\n0\r\n\r\n", "GET / HTTP/1.1\r\n\r\n"),
    ] {
        t.passes("7.1", name, of(body.as_bytes()), saw("POST /").body(seen));
    }
    let every: Vec<u8> = (0..=255).collect();
    let body = [b"100\r\n", &every[..], b"\r\n0\r\n\r\n"].concat();
    t.passes("7.1", "every byte", of(&body), saw("POST /").body(&every));
    let many = "1\r\nx\r\n".repeat(10_000) + "0\r\n\r\n";
    t.passes("7.1", "ten thousand chunks", of(many.as_bytes()), saw("POST /").body("x".repeat(10_000)));
    for size in [
        "0x3", "0X3", "+3", "-3", "-0", " 3", "3 ", "\t3", "3\t", "  3", "3  ", "3;", "3;x", "3;x=1", "3 ;x", "3; x", "3;x=\"y\"",
        "3;x=\"\r\n\"", "3;\0", "3,3", "3.", "3.0", "3h", "h3", "g", "", " ", "03x", "3\0", "\x003", "3\x0b", "\x0b3", "3\x0c", "3\x7f",
        "3#", "3:", "3\"", "\"3\"", "3_", "0_3", "3\u{a0}", "\u{ff13}", "00000000000000003", "10000000000000003",
        "100000003;x", "fffffffffffffffff", "80000000000000003", "3;a=b;c=d", "3\r", "three", "(3)", "3\x1b", "3;x\n",
    ] {
        let body = format!("{size}\r\nabc\r\n0\r\n\r\n");
        t.bad("7.1", format!("the size {size:?}"), of(body.as_bytes()));
    }
    for size in ["ffffffffffffffff", "8000000000000000", "fffffffffffffffd"] {
        let body = format!("{size}\r\nabc\r\n0\r\n\r\n");
        t.refused("7.1", format!("the size {size}"), of(body.as_bytes()), &[400, 413]);
    }
    for size in ["7fffffffffffffff", "3e0", "ffffffff"] {
        let body = format!("{size}\r\nabc\r\n0\r\n\r\n");
        t.case("7.1", format!("the size {size}, and less content"), of(body.as_bytes()), Expect::Unfinished);
    }
    for size in ["0;", "0;x", "0 ", " 0", "0x0", "-0", "+0", "0\t", "00000000000000000", "0;x=1", "0\0"] {
        let body = format!("3\r\nabc\r\n{size}\r\n\r\n");
        t.bad("7.1", format!("the last size {size:?}"), of(body.as_bytes()));
    }
    for (name, body) in [
        ("a line feed behind a size", "3\nabc\r\n0\r\n\r\n"),
        ("a carriage return behind a size", "3\rabc\r\n0\r\n\r\n"),
        ("two carriage returns behind a size", "3\r\r\nabc\r\n0\r\n\r\n"),
        ("a line feed behind a chunk", "3\r\nabc\n0\r\n\r\n"),
        ("a carriage return behind a chunk", "3\r\nabc\r0\r\n\r\n"),
        ("nothing behind a chunk", "3\r\nabc0\r\n\r\n"),
        ("a space behind a chunk", "3\r\nabc \r\n0\r\n\r\n"),
        ("two line ends behind a chunk", "3\r\nabc\r\n\r\n0\r\n\r\n"),
        ("the wrong way round behind a chunk", "3\r\nabc\n\r0\r\n\r\n"),
        ("any two bytes behind a chunk", "3\r\nabcXX0\r\n\r\n"),
        ("a chunk longer than its size", "2\r\nabc\r\n0\r\n\r\n"),
        ("a chunk shorter than its size", "4\r\nabc\r\n0\r\n\r\n"),
        ("a line feed behind the last size", "3\r\nabc\r\n0\n\r\n"),
        ("a line feed as the end", "3\r\nabc\r\n0\r\n\n"),
        ("line feeds alone", "3\nabc\n0\n\n"),
        ("a carriage return as the end", "3\r\nabc\r\n0\r\n\rx"),
        ("content without chunks", "xyz\r\n\r\n\r\n"),
        ("an empty line first", "\r\n3\r\nabc\r\n0\r\n\r\n"),
    ] {
        t.bad("7.1", name, of(body.as_bytes()));
    }
    for byte in (0..=255_u8).filter(|byte| !byte.is_ascii_hexdigit() && *byte != b'\r') {
        let body = [&b"3"[..], &[byte], b"\r\nabc\r\n0\r\n\r\n"].concat();
        t.bad("7.1", format!("{byte:#04x} behind a size"), of(&body));
    }
    let endless = "0".repeat(100_000);
    t.refused("7.1", "a size without end", of(endless.as_bytes()), &[400, 413, 431]);
    let endless = format!("3;{}", "x".repeat(100_000));
    t.refused("7.1.1", "an extension without end", of(endless.as_bytes()), &[400, 413, 431]);
    let large = format!("{:x}\r\n{}\r\n0\r\n\r\n", (1 << 20) + 1, "x".repeat((1 << 20) + 1));
    t.refused("9110 15.5.14", "a chunk above the limit", of(large.as_bytes()), &[413]);
    let large = format!("1000\r\n{}\r\n", "x".repeat(0x1000)).repeat(257) + "0\r\n\r\n";
    t.refused("9110 15.5.14", "chunks above the limit", of(large.as_bytes()), &[413]);
    let exact = format!("1000\r\n{}\r\n", "x".repeat(0x1000)).repeat(256) + "0\r\n\r\n";
    t.passes("9110 15.5.14", "chunks at the limit", of(exact.as_bytes()), saw("POST /").body("x".repeat(1 << 20)));
    t
}

/// Trailers.
pub fn trailers() -> Table {
    let mut t = Table::default();
    let of = |trailers: &str| {
        let body = format!("3\r\nabc\r\n0\r\n{trailers}\r\n");
        post("Transfer-Encoding: chunked\r\n", body)
    };
    let abc = || saw("POST /").body("abc");
    t.passes("7.1.2", "one", of("X-Sum: 1\r\n"), abc().trailer("x-sum", "1"));
    t.passes("7.1.2", "two", of("X-A: 1\r\nX-B: 2\r\n"), abc().trailer("x-a", "1").trailer("x-b", "2"));
    t.passes("7.1.2", "an empty value", of("X-A:\r\n"), abc().trailer("x-a", ""));
    let bytes = post("Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n", "3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n");
    t.passes("9110 6.6.2", "announced", bytes, abc().trailer("x-sum", "1"));
    for field in [
        "Content-Length: 3", "Content-Length: 0", "Transfer-Encoding: chunked", "Host: b", "Connection: close", "TE: trailers",
        "Trailer: x", "Upgrade: h2c", "Expect: 100-continue", "Authorization: Basic eDp5", "Content-Encoding: gzip",
        "Content-Type: text/html", "Content-Range: bytes 0-1/2",
    ] {
        // Refused, or discarded: never merged and never passed on.
        let lines = format!("{field}\r\n");
        t.case("9110 6.5.1", field, of(&lines), Expect::Either(abc().host("a"), super::BAD));
    }
    for field in ["Content-Length: 3", "Transfer-Encoding: chunked", "Host: b"] {
        t.bad("9110 6.5.1", field, of(&format!("{field}\r\n")));
    }
    for (name, lines) in [
        ("a space before the colon", "X-A : 1\r\n"),
        ("no colon", "X-A\r\n"),
        ("no name", ": 1\r\n"),
        ("folded", "X-A: 1\r\n 2\r\n"),
        ("a space first", " X-A: 1\r\n"),
        ("a control in a value", "X-A: \x01\r\n"),
        ("a NUL in a value", "X-A: \0\r\n"),
        ("a control in a name", "X\x01A: 1\r\n"),
        ("a line feed alone", "X-A: 1\nX-B: 2\r\n"),
        ("a carriage return alone", "X-A: 1\rX-B: 2\r\n"),
        ("a line feed as a line end", "X-A: 1\n"),
        ("a request line", "GET /smuggled HTTP/1.1\r\n"),
        ("a byte above ASCII in a name", "X\u{e9}: 1\r\n"),
    ] {
        t.bad("7.1.2", name, of(lines));
    }
    for count in [101, 1_000] {
        let name = format!("{count} trailers");
        t.refused("7.1.2", name, of(&"X-A: 1\r\n".repeat(count)), &[400, 413, 431]);
    }
    let lines = format!("X-A: {}\r\n", "x".repeat(40_000));
    t.refused("7.1.2", "a trailer that is too large", of(&lines), &[400, 413, 431]);
    t
}
