//! What of a request decides.

use serde::Deserialize;
use tidegate_sdk::algorithms::hash;
use tidegate_sdk::prelude::*;

/// Where the key is.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Key {
    /// First value of a header field.
    Header(String),
    /// A cookie.
    Cookie(String),
    /// First value of a query parameter, percent-decoded.
    Query(String),
    /// The path, without the query.
    Path,
    /// The client's address.
    ClientAddress,
}

impl Key {
    /// Refuses a name that no request can have.
    pub fn check(&self) -> Result<(), String> {
        match self {
            Key::Header(name) if name.is_empty() => Err("key.header: a name is missing".to_owned()),
            Key::Cookie(name) if name.is_empty() => Err("key.cookie: a name is missing".to_owned()),
            Key::Query(name) if name.is_empty() => Err("key.query: a name is missing".to_owned()),
            _ => Ok(()),
        }
    }

    /// The hash of the request's key, or of its client's address when it has none.
    pub fn hash(&self) -> u64 {
        let key = match self {
            Key::Header(name) => request::header(name),
            Key::Cookie(name) => request::cookie(name).map(String::into_bytes),
            Key::Query(name) => request::query_parameter(name).map(String::into_bytes),
            Key::Path => Some(request::path().into_bytes()),
            Key::ClientAddress => None,
        };
        match key {
            Some(key) if !key.is_empty() => hash(&key),
            _ => request::client_hash(),
        }
    }
}
