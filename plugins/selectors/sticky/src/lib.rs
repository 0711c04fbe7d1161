//! A client stays with its endpoint by a cookie.
//!
//! ```yaml
//! selector:
//!   plugin: sticky
//!   config:               # each key may be left out; these are the defaults
//!     cookie: tg          # name
//!     path: /
//!     # ttl: 1h           # Max-Age; without it the cookie ends with the browser's session
//!     secure: false
//!     http_only: true
//!     same_site: lax      # lax, strict, none (needs `secure: true`)
//!     # secret: ${STICKY_SECRET}
//! ```
//!
//! The cookie names the endpoint by an opaque number, not by its address. The number depends on the
//! endpoint's identity and on `secret`: every host with the same secret understands it, and without
//! the secret nobody can make one. Without a `secret` it can be computed by who knows the address
//! of the endpoint and the name of its upstream; all that a forger gains is an endpoint of their
//! choice.
//!
//! A cookie that names nobody (forged, or its endpoint is gone) makes a new client. A client whose
//! endpoint must not be used moves and gets a new cookie. A draining endpoint keeps its clients and
//! takes no new ones unless all drain. New clients go to the endpoint with the fewest requests in
//! flight for its weight.

mod cookie;
mod token;

use tidegate_sdk::algorithms::{Least, candidates};
use tidegate_sdk::prelude::*;

use cookie::{Config, Cookie};
use token::{Key, Token};

struct Sticky {
    cookie: Cookie,
    key: Key,
    /// By position in the list.
    tokens: Vec<Token>,
    /// Sorted.
    positions: Vec<(Token, u32)>,
    newcomers: Least,
}

impl Selector for Sticky {
    type Config = Config;

    fn configure(config: Config) -> Result<Self, String> {
        Ok(Sticky {
            key: Key::new(config.secret.as_deref().unwrap_or_default()),
            cookie: Cookie::new(config)?,
            tokens: Vec::new(),
            positions: Vec::new(),
            newcomers: Least::default(),
        })
    }

    fn update(&mut self, endpoints: Vec<Endpoint>) {
        self.tokens = endpoints
            .iter()
            .map(|endpoint| self.key.token(endpoint.id))
            .collect();
        self.positions = self.tokens.iter().copied().zip(0..).collect();
        self.positions.sort_unstable();
        self.newcomers.update(&endpoints, candidates(&endpoints));
    }

    fn select(&mut self, excluded: &Excluded) -> Option<Choice> {
        let home = request::cookie(self.cookie.name()).and_then(|value| self.home(&value));
        if let Some(home) = home.filter(|&home| !excluded.contains(home)) {
            return Some(Choice::at(home));
        }
        let place = self.newcomers.select(excluded)?;
        let cookie = self.cookie.set(self.tokens[place as usize]);
        Some(Choice::at(place).with(HeaderEdit::append("set-cookie", cookie)))
    }
}

impl Sticky {
    fn home(&self, value: &str) -> Option<u32> {
        let token = Token::parse(value)?;
        let found = self
            .positions
            .binary_search_by_key(&token, |(token, _)| *token)
            .ok()?;
        Some(self.positions[found].1)
    }
}

export!(Sticky);

#[cfg(test)]
mod tests;
