//! Sends parts of a route's requests to different upstreams.
//!
//! ```yaml
//! filters:
//!   - plugin: traffic-split
//!     config:
//!       key: { cookie: session }      # optional: random unless written; or client_address, path,
//!                                     # { header: NAME }, { query: NAME }, { attribute: NAME }
//!       upstreams:
//!         - { name: web, weight: 95 }
//!         - { name: web-next, weight: 5 }
//! ```
//!
//! With `random` each request is drawn by lot. With a key all requests of one key go to the same
//! upstream, by a hash: on all threads, on all proxies and after a restart. A request without the
//! key, or with an empty one, counts by its client's address.
//!
//! The upstreams share the range of the hash in the order in which they are written. When weights
//! move from one to its neighbour, keys move between these two alone, and no more than must:
//! from 95 and 5 to 90 and 10 five of a hundred keys move, all of them to the second. A weight of 0
//! gets nothing.
//!
//! The attribute `split` is the name of the upstream, for later filters and the access log.

mod share;

use std::collections::BTreeSet;

use serde::Deserialize;
use serde::de::{Deserializer, Error};
use tidegate_sdk::algorithms::hash;
use tidegate_sdk::config::Key;
use tidegate_sdk::prelude::*;

use share::Shares;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    #[serde(default, deserialize_with = "key_or_random")]
    key: Option<Key>,
    upstreams: Vec<Upstream>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Upstream {
    name: String,
    weight: u32,
}

struct TrafficSplit {
    /// None: drawn by lot.
    key: Option<Key>,
    names: Vec<String>,
    shares: Shares,
}

impl Filter for TrafficSplit {
    type Config = Config;

    fn configure(config: Config) -> Result<Self, String> {
        let Config { key, upstreams } = config;
        let mut names = BTreeSet::new();
        for (i, upstream) in upstreams.iter().enumerate() {
            if upstream.name.is_empty() {
                return Err(format!("upstreams[{i}].name: a name is missing"));
            }
            if !names.insert(&*upstream.name) {
                let name = &upstream.name;
                return Err(format!(
                    "upstreams[{i}].name: `{name}` is there twice: add up its weights"
                ));
            }
        }
        let shares = Shares::new(upstreams.iter().map(|upstream| upstream.weight)).ok_or(
            "upstreams: nobody has a weight: write a list such as \
             [{ name: web, weight: 95 }, { name: web-next, weight: 5 }]",
        )?;
        let names = upstreams
            .into_iter()
            .map(|upstream| upstream.name)
            .collect();
        Ok(TrafficSplit { key, names, shares })
    }

    fn on_request(&mut self) -> Verdict {
        let point = match &self.key {
            None => random::next(),
            Some(key) => match key.read() {
                Some(key) => hash(key.as_bytes()),
                None => hash(request::client_address().as_bytes()),
            },
        };
        let name = &*self.names[self.shares.at(point)];
        RequestEdits::new()
            .upstream(name)
            .attribute("split", name)
            .into()
    }
}

fn key_or_random<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Key>, D::Error> {
    let written = serde_json::Value::deserialize(deserializer)?;
    if written == "random" {
        return Ok(None);
    }
    Key::deserialize(written)
        .map(Some)
        .map_err(|error| D::Error::custom(format!("{error} (or `random`)")))
}

export_filter!(TrafficSplit);

#[cfg(test)]
mod tests;
