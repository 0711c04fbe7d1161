//! All keys that a token may be signed with.

use crate::config;
use crate::key::Key;
use crate::remote::Remote;
use crate::token::Token;

/// Why a token does not pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// It is the token's fault. The text goes to the client, between quotes.
    Invalid(&'static str),
    /// There is no key to check it with.
    NoKeys,
}

pub struct Keys {
    /// Of the file.
    own: Vec<Key>,
    remote: Option<Remote>,
}

impl Keys {
    pub fn new(written: Vec<config::Key>, jwks: Option<config::Jwks>) -> Result<Self, String> {
        let own = written.into_iter().enumerate().map(|(i, key)| {
            let key = match key {
                config::Key::Secret(secret) => Key::secret(secret.as_bytes()),
                config::Key::Pem(text) => Key::pem(&text),
                config::Key::Jwk(value) => Key::jwk(&value),
            };
            key.map_err(|problem| format!("keys[{i}]: {problem}"))
        });
        Ok(Keys {
            own: own.collect::<Result<_, _>>()?,
            remote: jwks.map(Remote::new),
        })
    }

    /// Takes over what other instances have fetched; answers a number that changes with the keys.
    pub fn refresh(&mut self) -> u64 {
        self.remote.as_mut().map_or(0, Remote::refresh)
    }

    /// Whether one of them has signed the token.
    pub fn verify(&mut self, token: &Token) -> Result<(), Refusal> {
        let mut candidates = self.own.iter().filter(|key| key.may_be(token)).peekable();
        let known = candidates.peek().is_some();
        if candidates.any(|key| key.has_signed(token)) {
            return Ok(());
        }
        match &mut self.remote {
            Some(remote) => remote.verify(token),
            None if known => Err(Refusal::Invalid("the signature is wrong")),
            None => Err(UNKNOWN),
        }
    }
}

pub const UNKNOWN: Refusal = Refusal::Invalid("the key or the algorithm is unknown");
