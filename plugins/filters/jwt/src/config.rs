//! What an operator writes.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use tidegate_sdk::config::{self, EditableName, Quoted, Target};

use crate::claims::{Copies, Rule};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    issuer: Option<Several>,
    audience: Several,
    jwks: Option<Jwks>,
    #[serde(default)]
    keys: Vec<Key>,
    cookie: Option<String>,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
    #[serde(default)]
    headers: BTreeMap<EditableName, String>,
    #[serde(default = "half_a_minute", deserialize_with = "config::duration")]
    leeway: Duration,
    #[serde(default = "yes")]
    require_exp: bool,
    #[serde(default = "yes")]
    forward: bool,
    #[serde(default = "realm")]
    realm: Quoted,
}

/// As the filter uses it.
#[derive(Deserialize)]
#[serde(from = "Written")]
pub struct Config {
    pub rule: Rule,
    pub copies: Copies,
    pub jwks: Option<Jwks>,
    pub keys: Vec<Key>,
    pub cookie: Option<String>,
    pub forward: bool,
    pub realm: Quoted,
}

/// Where keys are fetched.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Jwks {
    pub upstream: String,
    pub path: Target,
    #[serde(default = "ten_minutes", deserialize_with = "config::duration")]
    pub ttl: Duration,
    #[serde(default = "half_a_minute", deserialize_with = "config::duration")]
    pub refetch: Duration,
    #[serde(default = "an_hour", deserialize_with = "config::duration")]
    pub stale: Duration,
    #[serde(default, deserialize_with = "config::optional_duration")]
    pub timeout: Option<Duration>,
}

/// A key in the file.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Key {
    Secret(String),
    Pem(String),
    Jwk(serde_json::Value),
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "text, or a list of texts")]
enum Several {
    One(String),
    More(Vec<String>),
}

impl Config {
    /// What the types do not say.
    pub fn check(&self) -> Result<(), String> {
        if self.keys.is_empty() && self.jwks.is_none() {
            return Err("there is no key: write `keys`, `jwks` or both".to_owned());
        }
        if let Some(jwks) = &self.jwks {
            if jwks.upstream.is_empty() {
                return Err("jwks.upstream: a name is missing".to_owned());
            }
            if jwks.refetch.is_zero() || jwks.ttl < jwks.refetch {
                return Err("jwks.ttl: must be at least `refetch`, and that above 0".to_owned());
            }
        }
        if self.cookie.as_deref() == Some("") {
            return Err("cookie: a name is missing".to_owned());
        }
        if self.cookie.is_some() && !self.forward {
            return Err("forward: only `authorization` can be kept from the endpoint".to_owned());
        }
        self.rule.is_sound()?;
        self.copies.are_few()
    }
}

impl From<Written> for Config {
    fn from(written: Written) -> Self {
        Config {
            rule: Rule {
                issuers: written.issuer.map(Several::into_vec),
                audiences: written.audience.into_vec(),
                leeway: written.leeway,
                require_exp: written.require_exp,
            },
            copies: Copies {
                attributes: written.attributes,
                headers: written.headers,
            },
            jwks: written.jwks,
            keys: written.keys,
            cookie: written.cookie,
            forward: written.forward,
            realm: written.realm,
        }
    }
}

impl Several {
    fn into_vec(self) -> Vec<String> {
        match self {
            Several::One(text) => vec![text],
            Several::More(texts) => texts,
        }
    }
}

fn half_a_minute() -> Duration {
    Duration::from_secs(30)
}

fn ten_minutes() -> Duration {
    Duration::from_secs(600)
}

fn an_hour() -> Duration {
    Duration::from_secs(3600)
}

fn yes() -> bool {
    true
}

fn realm() -> Quoted {
    Quoted::parse("tidegate").expect("plain text")
}
