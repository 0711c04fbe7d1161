//! The own zone first; another one when each endpoint of the own has more to do than a bound, or
//! none of them may be used.
//!
//! A request spills over by itself: the next one looks again. So just what is too much for the own
//! zone goes elsewhere, and nothing switches to and fro. When all zones have more to do than the
//! bound, the one with the least takes the request: from there on distance does not count.
//!
//! Inside of a zone the endpoint with the fewest requests in flight for its weight is chosen.
//! Draining endpoints take nothing new unless all endpoints drain.

mod zone;

use std::collections::BTreeMap;

use serde::Deserialize;
use tidegate_sdk::algorithms::candidates;
use tidegate_sdk::prelude::*;

use zone::Zone;

/// The plugin's `config`; the README explains the keys.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    zone: String,
    /// Requests in flight for each endpoint as heavy as the heaviest.
    bound: f64,
    #[serde(default)]
    spill: Spill,
}

/// Which of the other zones comes next.
#[derive(Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Spill {
    /// The one whose endpoints answer the fastest.
    #[default]
    Latency,
    /// As written; those that are not, come last, by their names.
    Order(Vec<String>),
}

struct ZoneAware {
    config: Config,
    /// The own zone first, if it has endpoints, then the others as `spill` says.
    zones: Vec<Zone>,
}

impl Selector for ZoneAware {
    type Config = Config;

    fn configure(config: Config) -> Result<Self, String> {
        if config.zone.is_empty() {
            return Err("zone: write the zone in which this proxy runs".to_owned());
        }
        if !(config.bound.is_finite() && config.bound > 0.0) {
            return Err("bound: must be above 0, for example 20".to_owned());
        }
        if let Spill::Order(order) = &config.spill {
            for (i, name) in order.iter().enumerate() {
                if name.is_empty() || *name == config.zone || order[..i].contains(name) {
                    let problem = "write each of the other zones once, the nearest first";
                    return Err(format!("spill.order[{i}]: {problem}"));
                }
            }
        }
        Ok(ZoneAware {
            config,
            zones: Vec::new(),
        })
    }

    fn update(&mut self, endpoints: Vec<Endpoint>) {
        let mut zones = BTreeMap::<Option<&str>, Vec<u32>>::new();
        for position in candidates(&endpoints) {
            let zone = endpoints[position as usize].zone.as_deref();
            zones.entry(zone).or_default().push(position);
        }
        if !zones.contains_key(&Some(&*self.config.zone)) {
            log::warn!("no endpoint is in the own zone {}", self.config.zone);
        }
        let zones = zones.into_iter();
        let mut zones: Vec<Zone> = zones
            .map(|(name, positions)| Zone::new(name, &endpoints, positions))
            .collect();
        zones.sort_by_key(|zone| self.rank(zone.name.as_deref()));
        self.zones = zones;
    }

    fn select(&mut self, excluded: &Excluded) -> Option<Choice> {
        let chosen = self.zone(excluded)?;
        self.zones[chosen].select(excluded).map(Choice::at)
    }
}

impl ZoneAware {
    /// Which zone takes the request.
    fn zone(&self, excluded: &Excluded) -> Option<usize> {
        let in_flight = load::in_flight();
        let loads = self
            .zones
            .iter()
            .map(|zone| zone.load(&in_flight, excluded));
        let loads: Vec<(usize, f64)> = (0..)
            .zip(loads)
            .filter_map(|(i, load)| Some((i, load?)))
            .collect();
        let with_room = || loads.iter().filter(|(_, load)| *load < self.config.bound);
        let own = with_room().find(|(i, _)| self.is_own(*i));
        let next = own.or_else(|| match self.config.spill {
            Spill::Order(_) => with_room().next(),
            Spill::Latency => {
                let latency = load::latency();
                let of = |i: usize| self.zones[i].latency(&latency, excluded);
                with_room().min_by(|one, other| of(one.0).total_cmp(&of(other.0)))
            }
        });
        let least = || loads.iter().min_by(|one, other| one.1.total_cmp(&other.1));
        next.or_else(least).map(|(i, _)| *i)
    }

    fn is_own(&self, zone: usize) -> bool {
        self.zones[zone].name.as_deref() == Some(&*self.config.zone)
    }

    /// The own zone, then those of the order, then the others; endpoints without a zone are last.
    fn rank(&self, zone: Option<&str>) -> usize {
        let order = match &self.config.spill {
            Spill::Order(order) => &order[..],
            Spill::Latency => &[],
        };
        match zone {
            Some(name) if name == self.config.zone => 0,
            Some(name) => match order.iter().position(|known| known == name) {
                Some(place) => 1 + place,
                None => 1 + order.len(),
            },
            None => 2 + order.len(),
        }
    }
}

export!(ZoneAware);

#[cfg(test)]
mod tests;
