//! Tests of the guard: each flood with frames made by hand, then random frames.

mod blocks;
mod encoder;
mod trailers;

use super::frame::*;
use super::*;
use proptest::prelude::*;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Four of anything are too many.
const THREE: Limits = Limits {
    pings: 3,
    settings: 3,
    resets: 3,
    empty_data: 3,
    priorities: 3,
    window_updates: 3,
    others: 3,
    window: Duration::from_secs(10),
    continuations: 3,
    header_block: 100,
};

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u32).to_be_bytes();
    let head = [&length[1..], &[kind, flags], &stream.to_be_bytes()].concat();
    [&head, payload].concat()
}

fn headers(stream: u32) -> Vec<u8> {
    frame(HEADERS, END_STREAM | END_HEADERS, stream, b"\x82\x84\x86")
}

fn trailers(stream: u32) -> Vec<u8> {
    // `date`, of the static table.
    frame(HEADERS, END_STREAM | END_HEADERS, stream, b"\xa1")
}

fn update(stream: u32, by: u32) -> Vec<u8> {
    frame(WINDOW_UPDATE, 0, stream, &by.to_be_bytes())
}

fn second(n: u64) -> Duration {
    Duration::from_secs(n)
}

/// A guard that has seen the preface.
fn guard(limits: Limits) -> Guard {
    let mut guard = Guard::new(limits);
    guard.scan(PREFACE, Duration::ZERO).unwrap();
    guard
}

/// How many times the bytes are let through, up to 10,000, and what then is said.
fn repeated(limits: Limits, bytes: &[u8]) -> (u32, Option<Flood>) {
    let mut guard = guard(limits);
    for count in 0..10_000 {
        if let Err(flood) = guard.scan(bytes, second(9)) {
            return (count, Some(flood));
        }
    }
    (10_000, None)
}

#[test]
fn a_browser_is_no_flood() {
    let mut bytes = PREFACE.to_vec();
    bytes.extend(frame(SETTINGS, 0, 0, &[0; 24]));
    bytes.extend(update(0, 15_663_105));
    bytes.extend(frame(SETTINGS, 1, 0, &[]));
    for stream in (1..2000).step_by(2) {
        bytes.extend(frame(HEADERS, END_HEADERS | 0x20, stream, &[0; 300]));
        bytes.extend(frame(PRIORITY_UPDATE, 0, 0, b"\0\0\0\x01u=1"));
        bytes.extend(frame(DATA, 0, stream, &[0; 16_384]));
        bytes.extend(frame(DATA, END_STREAM, stream, &[]));
        bytes.extend(update(stream, 16_384));
        bytes.extend(update(0, 16_384));
    }
    let mut guard = Guard::new(Limits::default());
    assert_eq!(guard.scan(&bytes, second(1)), Ok(()));
    assert_eq!((guard.streams(), guard.last_stream()), (1000, 1999));
}

#[test]
fn floods_of_frames_that_must_be_answered() {
    // CVE-2019-9512, ping flood.
    let ping = frame(PING, 0, 0, &[0; 8]);
    assert_eq!(repeated(THREE, &ping), (3, Some(Flood::Pings)));
    // CVE-2019-9515, settings flood.
    for settings in [frame(SETTINGS, 0, 0, &[]), frame(SETTINGS, 0, 0, &[0; 192])] {
        assert_eq!(repeated(THREE, &settings), (3, Some(Flood::Settings)));
    }
    // CVE-2020-11080: each has 33 entries.
    let settings = frame(SETTINGS, 0, 0, &[0; 198]);
    assert_eq!(repeated(THREE, &settings), (1, Some(Flood::Settings)));
}

#[test]
fn rapid_reset() {
    // CVE-2023-44487.
    let mut guard = guard(Limits::default());
    for n in 0..200 {
        let stream = 2 * n + 1;
        let bytes = [headers(stream), frame(RST_STREAM, 0, stream, &[0, 0, 0, 8])].concat();
        assert_eq!(guard.scan(&bytes, second(1)), Ok(()), "{n}");
    }
    assert_eq!(guard.scan(&headers(401), second(1)), Ok(()));
    let reset = frame(RST_STREAM, 0, 401, &[0, 0, 0, 8]);
    assert_eq!(guard.scan(&reset, second(1)), Err(Flood::Resets));
    // Once a flood, always a flood.
    assert_eq!(guard.scan(&headers(403), second(100)), Err(Flood::Resets));
    assert_eq!((guard.streams(), guard.last_stream()), (201, 401));
}

