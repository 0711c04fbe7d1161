//! An encoder of header blocks that uses all of HPACK, and knows what it has written.

use proptest::prelude::*;
use proptest::sample::Index;

/// A field to be written, in one of the ways that its name allows.
#[derive(Clone, Debug)]
pub(super) struct Field {
    name: Name,
    form: Form,
    /// The value, and whether it is said to be coded.
    value: Vec<u8>,
    coded: bool,
    /// Bytes of numbers that say nothing, where there may be some.
    idle: usize,
}

#[derive(Clone, Debug)]
enum Name {
    /// An entry of the static table.
    Static(usize),
    /// One of the entries that the dynamic table has, if it has any.
    Dynamic(Index),
    /// One of `NAMES`, and whether it is coded.
    New(usize, bool),
}

#[derive(Clone, Copy, Debug)]
enum Form {
    Whole,
    Inserted,
    Plain,
    Never,
    /// After a change of the dynamic table's size.
    Resized(usize),
}

/// Names, as they are and coded (RFC 7541 appendix B). Coded, `os` begins with the byte that
/// `:` is, and `u` with the one before its code.
const NAMES: [(&str, &[u8]); 7] = [
    (":", b"\xb9"),
    (":path", b"\xb9\x58\xd3\x3f"),
    (":status", b"\xb8\x84\x8d\x36\xa3"),
    ("os-x", b"\x3a\x16\xf3"),
    ("os", b"\x3a\x3f"),
    ("x", b"\xf3"),
    ("u", b"\xb7"),
];

/// How many of `NAMES` are of pseudo-header fields.
const PSEUDO: usize = 3;

/// Fields without pseudo-header fields among them, unless the dynamic table has some.
pub(super) fn ordinary() -> impl Strategy<Value = Field> {
    let new = (PSEUDO..NAMES.len(), any::<bool>());
    field(prop_oneof![
        (15..62usize).prop_map(Name::Static),
        any::<Index>().prop_map(Name::Dynamic),
        new.prop_map(|(name, coded)| Name::New(name, coded)),
    ])
}

/// Pseudo-header fields, whatever the dynamic table has.
pub(super) fn pseudo() -> impl Strategy<Value = Field> {
    let new = (0..PSEUDO, any::<bool>());
    field(prop_oneof![
        (1..15usize).prop_map(Name::Static),
        new.prop_map(|(name, coded)| Name::New(name, coded)),
    ])
}

fn field(name: impl Strategy<Value = Name>) -> impl Strategy<Value = Field> {
    let form = prop_oneof![
        Just(Form::Whole),
        Just(Form::Inserted),
        Just(Form::Inserted),
        Just(Form::Plain),
        Just(Form::Never),
        prop_oneof![0..200usize, Just(4096)].prop_map(Form::Resized),
    ];
    // Values that look like fields, short ones and those that leave no room for others.
    let byte = prop_oneof![Just(0x81), Just(b':'), any::<u8>()];
    let value = prop_oneof![
        9 => prop::collection::vec(byte, 0..6),
        1 => prop::collection::vec(Just(0x81), 120..5000),
    ];
    (name, form, value, any::<bool>(), 0..3usize).prop_map(|(name, form, value, coded, idle)| {
        Field {
            name,
            form,
            value,
            coded,
            idle,
        }
    })
}

/// The client's side of HPACK.
pub(super) struct Encoder {
    /// Entries of the dynamic table, the newest first: their sizes, and whether their names
    /// are of pseudo-header fields.
    table: Vec<(usize, bool)>,
    /// The size that the table may have.
    room: usize,
}

impl Encoder {
    pub(super) fn new() -> Self {
        Self {
            table: Vec::new(),
            room: 4096,
        }
    }

    /// Writes a field. Whether it is a pseudo-header field.
    pub(super) fn write(&mut self, field: &Field, block: &mut Vec<u8>) -> bool {
        if let Form::Resized(room) = field.form {
            number(0x20, 5, room, field.idle, block);
            self.room = room;
            self.evict();
        }
        let (index, pseudo) = match &field.name {
            Name::Static(index) => (*index, *index <= 14),
            // What there is always.
            Name::Dynamic(_) if self.table.is_empty() => (33, false),
            Name::Dynamic(index) => {
                let entry = index.index(self.table.len());
                (62 + entry, self.table[entry].1)
            }
            Name::New(name, _) => (0, *name < PSEUDO),
        };
        match field.form {
            Form::Whole if index != 0 => {
                number(0x80, 7, index, field.idle, block);
                return pseudo;
            }
            Form::Inserted => number(0x40, 6, index, field.idle, block),
            Form::Never => number(0x10, 4, index, field.idle, block),
            _ => number(0, 4, index, field.idle, block),
        }
        let mut length = 5; // Of a name in one of the tables.
        if let Name::New(name, coded) = field.name {
            let (plain, code) = NAMES[name];
            length = plain.len();
            let bytes = if coded { code } else { plain.as_bytes() };
            string(bytes, coded, field.idle, block);
        }
        string(&field.value, field.coded, field.idle, block);
        if let Form::Inserted = field.form {
            let size = 32 + length + field.value.len();
            self.table.insert(0, (size, pseudo));
            self.evict();
        }
        pseudo
    }

    /// Leaves the newest entries, for which there is room (RFC 7541 4.3 and 4.4).
    fn evict(&mut self) {
        while self.table.iter().map(|(size, _)| size).sum::<usize>() > self.room {
            self.table.pop();
        }
    }
}

fn string(bytes: &[u8], coded: bool, idle: usize, block: &mut Vec<u8>) {
    number(if coded { 0x80 } else { 0 }, 7, bytes.len(), idle, block);
    block.extend(bytes);
}

/// RFC 7541 5.1, with up to two bytes more than are needed.
fn number(bits: u8, prefix: u32, value: usize, idle: usize, block: &mut Vec<u8>) {
    let full = (1 << prefix) - 1;
    if value < full {
        block.push(bits | value as u8);
        return;
    }
    block.push(bits | full as u8);
    let mut rest = value - full;
    while rest >= 0x80 {
        block.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    if idle == 0 {
        block.push(rest as u8);
        return;
    }
    block.push(rest as u8 | 0x80);
    block.extend(std::iter::repeat_n(0x80, idle - 1));
    block.push(0);
}
