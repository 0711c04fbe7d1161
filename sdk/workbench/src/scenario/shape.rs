//! Values that may be written in a short and in a long form. Each reads the form that it meets,
//! so that an error inside of the long one keeps its place.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// Either a short form, a text, or the long one, a mapping.
pub(super) trait Short: Sized {
    /// What is expected, for an error.
    const EXPECTED: &'static str;

    /// The value that a text stands for.
    fn short(text: &str) -> Result<Self, String>;
}

/// A [`Short`] type from what is written.
pub(super) fn short<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Short + From<T::Long>,
    T: HasLong,
{
    struct Forms<T>(PhantomData<T>);
    impl<'de, T: Short + HasLong + From<T::Long>> Visitor<'de> for Forms<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(T::EXPECTED)
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
            T::short(text).map_err(E::custom)
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
            T::Long::deserialize(MapAccessDeserializer::new(map)).map(T::from)
        }
    }
    deserializer.deserialize_any(Forms(PhantomData))
}

/// The long form of a [`Short`] type.
pub(super) trait HasLong {
    /// What a mapping is read into.
    type Long: for<'de> Deserialize<'de>;
}

/// Values by position, `[1, 2]`, or by the address of an endpoint, `{ 10.0.0.1:80: 2 }`.
#[derive(Clone, Debug, PartialEq)]
pub enum Column<T> {
    /// By position; what is missing is nothing.
    List(Vec<T>),
    /// By address; what is missing is nothing.
    Map(BTreeMap<String, T>),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Column<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Forms<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Forms<T> {
            type Value = Column<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list by position or a mapping by address")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Column<T>, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(list)).map(Column::List)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Column<T>, A::Error> {
                BTreeMap::deserialize(MapAccessDeserializer::new(map)).map(Column::Map)
            }
        }
        deserializer.deserialize_any(Forms(PhantomData))
    }
}

/// One value, or a list of them.
#[derive(Clone, Debug, PartialEq)]
pub struct OneOrMany<T>(pub Vec<T>);

impl<'de, T: Deserialize<'de> + From<String> + From<u32>> Deserialize<'de> for OneOrMany<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Forms<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de> + From<String> + From<u32>> Visitor<'de> for Forms<T> {
            type Value = OneOrMany<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a position, an address, `none`, or a list of them")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<OneOrMany<T>, E> {
                Ok(OneOrMany(vec![T::from(text.to_owned())]))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<OneOrMany<T>, E> {
                let number = u32::try_from(number).map_err(|_| E::custom("too large"))?;
                Ok(OneOrMany(vec![T::from(number)]))
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<OneOrMany<T>, E> {
                let number =
                    u32::try_from(number).map_err(|_| E::custom("a position is 0 or more"))?;
                Ok(OneOrMany(vec![T::from(number)]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<OneOrMany<T>, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(list)).map(OneOrMany)
            }
        }
        deserializer.deserialize_any(Forms(PhantomData))
    }
}
