//! RFC 9112 and 9110 as an endpoint can break them: whatever it answers, a client of HTTP/1
//! and one of HTTP/2 get a whole and well-formed answer, or see that they did not.

use std::fmt::Write;
use std::time::Duration;

use tidegate_e2e::frames::{self, End, Http2, Stream, flag};
use tidegate_e2e::puppet::{After, Puppet, Script};
use tidegate_e2e::strict::Reply;
use tidegate_e2e::wire::{Outcome, Wire};
use tidegate_e2e::{Proxy, config};

const PATIENCE: Duration = Duration::from_secs(10);

const RULES: &str = "breaker: off\n    timeouts: { connect: 1s, response_header: 1s, idle: 1s }";

/// What a client must see.
#[derive(Clone, Debug)]
enum Expect {
    /// A whole answer.
    Whole(Saw),
    /// That the endpoint failed: 502 or 504.
    Failed,
    /// Either.
    Either(Saw),
    /// An answer that is seen to be incomplete, or that the endpoint failed; never a clean end.
    Broken,
    /// Any of these, as long as it is well-formed.
    Anything,
}

#[derive(Clone, Debug, Default)]
struct Saw {
    status: u16,
    body: Vec<u8>,
    fields: Vec<(&'static str, Option<&'static str>)>,
}

fn saw(status: u16, body: &str) -> Saw {
    Saw {
        status,
        body: body.as_bytes().to_vec(),
        fields: Vec::new(),
    }
}

impl Saw {
    fn field(mut self, name: &'static str, value: &'static str) -> Self {
        self.fields.push((name, Some(value)));
        self
    }

    fn without(mut self, name: &'static str) -> Self {
        self.fields.push((name, None));
        self
    }
}

struct Case {
    section: &'static str,
    name: String,
    method: &'static str,
    script: Script,
    expect: Expect,
}

#[derive(Default)]
struct Table(Vec<Case>);

impl Table {
    fn case(
        &mut self,
        section: &'static str,
        name: impl Into<String>,
        bytes: impl AsRef<[u8]>,
        after: After,
        expect: Expect,
    ) {
        self.with_method("GET", section, name, bytes, after, expect);
    }

    fn with_method(
        &mut self,
        method: &'static str,
        section: &'static str,
        name: impl Into<String>,
        bytes: impl AsRef<[u8]>,
        after: After,
        expect: Expect,
    ) {
        let script = Script {
            bytes: bytes.as_ref().to_vec(),
            after,
        };
        self.0.push(Case {
            section,
            name: name.into(),
            method,
            script,
            expect,
        });
    }
}

use After::{Close, Keep};
use Expect::{Anything, Broken, Either, Failed, Whole};

