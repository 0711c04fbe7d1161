//! Lets in who has a name and a password (RFC 7617), and tells later filters, selectors and the
//! access log who that is.
//!
//! ```yaml
//! filters:
//!   - plugin: basic-auth
//!     config:
//!       users:
//!         ann: $argon2id$v=19$m=4096,t=3,p=1$c2FsdHNhbHQ$…   # argon2 … -e
//!         machine: "{SHA256}ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="
//!       realm: staff       # optional, shown by browsers
//!       forward: true      # the default; with false the endpoint does not get the password
//! ```
//!
//! A password is kept as one of:
//!
//! - a PHC string of **Argon2**, for passwords that people think of. It is slow on purpose: one check
//!   takes its time and the memory that it names (`m`, in KiB), which each instance keeps, and holds
//!   up a thread of the proxy. Take the smallest parameters that you can answer for.
//! - `{SHA256}` and the hash in base64, for long random secrets of machines
//!   (`printf %s "$SECRET" | openssl dgst -sha256 -binary | base64`). A hash this fast can be guessed
//!   where people choose.
//!
//! Measured in the sandbox, on one core of a small server:
//!
//! | parameters | a check takes | an instance needs |
//! |---|---|---|
//! | `m=4096,t=3` | 8 ms | 6 MiB |
//! | `m=9216,t=4` | 24 ms | 11 MiB |
//! | `m=19456,t=2` | 26 ms | 21 MiB |
//! | `m=65536,t=3` | 160 ms | 66 MiB |
//!
//! Other plugins get 2 ms and 16 MiB unless their operator says otherwise. **This one gets 200 ms and
//! 64 MiB**, which holds all of these but the last. For more, give it an entry in `plugins`, as
//! `login: { builtin: basic-auth, deadline: 1s, memory: 128MiB }`. What does not fit into the memory is
//! refused when the file is read. What takes longer than the deadline is not: each login is a fault
//! then, answered with 503. Leave room for a busy machine.
//!
//! A password that was right is remembered by this instance, as a keyed hash of name and password, for
//! the next 1024 clients; a wrong one is computed again each time. Bound the guesses: put
//! `rate-limit` before this filter.
//!
//! Without a name and a password, or with wrong ones, the answer is 401. An unknown name costs as
//! much as the costliest user: give all users the same parameters, or a cheap one can be told from
//! one that is not there. The attribute `user` is the name.
//!
//! The password travels as it is: use it over TLS alone.

mod credentials;
mod known;
mod secret;

use std::collections::BTreeMap;
use std::hint::black_box;

use serde::Deserialize;
use tidegate_sdk::config::Quoted;
use tidegate_sdk::prelude::*;

use credentials::Credentials;
use known::Known;
use secret::{Scratch, Secret};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    users: BTreeMap<String, String>,
    #[serde(default = "realm")]
    realm: Quoted,
    #[serde(default = "yes")]
    forward: bool,
}

struct BasicAuth {
    users: BTreeMap<String, Secret>,
    /// What an unknown name is compared with. It is somebody's, and lets nobody in.
    stranger: Secret,
    scratch: Scratch,
    known: Known,
    challenge: String,
    forward: bool,
}

impl Filter for BasicAuth {
    type Config = Config;

    fn configure(config: Config) -> Result<Self, String> {
        let known = Known::new(config.users.values());
        let mut users = BTreeMap::new();
        for (name, written) in config.users {
            if name.is_empty() || name.len() > 128 || name.contains(':') {
                return Err(format!(
                    "users.{name}: a name has 1 to 128 letters and no colon"
                ));
            }
            let secret =
                Secret::parse(&written).map_err(|problem| format!("users.{name}: {problem}"))?;
            users.insert(name, secret);
        }
        let stranger = users.values().max_by_key(|secret| secret.cost()).cloned();
        let stranger = stranger.ok_or("users: nobody is there: write NAME: HASH")?;
        // What needs too much memory ends here, and not at the first client.
        let mut scratch = scratch(&users)?;
        stranger.is(b"", &mut scratch);
        Ok(BasicAuth {
            users,
            stranger,
            scratch,
            known,
            challenge: format!("Basic realm=\"{}\", charset=\"UTF-8\"", &*config.realm),
            forward: config.forward,
        })
    }

    fn on_request(&mut self) -> Verdict {
        let given = request::header("authorization").and_then(|value| Credentials::parse(&value));
        let Some(credentials) = given.filter(|credentials| self.are_right(credentials)) else {
            return Reply::new(401)
                .header("www-authenticate", &*self.challenge)
                .text("a name and a password, please\n")
                .into();
        };
        let edits = RequestEdits::new().attribute("user", credentials.name);
        match self.forward {
            true => edits.into(),
            false => edits.remove("authorization").into(),
        }
    }
}

impl BasicAuth {
    fn are_right(&mut self, credentials: &Credentials) -> bool {
        let Credentials { name, password } = credentials;
        if self.known.has(credentials) {
            return true;
        }
        let (secret, exists) = match self.users.get(name) {
            Some(secret) => (secret, true),
            None => (&self.stranger, false),
        };
        // Whoever it is, the password is looked at.
        let right = black_box(secret.is(password, &mut self.scratch)) & exists;
        if right {
            self.known.remember(credentials);
        }
        right
    }
}

/// Room for the password that needs the most.
fn scratch(users: &BTreeMap<String, Secret>) -> Result<Scratch, String> {
    let greediest = users.iter().max_by_key(|(_, secret)| secret.blocks());
    let Some((name, secret)) = greediest else {
        return Ok(Scratch::default());
    };
    let blocks = secret.blocks();
    Scratch::new(blocks).ok_or_else(|| {
        format!(
            "users.{name}: to check this password takes {blocks} KiB (`m`), and the plugin has not as \
             much left: give it an entry in `plugins` with `builtin: basic-auth` and a `memory` of \
             {} MiB or more, or take a smaller `m`",
            blocks.div_ceil(1024) + 4
        )
    })
}

fn realm() -> Quoted {
    Quoted::parse("tidegate").expect("plain text")
}

fn yes() -> bool {
    true
}

export_filter!(BasicAuth);

#[cfg(test)]
mod tests;
