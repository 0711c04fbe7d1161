//! RFC 9113 sections 3 to 4, 6.5 to 6.9 and 7: the connection itself.

use tidegate_e2e::frames::{
    self, PREFACE, continuation, data, flag, frame, get, goaway, headers, headers_open, kind, ping,
    priority, reset, setting, settings, window_update,
};
use tidegate_e2e::frames::code::{FLOW_CONTROL_ERROR, FRAME_SIZE_ERROR, NO_ERROR, PROTOCOL_ERROR, STREAM_CLOSED};

use super::Expect::{Alive, Connection, Data, Gone, Head, Pong, SettingsAck, Status, Stream};
use super::{Table, expect, open, send, Step};

fn request() -> Vec<u8> {
    frames::request("GET", "/", &[])
}

/// Prefaces, frames of any kind, sizes.
pub fn basics() -> Table {
    let mut t = Table::default();
    t.steps("9113 3.4", "a preface is answered", [send([PREFACE, &settings(&[])].concat()), expect(SettingsAck)]);
    t.steps("9113 3.4", "a request with the preface", [
        send([PREFACE, &settings(&[]), &get(1, "/")].concat()),
        expect(Status(1, 200)),
    ]);
    for (name, bytes) in [
        ("another preface", "PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n"),
        ("a preface of HTTP/3.0", "PRI * HTTP/3.0\r\n\r\nSM\r\n\r\n"),
        ("half of a preface and garbage", "PRI * HTTP/2.0\r\n\r\nSM\r\nabcdefgh\r\n\r\n"),
        ("a preface in lower case", "pri * http/2.0\r\n\r\nsm\r\n\r\n"),
        ("INVALID CONNECTION PREFACE", "INVALID CONNECTION PREFACE\r\n\r\n"),
    ] {
        t.steps("9113 3.4", name, [send(bytes), expect(Gone)]);
    }
    for (name, first) in [
        ("PING instead of SETTINGS", ping(0, [0; 8])),
        ("GOAWAY instead of SETTINGS", goaway(0, NO_ERROR)),
    ] {
        // To be answered with an error; the h2 library tolerates them, which is no harm as
        // long as the connection does not hang.
        let bytes = [PREFACE, &first, &settings(&[]), &goaway(0, NO_ERROR)].concat();
        t.steps("9113 3.4", name, [send(bytes), expect(Gone)]);
    }
    t.case("9113 4.1", "a frame of an unknown type", [frame(0x16, 0, 0, [0; 8]), ping(0, *b"abcdefgh")].concat(), Pong(*b"abcdefgh"));
    t.case("9113 4.1", "undefined flags", [frame(kind::PING, 0x16, 0, *b"abcdefgh")].concat(), Pong(*b"abcdefgh"));
    t.case("9113 4.1", "the reserved bit", frame(kind::PING, 0, 0x8000_0000, *b"abcdefgh"), Pong(*b"abcdefgh"));
    t.case("9113 4.1", "an unknown type on a stream", [frame(0xfe, 0xff, 1, [0; 100]), get(1, "/")].concat(), Status(1, 200));

    let largest = vec![b'x'; 1 << 14];
    let post = || headers(1, 0, frames::request("POST", "/", &[]));
    t.case("9113 4.2", "DATA of 2^14 bytes", [post(), data(1, flag::END_STREAM, &largest)].concat(), Status(1, 200));
    t.case("9113 4.2", "DATA of 2^14 + 1 bytes", [post(), data(1, flag::END_STREAM, [&largest[..], b"x"].concat())].concat(), Stream(1, &[FRAME_SIZE_ERROR]));
    let block = frames::request("GET", "/", &[("x-a", &"x".repeat(16_000)), ("x-b", &"x".repeat(1_000))]);
    t.case("9113 4.2", "HEADERS above 2^14 bytes", headers(1, flag::END_STREAM, block), Connection(&[FRAME_SIZE_ERROR]));
    t.case("9113 4.2", "SETTINGS above 2^14 bytes", frame(kind::SETTINGS, 0, 0, vec![0; 6 * 2_731]), Connection(&[FRAME_SIZE_ERROR]));
    t.case("9113 4.2", "a length of 2^24 - 1", b"\xff\xff\xff\x00\x00\x00\x00\x00\x01".to_vec(), Connection(&[FRAME_SIZE_ERROR]));
    t.case("9113 4.2", "an unknown type above 2^14 bytes", frame(0x16, 0, 0, vec![0; (1 << 14) + 1]), Connection(&[FRAME_SIZE_ERROR]));

    t.case("9113 5.4.1", "an error of the connection ends it", frame(kind::PING, 0, 3, [0; 8]), Connection(&[PROTOCOL_ERROR]));
    t.case("9113 5.5", "an unknown extension", [frame(0x16, 0, 0, [0; 8]), ping(0, [1; 8])].concat(), Pong([1; 8]));
    t.case("9113 5.5", "an unknown extension within a head", [headers_open(1, flag::END_STREAM, request()), frame(0x16, 0, 1, [0; 8])].concat(), Connection(&[PROTOCOL_ERROR]));
    t
}

