//! The cookie in which a user without a key carries the variant.

use std::time::Duration;

use serde::Deserialize;
use tidegate_sdk::config::duration;

/// What the operator may say of it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Cookie {
    /// How long it lasts from the first visit.
    #[serde(deserialize_with = "duration")]
    ttl: Duration,
    /// Over TLS alone.
    secure: bool,
}

impl Default for Cookie {
    fn default() -> Self {
        Cookie {
            ttl: Duration::from_secs(30 * 24 * 3600),
            secure: false,
        }
    }
}

impl Cookie {
    pub fn check(&self) -> Result<(), String> {
        match self.ttl.as_secs() > 0 && self.ttl.subsec_nanos() == 0 {
            true => Ok(()),
            false => Err("cookie.ttl: must be whole seconds, for example 30d".to_owned()),
        }
    }

    /// The value of `set-cookie`. Names of experiments and variants need no quotes.
    pub fn set(&self, name: &str, variant: &str) -> String {
        let ttl = self.ttl.as_secs();
        let secure = if self.secure { "; Secure" } else { "" };
        format!("{name}={variant}; Path=/; Max-Age={ttl}; HttpOnly; SameSite=Lax{secure}")
    }
}