#[rustfmt::skip] // A line for each case.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn status_lines() {
    let mut t = Table::default();
    let ok = || saw(200, "ok");
    let of = |line: &str| format!("{line}\r\nContent-Length: 2\r\n\r\nok");
    for (name, line) in [
        ("plain", "HTTP/1.1 200 OK"),
        ("no reason", "HTTP/1.1 200 "),
        ("another reason", "HTTP/1.1 200 Not Found"),
        ("a long reason", &format!("HTTP/1.1 200 {}", "x".repeat(500))),
        ("HTTP/1.0", "HTTP/1.0 200 OK"),
    ] {
        t.case("4", name, of(line), Keep, Whole(ok()));
    }
    for (name, line) in [
        ("no space before the reason that is not there", "HTTP/1.1 200"),
        ("a tab in the reason", "HTTP/1.1 200 O\tK"),
        ("bytes above ASCII in the reason", "HTTP/1.1 200 \u{e9}"),
        ("a control in the reason", "HTTP/1.1 200 O\x01K"),
        ("a NUL in the reason", "HTTP/1.1 200 O\0K"),
        ("two spaces before the reason", "HTTP/1.1 200  OK"),
        ("a higher minor version", "HTTP/1.2 200 OK"),
    ] {
        t.case("4", name, of(line), Keep, Either(ok()));
    }
    for status in ["200", "201", "299", "300", "400", "404", "418", "499", "500", "503", "599"] {
        let whole = saw(status.parse().expect("a number"), "ok");
        t.case("9110 15", status, of(&format!("HTTP/1.1 {status} X")), Keep, Whole(whole));
    }
    for status in [
        "99", "600", "000", "abc", "1000", "0", "-200", "+200", "20", "2", "2000", "2 0", "0200", "999", "700", "099", "20x", "x00",
        "0x1", "", " ", "200OK", "200.0", "200,", "\u{ff12}00", "2\x0000", "1e2",
    ] {
        t.case("9110 15", format!("the status {status:?}"), of(&format!("HTTP/1.1 {status} X")), Close, Failed);
    }
    for line in [
        "HTTP/2.0 200 OK", "HTTP/2 200 OK", "HTTP/3.0 200 OK", "HTTP/0.9 200 OK", "http/1.1 200 OK", "HTTP/1 200 OK", "HTTP/11 200 OK",
        "HTTP/1.1\t200 OK", "HTTP/1.1200 OK", "HTTPS/1.1 200 OK", "ICY 200 OK", "200 OK", "OK", "HTTP/1.1", "HTTP/1.1 ",
        "HTTP/x.y 200 OK", "XHTTP/1.1 200 OK", "GET / HTTP/1.1", "HTTP/-1.1 200 OK", "HTTP/1.1.1 200 OK", "NOT HTTP AT ALL",
        "SSH-2.0-OpenSSH_9.6", "220 smtp ESMTP",
    ] {
        t.case("4", format!("the line {line:?}"), of(line), Close, Failed);
    }
    for (name, bytes) in [
        ("nothing", ""),
        ("an empty line", "\r\n"),
        ("empty lines", "\r\n\r\n\r\n"),
        ("a page of HTTP/0.9", "<html><body>ok</body></html>\n"),
        ("a NUL", "\0"),
        ("half of a status line", "HTTP/1.1 20"),
        ("a status line alone", "HTTP/1.1 200 OK\r\n"),
        ("half of a head", "HTTP/1.1 200 OK\r\nContent-Le"),
        ("a head without its empty line", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n"),
        ("an alert of TLS", "\x15\x03\x01\0\x02\x02\x28"),
        ("settings of HTTP/2", "\0\0\0\x04\0\0\0\0\0"),
        ("a request", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
    ] {
        t.case("4", name, bytes, Close, Failed);
    }
    let bytes = "x".repeat(100_000);
    t.case("4", "a line without end", bytes, Close, Failed);
    t.case("2.2", "an empty line first", format!("\r\n{}", of("HTTP/1.1 200 OK")), Close, Either(ok()));
    t.case("2.2", "line feeds alone", "HTTP/1.1 200 OK\nContent-Length: 2\n\nok", Close, Either(ok()));
    t.case("2.2", "a carriage return in the line", of("HTTP/1.1 200 O\rK"), Close, Either(ok()));
    t.case("2.2", "a carriage return as a line end", "HTTP/1.1 200 OK\rContent-Length: 2\r\n\r\nok", Close, Failed);
    play(t).await;
}

#[rustfmt::skip] // A line for each case.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fields() {
    let mut t = Table::default();
    let ok = || saw(200, "ok");
    let of = |lines: &[u8]| [b"HTTP/1.1 200 OK\r\n", lines, b"Content-Length: 2\r\n\r\nok"].concat();
    t.case("5", "plain", of(b"X-A: 1\r\n"), Keep, Whole(ok().field("x-a", "1")));
    t.case("5", "an empty value", of(b"X-A:\r\n"), Keep, Whole(ok().field("x-a", "")));
    t.case("5", "spaces around", of(b"X-A: \t 1 \t\r\n"), Keep, Whole(ok().field("x-a", "1")));
    for (name, lines) in [
        ("a space before the colon", &b"X-A : 1\r\n"[..]),
        ("folding", b"X-A: 1\r\n 2\r\n"),
        ("folding with a tab", b"X-A: 1\r\n\t2\r\n"),
        ("a byte above ASCII in a value", b"X-A: \xe9\r\n"),
        ("a line feed as a line end", b"X-A: 1\n"),
    ] {
        t.case("5", name, of(lines), Close, Either(ok()));
    }
    for (name, lines) in [
        ("no colon", &b"X-A\r\n"[..]),
        ("no name", b": 1\r\n"),
        ("a space in a name", b"X A: 1\r\n"),
        ("a control in a name", b"X\x01A: 1\r\n"),
        ("a NUL in a name", b"X\0A: 1\r\n"),
        ("a byte above ASCII in a name", b"X\xe9: 1\r\n"),
        ("a quote in a name", b"\"X\": 1\r\n"),
        ("a parenthesis in a name", b"X(A): 1\r\n"),
        ("a space first", b" X-A: 1\r\n"),
        ("a NUL in a value", b"X-A: a\0b\r\n"),
        ("a control in a value", b"X-A: a\x01b\r\n"),
        ("DEL in a value", b"X-A: a\x7fb\r\n"),
        ("a carriage return in a value", b"X-A: a\rb\r\n"),
        ("a field behind a carriage return", b"X-A: a\rSet-Cookie: b=c\r\n"),
        ("a head behind a carriage return", b"X-A: a\r\rHTTP/1.1 200 OK\r\r\r\n"),
        ("an escape sequence", b"X-A: \x1b[2J\r\n"),
    ] {
        // What is passed on must be well-formed, which is judged in any case; a field that
        // is dropped is no harm.
        t.case("5", name, of(lines), Close, Either(ok().without("set-cookie")));
    }
    for (name, lines, gone) in [
        ("named by Connection", &b"Connection: x-mine\r\nX-Mine: 1\r\n"[..], "x-mine"),
        ("named in a list", b"Connection: keep-alive, X-Mine\r\nx-mine: 1\r\n", "x-mine"),
        ("named in a second field", b"Connection: keep-alive\r\nConnection: x-mine\r\nX-Mine: 1\r\n", "x-mine"),
        ("Keep-Alive", b"Keep-Alive: timeout=5\r\n", "keep-alive"),
        ("Proxy-Connection", b"Proxy-Connection: keep-alive\r\n", "proxy-connection"),
        ("Proxy-Authenticate", b"Proxy-Authenticate: Basic\r\n", "proxy-authenticate"),
        ("Upgrade", b"Connection: upgrade\r\nUpgrade: h2c\r\n", "upgrade"),
        ("Upgrade that is not named", b"Upgrade: h2,h2c\r\n", "upgrade"),
        ("TE", b"TE: trailers\r\n", "te"),
    ] {
        t.case("9110 7.6.1", name, of(lines), Keep, Whole(ok().without(gone)));
    }
    t.case("9110 7.6.1", "Connection: close", of(b"Connection: close\r\n"), Close, Whole(ok()));
    t.case("9110 7.6.1", "Connection: content-length", of(b"Connection: content-length\r\n"), Close, Either(ok()));
    for (name, bytes) in [
        ("a value of 1 MiB", of(format!("X-A: {}\r\n", "x".repeat(1 << 20)).as_bytes())),
        ("a name of 100 KiB", of(format!("{}: 1\r\n", "x".repeat(100 << 10)).as_bytes())),
        ("ten thousand fields", of("X-A: 1\r\n".repeat(10_000).as_bytes())),
    ] {
        t.case("9110 5.4", name, bytes, Close, Failed);
    }
    let value = "x".repeat(6_000);
    t.case("9110 5.4", "a value of 6,000 bytes", of(format!("X-A: {value}\r\n").as_bytes()), Keep, Whole(ok()));
    t.case("9110 5.3", "cookies stay apart", of(b"Set-Cookie: a=b\r\nX-A: 1\r\nSet-Cookie: c=d\r\n"), Keep, Whole(ok()));
    play(t).await;
}

