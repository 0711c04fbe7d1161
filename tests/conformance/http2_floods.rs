//! Clients of HTTP/2 that mean harm. Each connection is ended or costs next to nothing, and
//! everybody else is served meanwhile.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tidegate_e2e::client::{self, Connection, Request};
use tidegate_e2e::frames::{
    self, Event, Http2, PREFACE, continuation, data, flag, frame, get, goaway, headers,
    headers_open, kind, ping, priority, reset, setting, settings, window_update,
};
use tidegate_e2e::hpack::{indexed, literal, literal_as};
use tidegate_e2e::recorder::Recorder;
use tidegate_e2e::wire::Wire;
use tidegate_e2e::{Endpoint, Line, Proxy, config, soon};
use tokio::task::JoinHandle;

/// How long an attack may go on, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(25);

/// How long anybody else may wait for an answer meanwhile.
const PROMPT: Duration = Duration::from_secs(5);

/// How long a client may stall that takes less than the least rate, which is measured over 10 s.
const STALLED: Duration = Duration::from_secs(40);

/// Memory that one attack may cost at any time, in bytes.
const MEMORY: u64 = 20 << 20;

/// Requests of one attack that the endpoint may see: far fewer than are sent.
const SEEN: usize = 2_000;

const LIMITS: &str = "limits: { head: 32KiB, fields: 100, target: 8KiB, body: 1MiB, head_timeout: 1s, min_rate: 100B, \
     http2: { streams: 100 } }\nkeep_alive: { downstream: 2s }\n";

/// What an attack must come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Must {
    /// The connection ends.
    End,
    /// The connection ends, or a ping behind the attack is answered.
    Pass,
}

use Must::{End, Pass};

const LAST: [u8; 8] = *b"the last";

macro_rules! attacks {
    ($($name:ident: $must:expr, $settings:expr, $flood:expr;)*) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            endure($must, $settings, $flood).await;
        }
    )*};
}

attacks! {
    // CVE-2023-44487.
    rapid_reset: End, &[], numbers(10_000).flat_map(|n| [get(n, "/"), reset(n, 8)].concat()).collect();
    rapid_reset_of_requests_with_content: End, &[],
        numbers(10_000).flat_map(|n| [post(n), reset(n, 8)].concat()).collect();
    // CVE-2025-8671: the proxy is made to reset the streams.
    made_you_reset_by_window: End, &[],
        numbers(10_000).flat_map(|n| [get(n, "/"), window_update(n, 0)].concat()).collect();
    made_you_reset_by_overflow: End, &[],
        numbers(10_000).flat_map(|n| [get(n, "/"), window_update(n, 0x7fff_ffff)].concat()).collect();
    made_you_reset_by_data: End, &[],
        numbers(10_000).flat_map(|n| [get(n, "/"), data(n, 0, b"x")].concat()).collect();
    made_you_reset_by_priority: End, &[],
        numbers(10_000).flat_map(|n| [get(n, "/"), frame(kind::PRIORITY, 0, n, [0; 4])].concat()).collect();
    made_you_reset_by_malformed_requests: Pass, &[],
        numbers(10_000).flat_map(|n| headers(n, flag::END_STREAM, frames::request("GET", "/", &[("Upper", "1")]))).collect();
    // CVE-2019-9512.
    ping_flood: End, &[], ping(0, [0; 8]).repeat(100_000);
    // CVE-2019-9515.
    settings_flood: End, &[], settings(&[]).repeat(100_000);
    settings_flood_with_values: End, &[],
        settings(&[(setting::INITIAL_WINDOW_SIZE, 1), (setting::HEADER_TABLE_SIZE, 0)]).repeat(50_000);
    settings_of_many_values: Pass, &[], settings(&vec![(setting::MAX_FRAME_SIZE, 16_384); 2_700]).repeat(100);
    // CVE-2019-9518.
    empty_data_flood: Pass, &[], [post(1), data(1, 0, []).repeat(200_000)].concat();
    padded_empty_data_flood: Pass, &[],
        [post(1), data(1, flag::PADDED, [&[200][..], &[0; 200]].concat()).repeat(100)].concat();
    empty_continuation_flood: End, &[],
        [headers_open(1, flag::END_STREAM, []), continuation(1, 0, []).repeat(200_000)].concat();
    // CVE-2019-9513.
    priority_flood: Pass, &[],
        numbers(200_000).flat_map(|n| frame(kind::PRIORITY, 0, n, priority(false, 0, 1))).collect();
    window_update_flood: Pass, &[], window_update(0, 1).repeat(200_000);
    window_update_flood_of_a_stream: Pass, &[], [post(1), window_update(1, 1).repeat(200_000)].concat();
    unknown_frame_flood: Pass, &[], frame(0xee, 0, 0, [0; 10]).repeat(200_000);
    large_unknown_frame_flood: Pass, &[], frame(0xee, 0, 0, vec![0; 16_000]).repeat(2_000);
    goaway_flood: Pass, &[], goaway(0, 0).repeat(100_000);
    reset_flood: Pass, &[], [post(1), reset(1, 8).repeat(100_000)].concat();
    // CVE-2024-27316 and its kin.
    continuation_flood: End, &[], continuation_flood_bytes();
    continuation_flood_of_one_field: End, &[], [
        headers_open(1, flag::END_STREAM, [&frames::request("GET", "/", &[])[..], b"\x00\x01x\x7f\xff\xff\xff\x07"].concat()),
        continuation(1, 0, vec![b'x'; 16_000]).repeat(2_000),
    ].concat();
    // CVE-2019-9516.
    empty_names: Pass, &[], numbers(100).flat_map(|n| {
        headers(n, flag::END_STREAM, [frames::request("GET", "/", &[]), b"\x00\x00\x00".repeat(4_000)].concat())
    }).collect();
    // CVE-2016-6581: a few bytes on the wire, many when read.
    compression_bomb: Pass, &[], numbers(100).flat_map(bomb).collect();
    heads_that_are_too_large: Pass, &[], numbers(200).flat_map(large_head).collect();
    tables_that_change_their_size: Pass, &[], numbers(200).flat_map(|n| {
        let sizes = [b"\x20\x3f\xe1\x1f".repeat(2_000), frames::request("GET", "/", &[])].concat();
        headers(n, flag::END_STREAM, sizes)
    }).collect();
    too_many_streams: Pass, &[], numbers(20_000).flat_map(post).collect();
    paths_that_are_too_long: Pass, &[], numbers(500).flat_map(|n| get(n, &format!("/{}", "x".repeat(16_000)))).collect();
}