#[test]
fn resets_are_forgiven_to_a_busy_client() {
    let mut guard = guard(THREE);
    let reset = frame(RST_STREAM, 0, 1, &[0, 0, 0, 8]);
    let many: Vec<u8> = (0..20).flat_map(|n| headers(2 * n + 1)).collect();
    guard.scan(&many, second(1)).unwrap();
    for _ in 0..10 {
        assert_eq!(guard.scan(&reset, second(1)), Ok(()));
    }
    assert_eq!(guard.scan(&reset, second(1)), Err(Flood::Resets));
}

#[test]
fn streams_of_an_earlier_window_forgive_nothing() {
    let mut guard = guard(THREE);
    let reset = frame(RST_STREAM, 0, 1, &[0, 0, 0, 8]);
    let many: Vec<u8> = (0..20).flat_map(|n| headers(2 * n + 1)).collect();
    guard.scan(&many, second(1)).unwrap();
    guard.scan(&reset.repeat(3), second(11)).unwrap();
    assert_eq!(guard.scan(&reset, second(11)), Err(Flood::Resets));
}

#[test]
fn streams_are_those_that_the_client_opens() {
    let mut guard = guard(THREE);
    let reserved = headers(0x8000_0007);
    for (bytes, streams, last) in [
        (headers(1), 1, 1),
        (trailers(1), 1, 1),
        (headers(5), 2, 5),
        (trailers(3), 2, 5),
        (headers(6), 2, 5),
        (reserved, 3, 7),
        (frame(CONTINUATION, END_HEADERS, 9, b"a"), 3, 7),
    ] {
        guard.scan(&bytes, second(1)).unwrap();
        assert_eq!((guard.streams(), guard.last_stream()), (streams, last));
    }
}

#[test]
fn what_a_frame_is_short_of_is_not_taken_from_the_last_one() {
    let limits = Limits {
        window_updates: 1000,
        ..THREE
    };
    let bytes = [update(1, 100_000), frame(WINDOW_UPDATE, 0, 1, &[])].concat();
    assert_eq!(repeated(limits, &bytes), (3, Some(Flood::Resets)));
}

#[test]
fn frames_that_make_the_server_reset() {
    // CVE-2019-9514, reset flood, and CVE-2025-8671.
    let limits = Limits {
        window_updates: 1000,
        priorities: 1000,
        ..THREE
    };
    let on_itself = frame(PRIORITY, 0, 5, &[0x80, 0, 0, 5, 16]);
    for bytes in [update(1, 0), on_itself, frame(PRIORITY, 0, 5, &[0; 4])] {
        assert_eq!(repeated(limits, &bytes), (3, Some(Flood::Resets)));
    }
    // By nothing on the connection is an error of the connection.
    assert_eq!(
        repeated(limits, &update(0, 0)),
        (1000, Some(Flood::WindowUpdates))
    );
}

#[test]
fn priorities_are_counted() {
    // CVE-2019-9513, resource loop.
    let priority = frame(PRIORITY, 0, 5, &[0, 0, 0, 3, 16]);
    assert_eq!(repeated(THREE, &priority), (3, Some(Flood::Priorities)));
    let update = frame(PRIORITY_UPDATE, 0, 0, b"\0\0\0\x05u=1");
    assert_eq!(repeated(THREE, &update), (3, Some(Flood::Priorities)));
}

