//! Access of serde to the entries of a mapping and to the items of a list.

use serde::de::value::StrDeserializer;
use serde::de::{DeserializeSeed, IntoDeserializer, MapAccess, SeqAccess};

use super::de::De;
use super::error::Error;
use super::node::{Entry, Node};
use super::planned;
use crate::config::nearest::nearest;
use crate::config::problem::{Report, Spot, quote};

/// Reports the keys that `structure` does not have. Gives back those that are a misspelling,
/// with the key that was probably meant: it is not missing, and its value is examined.
pub(super) fn unknown<'a>(
    structure: &str,
    entries: &'a [Entry],
    fields: &[&'static str],
    spot: &Spot,
    report: &Report,
) -> Vec<(&'static str, &'a Entry)> {
    let mut meant = Vec::new();
    for entry in entries
        .iter()
        .filter(|entry| !fields.contains(&entry.key.as_str()))
    {
        let help = if let Some(help) = planned::key(structure, &entry.key) {
            help.to_owned()
        } else if let Some(near) = nearest(&entry.key, fields.iter().copied()) {
            meant.push((near, entry));
            format!("did you mean `{near}`?")
        } else if fields.is_empty() {
            "there is nothing to set here: write `{}`".to_owned()
        } else {
            format!("the keys here are: {}", fields.join(", "))
        };
        let at = Spot {
            path: spot.key(&entry.key),
            line: entry.line,
            column: entry.column,
        };
        report.refuse(&at, format!("unknown key {}", quote(&entry.key)), help);
    }
    meant
}

/// The fields of a structure in the structure's order, absent ones included: the absent value
/// reports itself if it was required, and so all missing keys are found in one run.
pub(super) struct Fields<'a> {
    pub(super) names: std::slice::Iter<'static, &'static str>,
    pub(super) name: &'static str,
    pub(super) misspelled: Vec<(&'static str, &'a Entry)>,
    pub(super) entries: &'a [Entry],
    pub(super) spot: Spot,
    pub(super) report: &'a Report,
}

impl<'de> MapAccess<'de> for Fields<'_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        let Some(name) = self.names.next() else {
            return Ok(None);
        };
        self.name = name;
        let name: StrDeserializer<'_, Error> = name.into_deserializer();
        seed.deserialize(name).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let meant = self.misspelled.iter().find(|(name, _)| *name == self.name);
        let entry = self.entries.iter().find(|entry| entry.key == self.name);
        let entry = entry.or(meant.map(|(_, entry)| *entry));
        let (node, spot) = match entry {
            Some(entry) => (Some(&entry.value), entry.spot(&self.spot)),
            None => (
                None,
                Spot {
                    path: self.spot.key(self.name),
                    ..self.spot.clone()
                },
            ),
        };
        seed.deserialize(De {
            node,
            spot,
            report: self.report,
        })
    }
}

/// The entries of a mapping whose keys are names.
pub(super) struct Entries<'a> {
    pub(super) entries: std::slice::Iter<'a, Entry>,
    pub(super) value: Option<&'a Entry>,
    pub(super) spot: Spot,
    pub(super) report: &'a Report,
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        self.value = self.entries.next();
        let Some(entry) = self.value else {
            return Ok(None);
        };
        let key: StrDeserializer<'_, Error> = entry.key.as_str().into_deserializer();
        seed.deserialize(key).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        // serde asks for a value only after the key that it belongs to.
        let Some(entry) = self.value else {
            return Err(Error::new("a value without a key", None));
        };
        let spot = entry.spot(&self.spot);
        seed.deserialize(De {
            node: Some(&entry.value),
            spot,
            report: self.report,
        })
    }
}

/// The items of a list.
pub(super) struct Items<'a> {
    pub(super) items: std::iter::Enumerate<std::slice::Iter<'a, Node>>,
    pub(super) spot: Spot,
    pub(super) report: &'a Report,
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Error> {
        let Some((index, item)) = self.items.next() else {
            return Ok(None);
        };
        let spot = item.spot(self.spot.index(index));
        seed.deserialize(De {
            node: Some(item),
            spot,
            report: self.report,
        })
        .map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len())
    }
}