/// SETTINGS, PING, GOAWAY.
pub fn control() -> Table {
    let mut t = Table::default();
    t.case("9113 6.5", "empty", settings(&[]), SettingsAck);
    t.case("9113 6.5", "an acknowledgement with a payload", frame(kind::SETTINGS, flag::ACK, 0, [0; 6]), Connection(&[FRAME_SIZE_ERROR]));
    t.case("9113 6.5", "an acknowledgement of one byte", frame(kind::SETTINGS, flag::ACK, 0, [0]), Connection(&[FRAME_SIZE_ERROR]));
    t.case("9113 6.5", "on a stream", frame(kind::SETTINGS, 0, 1, [0, 3, 0, 0, 0, 0x64]), Connection(&[PROTOCOL_ERROR]));
    for length in [1, 3, 5, 7] {
        t.case("9113 6.5", format!("a length of {length}"), frame(kind::SETTINGS, 0, 0, vec![0; length]), Connection(&[FRAME_SIZE_ERROR]));
    }
    for value in [2, u32::MAX] {
        t.case("9113 6.5.2", format!("ENABLE_PUSH of {value}"), settings(&[(setting::ENABLE_PUSH, value)]), Connection(&[PROTOCOL_ERROR]));
    }
    for value in [1 << 31, u32::MAX] {
        t.case("9113 6.5.2", format!("INITIAL_WINDOW_SIZE of {value}"), settings(&[(setting::INITIAL_WINDOW_SIZE, value)]), Connection(&[FLOW_CONTROL_ERROR]));
    }
    for value in [0, 16_383, 1 << 24, u32::MAX] {
        t.case("9113 6.5.2", format!("MAX_FRAME_SIZE of {value}"), settings(&[(setting::MAX_FRAME_SIZE, value)]), Connection(&[PROTOCOL_ERROR]));
    }
    for value in [16_384, (1 << 24) - 1] {
        t.case("9113 6.5.2", format!("MAX_FRAME_SIZE of {value}"), settings(&[(setting::MAX_FRAME_SIZE, value)]), SettingsAck);
    }
    for value in [0, 1] {
        t.case("9113 6.5.2", format!("ENABLE_PUSH of {value}"), settings(&[(setting::ENABLE_PUSH, value)]), SettingsAck);
    }
    t.case("9113 6.5.2", "an unknown one", [settings(&[(0xff, 1)]), ping(0, [3; 8])].concat(), Pong([3; 8]));
    t.steps("9113 6.5.2", "no streams of the peer's", [Step::Open(vec![(setting::MAX_CONCURRENT_STREAMS, 0)]), expect(Alive(1))]);
    t.steps("9113 6.5.2", "a table of no bytes", [Step::Open(vec![(setting::HEADER_TABLE_SIZE, 0)]), expect(Alive(1)), expect(Alive(3))]);
    t.steps("9113 6.5.2", "a table of many bytes", [Step::Open(vec![(setting::HEADER_TABLE_SIZE, 1 << 20)]), expect(Alive(1)), expect(Alive(3))]);
    t.steps("9113 6.5.3", "the last value counts", [
        open(),
        send([settings(&[(setting::INITIAL_WINDOW_SIZE, 100), (setting::INITIAL_WINDOW_SIZE, 1)]), get(1, "/")].concat()),
        expect(Data(1, 1)),
    ]);
    t.case("9113 6.5.3", "acknowledged at once", settings(&[(setting::MAX_CONCURRENT_STREAMS, 10)]), SettingsAck);

    t.case("9113 6.7", "answered with its payload", ping(0, *b"h2spec\0\0"), Pong(*b"h2spec\0\0"));
    t.case("9113 6.7", "an acknowledgement is not answered", [ping(flag::ACK, *b"invalid\0"), ping(0, *b"h2spec\0\0")].concat(), Pong(*b"h2spec\0\0"));
    t.case("9113 6.7", "on a stream", frame(kind::PING, 0, 1, [0; 8]), Connection(&[PROTOCOL_ERROR]));
    for length in [0, 6, 7, 9] {
        t.case("9113 6.7", format!("a length of {length}"), frame(kind::PING, 0, 0, vec![0; length]), Connection(&[FRAME_SIZE_ERROR]));
    }
    t.case("9113 6.8", "on a stream", frame(kind::GOAWAY, 0, 1, [0; 8]), Connection(&[PROTOCOL_ERROR]));
    t.case("9113 6.8", "too short", frame(kind::GOAWAY, 0, 0, [0; 7]), Connection(&[FRAME_SIZE_ERROR]));
    t.steps("9113 6.8", "the streams before it are served", [
        open(),
        send([get(1, "/"), goaway(0, NO_ERROR)].concat()),
        expect(super::Expect::Status(1, 200)),
    ]);
    t.steps("generic 3.8", "and then the connection ends", [open(), send(goaway(0, NO_ERROR)), expect(Connection(&[NO_ERROR]))]);
    t.steps("9113 7", "GOAWAY of an unknown code", [open(), send(goaway(0, 0xff)), expect(Connection(&[NO_ERROR]))]);
    t.case("9113 7", "RST_STREAM of an unknown code", [headers(1, 0, request()), reset(1, 0xff), ping(0, [4; 8])].concat(), Pong([4; 8]));
    t
}

