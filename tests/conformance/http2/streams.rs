//! RFC 9113 section 5, and the frames of section 6 that belong to streams.

use tidegate_e2e::frames::code::{
    FRAME_SIZE_ERROR, PROTOCOL_ERROR, REFUSED_STREAM, STREAM_CLOSED,
};
use tidegate_e2e::frames::{
    self, continuation, data, flag, frame, get, headers, headers_open, kind, ping, priority, reset,
    settings, window_update,
};

use super::Expect::{Alive, Connection, End, Pong, Status, Stream};
use super::{Table, expect, open, send};

fn request() -> Vec<u8> {
    frames::request("GET", "/", &[])
}

fn post() -> Vec<u8> {
    headers(1, 0, frames::request("POST", "/", &[]))
}

fn of_priority(stream: u32, payload: impl AsRef<[u8]>) -> Vec<u8> {
    frame(kind::PRIORITY, 0, stream, payload)
}

/// What is allowed in each state, and what is not.
pub fn states() -> Table {
    let mut t = Table::default();
    let whole = || get(1, "/");
    t.case("9113 5.1", "idle: PRIORITY", [of_priority(1, priority(false, 0, 255)), whole()].concat(), Status(1, 200));
    t.case("9113 5.1", "idle: DATA", data(1, flag::END_STREAM, b"test"), Connection(&[PROTOCOL_ERROR]));
    t.case("9113 5.1", "idle: RST_STREAM", reset(1, 8), Connection(&[PROTOCOL_ERROR]));
    t.case("9113 5.1", "idle: WINDOW_UPDATE", window_update(1, 100), Connection(&[PROTOCOL_ERROR]));
    t.case("9113 5.1", "idle: CONTINUATION", continuation(1, flag::END_HEADERS, request()), Connection(&[PROTOCOL_ERROR]));
    t.case("9113 5.1", "idle and above: DATA", [whole(), data(5, flag::END_STREAM, b"test")].concat(), Connection(&[PROTOCOL_ERROR]));
    t.case("9113 5.1", "idle and even: DATA", data(2, flag::END_STREAM, b"test"), Connection(&[PROTOCOL_ERROR]));

    t.case("9113 5.1", "half-closed: WINDOW_UPDATE", [whole(), window_update(1, 1)].concat(), Status(1, 200));
    t.case("9113 5.1", "half-closed: PRIORITY", [whole(), of_priority(1, priority(false, 0, 255))].concat(), Status(1, 200));
    t.case("9113 5.1", "half-closed: RST_STREAM", [whole(), reset(1, 8), ping(0, [1; 8])].concat(), Pong([1; 8]));
    t.case("9113 5.1", "half-closed: DATA", [whole(), data(1, flag::END_STREAM, b"test")].concat(), Stream(1, &[STREAM_CLOSED]));
    t.case("9113 5.1", "half-closed: HEADERS", [whole(), whole()].concat(), Stream(1, &[STREAM_CLOSED]));
    t.case("9113 5.1", "half-closed: CONTINUATION", [whole(), continuation(1, flag::END_HEADERS, request())].concat(), Connection(&[STREAM_CLOSED, PROTOCOL_ERROR]));

    let given_up = || [post(), reset(1, 8)].concat();
    t.case("9113 5.1", "reset by us: DATA", [given_up(), data(1, flag::END_STREAM, b"test")].concat(), Stream(1, &[STREAM_CLOSED]));
    t.case("9113 5.1", "reset by us: HEADERS", [given_up(), whole()].concat(), Stream(1, &[STREAM_CLOSED]));
    t.case("9113 5.1", "reset by us: CONTINUATION", [given_up(), continuation(1, flag::END_HEADERS, request())].concat(), Connection(&[STREAM_CLOSED, PROTOCOL_ERROR]));
    t.case("9113 5.1", "reset by us: PRIORITY", [given_up(), of_priority(1, priority(false, 0, 1)), ping(0, [2; 8])].concat(), Pong([2; 8]));

    for (name, bytes, expected) in [
        ("DATA", data(1, flag::END_STREAM, b"test"), Stream(1, &[STREAM_CLOSED])),
        ("HEADERS", whole(), Stream(1, &[STREAM_CLOSED, PROTOCOL_ERROR])),
        ("CONTINUATION", continuation(1, flag::END_HEADERS, request()), Connection(&[STREAM_CLOSED, PROTOCOL_ERROR])),
        ("PRIORITY", [of_priority(1, priority(false, 0, 255)), ping(0, [3; 8])].concat(), Pong([3; 8])),
        ("WINDOW_UPDATE", [window_update(1, 1), ping(0, [3; 8])].concat(), Pong([3; 8])),
        ("RST_STREAM", [reset(1, 8), ping(0, [3; 8])].concat(), Pong([3; 8])),
    ] {
        t.steps("9113 5.1", format!("closed: {name}"), [open(), send(whole()), expect(End(1)), send(bytes), expect(expected)]);
    }

    t.case("9113 5.1.1", "an even number", get(2, "/"), Connection(&[PROTOCOL_ERROR]));
    t.case("9113 5.1.1", "a smaller number", [get(5, "/"), get(3, "/")].concat(), Connection(&[PROTOCOL_ERROR, STREAM_CLOSED]));
    t.case("9113 5.1.1", "numbers that are left out", [get(7, "/"), get(101, "/")].concat(), Status(101, 200));
    t.case("9113 5.1.1", "the largest number", get(0x7fff_ffff, "/"), Status(0x7fff_ffff, 200));
    let many: Vec<u8> = (0..300).flat_map(|n| headers(2 * n + 1, 0, frames::request("POST", "/", &[]))).collect();
    t.case("9113 5.1.2", "more streams than may be", many, Stream(201, &[PROTOCOL_ERROR, REFUSED_STREAM]));

    t.steps("generic 2", "many requests one after the other", [
        open(), expect(Alive(1)), expect(Alive(3)), expect(Alive(5)), expect(Alive(7)),
    ]);
    let together: Vec<u8> = (0..50).flat_map(|n| get(2 * n + 1, &format!("/{n}"))).collect();
    t.case("generic 2", "many requests at a time", together, Status(99, 200));
    t
}

