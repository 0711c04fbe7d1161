//! A network as an operator writes it.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::de::{Deserialize, Deserializer, Error};

/// `10.0.0.0/8`, or an address that stands for itself.
#[derive(Debug, PartialEq)]
pub struct Network(IpNet);

impl Network {
    fn parse(text: &str) -> Result<Self, String> {
        let network = match text.contains('/') {
            true => text.parse().ok(),
            false => text.parse::<IpAddr>().ok().map(IpNet::from),
        };
        let network: IpNet = network.ok_or_else(|| {
            format!(
                "`{text}` is not a network: write one like 10.0.0.0/8, 2001:db8::/32 or 10.0.0.1"
            )
        })?;
        if let IpNet::V6(v6) = network
            && let Some(address) = v6.addr().to_ipv4_mapped()
        {
            let hint = match v6.prefix_len().checked_sub(96) {
                None | Some(0) => "0.0.0.0/0".to_owned(),
                Some(32) => address.to_string(),
                Some(prefix) => format!("{address}/{prefix}"),
            };
            return Err(format!("`{text}` is a network of IPv4: write {hint}"));
        }
        if network.addr() != network.network() {
            let trunc = network.trunc();
            return Err(format!(
                "`{text}` has bits beyond its prefix: write {trunc}"
            ));
        }
        Ok(Network(network))
    }

    /// The address is canonical: IPv4 is not written as IPv6.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address)
    }
}

impl<'de> Deserialize<'de> for Network {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Network::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contains(network: &str, address: &str) -> bool {
        Network::parse(network)
            .unwrap()
            .contains(address.parse().unwrap())
    }

    #[test]
    fn a_prefix_holds_its_addresses_and_no_others() {
        assert!(contains("10.0.0.0/8", "10.255.0.1"));
        assert!(!contains("10.0.0.0/8", "11.0.0.0"));
        assert!(contains("10.0.0.1", "10.0.0.1"));
        assert!(!contains("10.0.0.1", "10.0.0.2"));
        assert!(contains("2001:db8::/32", "2001:db8:ffff::1"));
        assert!(!contains("2001:db8::/32", "2001:db9::"));
        assert!(contains("0.0.0.0/0", "192.0.2.1"));
        assert!(!contains("0.0.0.0/0", "::1"), "IPv6 is another world");
        assert!(!contains("::/0", "192.0.2.1"));
    }

    #[test]
    fn what_is_probably_a_mistake_is_refused_with_what_to_write() {
        for (text, why) in [
            ("10.0.0.1/8", "write 10.0.0.0/8"),
            ("::ffff:10.0.0.0/104", "write 10.0.0.0/8"),
            ("::ffff:10.0.0.1", "write 10.0.0.1"),
            ("10.0.0.0/33", "is not a network"),
            ("10.0.0", "is not a network"),
            ("example.com", "is not a network"),
            ("", "is not a network"),
        ] {
            let refused = Network::parse(text).unwrap_err();
            assert!(refused.contains(why), "{refused}");
        }
    }
}
