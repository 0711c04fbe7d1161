//! HPACK (RFC 7541): blocks as a test wants them, wrong ones included, and a decoder for what
//! the proxy answers.
//!
//! What is written are literals without Huffman coding and without indexing unless a test
//! says otherwise, so that a block is what its test reads like. The decoder is complete, and
//! forgives nothing.

use std::collections::VecDeque;

/// Fields with their values, in order.
pub type Fields = Vec<(String, String)>;

/// A literal without indexing with a new name (section 6.2.2).
pub fn literal(name: &[u8], value: &[u8]) -> Vec<u8> {
    literal_as(0x00, name, value)
}

/// A literal with a new name: 0x00 without indexing, 0x10 never indexed, 0x40 with
/// incremental indexing.
pub fn literal_as(kind: u8, name: &[u8], value: &[u8]) -> Vec<u8> {
    let mut block = vec![kind];
    string(&mut block, name);
    string(&mut block, value);
    block
}

/// A literal whose name is an entry of a table, of the same kinds.
pub fn literal_at(kind: u8, index: usize, value: &[u8]) -> Vec<u8> {
    let mut block = Vec::new();
    integer(&mut block, kind, if kind == 0x40 { 6 } else { 4 }, index);
    string(&mut block, value);
    block
}

/// An entry of a table (section 6.1).
pub fn indexed(index: usize) -> Vec<u8> {
    let mut block = Vec::new();
    integer(&mut block, 0x80, 7, index);
    block
}

/// A new size of the dynamic table (section 6.3).
pub fn table_size(size: usize) -> Vec<u8> {
    let mut block = Vec::new();
    integer(&mut block, 0x20, 5, size);
    block
}

/// A literal with an indexed name and a value of which the Huffman coded bytes are given.
pub fn literal_coded(index: usize, coded: &[u8]) -> Vec<u8> {
    let mut block = Vec::new();
    integer(&mut block, 0x00, 4, index);
    integer(&mut block, 0x80, 7, coded.len());
    block.extend_from_slice(coded);
    block
}

/// Literals for all of these.
pub fn block(fields: &[(&str, &str)]) -> Vec<u8> {
    let literals = fields
        .iter()
        .map(|(name, value)| literal(name.as_bytes(), value.as_bytes()));
    literals.flatten().collect()
}

/// An integer with a prefix of that many bits (section 5.1), after the bits of `kind`.
pub fn integer(block: &mut Vec<u8>, kind: u8, prefix: u32, number: usize) {
    let most = (1_usize << prefix) - 1;
    if number < most {
        block.push(kind | number as u8);
        return;
    }
    block.push(kind | most as u8);
    let mut rest = number - most;
    while rest >= 0x80 {
        block.push((rest & 0x7f) as u8 | 0x80);
        rest >>= 7;
    }
    block.push(rest as u8);
}

fn string(block: &mut Vec<u8>, text: &[u8]) {
    integer(block, 0x00, 7, text.len());
    block.extend_from_slice(text);
}

/// Reads the blocks of one connection, in their order.
#[derive(Debug)]
pub struct Decoder {
    table: VecDeque<(String, String)>,
    bound: usize,
}

impl Default for Decoder {
    fn default() -> Self {
        Self {
            table: VecDeque::new(),
            bound: 4096,
        }
    }
}

