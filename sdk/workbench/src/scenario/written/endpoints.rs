//! The list of endpoints.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::value::SeqAccessDeserializer;
use serde::de::{Deserializer, Error, SeqAccess, Visitor};
use tidegate_testkit::endpoint;

use crate::scenario::scalar::Text;
use crate::scenario::shape::{HasLong, Short, short};

/// A list, or the number of endpoints that are all alike.
#[derive(Clone, Debug)]
pub struct Endpoints(Vec<Endpoint>);

#[derive(Clone, Debug)]
struct Endpoint(Written);

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    address: String,
    #[serde(default = "one")]
    weight: u32,
    #[serde(default)]
    zone: Option<String>,
    #[serde(default)]
    labels: BTreeMap<String, Text>,
    #[serde(default)]
    draining: bool,
}

fn one() -> u32 {
    1
}

impl HasLong for Endpoint {
    type Long = Written;
}

impl From<Written> for Endpoint {
    fn from(written: Written) -> Self {
        Self(written)
    }
}

impl Short for Endpoint {
    const EXPECTED: &'static str =
        "an address, or `address` with `weight`, `zone`, `labels`, `draining`";

    fn short(text: &str) -> Result<Self, String> {
        Ok(Self(Written {
            address: text.to_owned(),
            weight: 1,
            zone: None,
            labels: BTreeMap::new(),
            draining: false,
        }))
    }
}

impl<'de> Deserialize<'de> for Endpoint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        short(deserializer)
    }
}

impl Endpoints {
    /// As many that are all alike, `10.0.0.1:80` and so on.
    pub fn alike(count: u32) -> Self {
        let endpoint = |n: u32| {
            let n = n + 1;
            Endpoint::short(&format!("10.{}.{}.{}:80", n >> 16, (n >> 8) & 255, n & 255))
        };
        Self((0..count).flat_map(endpoint).collect())
    }

    /// As a selector gets them. An address keeps its id in every list.
    pub fn list(&self) -> Vec<tidegate_testkit::Endpoint> {
        let as_given = |Endpoint(written): &Endpoint| {
            let mut given = endpoint(&written.address);
            given.weight = written.weight;
            given.zone.clone_from(&written.zone);
            given.draining = written.draining;
            let labels = written.labels.iter();
            given.labels = labels
                .map(|(key, value)| (key.clone(), value.0.clone()))
                .collect();
            given
        };
        self.0.iter().map(as_given).collect()
    }
}

impl<'de> Deserialize<'de> for Endpoints {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Forms;
        impl<'de> Visitor<'de> for Forms {
            type Value = Endpoints;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of endpoints, or how many")
            }

            fn visit_u64<E: Error>(self, count: u64) -> Result<Endpoints, E> {
                match u32::try_from(count) {
                    Ok(count @ 1..=65_536) => Ok(Endpoints::alike(count)),
                    _ => Err(E::custom("a selector has from 1 to 65,536 endpoints")),
                }
            }

            fn visit_i64<E: Error>(self, count: i64) -> Result<Endpoints, E> {
                self.visit_u64(u64::try_from(count).unwrap_or(0))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Endpoints, A::Error> {
                let list: Vec<Endpoint> = Vec::deserialize(SeqAccessDeserializer::new(list))?;
                let out_of_range =
                    |endpoint: &&Endpoint| !(1..=1_000_000).contains(&endpoint.0.weight);
                if let Some(endpoint) = list.iter().find(out_of_range) {
                    let refused =
                        format!("{}: a weight is from 1 to 1,000,000", endpoint.0.address);
                    return Err(A::Error::custom(refused));
                }
                if list.is_empty() {
                    return Err(A::Error::custom("a selector is never given an empty list"));
                }
                Ok(Endpoints(list))
            }
        }
        deserializer.deserialize_any(Forms)
    }
}
