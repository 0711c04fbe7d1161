//! Requests with a certain header go to the endpoints with a certain label, all others to the rest;
//! inside of each group to the endpoint with the fewest requests in flight for its weight.
//!
//! When nobody of a group may be used (there is none, or all are excluded), the other group serves:
//! an answer from the wrong version is better than none. Draining endpoints take no new work unless
//! all of their group drain.

use std::collections::BTreeMap;

use serde::Deserialize;
use tidegate_sdk::algorithms::Least;
use tidegate_sdk::prelude::*;

/// The plugin's `config`: `{ header: x-canary, value: "1", label: { version: canary } }`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    header: String,
    /// Without it, any value will do.
    value: Option<String>,
    /// An endpoint of the canary has all of these.
    label: BTreeMap<String, String>,
}

struct HeaderCanary {
    config: Config,
    canary: Least,
    rest: Least,
}

impl Selector for HeaderCanary {
    type Config = Config;

    fn configure(config: Config) -> Result<Self, String> {
        if config.header.is_empty() {
            return Err("header: a name is missing".to_owned());
        }
        if config.label.is_empty() {
            return Err("label: write at least one, as in { version: canary }".to_owned());
        }
        Ok(HeaderCanary {
            config,
            canary: Least::default(),
            rest: Least::default(),
        })
    }

    fn update(&mut self, endpoints: Vec<Endpoint>) {
        let (canary, rest): (Vec<u32>, Vec<u32>) =
            (0..endpoints.len() as u32).partition(|&i| self.is_canary(&endpoints[i as usize]));
        if canary.is_empty() {
            log::warn!("no endpoint has the labels {:?}", self.config.label);
        }
        self.canary.update(&endpoints, awake(&endpoints, canary));
        self.rest.update(&endpoints, awake(&endpoints, rest));
    }

    fn select(&mut self, excluded: &Excluded) -> Option<Choice> {
        let (first, second) = match self.wants_canary() {
            true => (&mut self.canary, &mut self.rest),
            false => (&mut self.rest, &mut self.canary),
        };
        first
            .select(excluded)
            .or_else(|| second.select(excluded))
            .map(Choice::at)
    }
}

impl HeaderCanary {
    fn is_canary(&self, endpoint: &Endpoint) -> bool {
        self.config
            .label
            .iter()
            .all(|(name, value)| endpoint.label(name) == Some(value))
    }

    fn wants_canary(&self) -> bool {
        match (request::header(&self.config.header), &self.config.value) {
            (Some(value), Some(wanted)) => value == wanted.as_bytes(),
            (Some(_), None) => true,
            (None, _) => false,
        }
    }
}

/// Those that do not drain, or all when all do.
fn awake(endpoints: &[Endpoint], mut group: Vec<u32>) -> Vec<u32> {
    let drains = |position: &u32| endpoints[*position as usize].draining;
    if !group.iter().all(drains) {
        group.retain(|position| !drains(position));
    }
    group
}

export!(HeaderCanary);

#[cfg(test)]
mod tests;
