//! Lets in who has a token that somebody trusted has signed: a JWT (RFC 7519) in the compact form
//! of a JWS (RFC 7515).
//!
//! ```yaml
//! plugins:
//!   token: { builtin: jwt, grant: { http: [idp] } }
//! routes:
//!   - filters:
//!       - plugin: token
//!         config:
//!           issuer: https://idp.example.com       # optional: any; or a list
//!           audience: api                         # or a list; "*" is anybody's token
//!           jwks: { upstream: idp, path: /.well-known/jwks.json }
//!           keys:                                 # and, or in place of, `jwks`
//!             - { secret: "at least 32 letters, for HS256" }
//!             - { pem: "-----BEGIN PUBLIC KEY-----…" }
//!             - { jwk: { kty: OKP, crv: Ed25519, x: 11qYAYKx… } }
//!           cookie: session                       # optional: `Authorization: Bearer` unless written
//!           attributes: { user: sub }             # optional: attribute and claim
//!           headers: { x-user: sub }              # optional: field of the request and claim
//!           leeway: 30s                           # the default: clocks that do not agree
//!           require_exp: true                     # the default: a token without an end is refused
//!           forward: true                         # the default; with false the endpoint does not
//!                                                 # get the `authorization`
//!           realm: api                            # optional
//! ```
//!
//! **Algorithms**: HS256, RS256 (2048 bits and more), ES256, EdDSA with Ed25519. Each key has one,
//! by its type; a token that names another one is refused, and so are `none` and `crit`. What a
//! token says of where its own key is (`jku`, `jwk`, `x5u`) is not looked at.
//!
//! **Keys of a JWKS** are fetched when they are first needed, shared by all threads, and fetched
//! anew after `ttl` (10m) or when a token names a key that is not there, at most every `refetch`
//! (30s). While that fails the old ones serve on for `stale` (1h). Without any key the answer is
//! 503. A symmetric key in a JWKS is ignored.
//!
//! **Claims** that are copied are text, numbers and truth values as they are, everything else as
//! JSON. What is longer than 512 bytes, or cannot stand in a field, is left out. A field of
//! `headers` that the client itself has sent is gone, also where the token has no such claim. At
//! most 8 attributes and 16 fields.
//!
//! The others get 401, with a `WWW-Authenticate` of RFC 6750 that says why. A token that was right
//! is remembered until its end by this instance. To check a new one is the dearest that a filter
//! does, below a millisecond for EdDSA, ES256, and RS256 with 2048 bits; larger keys need a longer
//! `deadline`.

mod claims;
mod config;
mod key;
mod keys;
mod remote;
mod token;

use tidegate_sdk::algorithms::Recent;
use tidegate_sdk::prelude::*;

use claims::{Claims, Copies};
use config::Config;
use keys::{Keys, Refusal};
use token::Token;

/// Tokens that are remembered.
const TOKENS: usize = 1024;

struct Jwt {
    keys: Keys,
    rule: claims::Rule,
    copies: Copies,
    cookie: Option<String>,
    realm: String,
    forward: bool,
    /// Claims of tokens with a right signature, by the hash of the token. As good as the keys.
    right: Recent<[u8; 32], Claims>,
    right_until: u64,
}

impl Filter for Jwt {
    type Config = Config;

    fn configure(config: Config) -> Result<Self, String> {
        config.check()?;
        Ok(Jwt {
            keys: Keys::new(config.keys, config.jwks)?,
            rule: config.rule,
            copies: config.copies,
            cookie: config.cookie,
            realm: config.realm.to_string(),
            forward: config.forward,
            right: Recent::new(TOKENS),
            right_until: 0,
        })
    }

    fn on_request(&mut self) -> Verdict {
        let Some(text) = self.given() else {
            return self.challenge(None);
        };
        match self.claims(&text) {
            Ok(claims) => self
                .copies
                .edits(&claims, self.cookie.is_none() && !self.forward)
                .into(),
            Err(Refusal::Invalid(why)) => self.challenge(Some(why)),
            Err(Refusal::NoKeys) => Reply::new(503)
                .header("retry-after", "1")
                .text("no key to check the token with\n")
                .into(),
        }
    }
}

impl Jwt {
    /// The token, as the client has written it.
    fn given(&self) -> Option<String> {
        if let Some(cookie) = &self.cookie {
            return request::cookie(cookie).filter(|token| !token.is_empty());
        }
        let value = String::from_utf8(request::header("authorization")?).ok()?;
        let (scheme, token) = value.split_once(' ')?;
        scheme
            .eq_ignore_ascii_case("bearer")
            .then(|| token.trim().to_owned())
    }

    /// What a token that may pass says.
    fn claims(&mut self, text: &str) -> Result<Claims, Refusal> {
        let hash = token::hash(text);
        let generation = self.keys.refresh();
        if generation != self.right_until {
            self.right = Recent::new(TOKENS);
            self.right_until = generation;
        }
        if let Some(claims) = self.right.get(&hash) {
            self.rule.check(claims)?;
            return Ok(claims.clone());
        }
        let token = Token::parse(text)?;
        self.keys.verify(&token)?;
        let claims = Claims::parse(&token.payload)?;
        self.rule.check(&claims)?;
        self.right.insert(hash, claims.clone());
        Ok(claims)
    }

    fn challenge(&self, why: Option<&str>) -> Verdict {
        let mut challenge = format!("Bearer realm=\"{}\"", self.realm);
        if let Some(why) = why {
            challenge += &format!(", error=\"invalid_token\", error_description=\"{why}\"");
        }
        Reply::new(401)
            .header("www-authenticate", challenge)
            .text("a valid token is missing\n")
            .into()
    }
}

export_filter!(Jwt);

#[cfg(test)]
mod tests;
