//! Where the keys of a plugin's `config` are written.
//!
//! The host does not know what they mean. A plugin that refuses one begins its message with the
//! key's path, as the SDK does (`rules[0].from: …`), and so the message gets a place.

use std::collections::BTreeMap;

use crate::config::problem::Place;

/// The keys by the path that a plugin names them by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keys(BTreeMap<String, (Place, String)>);

/// A key that a message is about.
#[derive(Debug, PartialEq, Eq)]
pub struct Key<'a> {
    /// Where it is written.
    pub place: &'a Place,
    /// Its path in the file.
    pub path: &'a str,
    /// What is said of it.
    pub message: &'a str,
}

impl Keys {
    /// The key that a message of the plugin begins with; none when it begins with none.
    pub fn of<'a>(&'a self, message: &'a str) -> Option<Key<'a>> {
        // A key may have a colon and a space in it: the longest path is the right one.
        let keys = self.0.iter().filter_map(|(name, (place, path))| {
            let message = message.strip_prefix(name.as_str())?.strip_prefix(": ")?;
            Some((
                name.len(),
                Key {
                    place,
                    path,
                    message,
                },
            ))
        });
        keys.max_by_key(|(length, _)| *length).map(|(_, key)| key)
    }
}

/// From names, places and paths in the file.
impl FromIterator<(String, Place, String)> for Keys {
    fn from_iter<I: IntoIterator<Item = (String, Place, String)>>(keys: I) -> Self {
        let keys = keys.into_iter();
        Self(
            keys.map(|(name, place, path)| (name, (place, path)))
                .collect(),
        )
    }
}