#[rustfmt::skip] // A line for each case.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lengths() {
    let mut t = Table::default();
    let hello = || saw(200, "hello");
    let of = |lines: &str| format!("HTTP/1.1 200 OK\r\n{lines}\r\nhello");
    t.case("6.3", "plain", of("Content-Length: 5\r\n"), Keep, Whole(hello()));
    t.case("6.3", "zero", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", Keep, Whole(saw(200, "")));
    t.case("6.3", "until the end", of(""), Close, Whole(hello()));
    t.case("6.3", "until the end, HTTP/1.0", "HTTP/1.0 200 OK\r\n\r\nhello", Close, Whole(hello()));
    t.case("6.3", "until the end, with Connection: close", of("Connection: close\r\n"), Close, Whole(hello()));
    for (name, lines) in [
        ("the same twice", "Content-Length: 5\r\nContent-Length: 5\r\n"),
        ("a list of the same", "Content-Length: 5, 5\r\n"),
        ("a leading zero", "Content-Length: 05\r\n"),
        ("a tab before it", "Content-Length:\t5\r\n"),
        ("a space before the colon", "Content-Length : 5\r\n"),
        ("folded", "Content-Length:\r\n 5\r\n"),
    ] {
        t.case("6.3", name, of(lines), Close, Either(hello()));
    }
    for (name, lines) in [
        ("two that differ", "Content-Length: 5\r\nContent-Length: 4\r\n"),
        ("two in another order", "Content-Length: 4\r\nContent-Length: 5\r\n"),
        ("a list that differs", "Content-Length: 5, 4\r\n"),
        ("a plus", "Content-Length: +5\r\n"),
        ("a minus", "Content-Length: -5\r\n"),
        ("hexadecimal", "Content-Length: 0x5\r\n"),
        ("letters", "Content-Length: five\r\n"),
        ("digits and a letter", "Content-Length: 5x\r\n"),
        ("empty", "Content-Length:\r\n"),
        ("a fraction", "Content-Length: 5.0\r\n"),
        ("two numbers", "Content-Length: 5 5\r\n"),
        ("above all bounds", "Content-Length: 18446744073709551621\r\n"),
        ("a quoted number", "Content-Length: \"5\"\r\n"),
        ("one and an empty one", "Content-Length: 5\r\nContent-Length:\r\n"),
    ] {
        t.case("6.3", name, of(lines), Close, Failed);
    }
    let chunked = |lines: &str| format!("HTTP/1.1 200 OK\r\n{lines}\r\n5\r\nhello\r\n0\r\n\r\n");
    t.case("7.1", "chunks", chunked("Transfer-Encoding: chunked\r\n"), Keep, Whole(hello()));
    t.case("7.1", "in upper case", chunked("Transfer-Encoding: CHUNKED\r\n"), Keep, Whole(hello()));
    for (name, lines) in [
        ("length and coding", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
        ("coding and length", "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"),
        ("a length of 0 and a coding", "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n"),
        ("a bad length and a coding", "Content-Length: x\r\nTransfer-Encoding: chunked\r\n"),
        ("a space before the colon", "Transfer-Encoding : chunked\r\n"),
        ("folded", "Transfer-Encoding:\r\n chunked\r\n"),
    ] {
        // Section 6.3: the coding counts, and the length must not be passed on.
        t.case("6.3", name, chunked(lines), Close, Either(hello()));
    }
    for (name, lines) in [
        ("xchunked", "Transfer-Encoding: xchunked\r\n"),
        ("chunked, identity", "Transfer-Encoding: chunked, identity\r\n"),
        ("chunked twice", "Transfer-Encoding: chunked, chunked\r\n"),
        ("in two fields", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
        ("identity", "Transfer-Encoding: identity\r\n"),
        ("gzip", "Transfer-Encoding: gzip\r\n"),
        ("gzip, chunked", "Transfer-Encoding: gzip, chunked\r\n"),
        ("a vertical tab", "Transfer-Encoding: \x0bchunked\r\n"),
        ("empty", "Transfer-Encoding:\r\n"),
        ("quoted", "Transfer-Encoding: \"chunked\"\r\n"),
        ("a length and xchunked", "Content-Length: 15\r\nTransfer-Encoding: xchunked\r\n"),
    ] {
        // No coding was asked for. If it is taken as content until the end, that must be
        // what the client sees: never as chunks, and never with the coding.
        let raw = saw(200, "5\r\nhello\r\n0\r\n\r\n").without("transfer-encoding");
        let expect = if lines.starts_with("Content") { Failed } else { Either(raw) };
        t.case("6.1", name, chunked(lines), Close, expect);
    }
    let old = "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
    t.case("6.1", "chunks in HTTP/1.0", old, Close, Either(hello()));

    for (status, name) in [(204, "204"), (304, "304")] {
        let line = format!("HTTP/1.1 {status} X\r\n");
        let none = || saw(status, "");
        t.case("6.3", name, format!("{line}\r\n"), Keep, Whole(none()));
        for (how, lines) in [
            ("a body and its length", "Content-Length: 5\r\n\r\nhello"),
            ("a body in chunks", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
            ("a body without a length", "\r\nhello"),
            ("a length and no body", "Content-Length: 5\r\n\r\n"),
            ("a length of 0", "Content-Length: 0\r\n\r\n"),
            ("an answer behind it", "\r\nHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison"),
        ] {
            t.case("6.3", format!("{name} with {how}"), format!("{line}{lines}"), Keep, Either(none()));
        }
    }
    for (how, lines, length) in [
        ("plain", "Content-Length: 5\r\n\r\n", Some("5")),
        ("a body", "Content-Length: 5\r\n\r\nhello", Some("5")),
        ("a body in chunks", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", None),
        ("chunks announced", "Transfer-Encoding: chunked\r\n\r\n", None),
        ("no length", "\r\n", None),
        ("an answer behind it", "Content-Length: 5\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison", Some("5")),
    ] {
        let seen = saw(200, "");
        let seen = match length {
            Some(length) => seen.field("content-length", length),
            None => seen,
        };
        let bytes = format!("HTTP/1.1 200 OK\r\n{lines}");
        t.with_method("HEAD", "9110 9.3.2", format!("HEAD: {how}"), bytes, Keep, Whole(seen));
    }
    t.case("9110 15.3.6", "205 with a body", "HTTP/1.1 205 X\r\nContent-Length: 5\r\n\r\nhello", Close, Anything);
    play(t).await;
}

#[rustfmt::skip] // A line for each case.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_that_break() {
    let mut t = Table::default();
    let of = |body: &str| format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{body}");
    for (name, body) in [
        ("an extension", "5;x=1\r\nhello\r\n0\r\n\r\n"),
        ("a trailer", "5\r\nhello\r\n0\r\nX-T: 1\r\n\r\n"),
        ("leading zeros", "005\r\nhello\r\n0\r\n\r\n"),
        ("a quoted extension", "5;x=\"y\"\r\nhello\r\n0\r\n\r\n"),
        ("a bad trailer", "5\r\nhello\r\n0\r\nX T: 1\r\n\r\n"),
        ("a length as a trailer", "5\r\nhello\r\n0\r\nContent-Length: 9\r\n\r\n"),
        ("a trailing space", "5 \r\nhello\r\n0\r\n\r\n"),
        ("line feeds", "5\nhello\n0\n\n"),
    ] {
        // A client may see all of it, or that it is not all; judged below.
        t.case("7.1", name, of(body), Close, Anything);
    }
    for (name, body) in [
        ("letters", "xyz\r\nhello\r\n0\r\n\r\n"),
        ("a minus", "-5\r\nhello\r\n0\r\n\r\n"),
        ("0x", "0x5\r\nhello\r\n0\r\n\r\n"),
        ("above all bounds", "fffffffffffffffff\r\nhello\r\n0\r\n\r\n"),
        ("nearly above", "ffffffffffffffff\r\nhello\r\n0\r\n\r\n"),
        ("no line end behind a chunk", "5\r\nhelloX\r\n0\r\n\r\n"),
        ("a chunk that is longer", "3\r\nhello\r\n0\r\n\r\n"),
        ("a second size that is bad", "5\r\nhello\r\nzz\r\nhello\r\n0\r\n\r\n"),
        ("a chunk that is cut off", "a\r\nhello"),
        ("no last chunk", "5\r\nhello\r\n"),
        ("nothing", ""),
        ("half of a size", "5\r\nhello\r\n1"),
        ("half of the end", "5\r\nhello\r\n0\r\n"),
        ("half of a trailer", "5\r\nhello\r\n0\r\nX-T"),
    ] {
        t.case("8", format!("chunks: {name}"), of(body), Close, Broken);
    }
    for (name, body) in [("letters", "xyz\r\nhello\r\n"), ("a minus", "-5\r\nhello\r\n"), ("no line end", "5\r\nhelloXY5\r\n")] {
        t.case("7.1", format!("chunks on a connection that stays: {name}"), of(body), Keep, Broken);
    }
    for sent in ["", "h", "hello"] {
        let bytes = format!("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{sent}");
        t.case("8", format!("{} of 10 bytes", sent.len()), bytes, Close, Broken);
    }
    let bytes = format!("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n{}", "x".repeat(500_000));
    t.case("8", "half of a large body", bytes, Close, Broken);
    let bytes = of(&format!("{:x}\r\n{}\r\n", 500_000, "x".repeat(500_000)));
    t.case("8", "a large chunk and no end", bytes, Close, Broken);
    play(t).await;
}

#[rustfmt::skip] // A line for each case.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn interim_answers() {
    let mut t = Table::default();
    let ok = || saw(200, "ok");
    let end = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    for (name, interim) in [
        ("100", "HTTP/1.1 100 Continue\r\n\r\n"),
        ("102", "HTTP/1.1 102 Processing\r\n\r\n"),
        ("103", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"),
        ("199", "HTTP/1.1 199 X\r\nX-A: 1\r\n\r\n"),
        ("100 and 103", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"),
        ("103 three times", &"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n".repeat(3)),
    ] {
        t.case("9110 15.2", name, format!("{interim}{end}"), Keep, Whole(ok()));
    }
    for (name, interim) in [
        ("103 with a length of 0", "HTTP/1.1 103 X\r\nContent-Length: 0\r\n\r\n"),
        ("103 with hop-by-hop fields", "HTTP/1.1 103 X\r\nConnection: x-mine\r\nX-Mine: 1\r\nKeep-Alive: 1\r\n\r\n"),
        ("100 of HTTP/1.0", "HTTP/1.0 100 Continue\r\n\r\n"),
        ("fifty of them", &"HTTP/1.1 103 X\r\n\r\n".repeat(50)),
    ] {
        t.case("9110 15.2", name, format!("{interim}{end}"), Close, Either(ok()));
    }
    for (name, bytes) in [
        ("101 that nobody asked for", "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nxyz"),
        ("101 without fields", "HTTP/1.1 101 Switching Protocols\r\n\r\n"),
        ("101 and an answer", "HTTP/1.1 101 X\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
        ("100 and the end", "HTTP/1.1 100 Continue\r\n\r\n"),
        ("103 and the end", "HTTP/1.1 103 X\r\nLink: </a>\r\n\r\n"),
        ("100 and garbage", "HTTP/1.1 100 Continue\r\n\r\nxyz\r\n\r\n"),
        ("103 with content", "HTTP/1.1 103 X\r\nContent-Length: 5\r\n\r\nhelloHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
        ("103 in chunks", "HTTP/1.1 103 X\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
    ] {
        t.case("9110 15.2", name, bytes, Close, Failed);
    }
    let flood = "HTTP/1.1 103 X\r\nLink: </a>\r\n\r\n".repeat(20_000);
    t.case("9110 15.2", "twenty thousand of them", flood, Close, Broken);
    play(t).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_old_client_gets_no_interim_answer() {
    // RFC 9110 section 15.2.
    let bytes = b"HTTP/1.1 103 X\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".to_vec();
    let (proxy, _puppet) = stage(vec![Script { bytes, after: Keep }]).await;
    let mut wire = Wire::open(proxy.address()).await;
    wire.write("GET /0 HTTP/1.0\r\nHost: a\r\n\r\n");
    let (outcome, _) = final_reply(&mut wire, false).await;
    let (all, interim) = match &outcome {
        Outcome::Reply(reply) => (reply.text(), reply.status),
        other => panic!("RFC 9110 15.2: {other:?}"),
    };
    assert_eq!((all.as_str(), interim), ("ok", 200));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_follows_an_answer_is_nobodys() {
    // RFC 9112 section 9.2: behind the end of an answer there is nothing to wait for.
    let poison = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\nX-Poison: 1\r\n\r\npoison";
    let firsts = [
        ("GET", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
        (
            "GET",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        ),
        ("GET", "HTTP/1.1 204 No Content\r\n\r\n"),
        ("GET", "HTTP/1.1 304 Not Modified\r\n\r\n"),
        (
            "GET",
            "HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\n",
        ),
        ("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"),
        (
            "HEAD",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        ),
        ("GET", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
        ("GET", "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"),
    ];
    let scripts = firsts.iter().flat_map(|(_, first)| {
        [
            poison.to_owned(),
            "x".into(),
            "\r\n".into(),
            poison.repeat(3),
        ]
        .map(|more| Script {
            bytes: format!("{first}{more}").into_bytes(),
            after: Keep,
        })
    });
    let (proxy, _puppet) = stage(scripts.collect()).await;
    for (at, (method, first)) in firsts.iter().enumerate() {
        for n in at * 4..at * 4 + 4 {
            let mut wire = Wire::open(proxy.address()).await;
            wire.write(format!("{method} /{n} HTTP/1.1\r\nHost: a\r\n\r\n"));
            let (outcome, _) = final_reply(&mut wire, *method == "HEAD").await;
            assert!(
                matches!(outcome, Outcome::Reply(_)),
                "{first:?}: {outcome:?}"
            );
            let kept = matches!(&outcome, Outcome::Reply(reply) if !reply.closes());
            for round in 0..3 {
                let mut other = Wire::open(proxy.address()).await;
                let wire = if kept && round == 0 {
                    &mut wire
                } else {
                    &mut other
                };
                wire.write("GET /fine HTTP/1.1\r\nHost: a\r\n\r\n");
                match final_reply(wire, false).await.0 {
                    Outcome::Reply(reply) if reply.text() == "fine /fine" => {}
                    other => panic!("RFC 9112 9.2: behind {first:?} came {other:?}"),
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_early_answer_leaves_no_content_behind() {
    // RFC 9112 section 9.3: the rest of a request is read, or its connection closed.
    let answers = [
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 413 X\r\nContent-Length: 2\r\n\r\nno",
        "HTTP/1.1 204 X\r\n\r\n",
    ];
    let scripts = answers.iter().flat_map(|answer| {
        [Keep, Close].map(|after| Script {
            bytes: answer.as_bytes().to_vec(),
            after,
        })
    });
    let (proxy, puppet) = stage(scripts.collect()).await;
    let hidden = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
    for n in 0..6 {
        for (lines, content) in [
            (
                format!("Content-Length: {}", hidden.len()),
                hidden.to_owned(),
            ),
            (
                "Transfer-Encoding: chunked".into(),
                format!("{:x}\r\n{hidden}\r\n0\r\n\r\n", hidden.len()),
            ),
        ] {
            let mut wire = Wire::open(proxy.address()).await;
            wire.write(format!("POST /{n} HTTP/1.1\r\nHost: a\r\n{lines}\r\n\r\n"));
            let (outcome, _) = final_reply(&mut wire, false).await;
            wire.write(content);
            wire.write("GET /fine HTTP/1.1\r\nHost: a\r\n\r\n");
            let (next, _) = final_reply(&mut wire, false).await;
            match &next {
                Outcome::Closed | Outcome::Cut(_) => {}
                Outcome::Reply(reply) if reply.text() == "fine /fine" => {}
                other => panic!("RFC 9112 9.3: script {n}, {lines}: {outcome:?}, then {other:?}"),
            }
        }
    }
    // Content that was passed on is not a head to the endpoint either: only what begins one.
    let heads = puppet.heads();
    let smuggled = heads
        .iter()
        .filter(|head| head.starts_with("GET /smuggled") && head.to_lowercase().contains("via:"));
    assert_eq!(smuggled.count(), 0, "{heads:?}");
}

/// Plays every case over HTTP/1 and over HTTP/2.
async fn play(table: Table) {
    let scripts = table.0.iter().map(|case| case.script.clone()).collect();
    let (proxy, _puppet) = stage(scripts).await;
    let mut failures = Vec::new();
    for (n, case) in table.0.iter().enumerate() {
        if let Err(why) = over_http1(&proxy, n, case).await {
            failures.push(case.report("HTTP/1.1", &why));
        }
        if let Err(why) = over_http2(&proxy, n, case).await {
            failures.push(case.report("HTTP/2", &why));
        }
    }
    assert!(
        failures.is_empty(),
        "{} of {} failed\n{}",
        failures.len(),
        table.0.len() * 2,
        failures.join("\n")
    );
    println!("{} cases", table.0.len() * 2);
}

async fn over_http1(proxy: &Proxy, n: usize, case: &Case) -> Result<(), String> {
    let mut wire = Wire::open(proxy.address()).await;
    wire.write(format!("{} /{n} HTTP/1.1\r\nHost: a\r\n\r\n", case.method));
    let (outcome, interim) = final_reply(&mut wire, case.method == "HEAD").await;
    for reply in &interim {
        hop_by_hop(|name| reply.values(name).len())?;
        if reply.status == 101 {
            return Err("101".into());
        }
    }
    let end = match &outcome {
        Outcome::Reply(reply) => {
            hop_by_hop(|name| reply.values(name).len())?;
            Ended::Whole(reply.status)
        }
        Outcome::Closed | Outcome::Cut(_) => Ended::Broken,
        other => return Err(format!("{other:?}")),
    };
    let differs = |saw: &Saw| match &outcome {
        Outcome::Reply(reply) => saw.differs(reply.status, &reply.body, |name| {
            reply.values(name).into_iter().map(str::to_owned).collect()
        }),
        other => Some(format!("{other:?}")),
    };
    case.judge(end, differs)?;
    // The next answer is that to the next request.
    if matches!(&outcome, Outcome::Reply(reply) if !reply.closes()) {
        wire.write("GET /fine HTTP/1.1\r\nHost: a\r\n\r\n");
        match final_reply(&mut wire, false).await.0 {
            Outcome::Reply(reply) if reply.text() == "fine /fine" => {}
            other => return Err(format!("then {other:?}")),
        }
    }
    Ok(())
}

async fn over_http2(proxy: &Proxy, n: usize, case: &Case) -> Result<(), String> {
    let mut connection = Http2::open_with(proxy.address(), &[], PATIENCE).await?;
    let block = frames::request(case.method, &format!("/{n}"), &[]);
    connection.write(frames::headers(1, flag::END_STREAM, block));
    let came: Stream = connection.stream(1, PATIENCE).await;
    let end = match &came.end {
        Some(End::Clean) => Ended::Whole(came.status()),
        Some(End::Reset(_) | End::Goaway(_) | End::Closed) => Ended::Broken,
        other => return Err(format!("{other:?}")),
    };
    for fields in came.interim.iter().chain(&came.head).chain(&came.trailers) {
        // RFC 9113 sections 8.2.1 and 8.2.2.
        for (name, value) in fields {
            if [
                "connection",
                "keep-alive",
                "proxy-connection",
                "transfer-encoding",
                "upgrade",
            ]
            .contains(&name.as_str())
                || name
                    .chars()
                    .any(|c| c.is_ascii_uppercase() || c.is_ascii_control() || c == ' ')
                || value.chars().any(|c| "\0\r\n".contains(c))
            {
                return Err(format!("the field {name}: {value}"));
            }
        }
        if fields
            .iter()
            .any(|(name, value)| name == ":status" && value == "101")
        {
            return Err("101".into());
        }
    }
    let lengths = came.values("content-length");
    if end == Ended::Whole(came.status()) && case.method != "HEAD" && came.status() != 304 {
        // RFC 9113 section 8.1.1.
        if lengths
            .iter()
            .any(|length| *length != came.body.len().to_string())
        {
            return Err(format!(
                "lengths of {lengths:?} and {} bytes",
                came.body.len()
            ));
        }
    }
    let differs = |saw: &Saw| {
        saw.differs(came.status(), &came.body, |name| {
            came.values(name).into_iter().map(str::to_owned).collect()
        })
    };
    case.judge(end, differs)?;
    if came.end != Some(End::Closed) && !matches!(came.end, Some(End::Goaway(_))) {
        connection.write(frames::get(3, "/fine"));
        let next = connection.stream(3, PATIENCE).await;
        if next.text() != "fine /fine" {
            return Err(format!("then {next:?}"));
        }
    }
    Ok(())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    Whole(u16),
    Broken,
}

impl Case {
    fn judge(&self, end: Ended, differs: impl Fn(&Saw) -> Option<String>) -> Result<(), String> {
        let failed = matches!(end, Ended::Whole(502 | 504));
        match &self.expect {
            Whole(saw) => differs(saw).map_or(Ok(()), Err),
            Either(_) if failed => Ok(()),
            Either(saw) => differs(saw).map_or(Ok(()), Err),
            Failed if failed => Ok(()),
            Broken if failed || end == Ended::Broken => Ok(()),
            Anything => Ok(()),
            Failed | Broken => Err(format!("{end:?}")),
        }
    }

    fn report(&self, version: &str, why: &str) -> String {
        let mut text = String::new();
        let bytes = self.script.bytes.escape_ascii().to_string();
        let bytes: String = bytes.chars().take(400).collect();
        let why: String = why.chars().take(600).collect();
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "[{}] {} over {version}:\n    endpoint {bytes} and {:?}\n    expected {:?}\n    came     {why}",
            self.section, self.name, self.script.after, self.expect
        );
        text
    }
}

impl Saw {
    fn differs(
        &self,
        status: u16,
        body: &[u8],
        values: impl Fn(&str) -> Vec<String>,
    ) -> Option<String> {
        if (status, body) != (self.status, &self.body) {
            return Some(format!("{status} {:?}", String::from_utf8_lossy(body)));
        }
        self.fields.iter().find_map(|(name, value)| {
            let wanted: Vec<String> = value.iter().map(|value| (*value).to_owned()).collect();
            let had = values(name);
            (had != wanted).then(|| format!("{name}: {had:?}"))
        })
    }
}

/// RFC 9110 section 7.6.1: what is between the endpoint and us stays there.
fn hop_by_hop(count: impl Fn(&str) -> usize) -> Result<(), String> {
    let names = ["proxy-connection", "x-mine", "keep-alive", "x-poison"];
    match names.iter().find(|name| count(name) > 0) {
        Some(name) => Err(format!("{name} was passed on")),
        None => Ok(()),
    }
}

async fn final_reply(wire: &mut Wire, head: bool) -> (Outcome, Vec<Reply>) {
    let mut interim = Vec::new();
    loop {
        match wire.reply(head, PATIENCE).await {
            Outcome::Reply(reply) if reply.status < 200 => interim.push(reply),
            outcome => return (outcome, interim),
        }
    }
}

async fn stage(scripts: Vec<Script>) -> (Proxy, Puppet) {
    let puppet = Puppet::start(scripts).await;
    let text = config::web_of("round-robin", &[puppet.address().to_string()]);
    let proxy = Proxy::start(&config::with_upstream_key(&text, RULES)).await;
    (proxy, puppet)
}
