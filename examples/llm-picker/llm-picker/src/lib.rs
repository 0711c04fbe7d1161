//! A prompt's prefix stays with its endpoint, where its cache is warm, until that endpoint has more
//! to do than others.
//!
//! 1. Endpoints that have more than `bound` times their share of this proxy's requests in flight are
//!    left out, whatever they say of themselves.
//! 2. Of the others, those may be chosen that have at most `margin` requests more to do than the one
//!    with the least.
//! 3. Of these, the key's order decides. A request without a key is given one by lot, so that not
//!    all of them go to the endpoint that reported the least.
//!
//! Without the filter `llm-depths` nothing is reported, and what counts is the requests in flight.

mod depths;
mod preference;

use serde::Deserialize;
use tidegate_sdk::algorithms::candidates;
use tidegate_sdk::prelude::*;

use depths::Depths;
use preference::score;

/// The plugin's `config`; the README explains the keys.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Config {
    margin: u32,
    bound: f64,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            margin: 4,
            bound: 2.0,
        }
    }
}

struct Picker {
    config: Config,
    members: Vec<Member>,
    depths: Depths,
}

/// An endpoint that may take new work.
struct Member {
    position: u32,
    id: u64,
    /// As a part of the heaviest one's.
    weight: f64,
}

impl Selector for Picker {
    type Config = Config;

    fn configure(config: Config) -> Result<Self, String> {
        if config.margin > 1_000 {
            return Err("margin: at most 1000 requests, for example 4".to_owned());
        }
        if !(1.1..=100.0).contains(&config.bound) {
            return Err("bound: must be from 1.1 to 100, for example 2".to_owned());
        }
        Ok(Picker {
            config,
            members: Vec::new(),
            depths: Depths::default(),
        })
    }

    fn update(&mut self, endpoints: Vec<Endpoint>) {
        let heaviest = endpoints.iter().map(|endpoint| endpoint.weight).max();
        let heaviest = f64::from(heaviest.unwrap_or(1));
        let member = |position: u32| {
            let endpoint = &endpoints[position as usize];
            Member {
                position,
                id: endpoint.id,
                weight: f64::from(endpoint.weight) / heaviest,
            }
        };
        self.members = candidates(&endpoints).into_iter().map(member).collect();
        self.depths = Depths::new(&endpoints);
    }

    fn select(&mut self, excluded: &Excluded) -> Option<Choice> {
        let in_flight = load::in_flight();
        let reports = request::attribute(reports::DEPTHS).unwrap_or_default();
        self.depths.hear(&reports, &in_flight);
        let usable = self
            .members
            .iter()
            .filter(|member| !excluded.contains(member.position));
        let priced = self.priced(usable.collect(), &in_flight);
        let least = priced
            .iter()
            .map(|(_, price)| *price)
            .fold(f64::INFINITY, f64::min);
        let most = least + f64::from(self.config.margin);
        let key = prefix().unwrap_or_else(random::next);
        let score = |member: &Member| score(key, member.id, member.weight);
        let near = priced.into_iter().filter(|(_, price)| *price <= most);
        near.map(|(member, _)| (member.position, score(member)))
            .max_by(|one, other| one.1.total_cmp(&other.1))
            .map(|(position, _)| Choice::at(position))
    }
}

impl Picker {
    /// Those within their bound, with the depth for their weight. One always is: all bounds together
    /// are above all requests in flight.
    fn priced<'a>(&self, usable: Vec<&'a Member>, in_flight: &[u32]) -> Vec<(&'a Member, f64)> {
        let of = |member: &Member| {
            in_flight
                .get(member.position as usize)
                .copied()
                .unwrap_or(0)
        };
        let weights: f64 = usable.iter().map(|member| member.weight).sum();
        let total: f64 = usable.iter().map(|member| f64::from(of(member))).sum();
        let share = self.config.bound * (total + 1.0) / weights;
        let room = f64::from(self.config.margin);
        let within = |member: &&Member| f64::from(of(member)) < share * member.weight + room;
        let price = |member: &Member| {
            let depth = self.depths.now(member.position as usize, in_flight);
            f64::from(depth) / member.weight
        };
        let within = usable.into_iter().filter(within);
        within.map(|member| (member, price(member))).collect()
    }
}

/// As the filter has left it.
fn prefix() -> Option<u64> {
    u64::from_str_radix(&request::attribute(reports::PREFIX)?, 16).ok()
}

export!(Picker);

#[cfg(test)]
mod tests;
