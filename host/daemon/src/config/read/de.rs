//! A serde deserializer over the tree, which knows the path and the place of every value.
//!
//! It differs from an ordinary one in this: unknown and missing keys are reported, not
//! returned, and the wrappers of [`super::checked`] catch what is wrong below them, so that
//! their siblings are still examined.

use serde::de::value::StrDeserializer;
use serde::de::{DeserializeSeed, Deserializer, IntoDeserializer, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;

use super::checked::{CHECKED, EITHER, OFF_OR, PLACED};
use super::error::Error;
use super::fields::{Entries, Fields, Items, unknown};
use super::node::{Kind, Node};
use crate::config::nearest::nearest;
use crate::config::problem::{Report, Spot, quote};

/// One value, or the absence of one (`node` is `None`).
pub(super) struct De<'a> {
    pub(super) node: Option<&'a Node>,
    pub(super) spot: Spot,
    pub(super) report: &'a Report,
}

impl<'a> De<'a> {
    pub(super) fn root(node: &'a Node, report: &'a Report) -> Self {
        Self {
            node: Some(node),
            spot: node.spot(String::new()),
            report,
        }
    }

    fn kind(&self) -> Result<&'a Kind, Error> {
        match self.node.map(|node| &node.kind) {
            Some(Kind::Refused) => Err(Error::reported()),
            Some(kind) => Ok(kind),
            None => {
                let key = self.spot.path.rsplit('.').next().unwrap_or_default();
                Err(
                    Error::new("this key is required", Some(format!("add `{key}:`")))
                        .at(&self.spot),
                )
            }
        }
    }

    fn expected<T>(&self, expected: &str, found: &Kind, help: &str) -> Result<T, Error> {
        let help = match found {
            Kind::Nothing => "write a value, or remove it",
            _ => help,
        };
        let help = (!help.is_empty()).then(|| help.to_owned());
        Err(Error::new(format!("expected {expected}, found {found}"), help).at(&self.spot))
    }
}