#[test]
fn empty_frames() {
    // CVE-2019-9518.
    for empty in [
        frame(DATA, 0, 1, &[]),
        frame(DATA, PADDED, 1, &[0]),
        frame(DATA, PADDED, 1, &[9, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
        frame(HEADERS, 0, 1, &[]),
    ] {
        assert_eq!(
            repeated(THREE, &empty),
            (3, Some(Flood::EmptyData)),
            "{empty:?}"
        );
    }
    for full in [
        frame(DATA, 0, 1, &[0]),
        frame(DATA, PADDED, 1, &[0, 0]),
        frame(DATA, PADDED, 1, &[8, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
        frame(DATA, END_STREAM, 1, &[]),
        frame(DATA, END_STREAM | PADDED, 1, &[0]),
        frame(HEADERS, END_HEADERS, 1, &[]),
    ] {
        assert_eq!(repeated(THREE, &full).1, None, "{full:?}");
    }
    let limits = Limits {
        continuations: 100,
        ..THREE
    };
    let continued = frame(CONTINUATION, 0, 1, &[]);
    assert_eq!(repeated(limits, &continued), (3, Some(Flood::EmptyData)));
}

#[test]
fn small_steps_of_the_window() {
    // CVE-2019-9511, data dribble.
    assert_eq!(
        repeated(THREE, &update(1, 1)),
        (3, Some(Flood::WindowUpdates))
    );
    assert_eq!(
        repeated(THREE, &update(1, 4095)),
        (3, Some(Flood::WindowUpdates))
    );
    assert_eq!(
        repeated(THREE, &update(0, 4096)),
        (3 * 256, Some(Flood::WindowUpdates))
    );
}

#[test]
fn internal_buffering_is_bounded_only_by_what_opens_the_window() {
    // CVE-2019-9517 is a window opened wide and once, over a connection that is not read: no
    // number of frames is wrong. The guard lets it pass, and so the module says.
    let request = [headers(1), update(0, 0x7fff_0000), update(1, 0x7fff_0000)].concat();
    assert_eq!(guard(Limits::default()).scan(&request, second(1)), Ok(()));
}

#[test]
fn header_blocks_without_end() {
    // CVE-2024-27316, CONTINUATION flood.
    let mut guard = guard(THREE);
    let begin = frame(HEADERS, 0, 1, &[0; 10]);
    let more = frame(CONTINUATION, 0, 1, &[0; 10]);
    guard
        .scan(&[begin, more.repeat(3)].concat(), second(1))
        .unwrap();
    // Time does not help.
    assert_eq!(guard.scan(&more, second(100)), Err(Flood::Continuations));
    // CVE-2019-9516, fields of one byte each: as far as a compressed block can be bounded.
    let block = |size| frame(HEADERS, END_HEADERS, 1, &vec![0x40; size]);
    assert_eq!(repeated(THREE, &block(100)).1, None);
    assert_eq!(repeated(THREE, &block(101)), (0, Some(Flood::HeaderBlock)));
    let halves = [
        frame(HEADERS, 0, 1, &[0; 60]),
        frame(CONTINUATION, END_HEADERS, 1, &[0; 41]),
    ];
    assert_eq!(
        repeated(THREE, &halves.concat()),
        (0, Some(Flood::HeaderBlock))
    );
}

#[test]
fn frames_of_no_use() {
    for kind in [5, GOAWAY, 0xa, 0xff] {
        assert_eq!(
            repeated(THREE, &frame(kind, 0, 0, &[0; 8])),
            (3, Some(Flood::Others))
        );
    }
}

#[test]
fn a_frame_that_is_too_large_is_refused_by_its_header() {
    let mut largest = guard(Limits::default());
    assert_eq!(
        largest.scan(&[0, 0x40, 0, DATA, 0, 0, 0, 0, 1], second(1)),
        Ok(())
    );
    for kind in [DATA, WINDOW_UPDATE, 0xff] {
        let mut guard = guard(Limits::default());
        assert_eq!(
            guard.scan(&[0, 0x40, 1, kind, PADDED, 0, 0, 0], second(1)),
            Ok(())
        );
        let error = guard.scan(&[1], second(1)).unwrap_err();
        assert_eq!((error, error.error_code()), (Flood::FrameSize, 0x6));
    }
}

#[test]
fn what_is_not_http2_is_refused_at_the_first_byte() {
    for (bytes, at) in [
        (&b"GET / HTTP/1.1\r\n"[..], 0),
        (b"PRI * HTTP/1", 11),
        (b"\x16\x03", 0),
    ] {
        let mut guard = Guard::new(Limits::default());
        assert_eq!(guard.scan(&bytes[..at], second(0)), Ok(()));
        let error = guard.scan(&bytes[at..=at], second(0)).unwrap_err();
        assert_eq!((error, error.error_code()), (Flood::Preface, 0x1));
    }
}

#[test]
fn a_goaway_frame_has_its_bytes() {
    let calm = Flood::Pings.error_code();
    let payload = [0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0xb];
    assert_eq!(
        goaway(u32::MAX, calm).to_vec(),
        frame(GOAWAY, 0, 0, &payload)
    );
}

type Counts = Vec<(Flood, u32)>;

/// Frames, each with what it counts as.
fn menu() -> Vec<(Vec<u8>, Counts)> {
    use Flood::*;
    vec![
        (frame(DATA, 0, 1, b"data"), vec![]),
        (frame(DATA, 0, 1, &[7; 16_384]), vec![]),
        (frame(DATA, PADDED, 1, &[3, 1, 0, 0, 0]), vec![]),
        (frame(DATA, PADDED, 1, &[3, 0, 0, 0]), vec![(EmptyData, 1)]),
        (frame(DATA, 0, 1, &[]), vec![(EmptyData, 1)]),
        (frame(PING, 0, 0, &[6; 8]), vec![(Pings, 1)]),
        (frame(SETTINGS, 0, 0, &[4; 600]), vec![(Settings, 4)]),
        (frame(SETTINGS, 1, 0, &[]), vec![(Settings, 1)]),
        (
            frame(PRIORITY, 0, 3, &[0, 0, 0, 1, 9]),
            vec![(Priorities, 1)],
        ),
        (frame(RST_STREAM, 0, 1, &[0; 4]), vec![(Resets, 1)]),
        (update(0, 100), vec![(WindowUpdates, 256)]),
        (update(0, 100_000), vec![(WindowUpdates, 1)]),
        (update(3, 0), vec![(WindowUpdates, 256), (Resets, 1)]),
        (frame(0x20, 0, 0, &[0; 40]), vec![(Others, 1)]),
    ]
}

proptest! {
    /// Against counters with names, and frames that say what they are. Catches: a payload that
    /// is not passed to its end and read as frames, a counter that is another's or misses the
    /// turn of its window, any difference that the cutting of the bytes makes.
    #[test]
    fn frames_are_counted_wherever_they_are_cut(
        picks in prop::collection::vec((0..14usize, 0..3u64), 0..60),
        cuts in prop::collection::vec(1..40usize, 1..20),
    ) {
        let menu = menu();
        let mut guard = Guard::new(THREE);
        let mut counts = Counts::new();
        let (mut now, mut since) = (0, 0);
        let mut bytes = PREFACE.to_vec();
        let mut cuts = cuts.iter().cycle();
        for (pick, wait) in picks {
            now += wait;
            if now - since >= 10 {
                (since, counts) = (now, Counts::new());
            }
            let (frame, effects) = &menu[pick];
            let mut expected = Ok(());
            for (flood, weight) in effects {
                counts.push((*flood, *weight));
                let of_its_kind = counts.iter().filter(|(other, _)| other == flood);
                let limit = if *flood == Flood::WindowUpdates { 3 * 256 } else { 3 };
                if expected.is_ok() && of_its_kind.map(|(_, weight)| weight).sum::<u32>() > limit {
                    expected = Err(*flood);
                }
            }
            bytes.extend(frame);
            let mut answer = Ok(());
            let mut rest = &bytes[..];
            while !rest.is_empty() && answer.is_ok() {
                // Whole buffers as well, since most of a payload is passed in one go.
                let cut = if pick == 1 { 5000 } else { *cuts.next().unwrap() };
                let (part, later) = rest.split_at(cut.min(rest.len()));
                answer = guard.scan(part, second(now));
                rest = later;
            }
            prop_assert_eq!(answer, expected);
            if expected.is_err() {
                return Ok(());
            }
            bytes.clear();
        }
    }

    /// It always comes back. Catches: a counter that no window empties.
    #[test]
    fn slow_enough_is_never_a_flood(picks in prop::collection::vec(0..14usize, 0..100)) {
        let (menu, mut guard) = (menu(), guard(Limits { settings: 4, ..THREE }));
        for (n, pick) in picks.into_iter().enumerate() {
            prop_assert_eq!(guard.scan(&menu[pick].0, second(10 * n as u64)), Ok(()));
        }
    }

    /// Catches: an index or a subtraction that only broken frames get wrong.
    #[test]
    fn nothing_panics(parts in prop::collection::vec(prop::collection::vec(prop_oneof![Just(0u8), 0..12u8, any::<u8>()], 0..60), 0..20)) {
        let (mut whole, mut cut) = (guard(THREE), guard(THREE));
        let answer = whole.scan(&parts.concat(), second(1));
        let answers: Vec<_> = parts.iter().map(|part| cut.scan(part, second(1))).collect();
        prop_assert_eq!(answer.is_ok(), answers.iter().all(Result::is_ok));
        prop_assert_eq!(answer.err(), answers.into_iter().find_map(Result::err));
    }
}