/// WINDOW_UPDATE and flow control.
pub fn windows() -> Table {
    let mut t = Table::default();
    let largest = (1 << 31) - 1;
    t.case("generic 3.9", "on the connection", [window_update(0, 1), ping(0, [5; 8])].concat(), Pong([5; 8]));
    t.case("generic 3.9", "on a stream", [headers(1, 0, request()), window_update(1, 1), data(1, flag::END_STREAM, [])].concat(), Status(1, 200));
    t.case("9113 6.9", "0 on the connection", window_update(0, 0), Connection(&[PROTOCOL_ERROR]));
    t.case("9113 6.9", "0 on a stream", [headers(1, 0, request()), window_update(1, 0)].concat(), Stream(1, &[PROTOCOL_ERROR]));
    for length in [0, 3, 5] {
        t.case("9113 6.9", format!("a length of {length}"), frame(kind::WINDOW_UPDATE, 0, 0, vec![1; length]), Connection(&[FRAME_SIZE_ERROR]));
    }
    t.case("9113 6.9", "a length of 3 on a stream", [headers(1, 0, request()), frame(kind::WINDOW_UPDATE, 0, 1, [1; 3])].concat(), Connection(&[FRAME_SIZE_ERROR]));
    t.steps("9113 6.9.1", "a window of 1 is kept", [
        Step::Open(vec![(setting::INITIAL_WINDOW_SIZE, 1)]),
        send(get(1, "/")),
        expect(Data(1, 1)),
    ]);
    t.case("9113 6.9.1", "the connection's above all bounds", [window_update(0, largest), window_update(0, largest)].concat(), Connection(&[FLOW_CONTROL_ERROR]));
    t.case("9113 6.9.1", "a stream's above all bounds", [headers(1, 0, request()), window_update(1, largest), window_update(1, largest)].concat(), Stream(1, &[FLOW_CONTROL_ERROR]));
    t.steps("9113 6.9.2", "the initial size changes for streams that are open", [
        Step::Open(vec![(setting::INITIAL_WINDOW_SIZE, 0)]),
        send(get(1, "/")),
        expect(Head(1)),
        send(settings(&[(setting::INITIAL_WINDOW_SIZE, 1)])),
        expect(Data(1, 1)),
    ]);
    t.steps("9113 6.9.2", "windows below zero", [
        Step::Open(vec![(setting::INITIAL_WINDOW_SIZE, 3)]),
        send(get(1, "/")),
        expect(Data(1, 3)),
        send([settings(&[(setting::INITIAL_WINDOW_SIZE, 2)]), window_update(1, 2)].concat()),
        expect(Data(1, 1)),
    ]);
    t.case("9113 6.9.2", "an initial size above all bounds", settings(&[(setting::INITIAL_WINDOW_SIZE, 1 << 31)]), Connection(&[FLOW_CONTROL_ERROR]));
    t.steps("9113 6.9.2", "an initial size that takes a stream's window above all bounds", [
        open(),
        send([headers(1, 0, request()), window_update(1, largest - 65_535), settings(&[(setting::INITIAL_WINDOW_SIZE, 65_536)])].concat()),
        expect(Stream(1, &[FLOW_CONTROL_ERROR])),
    ]);
    t
}

