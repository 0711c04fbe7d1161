//! Pseudo-header fields in trailers, in blocks made by hand.

use super::*;

/// A request that is not over, and trailers with this block.
fn with_trailers(block: &[u8]) -> Vec<u8> {
    let request = frame(HEADERS, END_HEADERS, 1, b"\x83\x86\x84");
    let end = frame(HEADERS, END_HEADERS | END_STREAM, 1, block);
    [request, frame(DATA, 0, 1, b"data"), end].concat()
}

fn said_of(bytes: &[u8]) -> Result<(), Flood> {
    guard(Limits::default()).scan(bytes, second(1))
}

#[test]
fn pseudo_header_fields_make_trailers_malformed() {
    for block in [
        // Whole entries, `:authority` to `:status`.
        &b"\x81"[..],
        b"\x82",
        b"\x8e",
        // Names from the static table, in each kind of literal.
        b"\x42\x03GET",
        b"\x02\x03GET",
        b"\x12\x03GET",
        b"\x0e\x03200",
        // New names, as they are.
        b"\x40\x07:method\x03GET",
        b"\x00\x07:method\x03GET",
        b"\x10\x07:method\x03GET",
        b"\x00\x01:\x00",
        // And coded: `:method` and `:authority`, whose first bytes differ.
        b"\x00\x85\xb9\x49\x53\x39\xe4\x03GET",
        b"\x00\x88\xb8\x3b\x53\x39\xec\x32\x7d\x7f\x00",
        // Behind others, and changes of the table's size.
        b"\x3f\xe1\x1f\x82",
        b"\x20\x20\xa1\x82",
        b"\x00\x01x\x01y\x82",
        b"\x00\x00\x00\x82",
        b"\x0f\x12\x81\xff\x82",
    ] {
        let error = said_of(&with_trailers(block)).unwrap_err();
        assert_eq!(error, Flood::PseudoInTrailers, "{block:x?}");
        assert_eq!(error.error_code(), 0x1);
        // The same block may begin a stream.
        let request = frame(HEADERS, END_HEADERS | END_STREAM, 1, block);
        assert_eq!(said_of(&request), Ok(()), "{block:x?}");
    }
}

#[test]
fn ordinary_trailers() {
    for block in [
        &b""[..],
        // `accept-charset`, the first entry behind `:status`, and the last one.
        b"\x8f",
        b"\xbd",
        b"\x0f\x00\x01x",
        // Strings that hold what would be a pseudo-header field outside of them.
        b"\x00\x02x\x82\x03:\x82\x82",
        b"\x40\x82\xf3\x82\x82\x82\x82",
        b"\x00\x00\x01:",
        // `os` coded begins with the byte of `:`, and 0xb9 is none of a name.
        b"\x00\x82\x3a\x3f\x01x",
        b"\x00\x01\xb9\x01x",
        // A table's size, and what says nothing.
        b"\x22\xa1",
        b"\x80",
        // An entry that is not there, and one that is not `:authority`.
        b"\xbe",
        b"\x40\x01x\x01y\xbe",
    ] {
        assert_eq!(said_of(&with_trailers(block)), Ok(()), "{block:x?}");
    }
}

#[test]
fn names_from_the_dynamic_table() {
    let request = frame(
        HEADERS,
        END_HEADERS,
        1,
        b"\x82\x41\x01a\x86\x40\x01x\x01y\x84",
    );
    let trailers = |block: &[u8]| frame(HEADERS, END_HEADERS | END_STREAM, 1, block);
    for (block, verdict) in [
        (&b"\xbe"[..], Ok(())),
        (b"\x7e\x01z\xbe", Ok(())),
        (b"\xbf", Err(Flood::PseudoInTrailers)),
        (b"\x0f\x30\x01b", Err(Flood::PseudoInTrailers)),
        // What has been inserted since makes it older.
        (b"\x40\x01x\x00\xbf", Ok(())),
        (b"\x40\x00\x00\xbf", Ok(())),
        (b"\x40\x00\x00\xc0", Err(Flood::PseudoInTrailers)),
        (b"\x40\x01x\x00\xc0", Err(Flood::PseudoInTrailers)),
        // No table has so many entries.
        (b"\xff\x80\x01", Ok(())),
    ] {
        let bytes = [request.clone(), trailers(block)].concat();
        assert_eq!(said_of(&bytes), verdict, "{block:x?}");
    }
    // The oldest of 128, and what would be one more.
    let many = [b"\x41\x00".to_vec(), b"\x5f\x00".repeat(127)].concat();
    let request = frame(HEADERS, END_HEADERS, 1, &many);
    let oldest = [request.clone(), trailers(b"\xff\x3e")].concat();
    assert_eq!(said_of(&oldest), Err(Flood::PseudoInTrailers));
    assert_eq!(said_of(&[request, trailers(b"\xff\x3f")].concat()), Ok(()));
}

