//! RFC 7541: what a block may be, and what it may not.

use tidegate_e2e::frames::code::{COMPRESSION_ERROR, PROTOCOL_ERROR};
use tidegate_e2e::frames::{self, flag, headers, setting};
use tidegate_e2e::hpack::{self, indexed, literal, literal_as, literal_at, literal_coded, table_size};

use super::Expect::{Connection, Status, Stream};
use super::{Step, Table, expect, open, send};

fn with(more: impl AsRef<[u8]>) -> Vec<u8> {
    let block = [&frames::request("GET", "/", &[])[..], more.as_ref()].concat();
    headers(1, flag::END_STREAM, block)
}

fn after(first: impl AsRef<[u8]>) -> Vec<u8> {
    let block = [first.as_ref(), &frames::request("GET", "/", &[])].concat();
    headers(1, flag::END_STREAM, block)
}

/// Blocks.
pub fn blocks() -> Table {
    let mut t = Table::default();
    let indexed_block = [indexed(2), indexed(6), indexed(4), literal_at(0x00, 1, b"test")].concat();
    t.case("7541 6.1", "entries of the static table", headers(1, flag::END_STREAM, indexed_block), Status(1, 200));
    for (section, name, kind) in [
        ("7541 6.2.1", "with incremental indexing", 0x40),
        ("7541 6.2.2", "without indexing", 0x00),
        ("7541 6.2.3", "never indexed", 0x10),
    ] {
        t.case(section, format!("{name}, indexed name"), with(literal_at(kind, 58, b"test")), Status(1, 200));
        t.case(section, format!("{name}, new name"), with(literal_as(kind, b"x-test", b"test")), Status(1, 200));
    }
    t.case("7541 6.3", "a new size", after(table_size(128)), Status(1, 200));
    t.case("7541 6.3", "two new sizes", after([table_size(128), table_size(4_096)].concat()), Status(1, 200));
    t.case("7541 6.3", "a size of 0", after(table_size(0)), Status(1, 200));
    let kept = [literal_as(0x40, b"x-test", b"test"), indexed(62)].concat();
    t.case("7541 2.3.2", "an entry of the dynamic table", with(kept), Status(1, 200));
    t.steps("7541 2.3.2", "an entry of an earlier request", [
        open(),
        send(with(literal_as(0x40, b"x-test", b"test"))),
        expect(Status(1, 200)),
        send(headers(3, flag::END_STREAM, [frames::request("GET", "/", &[]), indexed(62)].concat())),
        expect(Status(3, 200)),
    ]);
    t.case("7541 5.2", "Huffman coding", with(literal_coded(58, b"\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\xff")), Status(1, 200));
    t.case("7541 5.2", "an empty value in Huffman coding", with(literal_coded(58, b"")), Status(1, 200));

    for index in [62, 70, 1_000, 1 << 20] {
        t.case("7541 2.3.3", format!("an index of {index}"), with(indexed(index)), Connection(&[COMPRESSION_ERROR]));
        for kind in [0x00, 0x10, 0x40] {
            t.case("7541 2.3.3", format!("a name with an index of {index}, {kind:#x}"), with(literal_at(kind, index, b"x")), Connection(&[COMPRESSION_ERROR]));
        }
    }
    t.case("7541 6.1", "an index of 0", with(indexed(0)), Connection(&[COMPRESSION_ERROR]));
    t.case("7541 4.2", "a new size behind the fields", with(table_size(1)), Connection(&[COMPRESSION_ERROR]));
    let between = [indexed(2), table_size(1), indexed(6), indexed(4), literal_at(0x00, 1, b"test")].concat();
    t.case("7541 4.2", "a new size between the fields", headers(1, flag::END_STREAM, between), Connection(&[COMPRESSION_ERROR]));
    for size in [4_097, 65_536, 1 << 28] {
        t.case("7541 6.3", format!("a size of {size}"), after(table_size(size)), Connection(&[COMPRESSION_ERROR]));
    }
    for (name, coded) in [
        ("padding of more than seven bits", &b"\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\xff\xff"[..]),
        ("padding of zeros", b"\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\x00"),
        ("the end of the string in it", b"\xff\xff\xff\xff"),
        ("the end of the string in its middle", b"\x1f\xff\xff\xff\xff\x1f"),
    ] {
        t.case("7541 5.2", name, with(literal_coded(58, coded)), Connection(&[COMPRESSION_ERROR]));
    }
    for (name, block) in [
        ("a literal that is cut off", &b"\x40"[..]),
        ("a name that is cut off", b"\x40\x0ax-t"),
        ("a value that is cut off", b"\x40\x01x\x05abc"),
        ("an integer that does not end", b"\xff\xff\xff\xff"),
        ("an integer above all bounds", b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
        ("a length above all bounds", b"\x40\x7f\xff\xff\xff\xff\xff\xff\x01"),
        ("an integer of many zeros", b"\xff\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00"),
    ] {
        t.case("9113 4.3", name, with(block), Connection(&[COMPRESSION_ERROR]));
    }
    t.case("9113 4.3", "garbage", headers(1, flag::END_STREAM, b"\xff\xff\xff\xff\xff"), Connection(&[COMPRESSION_ERROR]));
    // A table that the peer made smaller than its entries.
    let evicted = [literal_as(0x40, b"x-test", b"test"), literal_as(0x40, b"x-large", &[b'x'; 4_080]), indexed(63)].concat();
    t.case("7541 4.4", "an entry that was evicted", with(evicted), Connection(&[COMPRESSION_ERROR]));
    t.steps("7541 4.2", "a size that was announced smaller", [
        Step::Open(vec![(setting::HEADER_TABLE_SIZE, 0)]),
        send(with(literal(b"x-test", b"test"))),
        expect(Status(1, 200)),
        send(headers(3, flag::END_STREAM, hpack::block(&[(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "test")]))),
        expect(Status(3, 200)),
    ]);
    t.case("7541 5.1", "an empty name", with(literal(b"", b"x")), Stream(1, &[PROTOCOL_ERROR, COMPRESSION_ERROR]));
    t
}
