//! RFC 9112 and 9110 as a client can try them: what passes, what is refused, and that nothing
//! is ever taken for a request that was none.

mod http1;

use std::time::Duration;

use http1::reference::try_bytes;
use http1::{LIMITS, PATIENCE, Table, get, play, post, said, stage, stage_with};
use tidegate_e2e::recorder::{Recorder, Seen};
use tidegate_e2e::strict::Reply;
use tidegate_e2e::wire::{Outcome, Wire};
use tidegate_e2e::{Proxy, client, soon};

/// Mutated requests in one run.
const MUTANTS: u64 = 3_000;

macro_rules! tables {
    ($($name:ident: $table:expr;)*) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            play($table).await;
        }
    )*};
}

tables! {
    request_lines: http1::line::lines();
    methods: http1::line::methods();
    request_targets: http1::line::targets();
    hosts: http1::host::hosts();
    field_syntax: http1::fields::syntax();
    hop_by_hop_and_asking: http1::fields::hops();
    content_length: http1::length::lengths();
    transfer_encoding: http1::length::codings();
    chunks: http1::chunks::bodies();
    trailers: http1::chunks::trailers();
    paths: http1::paths::paths();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pipelined_requests_are_answered_in_order() {
    // RFC 9112 section 9.3.2.
    let (proxy, recorder) = stage().await;
    let mut wire = Wire::open(proxy.address()).await;
    let mut all = Vec::new();
    for n in 0..30 {
        all.extend(match n % 3 {
            0 => format!("GET /{n} HTTP/1.1\r\nHost: a\r\n\r\n"),
            1 => format!("POST /{n} HTTP/1.1\r\nHost: a\r\nContent-Length: 28\r\n\r\nGET /x HTTP/1.1\r\nHost: a\r\n\r\n"),
            _ => format!("POST /{n} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"),
        }.into_bytes());
    }
    wire.write(all);
    for n in 0..30 {
        let method = if n % 3 == 0 { "GET" } else { "POST" };
        let reply = answered(&mut wire, 200).await;
        assert_eq!(reply.text(), format!("{method} /{n}"));
    }
    assert_eq!(recorder.len(), 30, "{:?}", recorder.since(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_request_behind_good_ones_is_the_last_one() {
    let (proxy, recorder) = stage().await;
    for bad in [
        "GET / HTTP/1.1\r\n\r\n",
        "GET /bad HTTP/1.1\nHost: a\n\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "garbage\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    ] {
        let mark = recorder.len();
        let mut wire = Wire::open(proxy.address()).await;
        let good = "GET /good HTTP/1.1\r\nHost: a\r\n\r\n";
        wire.write(format!("{good}{good}{bad}{good}"));
        for _ in 0..2 {
            assert_eq!(
                answered(&mut wire, 200).await.text(),
                "GET /good",
                "{bad:?}"
            );
        }
        answered(&mut wire, 400).await;
        closed(&mut wire).await;
        assert_eq!(
            recorder.len() - mark,
            2,
            "{bad:?}: {:?}",
            recorder.since(mark)
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn content_is_never_taken_for_a_request() {
    let (proxy, recorder) = stage().await;
    let hidden = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
    for method in ["GET", "POST", "PUT", "DELETE", "OPTIONS"] {
        for (lines, content) in [
            (
                format!("Content-Length: {}\r\n", hidden.len()),
                hidden.to_owned(),
            ),
            (
                "Transfer-Encoding: chunked\r\n".into(),
                format!("{:x}\r\n{hidden}\r\n0\r\n\r\n", hidden.len()),
            ),
        ] {
            let mark = recorder.len();
            let mut wire = Wire::open(proxy.address()).await;
            wire.write(format!(
                "{method} /a HTTP/1.1\r\nHost: a\r\n{lines}\r\n{content}"
            ));
            assert_eq!(
                answered(&mut wire, 200).await.text(),
                format!("{method} /a")
            );
            wire.write("GET /b HTTP/1.1\r\nHost: a\r\n\r\n");
            assert_eq!(answered(&mut wire, 200).await.text(), "GET /b");
            assert_eq!(
                targets_of(&recorder, mark),
                ["/a", "/b"],
                "{method} {lines:?}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_the_network_cuts_makes_no_difference() {
    let (proxy, recorder) = stage().await;
    let text = "\r\nPOST /a//b HTTP/1.1\r\nHost: a\r\nX-A: 1\r\nTransfer-Encoding: chunked\r\n\r\n\
                3\r\nabc\r\n0\r\nX-T: 1\r\n\r\nGET /c HTTP/1.1\r\nHost: a\r\n\r\n";
    let steps = (1..text.len())
        .map(|at| vec![at])
        .chain([(1..text.len()).collect()]);
    for cuts in steps {
        let mark = recorder.len();
        let mut wire = Wire::open(proxy.address()).await;
        let mut from = 0;
        for at in &cuts {
            wire.write(&text.as_bytes()[from..*at]);
            from = *at;
            // Slow on purpose: the pieces are to arrive one by one.
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        wire.write(&text.as_bytes()[from..]);
        assert_eq!(
            answered(&mut wire, 200).await.text(),
            "POST /a/b",
            "cut at {cuts:?}"
        );
        assert_eq!(
            answered(&mut wire, 200).await.text(),
            "GET /c",
            "cut at {cuts:?}"
        );
        assert_eq!(
            targets_of(&recorder, mark),
            ["/a/b", "/c"],
            "cut at {cuts:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_request_is_bad_wherever_it_is_cut() {
    let (proxy, recorder) = stage().await;
    for text in [
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX-A: 1\r\n 2\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n",
    ] {
        for at in 1..text.len() {
            let mut wire = Wire::open(proxy.address()).await;
            wire.write(&text.as_bytes()[..at]);
            // Slow on purpose, as above.
            tokio::time::sleep(Duration::from_millis(1)).await;
            wire.write(&text.as_bytes()[at..]);
            answered(&mut wire, 400).await;
            closed(&mut wire).await;
        }
    }
    assert_eq!(targets_of(&recorder, 0), [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waits_for_100_gets_it_once() {
    // RFC 9110 section 10.1.1.
    let (proxy, recorder) = stage().await;
    for lines in ["Content-Length: 3\r\n", "Transfer-Encoding: chunked\r\n"] {
        let mut wire = Wire::open(proxy.address()).await;
        wire.write(post(format!("Expect: 100-continue\r\n{lines}"), ""));
        answered(&mut wire, 100).await;
        wire.write(if lines.starts_with('C') {
            "abc"
        } else {
            "3\r\nabc\r\n0\r\n\r\n"
        });
        let reply = answered(&mut wire, 200).await;
        assert_eq!(reply.text(), "POST /", "{lines:?}: no second 100");
        if reply.closes() {
            closed(&mut wire).await;
        } else {
            wire.write(get(""));
            assert_eq!(answered(&mut wire, 200).await.text(), "GET /", "{lines:?}");
        }
    }
    // Nobody waits who has nothing to send.
    let mut wire = Wire::open(proxy.address()).await;
    wire.write(get("Expect: 100-continue\r\n"));
    answered(&mut wire, 200).await;
    // HTTP/1.0 does not know it, and must not get one that the endpoint sent either (section
    // 15.2).
    let mut wire = Wire::open(proxy.address()).await;
    wire.write("POST / HTTP/1.0\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
    // Slow on purpose: the content is to come alone.
    let early = wire.reply(false, Duration::from_millis(300)).await;
    assert_eq!(
        early,
        Outcome::Silence(Vec::new()),
        "HTTP/1.0: {}",
        said(&early)
    );
    wire.write("abc");
    answered(&mut wire, 200).await;
    // Whoever is refused is told without a 100.
    let mut wire = Wire::open(proxy.address()).await;
    wire.write(post(
        "Expect: 100-continue\r\nContent-Length: 2000000\r\n",
        "",
    ));
    let mark = recorder.len();
    answered(&mut wire, 413).await;
    closed(&mut wire).await;
    assert_eq!(recorder.len(), mark);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_stay_as_long_as_both_want() {
    // RFC 9112 section 9.3.
    let (proxy, recorder) = stage().await;
    let mut wire = Wire::open(proxy.address()).await;
    for _ in 0..20 {
        wire.write(get(""));
        assert!(!answered(&mut wire, 200).await.closes());
    }
    wire.write(get("Connection: Keep-Alive\r\n"));
    assert!(!answered(&mut wire, 200).await.closes());
    for lines in [
        "Connection: close\r\n",
        "Connection: Close\r\n",
        "Connection: keep-alive, close\r\n",
        "Connection: close, keep-alive\r\n",
        "Connection: keep-alive\r\nConnection: close\r\n",
        "connection:close\r\n",
        "Connection: x, close ,\r\n",
    ] {
        let mark = recorder.len();
        let mut wire = Wire::open(proxy.address()).await;
        // What follows is nobody's request.
        wire.write([get(lines), get("")].concat());
        let reply = answered(&mut wire, 200).await;
        assert!(reply.closes(), "{lines:?}: {reply:?}");
        closed(&mut wire).await;
        assert_eq!(recorder.len() - mark, 1, "{lines:?}");
    }
    // HTTP/1.0 ends unless both say otherwise (sections 9.3 and C.2.2).
    let mark = recorder.len();
    let old = "GET / HTTP/1.0\r\nHost: a\r\n\r\n";
    let mut wire = Wire::open(proxy.address()).await;
    wire.write(format!("{old}{old}"));
    answered(&mut wire, 200).await;
    closed(&mut wire).await;
    assert_eq!(recorder.len() - mark, 1);
    let mut wire = Wire::open(proxy.address()).await;
    let old = "GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n";
    wire.write(old);
    let reply = answered(&mut wire, 200).await;
    let kept = reply
        .values("connection")
        .iter()
        .any(|value| value.eq_ignore_ascii_case("keep-alive"));
    if kept {
        wire.write(old);
        answered(&mut wire, 200).await;
    } else {
        closed(&mut wire).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn so_many_requests_on_one_connection_and_no_more() {
    let keys = LIMITS.replace(
        "requests_per_connection: 10000",
        "requests_per_connection: 3",
    );
    let (proxy, recorder) = stage_with(&keys).await;
    let mut wire = Wire::open(proxy.address()).await;
    wire.write(get("").repeat(5));
    for n in 1..=3 {
        let reply = answered(&mut wire, 200).await;
        assert_eq!(reply.closes(), n == 3, "request {n}: {reply:?}");
    }
    closed(&mut wire).await;
    assert_eq!(recorder.len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn head_has_the_head_alone() {
    // RFC 9110 section 9.3.2.
    let (proxy, _recorder) = stage().await;
    let mut wire = Wire::open(proxy.address()).await;
    for _ in 0..3 {
        wire.write("HEAD /a HTTP/1.1\r\nHost: a\r\n\r\n");
        let outcome = wire.reply(true, PATIENCE).await;
        let Outcome::Reply(reply) = &outcome else {
            panic!("RFC 9110 9.3.2: {}", said(&outcome));
        };
        assert_eq!(
            (reply.status, reply.values("content-length")),
            (200, vec!["7"])
        );
        wire.write(get(""));
        assert_eq!(
            answered(&mut wire, 200).await.text(),
            "GET /",
            "nothing came behind the head"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_head_is_408() {
    // RFC 9110 section 15.5.9.
    let keys = LIMITS.replace("head_timeout: 10s", "head_timeout: 400ms");
    let (proxy, recorder) = stage_with(&keys).await;
    for begun in [
        "G",
        "GET / HTTP/1.1\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX-A: 1\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n\r",
    ] {
        let mut wire = Wire::open(proxy.address()).await;
        wire.write(begun);
        answered(&mut wire, 408).await;
        closed(&mut wire).await;
    }
    // Byte by byte, for longer than it may take as a whole.
    let mut wire = Wire::open(proxy.address()).await;
    wire.write("GET / HTTP/1.1\r\nHost: a\r\nX-A: ");
    let outcome = soon("an answer to a head without end", async {
        loop {
            wire.write("x");
            // Slow on purpose.
            match wire.reply(false, Duration::from_millis(50)).await {
                Outcome::Silence(_) => {}
                outcome => return outcome,
            }
        }
    })
    .await;
    assert!(
        matches!(&outcome, Outcome::Reply(reply) if reply.status == 408),
        "{}",
        said(&outcome)
    );
    // The second request of a connection has no more time than the first.
    let mut wire = Wire::open(proxy.address()).await;
    wire.write(get(""));
    answered(&mut wire, 200).await;
    wire.write("GET / HTTP/1.1\r\n");
    answered(&mut wire, 408).await;
    closed(&mut wire).await;
    assert_eq!(recorder.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_does_not_come_ends() {
    // RFC 9110 section 15.5.9. The least rate is measured over 10 s.
    let (proxy, recorder) = stage().await;
    let asked = [
        post("Content-Length: 1000\r\n", "abc"),
        post("Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n"),
    ];
    let mut wires = Vec::new();
    for bytes in asked {
        let wire = Wire::open(proxy.address()).await;
        wire.write(bytes);
        wires.push(wire);
    }
    for mut wire in wires {
        match wire.reply(false, 3 * PATIENCE).await {
            Outcome::Reply(reply) if reply.status == 408 => closed(&mut wire).await,
            Outcome::Closed => {}
            outcome => panic!("expected 408, came {}", said(&outcome)),
        }
    }
    assert_eq!(targets_of(&recorder, 0), [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_grows_too_large_is_413() {
    // RFC 9110 section 15.5.14.
    let (proxy, recorder) = stage().await;
    let mut wire = Wire::open(proxy.address()).await;
    wire.write(post("Transfer-Encoding: chunked\r\n", ""));
    let chunk = [&b"10000\r\n"[..], &[b'x'; 0x10000], b"\r\n"].concat();
    for _ in 0..64 {
        wire.write(chunk.clone());
    }
    answered(&mut wire, 413).await;
    closed(&mut wire).await;
    let whole = recorder
        .since(0)
        .into_iter()
        .filter(|seen| matches!(seen, Seen::Request(_)));
    assert_eq!(whole.count(), 0);
    let mut wire = Wire::open(proxy.address()).await;
    wire.write(get(""));
    answered(&mut wire, 200).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_smuggled() {
    // RFC 9112 section 11.2.
    let (proxy, recorder) = stage().await;
    let hidden = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
    let contents = [
        hidden.to_owned(),
        format!("0\r\n\r\n{hidden}"),
        format!("3\r\nabc\r\n0\r\n\r\n{hidden}"),
        format!("{:x}\r\n{hidden}\r\n0\r\n\r\n", hidden.len()),
        format!("abc{hidden}"),
        format!("0\r\n{hidden}"),
        format!("3;\n{hidden}"),
    ];
    let mut failures = Vec::new();
    let mut count = 0;
    for lines in ambiguous() {
        for content in &contents {
            for line in ["POST / HTTP/1.1", "GET / HTTP/1.1", "POST / HTTP/1.0"] {
                let bytes = [
                    line.as_bytes(),
                    b"\r\nHost: a\r\n",
                    &lines,
                    b"\r\n",
                    content.as_bytes(),
                ]
                .concat();
                count += 1;
                if let Err(why) = try_bytes(proxy.address(), &recorder, &bytes).await {
                    failures.push(why);
                }
            }
        }
    }
    let some = &failures[..failures.len().min(20)];
    assert!(
        failures.is_empty(),
        "RFC 9112 11.2: {} of {count} failed\n{}",
        failures.len(),
        some.join("\n")
    );
    println!("{count} cases");
}

/// Field lines that decide, or seem to decide, where a request ends.
#[rustfmt::skip]
fn ambiguous() -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = Vec::new();
    for text in [
        "", "Content-Length: 3\r\n", "Transfer-Encoding: chunked\r\n", "Content-Length: 0\r\n", "Content-Length: 5\r\n",
        "Content-Length: 0\r\nContent-Length: 3\r\n", "Content-Length: 3\r\nContent-Length: 3\r\n", "Content-Length: 3, 3\r\n",
        "Content-Length: +3\r\n", "Content-Length: 0x3\r\n", "Content-Length: 3 \r\n", "Content-Length: 03\r\n",
        "Content-Length : 3\r\n", "Content-Length\t: 3\r\n", " Content-Length: 3\r\n", "Content-Length:\r\n 3\r\n",
        "X: 1\r\n Content-Length: 3\r\n", "X: 1\nContent-Length: 3\r\n", "X: 1\rContent-Length: 3\r\n",
        "Content-Length: 3\0\r\n", "Content-Length: \x0b3\r\n", "Content_Length: 3\r\n", "Content-Length-X: 3\r\n",
        "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n",
        "Content-Length: 40\r\nTransfer-Encoding: chunked\r\n", "Transfer-Encoding: xchunked\r\n",
        "Transfer-Encoding: chunked, identity\r\n", "Transfer-Encoding: identity, chunked\r\n", "Transfer-Encoding: identity\r\n",
        "Transfer-Encoding: chunked, chunked\r\n", "Transfer-Encoding: \x0bchunked\r\n", "Transfer-Encoding: chunked\x0b\r\n",
        "Transfer-Encoding: \x0cchunked\r\n", "Transfer-Encoding: \"chunked\"\r\n", "Transfer-Encoding: 'chunked'\r\n",
        "Transfer-Encoding: chunked;x\r\n", "Transfer-Encoding: gzip, chunked\r\n", "Transfer-Encoding: ,chunked\r\n",
        "Transfer-Encoding: chunked,\r\n", "Transfer-Encoding:\tchunked\r\n", "Transfer-Encoding : chunked\r\n",
        "Transfer-Encoding\t: chunked\r\n", " Transfer-Encoding: chunked\r\n", "Transfer-Encoding:\r\n chunked\r\n",
        "Transfer-Encoding:\n chunked\r\n", "Transfer-Encoding\n: chunked\r\n", "X: 1\nTransfer-Encoding: chunked\r\n",
        "X: 1\rTransfer-Encoding: chunked\r\n", "X: 1\r\n Transfer-Encoding: chunked\r\n", "Transfer_Encoding: chunked\r\n",
        "TRANSFER-ENCODING: CHUNKED\r\n", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: cow\r\n", "Transfer-Encoding: cow\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", "Transfer-Encoding:\r\n", "Transfer-Encoding: \r\n",
        "Transfer-Encoding: chunked\0\r\n", "Transfer-Encoding\0: chunked\r\n", "Transfer-Encoding: chun\rked\r\n",
        "Content-Length: 3\r\nTransfer-Encoding: identity\r\n", "Content-Length: 3\r\nTransfer-Encoding: xchunked\r\n",
        "Content-Length: 3\r\nTransfer-Encoding : chunked\r\n", "Content-Length: 3\r\nTransfer_Encoding: chunked\r\n",
        "Connection: content-length\r\nContent-Length: 3\r\n", "Connection: transfer-encoding\r\nTransfer-Encoding: chunked\r\n",
        "Connection: close\r\nContent-Length: 3\r\n", "Connection: close\r\n", "Connection: keep-alive\r\nContent-Length: 3\r\n",
        "Connection: upgrade\r\nUpgrade: websocket\r\n", "Connection: upgrade\r\nUpgrade: h2c\r\nContent-Length: 3\r\n",
        "Expect: 100-continue\r\nContent-Length: 3\r\n", "Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n",
        "Expect: x\r\nContent-Length: 3\r\n", "Expect: 100-continue\r\n", "X: \n\r\n", "X: \r\r\n", "\0\r\n", "X\r\n",
        "Host: b\r\n", "Content-Length: 3\r\nHost: a\r\n", "Trailer: Content-Length\r\nTransfer-Encoding: chunked\r\n",
        "Content-Length: 18446744073709551619\r\n", "Content-Length: 4294967299\r\n", "Content-Length: -3\r\n",
        "Content-Length: 3;x\r\n", "Content-Length:\r\n", "Content-Length: abc\r\n", "Content-Encoding: chunked\r\n",
        "TE: chunked\r\nContent-Length: 3\r\n", "X-HTTP-Method-Override: CONNECT\r\nContent-Length: 3\r\n",
    ] {
        all.push(text.as_bytes().to_vec());
    }
    for bytes in [
        &b"Transfer-Encoding: \xa0chunked\r\n"[..], b"Transfer-Encoding: chunked\xff\r\n", b"Content-Length: 3\xa0\r\n",
        b"Transfer\xadEncoding: chunked\r\n", b"Content-Length\x85: 3\r\n",
    ] {
        all.push(bytes.to_vec());
    }
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mutants_do_no_harm() {
    let seed = std::env::var("TIDEGATE_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or(9112);
    println!("TIDEGATE_SEED={seed}");
    let halves = [0, 1].map(|half| tokio::spawn(mutate(seed, half)));
    let mut failures = Vec::new();
    for half in halves {
        failures.extend(half.await.expect("no panic"));
    }
    let some = &failures[..failures.len().min(20)];
    assert!(
        failures.is_empty(),
        "{} of {MUTANTS} failed with TIDEGATE_SEED={seed}\n{}",
        failures.len(),
        some.join("\n")
    );
}

async fn mutate(seed: u64, half: u64) -> Vec<String> {
    let (proxy, recorder): (Proxy, Recorder) = stage().await;
    let seeds = seeds();
    let mut failures = Vec::new();
    for n in (half..MUTANTS).step_by(2) {
        let bytes = mutant(
            &mut Dice(seed.wrapping_mul(1_000_003).wrapping_add(n)),
            &seeds,
        );
        if let Err(why) = try_bytes(proxy.address(), &recorder, &bytes).await {
            failures.push(format!("mutant {n}: {why}"));
            if failures.len() > 20 {
                break;
            }
        }
    }
    assert_eq!(client::get(proxy.address(), "/alive").await.status(), 200);
    failures
}

/// Splitmix64: whatever its seed, its numbers differ.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ z >> 31) % sides as u64) as usize
    }

    fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.roll(of.len())]
    }
}

fn seeds() -> Vec<Vec<u8>> {
    let second = "GET /second HTTP/1.1\r\nHost: a\r\n\r\n";
    let mut seeds: Vec<Vec<u8>> = [
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /a/../b?c=d HTTP/1.1\r\nHost: a.example:80\r\nX-A: 1\r\nAccept: */*\r\n\r\n",
        "POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
        "POST /p HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        "POST /p HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n2\r\nbc\r\n0\r\nX-T: 1\r\n\r\n",
        "PUT /%7Ea HTTP/1.1\r\nHost: [::1]:8080\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        "GET http://a/b HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, x-a\r\nX-A: 1\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n",
        "\r\nDELETE /d HTTP/1.1\r\nhost: a\r\ncookie: a=b; c=d\r\n\r\n",
    ]
    .iter()
    .map(|text| text.as_bytes().to_vec())
    .collect();
    let pairs: Vec<_> = seeds
        .iter()
        .map(|seed| [seed, second.as_bytes()].concat())
        .collect();
    seeds.extend(pairs);
    seeds
}

#[rustfmt::skip]
fn mutant(dice: &mut Dice, seeds: &[Vec<u8>]) -> Vec<u8> {
    const WORDS: [&[u8]; 36] = [
        b"\r", b"\n", b"\r\n", b"\r\n\r\n", b" ", b"\t", b"\0", b":", b";", b",", b"\x0b", b"\x0c", b"\x7f", b"\x80", b"\xff", b"%", b"%2e",
        b"%00", b"/", b"..", b"//", b"0", b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n", b"Host: b\r\n", b"chunked", b"identity",
        b"HTTP/1.0", b"HTTP/1.1", b"0\r\n\r\n", b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n", b"#", b"\\", b"Connection: close\r\n",
        b"Expect: 100-continue\r\n", b"ffffffffffffffff",
    ];
    let mut bytes = dice.pick(seeds).clone();
    for _ in 0..=dice.roll(3) {
        let at = dice.roll(bytes.len().max(1)).min(bytes.len());
        let end = (at + 1 + dice.roll(8)).min(bytes.len());
        match dice.roll(8) {
            0 if at < bytes.len() => bytes[at] ^= 1 << dice.roll(8),
            1 if at < bytes.len() => bytes[at] = dice.roll(256) as u8,
            2 => drop(bytes.drain(at..end)),
            3 => {
                let again = bytes[at..end].to_vec();
                bytes.splice(at..at, again);
            }
            4 | 5 => drop(bytes.splice(at..at, dice.pick(&WORDS).iter().copied())),
            6 => drop(bytes.splice(at..end, dice.pick(&WORDS).iter().copied())),
            _ => {
                let other = dice.pick(seeds);
                let from = dice.roll(other.len());
                bytes.truncate(at);
                bytes.extend_from_slice(&other[from..]);
            }
        }
    }
    bytes
}

/// The next answer, which must have this status.
async fn answered(wire: &mut Wire, status: u16) -> Reply {
    match wire.reply(false, PATIENCE).await {
        Outcome::Reply(reply) if reply.status == status => reply,
        outcome => panic!("expected {status}, came {}", said(&outcome)),
    }
}

async fn closed(wire: &mut Wire) {
    let outcome = wire.reply(false, PATIENCE).await;
    assert!(
        outcome == Outcome::Closed,
        "expected the end, came {}",
        said(&outcome)
    );
}

fn targets_of(recorder: &Recorder, mark: usize) -> Vec<String> {
    let seen = recorder.since(mark).into_iter();
    seen.filter_map(|seen| match seen {
        Seen::Request(request) => Some(request.target),
        _ => None,
    })
    .collect()
}

/// All tables.
fn all() -> Vec<Table> {
    vec![
        http1::line::lines(),
        http1::line::methods(),
        http1::line::targets(),
        http1::host::hosts(),
        http1::fields::syntax(),
        http1::fields::hops(),
        http1::length::lengths(),
        http1::length::codings(),
        http1::chunks::bodies(),
        http1::chunks::trailers(),
        http1::paths::paths(),
    ]
}

#[test]
fn the_tables_and_the_reference_agree() {
    let tables = all();
    let cases: Vec<_> = tables.iter().flat_map(|table| &table.0).collect();
    let differ: Vec<_> = cases
        .iter()
        .filter_map(|case| case.differs_from_reference())
        .collect();
    assert!(
        differ.is_empty(),
        "{} differ\n{}",
        differ.len(),
        differ.join("\n")
    );
    println!("{} cases", cases.len());
    assert!(cases.len() > 1_000);
}
