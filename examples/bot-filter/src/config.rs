//! What the operator may say.

use serde::Deserialize;
use tidegate_sdk::config::FieldName;
use tidegate_sdk::state::Bucket;

use crate::agent::Pattern;
use crate::network::Network;

/// The plugin's `config`; the README explains the keys.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub mode: Mode,
    #[serde(default)]
    pub good: Vec<Good>,
    #[serde(default)]
    pub agents: Vec<Pattern>,
    #[serde(default)]
    pub fields: Vec<FieldName>,
    pub rate: Option<Rate>,
}

#[derive(Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    Mark,
    Block,
}

/// A program that is welcome.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Good {
    pub agent: Pattern,
    /// Where it comes from; from elsewhere it is an impostor.
    pub from: Vec<Network>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// Requests of one client in a second.
    per_second: f64,
    /// At once.
    burst: u32,
}

/// Patterns and networks of each kind: a call has a bound of time.
const MOST: usize = 256;

impl Config {
    /// Refuses what would never work, and opens the bucket of the rate.
    pub fn check(&self) -> Result<Option<Bucket>, String> {
        let Config {
            good,
            agents,
            fields,
            rate,
            ..
        } = self;
        if agents.is_empty() && fields.is_empty() && rate.is_none() && good.is_empty() {
            return Err("write at least one of agents, fields, rate and good".to_owned());
        }
        if agents.len() > MOST || good.len() > MOST || fields.len() > MOST {
            return Err(format!("agents, fields, good: at most {MOST} of each"));
        }
        for (i, good) in good.iter().enumerate() {
            if good.from.is_empty() || good.from.len() > MOST {
                return Err(format!("good[{i}].from: write from 1 to {MOST} networks"));
            }
        }
        rate.as_ref().map(Rate::bucket).transpose()
    }
}

impl Rate {
    fn bucket(&self) -> Result<Bucket, String> {
        let Rate { per_second, burst } = *self;
        if !(per_second > 0.0 && per_second <= 1e6) {
            return Err("rate.per_second: must be above 0 and at most 1000000".to_owned());
        }
        if burst == 0 {
            return Err("rate.burst: must be at least 1, or no request would pass".to_owned());
        }
        Ok(Bucket::open("clients", per_second, f64::from(burst)))
    }
}