impl<'de> Deserializer<'de> for De<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let spot = self.spot.clone();
        match self.kind()? {
            Kind::Nothing | Kind::Refused => visitor.visit_unit::<Error>(),
            Kind::Truth(truth) => visitor.visit_bool(*truth),
            Kind::Whole(number) => match (u64::try_from(*number), i64::try_from(*number)) {
                (Ok(number), _) => visitor.visit_u64(number),
                (_, Ok(number)) => visitor.visit_i64(number),
                _ => visitor.visit_i128(*number),
            },
            Kind::Fraction(number) => visitor.visit_f64(*number),
            Kind::Text(text) | Kind::Expanded(text) => visitor.visit_str(text),
            Kind::List(_) => return self.deserialize_seq(visitor),
            Kind::Mapping(_) => return self.deserialize_map(visitor),
        }
        .map_err(|error: Error| error.at(&spot))
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.kind()? {
            Kind::Expanded(text) => match text.parse::<u64>() {
                Ok(number) => visitor.visit_u64(number),
                Err(_) => visitor.visit_str(text),
            }
            .map_err(|error: Error| error.at(&self.spot)),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.kind()? {
            Kind::Expanded(text) => match text.parse::<f64>() {
                Ok(number) => visitor.visit_f64(number),
                Err(_) => visitor.visit_str(text),
            }
            .map_err(|error: Error| error.at(&self.spot)),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.kind()? {
            Kind::Truth(truth) => visitor.visit_bool(*truth),
            Kind::Expanded(text) if text == "true" => visitor.visit_bool(true),
            Kind::Expanded(text) if text == "false" => visitor.visit_bool(false),
            other => self.expected("`true` or `false`", other, "write it without quotes"),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.kind()? {
            Kind::Text(text) | Kind::Expanded(text) => visitor
                .visit_str(text)
                .map_err(|error: Error| error.at(&self.spot)),
            other @ (Kind::Whole(_) | Kind::Fraction(_) | Kind::Truth(_)) => {
                self.expected("text", other, "put it in quotes")
            }
            other => self.expected("text", other, ""),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_string(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.node {
            None => visitor.visit_none(),
            Some(_) => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        match name {
            CHECKED => visitor.visit_seq(Caught { de: self, step: 0 }),
            PLACED => visitor.visit_seq(Located::new(self)),
            EITHER if matches!(self.kind()?, Kind::Mapping(_)) => visitor.visit_some(self),
            OFF_OR => match self.kind()? {
                Kind::Text(text) | Kind::Expanded(text) if text == "off" => visitor.visit_none(),
                _ => visitor.visit_some(self),
            },
            _ => visitor.visit_newtype_struct(self),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.kind()? {
            Kind::List(items) => visitor.visit_seq(Items {
                items: items.iter().enumerate(),
                spot: self.spot,
                report: self.report,
            }),
            other => self.expected("a list", other, "write `[…]` around it, or `- ` before it"),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.kind()? {
            Kind::Mapping(entries) => visitor.visit_map(Entries {
                entries: entries.iter(),
                value: None,
                spot: self.spot,
                report: self.report,
            }),
            other => self.expected("a mapping", other, "write `{ key: value }`"),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.kind()? {
            Kind::Mapping(entries) => {
                let misspelled = unknown(name, entries, fields, &self.spot, self.report);
                visitor.visit_map(Fields {
                    names: fields.iter(),
                    name: "",
                    misspelled,
                    entries,
                    spot: self.spot,
                    report: self.report,
                })
            }
            other => {
                let help = match fields {
                    [] => "write `{}`: there is nothing to set".to_owned(),
                    _ => format!("its keys are: {}", fields.join(", ")),
                };
                self.expected("a mapping", other, &help)
            }
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let found = self.kind()?;
        let word = match found {
            Kind::Text(text) | Kind::Expanded(text) => text.clone(),
            Kind::Whole(number) => number.to_string(),
            _ => String::new(),
        };
        if variants.contains(&word.as_str()) {
            let word: StrDeserializer<'_, Error> = word.as_str().into_deserializer();
            return visitor.visit_enum(word);
        }
        let help = match nearest(&word, variants.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => String::new(),
        };
        let variants: Vec<String> = variants.iter().map(|variant| quote(variant)).collect();
        self.expected(&format!("one of {}", variants.join(", ")), found, &help)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u32 u128 f32 char bytes byte_buf unit unit_struct
        tuple tuple_struct identifier
    }
}

/// How a `Checked` is read: its path, its line, its column, and then the value, or the end if
/// the value is wrong, which is recorded here.
struct Caught<'a> {
    de: De<'a>,
    step: u8,
}

impl<'de> SeqAccess<'de> for Caught<'_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Error> {
        self.step += 1;
        let De { node, spot, report } = &self.de;
        match self.step {
            1 => seed
                .deserialize(spot.path.as_str().into_deserializer())
                .map(Some),
            2 => seed.deserialize(spot.line.into_deserializer()).map(Some),
            3 => seed.deserialize(spot.column.into_deserializer()).map(Some),
            4 => match seed.deserialize(De {
                node: *node,
                spot: spot.clone(),
                report,
            }) {
                Ok(value) => Ok(Some(value)),
                Err(error) => {
                    error.at(spot).record(report);
                    Ok(None)
                }
            },
            _ => Ok(None),
        }
    }
}

/// How a `Placed` is read: the names of its keys, their paths, lines and columns, and the value.
struct Located<'a> {
    de: Option<De<'a>>,
    keys: Vec<(String, Spot)>,
    step: u8,
}

impl<'a> Located<'a> {
    fn new(de: De<'a>) -> Self {
        let mut keys = Vec::new();
        if let Some(node) = de.node {
            node.below("", &de.spot, &mut keys);
        }
        Self {
            de: Some(de),
            keys,
            step: 0,
        }
    }

    fn all<T>(&self, part: impl Fn(&(String, Spot)) -> T) -> Vec<T> {
        self.keys.iter().map(part).collect()
    }
}

impl<'de> SeqAccess<'de> for Located<'_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Error> {
        self.step += 1;
        let value = match self.step {
            1 => seed.deserialize(self.all(|(name, _)| name.clone()).into_deserializer()),
            2 => seed.deserialize(self.all(|(_, spot)| spot.path.clone()).into_deserializer()),
            3 => seed.deserialize(self.all(|(_, spot)| spot.line).into_deserializer()),
            4 => seed.deserialize(self.all(|(_, spot)| spot.column).into_deserializer()),
            _ => match self.de.take() {
                Some(de) => seed.deserialize(de),
                None => return Ok(None),
            },
        };
        value.map(Some)
    }
}