/// Odd numbers: those of a client's streams.
fn numbers(count: u32) -> impl Iterator<Item = u32> {
    (0..count).map(|n| 2 * n + 1)
}

fn post(stream: u32) -> Vec<u8> {
    headers(stream, 0, frames::request("POST", "/", &[]))
}

fn continuation_flood_bytes() -> Vec<u8> {
    let field = literal(b"x-filler", &[b'x'; 1_000]);
    let first = headers_open(1, flag::END_STREAM, frames::request("GET", "/", &[]));
    [first, continuation(1, 0, field).repeat(40_000)].concat()
}

/// A table filled with one entry, then twelve thousand references to it: 48 MB.
fn bomb(stream: u32) -> Vec<u8> {
    let entry = literal_as(0x40, b"x-bomb", &[b'x'; 4_000]);
    let block = [
        frames::request("GET", "/", &[]),
        entry,
        indexed(62).repeat(12_000),
    ]
    .concat();
    let pieces: Vec<&[u8]> = block.chunks(16_000).collect();
    let mut bytes = headers_open(stream, flag::END_STREAM, pieces[0]);
    for piece in &pieces[1..] {
        bytes.extend(continuation(stream, 0, piece));
    }
    bytes.extend(continuation(stream, flag::END_HEADERS, []));
    bytes
}