impl Decoder {
    /// The fields of a block.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn decode(&mut self, block: &[u8]) -> Result<Fields, String> {
        let mut rest = block;
        let mut fields = Vec::new();
        while let Some(&first) = rest.first() {
            if first & 0x80 != 0 {
                let index = take_integer(&mut rest, 7)?;
                fields.push(self.entry(index)?);
            } else if first & 0xe0 == 0x20 {
                let size = take_integer(&mut rest, 5)?;
                if size > 4096 {
                    return Err(format!("a table of {size} bytes"));
                }
                self.bound = size;
                self.evict();
            } else {
                let indexing = first & 0x40 != 0;
                let index = take_integer(&mut rest, if indexing { 6 } else { 4 })?;
                let name = match index {
                    0 => take_string(&mut rest)?,
                    _ => self.entry(index)?.0,
                };
                let value = take_string(&mut rest)?;
                if indexing {
                    self.table.push_front((name.clone(), value.clone()));
                    self.evict();
                }
                fields.push((name, value));
            }
        }
        Ok(fields)
    }

    fn entry(&self, index: usize) -> Result<(String, String), String> {
        let nothing = || format!("no entry {index}");
        let at = index.checked_sub(1).ok_or_else(nothing)?;
        if let Some((name, value)) = STATIC.get(at) {
            return Ok(((*name).to_owned(), (*value).to_owned()));
        }
        self.table
            .get(at - STATIC.len())
            .cloned()
            .ok_or_else(nothing)
    }

    fn evict(&mut self) {
        let size = |table: &VecDeque<(String, String)>| -> usize {
            table
                .iter()
                .map(|(name, value)| name.len() + value.len() + 32)
                .sum()
        };
        while size(&self.table) > self.bound {
            self.table.pop_back();
        }
    }
}

fn take_integer(rest: &mut &[u8], prefix: u32) -> Result<usize, String> {
    let short = "an integer that does not end";
    let most = (1_usize << prefix) - 1;
    let (first, mut tail) = rest.split_first().ok_or(short)?;
    let mut number = usize::from(*first) & most;
    if number == most {
        for shift in (0..).step_by(7) {
            let (byte, after) = tail.split_first().ok_or(short)?;
            tail = after;
            if shift > 28 {
                return Err("an integer beyond all bounds".into());
            }
            number += usize::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                break;
            }
        }
    }
    *rest = tail;
    Ok(number)
}

