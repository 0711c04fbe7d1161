//! RFC 9113 and RFC 7541 by the frame, in the spirit of h2spec: over plain TCP with prior
//! knowledge, on the listener that speaks HTTP/1 too.

mod http2;

use std::time::Duration;

use http2::{PATIENCE, play, stage};
use tidegate_e2e::client;
use tidegate_e2e::frames::{self, End, Http2, data, flag, headers, setting};
use tidegate_e2e::hpack;
use tidegate_e2e::recorder::{Recorder, Seen};
use tidegate_e2e::strict::Request;
use tidegate_e2e::wire::Wire;

macro_rules! tables {
    ($($name:ident: $table:expr;)*) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            play($table).await;
        }
    )*};
}

tables! {
    prefaces_and_frames: http2::connection::basics();
    settings_pings_goaways: http2::connection::control();
    flow_control: http2::connection::windows();
    continuations: http2::connection::continuations();
    states_of_streams: http2::streams::states();
    frames_of_streams: http2::streams::frames_of_streams();
    header_compression: http2::compression::blocks();
    malformed_requests: http2::messages::requests();
    lengths_and_limits: http2::messages::lengths();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_versions_are_spoken_on_one_listener() {
    // RFC 9113 section 3.3.
    let (proxy, recorder) = stage().await;
    for _ in 0..3 {
        assert_eq!(
            client::get(proxy.address(), "/one").await.text(),
            "GET /one"
        );
        let mut connection = open(&proxy, &[]).await;
        connection.write(frames::get(1, "/two"));
        let came = connection.stream(1, PATIENCE).await;
        assert_eq!((came.status(), came.text().as_str()), (200, "GET /two"));
    }
    assert_eq!(recorder.len(), 6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_neither_version_is_not_answered_in_one() {
    // RFC 9113 section 3.4.
    let (proxy, _recorder) = stage().await;
    for (bytes, answered) in [
        ("INVALID CONNECTION PREFACE\r\n\r\n", false),
        ("PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n", false),
        ("GET / HTP/1.1\r\n\r\n", true),
        ("GET\r\n\r\n", true),
    ] {
        let mut wire = Wire::open(proxy.address()).await;
        wire.write(bytes);
        let (answer, ended) = wire.rest(PATIENCE).await;
        assert!(ended, "{bytes}: the connection goes on");
        let answer = String::from_utf8_lossy(&answer);
        assert_eq!(
            answer.starts_with("HTTP/1.1 400 "),
            answered,
            "{bytes}: {answer}"
        );
        assert_eq!(answer.is_empty(), !answered, "{bytes}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_is_the_same_one_behind_the_proxy() {
    let (proxy, recorder) = stage().await;
    let mut connection = open(&proxy, &[]).await;
    let block = frames::request(
        "POST",
        "/a/../b//c?d=e",
        &[
            ("x-a", "1"),
            ("cookie", "a=b"),
            ("cookie", "c=d"),
            ("te", "trailers"),
            ("x-b", ""),
            ("content-type", "text/plain"),
        ],
    );
    connection.write(
        [
            headers(1, 0, block),
            data(1, 0, b"he"),
            data(1, flag::END_STREAM, b"llo"),
        ]
        .concat(),
    );
    let came = connection.stream(1, PATIENCE).await;
    assert_eq!(
        (came.status(), came.text().as_str()),
        (200, "POST /b/c?d=e")
    );
    let request = last(&recorder);
    assert_eq!(
        (request.host.as_str(), request.body.as_slice()),
        ("test", &b"hello"[..])
    );
    assert_eq!(request.values("x-a"), ["1"]);
    assert_eq!(request.values("x-b"), [""]);
    assert_eq!(request.values("cookie"), ["a=b; c=d"], "RFC 9113 8.2.3");
    for (name, _) in &request.fields {
        assert!(!name.starts_with(':'), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_without_content_have_none() {
    // RFC 9113 section 8.1: END_STREAM comes with the head or an empty DATA.
    let (proxy, _recorder) = stage().await;
    let mut connection = open(&proxy, &[]).await;
    connection.write(headers(
        1,
        flag::END_STREAM,
        frames::request("HEAD", "/abc", &[]),
    ));
    let came = connection.stream(1, PATIENCE).await;
    assert_eq!(
        (came.status(), came.body.len(), came.end.clone()),
        (200, 0, Some(End::Clean))
    );
    assert_eq!(came.values("content-length"), ["9"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_bodies_come_through_small_windows() {
    // RFC 9113 sections 5.2 and 6.9.
    let (proxy, recorder) = stage().await;
    let body: Vec<u8> = (0..200_000_u32).map(|n| (n ^ (n >> 8)) as u8).collect();
    let mut connection = open(&proxy, &[(setting::INITIAL_WINDOW_SIZE, 1)]).await;
    connection.write(headers(1, 0, frames::request("POST", "/", &[])));
    // The connection's first window is known; what is above it has to be given.
    let (mut sent, mut window, mut whole) = (0, first_window(&connection), 65_535_usize);
    while sent < body.len() {
        let length = window.min(whole).min(16_000).min(body.len() - sent);
        if length > 0 {
            let end = if sent + length == body.len() {
                flag::END_STREAM
            } else {
                0
            };
            connection.write(data(1, end, &body[sent..sent + length]));
            sent += length;
            window -= length;
            whole -= length;
            continue;
        }
        match connection.event(PATIENCE).await {
            frames::Event::Frame(frame) if frame.kind == frames::kind::WINDOW_UPDATE => {
                let four: [u8; 4] = frame.payload[..4].try_into().expect("four bytes");
                let increment = u32::from_be_bytes(four) as usize;
                if frame.stream == 0 {
                    whole += increment;
                } else {
                    window += increment;
                }
            }
            frames::Event::Frame(frame) if frame.kind == frames::kind::SETTINGS => {}
            other => panic!("RFC 9113 6.9: no window after {sent} bytes, but {other:?}"),
        }
    }
    let came = connection.stream(1, PATIENCE).await;
    assert_eq!(
        (came.status(), came.text().as_str()),
        (200, "POST /"),
        "byte by byte"
    );
    assert!(last(&recorder).body == body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_than_the_window_is_an_error() {
    // RFC 9113 section 6.9.1: whoever sends more than was allowed is told.
    let (proxy, recorder) = stage().await;
    let mut connection = open(&proxy, &[]).await;
    let window = first_window(&connection);
    connection.write(headers(1, 0, frames::request("POST", "/", &[])));
    for _ in 0..(window.min(16 << 20) / 16_000 + 200) {
        connection.write(data(1, 0, vec![b'x'; 16_000]));
    }
    let came = connection.stream(1, PATIENCE).await;
    let told = matches!(
        came.end,
        Some(End::Reset(_) | End::Goaway(_) | End::Closed | End::Clean)
    );
    assert!(told && came.status() != 200, "{came:?}");
    let whole = recorder
        .since(0)
        .into_iter()
        .filter(|seen| matches!(seen, Seen::Request(_)));
    assert_eq!(whole.count(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waits_for_100_is_served() {
    // RFC 9110 section 10.1.1.
    let (proxy, _recorder) = stage().await;
    let mut connection = open(&proxy, &[]).await;
    let more = [("expect", "100-continue"), ("content-length", "4")];
    connection.write(headers(1, 0, frames::request("POST", "/", &more)));
    // Pingora cannot send one over HTTP/2; a client does not wait for ever (10.1.1), and this
    // one not at all.
    connection.write(data(1, flag::END_STREAM, b"test"));
    assert_eq!(connection.stream(1, PATIENCE).await.status(), 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forwarding_fields_cannot_be_forged() {
    let (proxy, recorder) = stage().await;
    let mut connection = open(&proxy, &[]).await;
    let block = [
        frames::request("GET", "/", &[]),
        hpack::block(&[
            ("x-forwarded-for", "203.0.113.9"),
            ("x-forwarded-proto", "https"),
            ("via", "1.0 before"),
        ]),
    ]
    .concat();
    connection.write(headers(1, flag::END_STREAM, block));
    assert_eq!(connection.stream(1, PATIENCE).await.status(), 200);
    let request = last(&recorder);
    assert_eq!(request.values("x-forwarded-for"), ["127.0.0.1"]);
    assert_eq!(request.values("x-forwarded-proto"), ["http"]);
    let via = request.values("via").join(", ");
    assert!(
        via.starts_with("1.0 before, 2"),
        "RFC 9110 7.6.3 names the version that came: {via}"
    );
}

/// Connections with mutated bytes in one run.
const MUTANTS: u64 = 500;

/// Whatever comes, what is answered is well-formed, what the endpoint sees is as well, and
/// others are served.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mutants_do_no_harm() {
    let seed = std::env::var("TIDEGATE_SEED").ok();
    let seed = seed.and_then(|seed| seed.parse().ok()).unwrap_or(9113);
    println!("TIDEGATE_SEED={seed}");
    let (proxy, recorder) = stage().await;
    let mut failures = Vec::new();
    for n in 0..MUTANTS {
        let mark = recorder.len();
        let mut dice = Dice(seed ^ (n << 32));
        let bytes = mutant(&mut dice);
        let mut connection = Http2::connect(proxy.address()).await;
        connection.write(bytes.clone());
        connection.write(frames::ping(0, *b"the last"));
        // Until the ping behind it is answered, or it is clear that it is part of something
        // else; then as long as there are answers.
        let (mut patience, mut finished) = (Duration::from_millis(300), false);
        let why = loop {
            match connection.event(patience).await {
                frames::Event::Closed => break None,
                frames::Event::Silence if finished => break Some("it goes on".to_owned()),
                frames::Event::Silence => {
                    connection.finish();
                    (patience, finished) = (PATIENCE, true);
                }
                // Bytes that are no preface are answered in HTTP/1.
                frames::Event::Wrong(_) if !bytes.starts_with(frames::PREFACE) => break None,
                frames::Event::Wrong(why) => break Some(why),
                frames::Event::Frame(frame) if frame.payload == b"the last" => {
                    patience = Duration::from_millis(20);
                }
                frames::Event::Frame(_) | frames::Event::Headers { .. } => {}
            }
        };
        let wrong = recorder
            .since(mark)
            .into_iter()
            .find_map(|seen| match seen {
                Seen::Wrong(why, bytes) => {
                    Some(format!("the endpoint saw {}: {why}", bytes.escape_ascii()))
                }
                _ => None,
            });
        if let Some(why) = why.or(wrong) {
            failures.push(format!(
                "mutant {n}: {why}\n    sent {}",
                bytes.escape_ascii()
            ));
            if failures.len() > 10 {
                break;
            }
        }
    }
    println!("the endpoint saw {} requests", recorder.len());
    assert_eq!(
        client::get(proxy.address(), "/alive").await.text(),
        "GET /alive"
    );
    assert!(
        failures.is_empty(),
        "TIDEGATE_SEED={seed}: {} failed\n{}",
        failures.len(),
        failures.join("\n")
    );
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
}

/// A conversation of frames, some of which are changed, left out, doubled or swapped.
fn mutant(dice: &mut Dice) -> Vec<u8> {
    let length = [("content-length", "4")];
    let known = || -> Vec<Vec<u8>> {
        vec![
            frames::get(1, "/a/../b"),
            headers(3, 0, frames::request("POST", "/p", &[("x-a", "1")])),
            data(3, 0, b"te"),
            data(3, 0, []),
            data(3, flag::END_STREAM, b"st"),
            headers(5, 0, frames::request("PUT", "/q", &length)),
            data(5, flag::END_STREAM, b"test"),
            frames::ping(0, [7; 8]),
            frames::settings(&[(setting::INITIAL_WINDOW_SIZE, 100)]),
            frames::window_update(0, 1_000),
            frames::window_update(3, 1_000),
            frames::headers_open(
                7,
                flag::END_STREAM,
                &frames::request("GET", "/c", &[])[..20],
            ),
            frames::continuation(
                7,
                flag::END_HEADERS,
                &frames::request("GET", "/c", &[])[20..],
            ),
            headers(9, 0, frames::request("POST", "/t", &[])),
            headers(9, flag::END_STREAM, hpack::block(&[("x-t", "1")])),
            frames::reset(3, 8),
            frames::frame(frames::kind::PRIORITY, 0, 1, frames::priority(false, 0, 9)),
            frames::get(11, "/last"),
        ]
    };
    let mut all = known();
    for _ in 0..dice.roll(4) {
        let at = dice.roll(all.len());
        match dice.roll(4) {
            0 => drop(all.remove(at)),
            1 => all.insert(at, all[dice.roll(all.len())].clone()),
            2 => {
                let other = dice.roll(all.len());
                all.swap(at, other);
            }
            _ => all.insert(at, data(3, dice.roll(2) as u8, [])),
        }
    }
    let mut bytes = [frames::PREFACE, &frames::settings(&[]), &all.concat()].concat();
    for _ in 0..dice.roll(4) {
        let at = dice.roll(bytes.len());
        let end = (at + 1 + dice.roll(4)).min(bytes.len());
        match dice.roll(5) {
            0 | 1 => bytes[at] ^= 1 << dice.roll(8),
            2 => bytes[at] = dice.roll(256) as u8,
            3 => drop(bytes.drain(at..end)),
            _ => {
                let again = bytes[at..end].to_vec();
                bytes.splice(at..at, again);
            }
        }
    }
    bytes
}

/// What the peer lets a stream send first.
fn first_window(connection: &Http2) -> usize {
    let mut all = connection.settings.iter().rev();
    let window = all.find(|(name, _)| *name == setting::INITIAL_WINDOW_SIZE);
    window.map_or(65_535, |(_, value)| *value as usize)
}

/// Empty frames of content end nothing: behind the proxy, an empty chunk would.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn empty_frames_are_no_end() {
    // RFC 9112 section 7.1: only the last chunk is empty.
    let (proxy, recorder) = stage().await;
    let empty = || data(1, 0, []);
    let padding = || data(1, flag::PADDED, [2, 0, 0]);
    let part = |text: &str| data(1, 0, text);
    let end = |text: &str| data(1, flag::END_STREAM, text);
    let trailers = || headers(1, flag::END_STREAM, hpack::block(&[("x-test", "ok")]));
    let hidden = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
    let mut failures = Vec::new();
    for (name, method, more, frames, body) in [
        (
            "first",
            "POST",
            None,
            vec![empty(), end("ab")],
            "ab".to_owned(),
        ),
        (
            "in the middle",
            "POST",
            None,
            vec![part("a"), empty(), end("b")],
            "ab".into(),
        ),
        (
            "twice in the middle",
            "POST",
            None,
            vec![part("a"), empty(), empty(), end("b")],
            "ab".into(),
        ),
        ("last", "POST", None, vec![part("ab"), end("")], "ab".into()),
        ("alone", "POST", None, vec![end("")], String::new()),
        (
            "twice alone",
            "POST",
            None,
            vec![empty(), end("")],
            String::new(),
        ),
        (
            "before trailers",
            "POST",
            None,
            vec![part("ab"), empty(), trailers()],
            "ab".into(),
        ),
        (
            "trailers alone",
            "POST",
            None,
            vec![trailers()],
            String::new(),
        ),
        (
            "padding first",
            "POST",
            None,
            vec![padding(), end("ab")],
            "ab".into(),
        ),
        (
            "padding in the middle",
            "POST",
            None,
            vec![part("a"), padding(), end("b")],
            "ab".into(),
        ),
        (
            "padding last",
            "POST",
            None,
            vec![part("ab"), padding(), end("")],
            "ab".into(),
        ),
        (
            "before a request",
            "POST",
            None,
            vec![part("a"), empty(), end(hidden)],
            format!("a{hidden}"),
        ),
        ("alone with GET", "GET", None, vec![end("")], String::new()),
        (
            "in the middle with GET",
            "GET",
            None,
            vec![part("a"), empty(), end("b")],
            "ab".into(),
        ),
        (
            "alone with DELETE",
            "DELETE",
            None,
            vec![end("")],
            String::new(),
        ),
        (
            "in the middle of a length",
            "POST",
            Some("2"),
            vec![part("a"), empty(), end("b")],
            "ab".into(),
        ),
        (
            "behind a length",
            "POST",
            Some("2"),
            vec![part("ab"), end("")],
            "ab".into(),
        ),
        (
            "of no length",
            "POST",
            Some("0"),
            vec![end("")],
            String::new(),
        ),
        (
            "of no length, twice",
            "POST",
            Some("0"),
            vec![empty(), end("")],
            String::new(),
        ),
    ] {
        let mark = recorder.len();
        let mut connection = open(&proxy, &[]).await;
        let more: Vec<_> = more
            .iter()
            .map(|length| ("content-length", *length))
            .collect();
        connection.write(headers(1, 0, frames::request(method, "/", &more)));
        for frame in frames {
            connection.write(frame);
            // Slow on purpose: each frame is to arrive alone.
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let came = connection.stream(1, PATIENCE).await;
        connection.write(frames::get(3, "/next"));
        let next = connection.stream(3, PATIENCE).await;
        let seen = recorder.since(mark);
        let bodies: Vec<_> = seen
            .iter()
            .map(|seen| match seen {
                Seen::Request(request) => String::from_utf8_lossy(&request.body).into_owned(),
                other => format!("{other:?}"),
            })
            .collect();
        if (came.status(), next.text().as_str()) != (200, "GET /next")
            || bodies != [body, String::new()]
        {
            failures.push(format!(
                "{name}: {} and {}, the endpoint saw {bodies:?}",
                came.status(),
                next.status()
            ));
        }
    }
    assert!(
        failures.is_empty(),
        "RFC 9112 7.1: {} failed\n{}",
        failures.len(),
        failures.join("\n")
    );
}

fn last(recorder: &Recorder) -> Request {
    match recorder.since(0).pop() {
        Some(Seen::Request(request)) => request,
        other => panic!("no request, but {other:?}"),
    }
}

async fn open(proxy: &tidegate_e2e::Proxy, settings: &[(u16, u32)]) -> Http2 {
    Http2::open_with(proxy.address(), settings, PATIENCE)
        .await
        .expect("prefaces")
}
