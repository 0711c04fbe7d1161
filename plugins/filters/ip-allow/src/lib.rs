//! Lets in the clients of some networks, or keeps out those of others, with 403.
//!
//! ```yaml
//! filters:
//!   - plugin: ip-allow
//!     config:
//!       allow: [10.0.0.0/8, "2001:db8::/32"]   # optional: everybody unless written
//!       deny: [10.6.6.6]                       # optional: nobody unless written
//! ```
//!
//! One of the two must be there, and `deny` wins. An address stands for itself alone. An IPv4
//! address that comes written as IPv6 (`::ffff:10.0.0.1`) is the IPv4 address. A client whose
//! address cannot be read is kept out.
//!
//! The address is that of the connection, or what a trusted proxy says it was.

mod network;

use std::net::IpAddr;

use serde::Deserialize;
use tidegate_sdk::prelude::*;

use network::Network;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    allow: Option<Vec<Network>>,
    #[serde(default)]
    deny: Vec<Network>,
}

struct IpAllow(Config);

impl Filter for IpAllow {
    type Config = Config;

    fn configure(config: Config) -> Result<Self, String> {
        match &config.allow {
            None if config.deny.is_empty() => Err(
                "nobody is kept out: write `allow`, `deny` or both, each a list such as [10.0.0.0/8]"
                    .to_owned(),
            ),
            Some(allow) if allow.is_empty() => Err(
                "allow: an empty list lets nobody in; leave `allow` out to let everybody in"
                    .to_owned(),
            ),
            _ => Ok(IpAllow(config)),
        }
    }

    fn on_request(&mut self) -> Verdict {
        let address = request::client_address().parse::<IpAddr>();
        match address {
            Ok(address) if self.lets_in(address.to_canonical()) => Verdict::Pass,
            _ => Reply::new(403).text("forbidden\n").into(),
        }
    }
}

impl IpAllow {
    fn lets_in(&self, address: IpAddr) -> bool {
        let within =
            |networks: &[Network]| networks.iter().any(|network| network.contains(address));
        let IpAllow(Config { allow, deny }) = self;
        !within(deny) && allow.as_deref().is_none_or(within)
    }
}

export_filter!(IpAllow);

#[cfg(test)]
mod tests;