fn take_string(rest: &mut &[u8]) -> Result<String, String> {
    let coded = rest.first().is_some_and(|first| first & 0x80 != 0);
    let length = take_integer(rest, 7)?;
    if length > rest.len() {
        return Err("a string that does not end".into());
    }
    let (bytes, tail) = rest.split_at(length);
    *rest = tail;
    let text = if coded {
        huffman(bytes)?
    } else {
        bytes.to_vec()
    };
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// Decodes by the code's being canonical: codes of one length are consecutive, in the order
/// of their symbols.
fn huffman(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let mut order: Vec<usize> = (0..256).collect();
    order.sort_by_key(|symbol| (LENGTHS[*symbol], *symbol));
    let mut text = Vec::new();
    let (mut code, mut length) = (0_u32, 0_u8);
    for bit in bytes
        .iter()
        .flat_map(|byte| (0..8).rev().map(move |at| byte >> at & 1))
    {
        code = code << 1 | u32::from(bit);
        length += 1;
        let (mut next, mut before) = (0_u32, 0_u8);
        let found = order.iter().find(|symbol| {
            next <<= LENGTHS[**symbol] - before;
            before = LENGTHS[**symbol];
            next += 1;
            (before, next - 1) == (length, code)
        });
        if let Some(symbol) = found {
            text.push(*symbol as u8);
            (code, length) = (0, 0);
        }
        if length > 30 {
            return Err("no code of Huffman's".into());
        }
    }
    // Padding is at most seven ones.
    if length > 7 || code != (1 << length) - 1 {
        return Err("padding that is none".into());
    }
    Ok(text)
}

/// Appendix A.
const STATIC: [(&str, &str); 61] = [
    (":authority", ""),
    (":method", "GET"),
    (":method", "POST"),
    (":path", "/"),
    (":path", "/index.html"),
    (":scheme", "http"),
    (":scheme", "https"),
    (":status", "200"),
    (":status", "204"),
    (":status", "206"),
    (":status", "304"),
    (":status", "400"),
    (":status", "404"),
    (":status", "500"),
    ("accept-charset", ""),
    ("accept-encoding", "gzip, deflate"),
    ("accept-language", ""),
    ("accept-ranges", ""),
    ("accept", ""),
    ("access-control-allow-origin", ""),
    ("age", ""),
    ("allow", ""),
    ("authorization", ""),
    ("cache-control", ""),
    ("content-disposition", ""),
    ("content-encoding", ""),
    ("content-language", ""),
    ("content-length", ""),
    ("content-location", ""),
    ("content-range", ""),
    ("content-type", ""),
    ("cookie", ""),
    ("date", ""),
    ("etag", ""),
    ("expect", ""),
    ("expires", ""),
    ("from", ""),
    ("host", ""),
    ("if-match", ""),
    ("if-modified-since", ""),
    ("if-none-match", ""),
    ("if-range", ""),
    ("if-unmodified-since", ""),
    ("last-modified", ""),
    ("link", ""),
    ("location", ""),
    ("max-forwards", ""),
    ("proxy-authenticate", ""),
    ("proxy-authorization", ""),
    ("range", ""),
    ("referer", ""),
    ("refresh", ""),
    ("retry-after", ""),
    ("server", ""),
    ("set-cookie", ""),
    ("strict-transport-security", ""),
    ("transfer-encoding", ""),
    ("user-agent", ""),
    ("vary", ""),
    ("via", ""),
    ("www-authenticate", ""),
];

/// The lengths of the codes of all bytes in Appendix B, which determine the codes.
#[rustfmt::skip]
const LENGTHS: [u8; 256] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28,
    28, 28, 28, 28, 28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5,
    5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
    7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, 15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6,
    6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23, 22,
    23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22,
    21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20,
    22, 22, 22, 23, 22, 22, 23, 26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19,
    21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22,
    22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_appendix_c_are_read() {
        // C.4.1, C.4.2 and C.6.1, with Huffman coding.
        let mut decoder = Decoder::default();
        let first = b"\x82\x86\x84\x41\x8c\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\xff";
        let fields = decoder.decode(first).expect("a block");
        assert_eq!(
            fields.last(),
            Some(&(":authority".into(), "www.example.com".into()))
        );
        let second = b"\x82\x86\x84\xbe\x58\x86\xa8\xeb\x10\x64\x9c\xbf";
        let fields = decoder.decode(second).expect("a block");
        assert_eq!(fields[3].1, "www.example.com", "from the dynamic table");
        assert_eq!(fields[4], ("cache-control".into(), "no-cache".into()));
        let fields = Decoder::default().decode(b"\x48\x82\x64\x02");
        assert_eq!(fields, Ok(vec![(":status".into(), "302".into())]));
    }

    #[test]
    fn what_is_written_is_read() {
        let mut bytes = block(&[(":method", "GET"), ("x-long", &"y".repeat(300))]);
        bytes.extend(literal_as(0x40, b"x-kept", b"1"));
        bytes.extend(indexed(62));
        bytes.extend(literal_at(0x10, 38, b"h"));
        bytes.extend(table_size(0));
        let fields = Decoder::default().decode(&bytes).expect("a block");
        let names: Vec<_> = fields.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, [":method", "x-long", "x-kept", "x-kept", "host"]);
        assert_eq!(fields[1].1.len(), 300);
    }

    #[test]
    fn what_is_wrong_is_refused() {
        for block in [
            &b"\x80"[..],        // index 0
            b"\xbe",             // an entry that is not there
            b"\x3f\xe2\x1f",     // 4097
            b"\x44\x05\x61",     // a string that is cut off
            b"\x04\x82\x3f\xff", // more than seven bits of padding
            b"\x04\x81\x00",     // padding of zeros
            b"\xff\xff\xff\xff\xff\xff\xff\x01",
        ] {
            assert!(Decoder::default().decode(block).is_err(), "{block:x?}");
        }
    }
}