/// CONTINUATION, and what a head must not be interrupted by.
pub fn continuations() -> Table {
    let mut t = Table::default();
    let block = request();
    let (first, rest) = block.split_at(5);
    let (second, third) = rest.split_at(5);
    let opened = || headers_open(1, flag::END_STREAM, first);
    t.case("9113 6.10", "one", [opened(), continuation(1, flag::END_HEADERS, rest)].concat(), Status(1, 200));
    t.case("9113 6.10", "two", [opened(), continuation(1, 0, second), continuation(1, flag::END_HEADERS, third)].concat(), Status(1, 200));
    // More than a handful is taken for an attack by some, and may be.
    let pieces: Vec<u8> = block.chunks(block.len().div_ceil(3)).flat_map(|piece| continuation(1, 0, piece)).collect();
    t.case("9113 6.10", "empty ones before and behind", [headers_open(1, flag::END_STREAM, []), pieces, continuation(1, flag::END_HEADERS, [])].concat(), Status(1, 200));
    for (name, between) in [
        ("DATA", data(1, 0, b"x")),
        ("HEADERS of the same stream", headers(1, flag::END_STREAM, rest)),
        ("HEADERS of another stream", headers(3, flag::END_STREAM, request())),
        ("PRIORITY", frame(kind::PRIORITY, 0, 1, priority(false, 0, 1))),
        ("PRIORITY of another stream", frame(kind::PRIORITY, 0, 3, priority(false, 0, 1))),
        ("RST_STREAM", reset(1, 8)),
        ("SETTINGS", settings(&[])),
        ("PING", ping(0, [0; 8])),
        ("GOAWAY", goaway(0, 0)),
        ("WINDOW_UPDATE", window_update(0, 1)),
        ("WINDOW_UPDATE of the stream", window_update(1, 1)),
        ("CONTINUATION of another stream", continuation(3, flag::END_HEADERS, rest)),
        ("an unknown type", frame(0x16, 0, 1, [0; 8])),
    ] {
        t.case("9113 6.10", format!("{name} before it"), [opened(), between].concat(), Connection(&[PROTOCOL_ERROR]));
    }
    t.case("9113 4.3", "PRIORITY within a head", [opened(), frame(kind::PRIORITY, 0, 1, priority(false, 0, 255))].concat(), Connection(&[PROTOCOL_ERROR]));
    t.case("9113 4.3", "HEADERS of another stream within a head", [opened(), headers(3, flag::END_STREAM, request())].concat(), Connection(&[PROTOCOL_ERROR]));
    t.case("9113 6.10", "on stream 0", [opened(), continuation(0, flag::END_HEADERS, rest)].concat(), Connection(&[PROTOCOL_ERROR]));
    t.case("9113 6.10", "behind whole HEADERS", [headers(1, 0, request()), continuation(1, flag::END_HEADERS, rest)].concat(), Connection(&[PROTOCOL_ERROR]));
    t.case("9113 6.10", "behind the last CONTINUATION", [headers_open(1, 0, first), continuation(1, flag::END_HEADERS, rest), continuation(1, flag::END_HEADERS, [])].concat(), Connection(&[PROTOCOL_ERROR]));
    t.case("9113 6.10", "behind DATA", [headers(1, 0, frames::request("POST", "/", &[])), data(1, 0, b"x"), continuation(1, flag::END_HEADERS, [])].concat(), Connection(&[PROTOCOL_ERROR, STREAM_CLOSED]));
    t
}
