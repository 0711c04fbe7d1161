//! Lets in who has a key, and tells later filters, selectors and the access log whose it is.
//!
//! ```yaml
//! filters:
//!   - plugin: api-key
//!     config:
//!       header: x-api-key      # the default; or `query: NAME` for a parameter of the query
//!       keys:                  # by name, as SHA-256 in hexadecimal
//!         billing: 4f0d1a…     # printf %s "$KEY" | sha256sum
//!       realm: partners        # optional, for who asks without a key
//!       forward: true          # the default; with false the endpoint does not get the header
//! ```
//!
//! The file holds hashes, so that who reads it has no key. A hash this fast can be guessed: a key
//! must be long and random (`openssl rand -hex 32`), and not what a human has thought of. For
//! passwords there is `basic-auth`.
//!
//! Without a key, or with one that nobody has, the answer is 401. The attribute `api_key` is the
//! name. A key in the query ends up in logs, in histories and in `Referer`: prefer the header.

mod keys;

use std::collections::BTreeMap;

use serde::Deserialize;
use tidegate_sdk::config::{EditableName, Quoted};
use tidegate_sdk::prelude::*;

use keys::Keys;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    header: Option<EditableName>,
    query: Option<String>,
    keys: BTreeMap<String, String>,
    #[serde(default = "realm")]
    realm: Quoted,
    #[serde(default = "yes")]
    forward: bool,
}

enum Place {
    Header(EditableName),
    Query(String),
}

struct ApiKey {
    place: Place,
    keys: Keys,
    challenge: String,
    forward: bool,
}

impl Filter for ApiKey {
    type Config = Config;

    fn configure(config: Config) -> Result<Self, String> {
        let place = match (config.header, config.query) {
            (Some(_), Some(_)) => return Err("`header` and `query` exclude each other".to_owned()),
            (None, Some(name)) if name.is_empty() => {
                return Err("query: a name is missing".to_owned());
            }
            (None, Some(_)) if !config.forward => {
                return Err("forward: only a header can be kept from the endpoint".to_owned());
            }
            (None, Some(name)) => Place::Query(name),
            (Some(name), None) => Place::Header(name),
            (None, None) => Place::Header(EditableName::parse("x-api-key")?),
        };
        Ok(ApiKey {
            place,
            keys: Keys::parse(config.keys)?,
            challenge: format!("ApiKey realm=\"{}\"", &*config.realm),
            forward: config.forward,
        })
    }

    fn on_request(&mut self) -> Verdict {
        let given = match &self.place {
            Place::Header(name) => request::header(name),
            Place::Query(name) => request::query_parameter(name).map(String::into_bytes),
        };
        let Some(name) = given.as_deref().and_then(|key| self.keys.name(key)) else {
            return Reply::new(401)
                .header("www-authenticate", &*self.challenge)
                .text("a valid key is missing\n")
                .into();
        };
        let edits = RequestEdits::new().attribute("api_key", name);
        match &self.place {
            Place::Header(name) if !self.forward => edits.remove(&**name).into(),
            _ => edits.into(),
        }
    }
}

fn realm() -> Quoted {
    Quoted::parse("tidegate").expect("plain text")
}

fn yes() -> bool {
    true
}

export_filter!(ApiKey);

#[cfg(test)]
mod tests;
