//! Networks of clients: an address, or an address and the length of its prefix.

use std::borrow::Cow;
use std::net::IpAddr;

use ipnet::IpNet;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer};

use super::from_text;
use crate::config::problem::quote;
use crate::config::read::Refusal;

/// A network whose address has no bit beyond the prefix; never IPv4 in the form of IPv6, which
/// no client's address has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::config) struct Network(pub(in crate::config) IpNet);

const EXPECTED: &str = "a network such as 10.0.0.0/8, or an address";

impl<'de> Deserialize<'de> for Network {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        from_text(deserializer, EXPECTED, |text| parse(text).map(Self))
    }
}

fn parse(text: &str) -> Result<IpNet, Refusal> {
    let network = text.parse::<IpNet>().ok();
    let address = || text.parse::<IpAddr>().ok().map(IpNet::from);
    let Some(network) = network.or_else(address) else {
        return Err(Refusal::new(
            format!("expected {EXPECTED}, found {}", quote(text)),
            help(text),
        ));
    };
    let write = |network: IpNet| format!("write `{}`", show(network));
    if let Some(mapped) = mapped(network) {
        return Err(Refusal::new(
            format!("{} is IPv4 in the form of IPv6", quote(text)),
            write(mapped),
        ));
    }
    if network != network.trunc() {
        return Err(Refusal::new(
            format!("{} has bits beyond its prefix", quote(text)),
            format!(
                "{}, or `{}` for this address alone",
                write(network.trunc()),
                network.addr()
            ),
        ));
    }
    Ok(network)
}

/// The IPv4 network that is meant by one of `::ffff:0:0/96`.
fn mapped(network: IpNet) -> Option<IpNet> {
    let IpNet::V6(network) = network else {
        return None;
    };
    let length = network.prefix_len().checked_sub(96)?;
    let address = network.addr().to_ipv4_mapped()?;
    Some(IpNet::new(address.into(), length).ok()?.trunc())
}

/// A single address without its prefix.
fn show(network: IpNet) -> String {
    if network.prefix_len() == network.max_prefix_len() {
        network.addr().to_string()
    } else {
        network.to_string()
    }
}

fn help(text: &str) -> &'static str {
    match text.split_once('/') {
        Some((address, _)) => match address.parse() {
            Ok(IpAddr::V4(_)) => "after `/` comes the length of the prefix, from 0 to 32",
            Ok(IpAddr::V6(_)) => "after `/` comes the length of the prefix, from 0 to 128",
            Err(_) => "before `/` comes an IP address",
        },
        None if text.starts_with('[') || text.parse::<std::net::SocketAddr>().is_ok() => {
            "write the address alone, without a port and brackets"
        }
        None => "write an IP address, and `/` and the length of its prefix for a network",
    }
}

impl JsonSchema for Network {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Network".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "An IP address, or a network such as 10.0.0.0/8",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{parse, show};
    use ipnet::IpNet;
    use proptest::prelude::*;
    use std::net::IpAddr;

    #[test]
    fn an_address_is_the_smallest_network() {
        for (text, network) in [
            ("10.0.0.1", "10.0.0.1/32"),
            ("10.0.0.0/8", "10.0.0.0/8"),
            ("0.0.0.0/0", "0.0.0.0/0"),
            ("::1", "::1/128"),
            ("fd00::/8", "fd00::/8"),
            ("::/0", "::/0"),
        ] {
            assert_eq!(parse(text).map(|n| n.to_string()), Ok(network.into()));
        }
    }

    #[test]
    fn says_what_to_write_instead() {
        for (text, help) in [
            ("", "write an IP address, and"),
            ("localhost", "write an IP address, and"),
            ("10", "write an IP address, and"),
            ("10.0.0.1:80", "without a port"),
            ("[::1]", "without a port and brackets"),
            ("10.0.0.0/33", "from 0 to 32"),
            ("10.0.0.0/255.0.0.0", "from 0 to 32"),
            ("::/129", "from 0 to 128"),
            ("10.0.0/8", "before `/`"),
            (
                "10.1.0.0/8",
                "write `10.0.0.0/8`, or `10.1.0.0` for this address alone",
            ),
            ("fd00::1/8", "write `fd00::/8`"),
            ("::ffff:10.0.0.1", "write `10.0.0.1`"),
            ("::ffff:10.1.0.0/104", "write `10.0.0.0/8`"),
        ] {
            let refusal = parse(text).unwrap_err();
            assert!(refusal.help.contains(help), "{text}: {}", refusal.help);
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read(address in any::<IpAddr>(), length in 0_u8..=128) {
            let Ok(network) = IpNet::new(address.to_canonical(), length) else {
                return Ok(());
            };
            prop_assert_eq!(parse(&show(network.trunc())), Ok(network.trunc()));
        }
    }
}