/// 60,000 bytes in four frames.
fn large_head(stream: u32) -> Vec<u8> {
    let field = literal(b"x-large", &[b'x'; 15_000]);
    let first = headers_open(stream, flag::END_STREAM, frames::request("GET", "/", &[]));
    let rest = continuation(stream, 0, &field).repeat(4);
    [first, rest, continuation(stream, flag::END_HEADERS, [])].concat()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pings_of_a_client_that_reads_nothing() {
    let (proxy, _recorder) = stage().await;
    let witness = Witness::start(&proxy).await;
    let wires: Vec<Wire> = attackers(&proxy, 4).await;
    for wire in &wires {
        wire.write([PREFACE, &settings(&[])].concat());
        wire.write(ping(0, [1; 8]).repeat(500_000));
    }
    witness.sees(50).await;
    for mut wire in wires {
        let (_, ended) = wire.rest(PATIENCE).await;
        assert!(ended, "the connection goes on");
    }
    witness.assert_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn windows_that_never_open() {
    stall(|_| None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn windows_that_open_by_the_byte() {
    stall(|n| Some(window_update(n, 1))).await;
}

/// Ninety large answers are asked for and not taken, but for what `more` takes of each every
/// 200 ms. All of them end in bounded time.
async fn stall(more: impl Fn(u32) -> Option<Vec<u8>>) {
    let endpoint = Endpoint::start("a").await;
    let text = config::web("round-robin", &[&endpoint]);
    let proxy = Proxy::start(&format!("{text}{LIMITS}")).await;
    let witness = Witness::start(&proxy).await;
    let none = [(setting::INITIAL_WINDOW_SIZE, 0)];
    let mut connection = Http2::open_with(proxy.address(), &none, PATIENCE)
        .await
        .expect("prefaces");
    let mut open: Vec<u32> = numbers(90).collect();
    for n in &open {
        connection.write(get(*n, "/?size=1000000"));
    }
    let began = Instant::now();
    let mut turn = Instant::now();
    while !open.is_empty() {
        assert!(
            began.elapsed() < STALLED,
            "{} of 90 answers still wait for their client",
            open.len()
        );
        match connection.event(Duration::from_millis(200)).await {
            Event::Closed => break,
            event if event.goaway().is_some() => break,
            event => {
                if let Some((stream, _)) = event.reset() {
                    open.retain(|n| *n != stream);
                }
            }
        }
        // Slow on purpose.
        if turn.elapsed() > Duration::from_millis(200) {
            turn = Instant::now();
            for bytes in open.iter().filter_map(|n| more(*n)) {
                connection.write(bytes);
            }
        }
    }
    println!("ended after {:?}", began.elapsed());
    // Each answer holds what Pingora reads ahead of its client, half a megabyte.
    witness.assert_within(90 << 20).await;
    soon(
        "the endpoint's connections",
        endpoint.in_flight().until(|n| n == 0),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_begins_and_does_not_go_on_is_sent_away() {
    let (proxy, recorder) = stage().await;
    let opened = [PREFACE, &settings(&[])].concat();
    for (name, bytes) in [
        ("a byte of a preface", b"P".to_vec()),
        ("half of a preface", PREFACE[..12].to_vec()),
        ("a preface without its last byte", PREFACE[..23].to_vec()),
        ("a preface and no settings", PREFACE.to_vec()),
        (
            "a preface and half of the settings",
            [PREFACE, &settings(&[(3, 1)])[..10]].concat(),
        ),
        (
            "half of a head",
            [
                &opened[..],
                &headers_open(1, flag::END_STREAM, frames::request("GET", "/", &[])),
            ]
            .concat(),
        ),
        (
            "half of a frame",
            [&opened[..], &get(1, "/")[..20]].concat(),
        ),
        (
            "half of the header of a frame",
            [&opened[..], &get(1, "/")[..5]].concat(),
        ),
    ] {
        let mut wire = Wire::open(proxy.address()).await;
        wire.write(bytes);
        let (_, ended) = wire.rest(PATIENCE).await;
        assert!(ended, "{name}: the connection goes on");
    }
    assert_eq!(recorder.len(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_does_not_come_ends() {
    let (proxy, _recorder) = stage().await;
    let mut connection = Http2::open_with(proxy.address(), &[], PATIENCE)
        .await
        .expect("prefaces");
    let more = [("content-length", "1000000")];
    connection.write(headers(1, 0, frames::request("POST", "/", &more)));
    connection.write(data(1, 0, b"x"));
    let came = connection.stream(1, STALLED).await;
    let ended = !matches!(
        came.end,
        None | Some(frames::End::Silence | frames::End::Wrong(_))
    );
    assert!(ended && came.status() != 200, "{came:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_connections_that_only_begin() {
    let (proxy, _recorder) = stage().await;
    let witness = Witness::start(&proxy).await;
    let wires = attackers(&proxy, 300).await;
    for (n, wire) in wires.iter().enumerate() {
        wire.write(if n % 2 == 0 {
            PREFACE.to_vec()
        } else {
            [PREFACE, &settings(&[]), &get(1, "/")[..15]].concat()
        });
    }
    for mut wire in wires {
        let (_, ended) = wire.rest(PATIENCE).await;
        assert!(ended, "a connection goes on");
    }
    witness.assert_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_sent_away_is_told_why_and_the_log_says_it() {
    let (proxy, _recorder) = stage().await;
    let trailers = [post(1), headers(1, flag::END_STREAM, indexed(4))].concat();
    let too_large = [&[0, 0x40, 1, 0, 0, 0, 0, 0, 0][..], &[0; 16_385]].concat();
    for (flood, code, word) in [
        (settings(&[]).repeat(60), 11, "settings"),
        (frame(0xee, 0, 0, []).repeat(101), 11, "others"),
        (too_large, 6, "frame_size"),
        (trailers, 1, "pseudo_in_trailers"),
    ] {
        let mut connection = Http2::open_with(proxy.address(), &[], PATIENCE)
            .await
            .expect("prefaces");
        connection.write(flood);
        let told = loop {
            match connection.event(PATIENCE).await {
                Event::Closed => break None,
                event if event.goaway().is_some() => break event.goaway(),
                Event::Silence => panic!("{word}: it goes on"),
                _ => {}
            }
        };
        assert_eq!(told, Some(code), "{word}");
        let named = |line: &Line| line.field("fault") == Some(word);
        let line = proxy.access_log.wait(word, named).await;
        assert_eq!(line.field("protocol"), Some("HTTP/2"));
        assert_eq!(line.field("status"), None);
    }
    let metrics = proxy.metrics().await;
    assert_eq!(metrics.sum("lb_http2_floods_total", &[]), 4.0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_for_much_is_no_attacker() {
    let endpoint = Endpoint::start("a").await;
    let text = config::web("round-robin", &[&endpoint]);
    let proxy = Proxy::start(&format!("{text}{LIMITS}")).await;
    let open = async || {
        Http2::open_with(proxy.address(), &[], PATIENCE)
            .await
            .expect("prefaces")
    };
    // A large answer, with windows that are opened for each of its frames.
    let mut connection = open().await;
    connection.write(get(1, "/?size=20000000"));
    let came = connection.stream(1, PATIENCE).await;
    assert_eq!(
        (came.status(), came.body.len()),
        (200, 20_000_000),
        "{:?}",
        came.end
    );
    // Many requests, one after the other.
    let mut connection = open().await;
    for n in numbers(3_000) {
        connection.write(get(n, "/"));
        let came = connection.stream(n, PATIENCE).await;
        assert_eq!(came.status(), 200, "request {n}: {came:?}");
    }
    // Many at a time, as many as may be, several times.
    let mut connection = open().await;
    for round in 0..10 {
        let all: Vec<u32> = (0..100).map(|n| round * 200 + 2 * n + 1).collect();
        connection.write(all.iter().flat_map(|n| get(*n, "/")).collect::<Vec<_>>());
        let mut left = all.len();
        while left > 0 {
            match connection.event(PATIENCE).await {
                Event::Frame(frame) if frame.kind == kind::DATA => {
                    connection.write(window_update(0, frame.payload.len() as u32));
                    left -= usize::from(frame.flags & flag::END_STREAM != 0);
                }
                Event::Frame(frame) if frame.kind == kind::WINDOW_UPDATE => {}
                Event::Headers { ref fields, .. } if fields[0].1 == "200" => {}
                other => panic!("round {round}: {other:?}"),
            }
        }
    }
    // Requests that are given up, and pings, as browsers and gRPC do.
    let mut connection = open().await;
    connection.write(
        numbers(50)
            .flat_map(|n| get(n, "/?delay=1m"))
            .collect::<Vec<_>>(),
    );
    soon("the requests", endpoint.in_flight().until(|n| n == 50)).await;
    for n in numbers(50) {
        connection.write([reset(n, 8), ping(0, [0; 8])].concat());
    }
    connection.write(get(101, "/"));
    let came = connection.stream(101, PATIENCE).await;
    assert_eq!(came.status(), 200, "{came:?}");
}

async fn endure(must: Must, ours: &[(u16, u32)], flood: Vec<u8>) {
    let (proxy, recorder) = stage().await;
    let witness = Witness::start(&proxy).await;
    let before = recorder.len();
    let mut connection = Http2::open_with(proxy.address(), ours, PATIENCE)
        .await
        .expect("prefaces");
    let size = flood.len();
    let began = Instant::now();
    connection.write(flood);
    connection.write(ping(0, LAST));
    let end = loop {
        match connection.event(PATIENCE).await {
            Event::Closed => break "the connection ended".to_owned(),
            event if event.goaway().is_some() => break format!("GOAWAY of {:?}", event.goaway()),
            Event::Frame(frame) if frame.kind == kind::PING && frame.payload == LAST => {
                assert_eq!(
                    must,
                    Pass,
                    "{size} bytes went through in {:?}",
                    began.elapsed()
                );
                break "all of it went through".to_owned();
            }
            Event::Silence => panic!(
                "it still goes on, {size} bytes, after {:?}",
                began.elapsed()
            ),
            Event::Wrong(why) => panic!("{why}"),
            Event::Frame(_) | Event::Headers { .. } => {}
        }
    };
    let others = witness.assert_well().await;
    let seen = recorder.len().saturating_sub(before).saturating_sub(others);
    println!(
        "{end} after {:?}; the endpoint saw {seen} requests",
        began.elapsed()
    );
    assert!(
        seen <= SEEN,
        "the endpoint saw {seen} requests of one attack"
    );
}

/// Somebody else who is served meanwhile, and looks at the memory.
struct Witness {
    stop: Arc<AtomicBool>,
    served: tokio::sync::watch::Receiver<usize>,
    task: JoinHandle<u64>,
    before: u64,
}

impl Witness {
    async fn start(proxy: &Proxy) -> Self {
        let address = proxy.address();
        let pid = proxy.pid();
        // What the first requests cost is nobody's fault.
        for _ in 0..100 {
            assert_eq!(client::get(address, "/").await.status(), 200);
        }
        let mut connection = Http2::open_with(address, &[], PATIENCE)
            .await
            .expect("prefaces");
        connection.write(numbers(50).flat_map(|n| get(n, "/")).collect::<Vec<_>>());
        connection.stream(99, PATIENCE).await;
        let before = anonymous(pid);
        let stop = Arc::new(AtomicBool::new(false));
        let (serve, served) = tokio::sync::watch::channel(0);
        let task = tokio::spawn({
            let stop = stop.clone();
            async move {
                let mut most = anonymous(pid);
                let mut kept = Connection::open(address).await.expect("a connection");
                while !stop.load(Ordering::SeqCst) {
                    let began = Instant::now();
                    if !kept.is_usable().await {
                        kept = Connection::open(address).await.expect("a connection");
                    }
                    let answer = kept
                        .send(Request::get("/witness"))
                        .await
                        .expect("an answer");
                    assert_eq!(answer.status(), 200);
                    assert!(
                        began.elapsed() < PROMPT,
                        "others wait for {:?}",
                        began.elapsed()
                    );
                    most = most.max(anonymous(pid));
                    serve.send_modify(|served| *served += 1);
                }
                most
            }
        });
        Self {
            stop,
            served,
            task,
            before,
        }
    }

    /// Waits until so many were served.
    async fn sees(&self, count: usize) {
        let mut served = self.served.clone();
        let _ = soon("others", served.wait_for(|served| *served >= count)).await;
    }

    /// How many were served, while memory grew no more than a flood may make it.
    async fn assert_well(self) -> usize {
        self.assert_within(MEMORY).await
    }

    /// The same with another bound of memory.
    async fn assert_within(self, bound: u64) -> usize {
        let now = *self.served.borrow();
        self.sees(now + 5).await;
        self.stop.store(true, Ordering::SeqCst);
        let most = self.task.await.expect("others are served");
        let grown = most.saturating_sub(self.before);
        println!(
            "{grown} bytes more at most, {} others served",
            *self.served.borrow()
        );
        assert!(grown < bound, "{grown} bytes more");
        *self.served.borrow()
    }
}

/// Bytes of memory that are the process's own.
fn anonymous(pid: rustix::process::Pid) -> u64 {
    let path = format!("/proc/{}/status", pid.as_raw_nonzero());
    let status = std::fs::read_to_string(path).expect("a running process");
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("RssAnon:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
    kilobytes
        .and_then(|text| text.trim().parse::<u64>().ok())
        .expect("a number")
        << 10
}

async fn attackers(proxy: &Proxy, count: usize) -> Vec<Wire> {
    let mut wires = Vec::new();
    for _ in 0..count {
        wires.push(Wire::open(proxy.address()).await);
    }
    wires
}

async fn stage() -> (Proxy, Recorder) {
    let recorder = Recorder::start().await;
    let text = config::web_of("round-robin", &[recorder.address().to_string()]);
    let text = config::with_upstream_key(&text, "breaker: off");
    (Proxy::start(&format!("{text}{LIMITS}")).await, recorder)
}