/// Frames of streams, one by one.
pub fn frames_of_streams() -> Table {
    let mut t = Table::default();
    t.case("9113 6.1", "DATA", [post(), data(1, flag::END_STREAM, b"test")].concat(), Status(1, 200));
    t.case("9113 6.1", "DATA in pieces", [post(), data(1, 0, b"te"), data(1, flag::END_STREAM, b"st")].concat(), Status(1, 200));
    t.case("9113 6.1", "DATA and an empty one", [post(), data(1, 0, b"te"), data(1, flag::END_STREAM, [])].concat(), Status(1, 200));
    t.case("9113 6.1", "DATA with padding", [post(), data(1, flag::END_STREAM | flag::PADDED, b"\x06test\0\0\0\0\0\0")].concat(), Status(1, 200));
    t.case("9113 6.1", "DATA that is all padding", [post(), data(1, flag::END_STREAM | flag::PADDED, b"\x03\0\0\0")].concat(), Status(1, 200));
    t.case("9113 6.1", "DATA on stream 0", data(0, flag::END_STREAM, b"test"), Connection(&[PROTOCOL_ERROR]));
    t.case("9113 6.1", "DATA on a stream that is not open", [get(1, "/"), data(1, flag::END_STREAM, b"test")].concat(), Stream(1, &[STREAM_CLOSED]));
    for (name, payload) in [("as long as its payload", &b"\x05test\0"[..]), ("longer than its payload", b"\xfftest"), ("of nothing", b"")] {
        let codes: &[u32] = if payload.is_empty() { &[PROTOCOL_ERROR, FRAME_SIZE_ERROR] } else { &[PROTOCOL_ERROR] };
        let padded = |kind| frame(kind, flag::END_STREAM | flag::END_HEADERS | flag::PADDED, 1, payload);
        // The length counts itself: with five bytes behind it, five is too many only if
        // there are fewer.
        if payload != b"\x05test\0" {
            t.case("9113 6.1", format!("DATA with padding {name}"), [post(), padded(kind::DATA)].concat(), Connection(codes));
            t.case("9113 6.2", format!("HEADERS with padding {name}"), padded(kind::HEADERS), Connection(codes));
        }
    }

    let padded = [&[4][..], &request(), &[0; 4]].concat();
    t.case("9113 6.2", "HEADERS with padding", headers(1, flag::END_STREAM | flag::PADDED, padded), Status(1, 200));
    let weighed = [priority(false, 0, 255), request()].concat();
    t.case("9113 6.2", "HEADERS with a priority", headers(1, flag::END_STREAM | flag::PRIORITY, weighed), Status(1, 200));
    let both = [&[3][..], &priority(true, 0, 15), &request(), &[0; 3]].concat();
    t.case("9113 6.2", "HEADERS with both", headers(1, flag::END_STREAM | flag::PADDED | flag::PRIORITY, both), Status(1, 200));
    t.case("9113 6.2", "HEADERS that do not end, and PRIORITY", [headers_open(1, flag::END_STREAM, request()), of_priority(1, priority(false, 0, 1))].concat(), Connection(&[PROTOCOL_ERROR]));
    t.case("9113 6.2", "HEADERS that do not end, and others", [headers_open(1, flag::END_STREAM, request()), get(3, "/")].concat(), Connection(&[PROTOCOL_ERROR]));
    t.case("9113 6.2", "HEADERS on stream 0", headers(0, flag::END_STREAM, request()), Connection(&[PROTOCOL_ERROR]));
    t.case("9113 6.2", "HEADERS too short for a priority", headers(1, flag::END_STREAM | flag::PRIORITY, [0; 4]), Connection(&[PROTOCOL_ERROR, FRAME_SIZE_ERROR]));

    for (name, payload) in [
        ("weight 1", priority(false, 0, 0)),
        ("weight 256", priority(false, 0, 255)),
        ("a dependency", priority(false, 3, 255)),
        ("exclusive", priority(true, 3, 255)),
    ] {
        t.case("9113 6.3", format!("PRIORITY: {name}"), [of_priority(1, payload), get(1, "/")].concat(), Status(1, 200));
    }
    t.case("9113 6.3", "PRIORITY of an unknown stream", [of_priority(1_001, priority(false, 0, 255)), get(1, "/")].concat(), Status(1, 200));
    t.case("9113 6.3", "PRIORITY on stream 0", of_priority(0, priority(false, 0, 255)), Connection(&[PROTOCOL_ERROR]));
    for length in [0, 3, 4, 6] {
        t.case("9113 6.3", format!("PRIORITY of {length} bytes"), [post(), of_priority(1, vec![0; length])].concat(), Stream(1, &[FRAME_SIZE_ERROR]));
    }
    // RFC 7540 section 5.3.1; RFC 9113 has priorities ignored, which is as good.
    let itself = [priority(false, 1, 255), request()].concat();
    t.case("7540 5.3.1", "HEADERS that depend on themselves", headers(1, flag::END_STREAM | flag::PRIORITY, itself), Stream(1, &[PROTOCOL_ERROR]));
    t.case("7540 5.3.1", "PRIORITY that depends on itself", of_priority(1, priority(false, 1, 255)), Stream(1, &[PROTOCOL_ERROR]));

    t.case("9113 6.4", "RST_STREAM", [post(), reset(1, 8), ping(0, [1; 8])].concat(), Pong([1; 8]));
    t.case("9113 6.4", "RST_STREAM on stream 0", reset(0, 8), Connection(&[PROTOCOL_ERROR]));
    t.case("9113 6.4", "RST_STREAM on an idle stream", reset(1, 8), Connection(&[PROTOCOL_ERROR]));
    for length in [0, 3, 5] {
        t.case("9113 6.4", format!("RST_STREAM of {length} bytes"), [post(), frame(kind::RST_STREAM, 0, 1, vec![0; length])].concat(), Connection(&[FRAME_SIZE_ERROR]));
    }
    let promise = [&3_u32.to_be_bytes()[..], &request()].concat();
    t.case("9113 8.4", "PUSH_PROMISE of a client", [get(1, "/"), frame(kind::PUSH_PROMISE, flag::END_HEADERS, 1, promise.clone())].concat(), Connection(&[PROTOCOL_ERROR]));
    t.case("9113 6.6", "PUSH_PROMISE on stream 0", frame(kind::PUSH_PROMISE, flag::END_HEADERS, 0, promise), Connection(&[PROTOCOL_ERROR]));
    t.case("9113 6.5", "SETTINGS within a request", [post(), settings(&[]), data(1, flag::END_STREAM, b"test")].concat(), Status(1, 200));
    t
}
