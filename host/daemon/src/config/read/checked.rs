//! Wrappers for the fields of [`crate::config::written`]. They work with the deserializer of
//! this module alone, which knows them by name.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};

use crate::config::problem::Spot;

pub(super) const CHECKED: &str = "$checked";
pub(super) const EITHER: &str = "$either";
pub(super) const OFF_OR: &str = "$off_or";
pub(super) const PLACED: &str = "$placed";

/// A value with its place. What is wrong with the value is in the report and leaves `None`:
/// the wrapper itself is always made, and so its siblings are examined too.
#[derive(Debug)]
pub(in crate::config) struct Checked<T> {
    pub(in crate::config) value: Option<T>,
    pub(in crate::config) spot: Spot,
}

/// A short form (a scalar) or a full one (a mapping).
#[derive(Debug)]
pub(in crate::config) enum Either<S, F> {
    Short(S),
    Full(F),
}

/// A value that others than this module judge, with the place of every key below it.
#[derive(Debug, Default)]
pub(in crate::config) struct Placed<T> {
    pub(in crate::config) value: T,
    pub(in crate::config) keys: Vec<Written>,
}

/// A key or an item below a [`Placed`].
#[derive(Debug)]
pub(in crate::config) struct Written {
    /// Its path from there, as serde writes one: `rules[0].from`.
    pub(in crate::config) name: String,
    pub(in crate::config) spot: Spot,
}

/// The word `off`, or a value.
#[derive(Debug)]
pub(in crate::config) enum OffOr<T> {
    Off,
    On(T),
}

/// For the visitors below: `T` is what they make.
struct Make<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Checked<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(CHECKED, Make(PhantomData::<Self>))
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for Make<Checked<T>> {
    type Value = Checked<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Checked<T>, A::Error> {
        let missing = || A::Error::custom("a value without a place");
        let spot = Spot {
            path: access.next_element()?.ok_or_else(missing)?,
            line: access.next_element()?.ok_or_else(missing)?,
            column: access.next_element()?.ok_or_else(missing)?,
        };
        Ok(Checked {
            value: access.next_element()?,
            spot,
        })
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Placed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(PLACED, Make(PhantomData::<Self>))
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for Make<Placed<T>> {
    type Value = Placed<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Placed<T>, A::Error> {
        let missing = || A::Error::custom("a value without its keys");
        let names: Vec<String> = access.next_element()?.ok_or_else(missing)?;
        let paths: Vec<String> = access.next_element()?.ok_or_else(missing)?;
        let lines: Vec<u32> = access.next_element()?.ok_or_else(missing)?;
        let columns: Vec<u32> = access.next_element()?.ok_or_else(missing)?;
        let spots = paths.into_iter().zip(lines).zip(columns);
        let spots = spots.map(|((path, line), column)| Spot { path, line, column });
        let keys = names.into_iter().zip(spots);
        Ok(Placed {
            value: access.next_element()?.ok_or_else(missing)?,
            keys: keys.map(|(name, spot)| Written { name, spot }).collect(),
        })
    }
}

impl<'de, S: Deserialize<'de>, F: Deserialize<'de>> Deserialize<'de> for Either<S, F> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(EITHER, Make(PhantomData::<Self>))
    }
}

impl<'de, S: Deserialize<'de>, F: Deserialize<'de>> Visitor<'de> for Make<Either<S, F>> {
    type Value = Either<S, F>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a short form or a mapping")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, d: D) -> Result<Either<S, F>, D::Error> {
        S::deserialize(d).map(Either::Short)
    }

    fn visit_some<D: Deserializer<'de>>(self, d: D) -> Result<Either<S, F>, D::Error> {
        F::deserialize(d).map(Either::Full)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OffOr<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(OFF_OR, Make(PhantomData::<Self>))
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for Make<OffOr<T>> {
    type Value = OffOr<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`off` or a value")
    }

    fn visit_none<E>(self) -> Result<OffOr<T>, E> {
        Ok(OffOr::Off)
    }

    fn visit_some<D: Deserializer<'de>>(self, d: D) -> Result<OffOr<T>, D::Error> {
        T::deserialize(d).map(OffOr::On)
    }
}

impl<T: JsonSchema> JsonSchema for Checked<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

impl<T: JsonSchema> JsonSchema for Placed<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

impl<S: JsonSchema, F: JsonSchema> JsonSchema for Either<S, F> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("{}_or_{}", S::schema_name(), F::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (short, full) = (
            generator.subschema_for::<S>(),
            generator.subschema_for::<F>(),
        );
        json_schema!({ "anyOf": [short, full] })
    }
}

impl<T: JsonSchema> JsonSchema for OffOr<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("off_or_{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let on = generator.subschema_for::<T>();
        json_schema!({ "anyOf": [{ "const": "off" }, on] })
    }
}
