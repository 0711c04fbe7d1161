//! The tree of a file: what YAML knows of it, with the place of every node, before anything
//! is expected of it.

use std::fmt;

use crate::config::problem::{Spot, quote};

/// One value of the file and where it is written. A value that came through an alias has the
/// place of its definition: that is where it must be repaired.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) kind: Kind,
    pub(super) line: u32,
    pub(super) column: u32,
}

#[derive(Debug)]
pub(super) enum Kind {
    /// `null`, `~`, or nothing after the colon.
    Nothing,
    Truth(bool),
    Whole(i128),
    Fraction(f64),
    Text(String),
    /// Text in which an environment variable was replaced: it may stand for a number too.
    Expanded(String),
    List(Vec<Node>),
    Mapping(Vec<Entry>),
    /// Already reported: whoever meets it says nothing more.
    Refused,
}

/// One `key: value` of a mapping. Keys are unique in their mapping.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) line: u32,
    pub(super) column: u32,
    pub(super) value: Node,
}

impl Entry {
    /// Where to point for this entry: at a scalar itself, but at the key of a mapping or list,
    /// which would otherwise be named by its first child.
    pub(super) fn spot(&self, parent: &Spot) -> Spot {
        let path = parent.key(&self.key);
        match self.value.kind {
            Kind::List(_) | Kind::Mapping(_) | Kind::Nothing => Spot {
                path,
                line: self.line,
                column: self.column,
            },
            _ => self.value.spot(path),
        }
    }
}

impl Node {
    /// Every key and item below, with its path from here as serde writes it.
    pub(super) fn below(&self, name: &str, spot: &Spot, found: &mut Vec<(String, Spot)>) {
        match &self.kind {
            Kind::Mapping(entries) => {
                for entry in entries {
                    let dot = if name.is_empty() { "" } else { "." };
                    let (name, at) = (format!("{name}{dot}{}", entry.key), entry.spot(spot));
                    entry.value.below(&name, &at, found);
                    found.push((name, at));
                }
            }
            Kind::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    let (name, at) = (format!("{name}[{index}]"), item.spot(spot.index(index)));
                    item.below(&name, &at, found);
                    found.push((name, at));
                }
            }
            _ => {}
        }
    }

    pub(super) fn spot(&self, path: String) -> Spot {
        Spot {
            path,
            line: self.line,
            column: self.column,
        }
    }
}

/// The kind as the second half of "expected a list, found …".
impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing | Self::Refused => f.write_str("nothing"),
            Self::Truth(truth) => write!(f, "`{truth}`"),
            Self::Whole(number) => write!(f, "the number {number}"),
            Self::Fraction(number) => write!(f, "the number {number}"),
            Self::Text(text) | Self::Expanded(text) => write!(f, "the text {}", quote(text)),
            Self::List(_) => f.write_str("a list"),
            Self::Mapping(_) => f.write_str("a mapping"),
        }
    }
}
