//! The cookie: what the operator may say about it, and how it is written (RFC 6265, and its
//! successor draft for `SameSite` and the name prefixes).

use std::time::Duration;

use serde::Deserialize;
use tidegate_sdk::config::optional_duration;

use crate::token::Token;

/// The plugin's `config`; the module doc of the crate explains the keys.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    cookie: String,
    path: String,
    #[serde(deserialize_with = "optional_duration")]
    ttl: Option<Duration>,
    secure: bool,
    http_only: bool,
    same_site: SameSite,
    pub secret: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum SameSite {
    Lax,
    Strict,
    None,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            cookie: "tg".to_owned(),
            path: "/".to_owned(),
            ttl: None,
            secure: false,
            http_only: true,
            same_site: SameSite::Lax,
            secret: None,
        }
    }
}

/// A cookie that lacks only its value.
pub struct Cookie {
    name: String,
    /// Everything after the value.
    attributes: String,
}

impl Cookie {
    /// Refuses what a browser would drop or read differently.
    pub fn new(config: Config) -> Result<Self, String> {
        check(&config)?;
        let mut attributes = format!("; Path={}", config.path);
        if let Some(ttl) = config.ttl {
            attributes += &format!("; Max-Age={}", ttl.as_secs());
        }
        if config.secure {
            attributes += "; Secure";
        }
        if config.http_only {
            attributes += "; HttpOnly";
        }
        attributes += match config.same_site {
            SameSite::Lax => "; SameSite=Lax",
            SameSite::Strict => "; SameSite=Strict",
            SameSite::None => "; SameSite=None",
        };
        Ok(Cookie {
            name: config.cookie,
            attributes,
        })
    }

    /// The name by which it comes back.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The value of `set-cookie` that gives a client this token.
    pub fn set(&self, token: Token) -> Vec<u8> {
        [
            self.name.as_bytes(),
            b"=",
            &token.digits(),
            self.attributes.as_bytes(),
        ]
        .concat()
    }
}

fn check(config: &Config) -> Result<(), String> {
    let refuse = |problem: &str| Err(problem.to_owned());
    if config.cookie.is_empty() || !config.cookie.bytes().all(is_token) {
        return refuse("cookie: must be a name of letters, digits and !#$%&'*+-.^_`|~");
    }
    if !config.path.starts_with('/') || !config.path.bytes().all(is_path) {
        return refuse("path: must begin with / and hold no ;, no space and no control character");
    }
    if config
        .ttl
        .is_some_and(|ttl| ttl.as_secs() == 0 || ttl.subsec_nanos() != 0)
    {
        return refuse("ttl: must be a whole number of seconds, at least 1s");
    }
    if config.same_site == SameSite::None && !config.secure {
        return refuse("same_site: none needs `secure: true`, browsers drop the cookie otherwise");
    }
    let name = config.cookie.to_ascii_lowercase();
    if name.starts_with("__secure-") && !config.secure {
        return refuse("cookie: a name with the prefix __Secure- needs `secure: true`");
    }
    if name.starts_with("__host-") && (!config.secure || config.path != "/") {
        return refuse("cookie: a name with the prefix __Host- needs `secure: true` and `path: /`");
    }
    if config.secret.as_deref() == Some("") {
        return refuse("secret: must not be empty");
    }
    Ok(())
}

/// RFC 9110, section 5.6.2.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// RFC 6265, section 4.1.1, without the space.
fn is_path(byte: u8) -> bool {
    byte.is_ascii_graphic() && byte != b';'
}
