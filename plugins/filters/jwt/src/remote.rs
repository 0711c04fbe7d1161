//! Keys that are fetched. What was fetched stands in the state, so that one instance fetches for
//! all: eight bytes of when (the common clock, in milliseconds), then the set as it came.

use std::time::Duration;

use serde::Deserialize;
use tidegate_sdk::http_client::Outgoing;
use tidegate_sdk::prelude::*;

use crate::config::Jwks;
use crate::key::Key;
use crate::keys::{Refusal, UNKNOWN};
use crate::token::Token;

/// Keys of one set that are looked at.
const MOST: usize = 64;
/// How long an instance does not look whether another one has fetched.
const LOOK: Duration = Duration::from_secs(1);

pub struct Remote {
    /// In the state, which outlives the configuration: keys of another place are not these.
    name: String,
    jwks: Jwks,
    keys: Vec<Key>,
    /// When the keys were fetched, in milliseconds; 0: never.
    fetched: u64,
    looked: Option<Duration>,
    /// Hand out the leave to fetch: when there are keys, and when there are none.
    again: state::Bucket,
    first: state::Bucket,
}

#[derive(Deserialize)]
struct Set {
    keys: Vec<serde_json::Value>,
}

impl Remote {
    pub fn new(jwks: Jwks) -> Self {
        let rate = 1.0 / jwks.refetch.as_secs_f64();
        Remote {
            name: format!("jwks of {} {}", jwks.upstream, &*jwks.path),
            jwks,
            keys: Vec::new(),
            fetched: 0,
            looked: None,
            again: state::Bucket::open("jwks", rate, 1.0),
            first: state::Bucket::open("jwks without keys", 1.0, 1.0),
        }
    }

    /// Sees to it that the keys are not too old, with what another instance has fetched where there
    /// is such; answers when that was, 0 when there are none.
    pub fn refresh(&mut self) -> u64 {
        let now = clock::now();
        if self.looked.is_none_or(|looked| now >= looked + LOOK) {
            self.take_over();
        }
        if age(self.fetched) >= self.jwks.ttl {
            self.fetch();
        }
        if self.is_too_old(self.fetched) {
            self.keys.clear();
            self.fetched = 0;
        }
        self.fetched
    }

    /// Whether one of the keys has signed the token; fetches them when it may be a new one.
    pub fn verify(&mut self, token: &Token) -> Result<(), Refusal> {
        if !self.knows(token) {
            self.take_over();
        }
        if !self.knows(token) {
            self.fetch();
        }
        if self.fetched == 0 {
            return Err(Refusal::NoKeys);
        }
        let mut candidates = self.keys.iter().filter(|key| key.may_be(token)).peekable();
        if candidates.peek().is_none() {
            return Err(UNKNOWN);
        }
        match candidates.any(|key| key.has_signed(token)) {
            true => Ok(()),
            false => Err(Refusal::Invalid("the signature is wrong")),
        }
    }

    fn knows(&self, token: &Token) -> bool {
        self.keys.iter().any(|key| key.may_be(token))
    }

    fn is_too_old(&self, fetched: u64) -> bool {
        age(fetched) >= self.jwks.ttl + self.jwks.stale
    }

    fn take_over(&mut self) {
        self.looked = Some(clock::now());
        let Some(value) = state::get(&self.name) else {
            return;
        };
        let Some((when, set)) = value.split_first_chunk() else {
            return;
        };
        let when = u64::from_le_bytes(*when);
        if when != self.fetched
            && !self.is_too_old(when)
            && let Ok(keys) = parse(set)
        {
            self.keys = keys;
            self.fetched = when;
        }
    }

    /// Unless somebody did lately. A failure leaves what there is.
    fn fetch(&mut self) {
        if age(self.fetched) < self.jwks.refetch {
            return;
        }
        let leave = match self.fetched {
            0 => &self.first,
            _ => &self.again,
        };
        if leave.take("", 1).is_err() {
            return;
        }
        let Jwks {
            upstream,
            path,
            timeout,
            ..
        } = &self.jwks;
        let mut outgoing =
            Outgoing::new("GET", upstream, path).header("accept", "application/json");
        if let Some(time) = timeout {
            outgoing = outgoing.timeout(*time);
        }
        let fetched = match outgoing.send() {
            Ok(reply) if reply.status == 200 => parse(&reply.body).map(|keys| (keys, reply.body)),
            Ok(reply) => Err(format!("the status is {}", reply.status)),
            Err(failure) => Err(failure.explain().to_owned()),
        };
        match fetched {
            Ok((keys, body)) => self.keep(keys, &body),
            Err(problem) => log::warn!("the keys of {upstream} could not be fetched: {problem}"),
        }
    }

    fn keep(&mut self, keys: Vec<Key>, set: &[u8]) {
        // Never 0, which means never.
        let now = (clock::now().as_millis() as u64).max(1);
        self.keys = keys;
        self.fetched = now;
        let value = [&now.to_le_bytes()[..], set].concat();
        if let Err(problem) = state::set(&self.name, &value, None) {
            log::warn!("the keys cannot be shared, so each instance fetches its own: {problem}");
        }
    }
}

/// Since keys were fetched; without end when they never were.
fn age(fetched: u64) -> Duration {
    match fetched {
        0 => Duration::MAX,
        then => clock::now().saturating_sub(Duration::from_millis(then)),
    }
}

/// The keys of a set that can be used. A symmetric one is no key: everybody has read it.
fn parse(set: &[u8]) -> Result<Vec<Key>, String> {
    let set: Set =
        serde_json::from_slice(set).map_err(|error| format!("not a JWK set: {error}"))?;
    let keys = set
        .keys
        .iter()
        .take(MOST)
        .filter_map(|value| Key::jwk(value).ok());
    let keys: Vec<Key> = keys.filter(|key| !key.is_symmetric()).collect();
    match keys.is_empty() {
        true => Err("the set has no key that can be used".to_owned()),
        false => Ok(keys),
    }
}