#[test]
fn padding_and_priorities_are_no_fields() {
    let request = headers(1);
    let ends = END_HEADERS | END_STREAM;
    for (flags, payload, verdict) in [
        (PADDED, &b"\x02\xa1\x82\x82"[..], Ok(())),
        (PADDED, b"\x02\x82\xa1\xa1", Err(Flood::PseudoInTrailers)),
        (PADDED, b"\x82\x82", Ok(())),
        (PADDED, b"", Ok(())),
        (WEIGHED, b"\x82\x82\x82\x82\x82\xa1", Ok(())),
        (WEIGHED, b"\0\0\0\0\0\x82", Err(Flood::PseudoInTrailers)),
        (WEIGHED, b"\x82\x82", Ok(())),
        (
            PADDED | WEIGHED,
            b"\x01\x82\x82\x82\x82\x82\xa1\x82",
            Ok(()),
        ),
        (
            PADDED | WEIGHED,
            b"\x01\0\0\0\0\0\x82\0",
            Err(Flood::PseudoInTrailers),
        ),
    ] {
        let bytes = [request.clone(), frame(HEADERS, ends | flags, 1, payload)].concat();
        assert_eq!(said_of(&bytes), verdict, "{flags:#x} {payload:x?}");
        // What has been skipped of a frame is not skipped of the next one.
        let more = [bytes, frame(HEADERS, ends, 1, b"\x82")].concat();
        assert_eq!(said_of(&more), Err(Flood::PseudoInTrailers));
    }
}

#[test]
fn continued_blocks() {
    let begin = |stream, block: &[u8]| frame(HEADERS, END_STREAM, stream, block);
    // These flags mean nothing here.
    let end = |block: &[u8]| frame(CONTINUATION, END_HEADERS | PADDED | WEIGHED, 1, block);
    for (first, second, verdict) in [
        (&b""[..], &b"\x82"[..], Err(Flood::PseudoInTrailers)),
        (b"\xa1", b"\x82", Err(Flood::PseudoInTrailers)),
        (b"\x00\x07", b":method\x03GET", Err(Flood::PseudoInTrailers)),
        (
            b"\x00\x01x\x02\x82",
            b"\x82\x82",
            Err(Flood::PseudoInTrailers),
        ),
        (b"\x00\x01x\x02\x82", b"\x82\xa1", Ok(())),
        (b"\x0f", b"\x02\x00", Ok(())),
    ] {
        let bytes = [headers(1), begin(1, first), end(second)].concat();
        assert_eq!(said_of(&bytes), verdict, "{first:x?} {second:x?}");
        assert_eq!(said_of(&[begin(1, first), end(second)].concat()), Ok(()));
    }
    // Where a block stops does not reach the next one.
    let cut = [headers(1), begin(1, b"\x00\x01x\x7f"), headers(3)].concat();
    assert_eq!(said_of(&cut), Ok(()));
    let bytes = [cut, begin(1, b"\x82")].concat();
    assert_eq!(said_of(&bytes), Err(Flood::PseudoInTrailers));
}

#[test]
fn a_long_value() {
    // 40,000 bytes.
    let block = [b"\x00\x01x\x7f\xc1\xb7\x02".to_vec(), vec![0x82; 40_000]].concat();
    for (last, verdict) in [(0xa1, Ok(())), (0x82, Err(Flood::PseudoInTrailers))] {
        let block = [&block[..], &[last]].concat();
        let mut bytes = [headers(1), frame(HEADERS, END_STREAM, 1, &[])].concat();
        for part in block.chunks(16_000) {
            bytes.extend(frame(CONTINUATION, 0, 1, part));
        }
        assert_eq!(said_of(&bytes), verdict);
    }
}

#[test]
fn streams_of_the_server_have_no_trailers() {
    for stream in [0, 2, 6] {
        let bytes = [headers(5), headers(stream)].concat();
        assert_eq!(said_of(&bytes), Ok(()));
    }
}

#[test]
fn data_is_no_block() {
    let bytes = [
        headers(1),
        trailers(1),
        frame(DATA, 0, 1, b"\x82\x82"),
        frame(PING, 0, 0, &[0x82; 8]),
        headers(3),
    ];
    assert_eq!(said_of(&bytes.concat()), Ok(()));
}
