//! Addresses, and networks of them.

use std::net::IpAddr;

use serde::de::{Deserialize, Deserializer, Error};

/// `66.249.64.0/19`, or an address that stands for itself.
#[derive(Debug, PartialEq)]
pub struct Network {
    v4: bool,
    /// All its addresses begin with these bits; an IPv4 address is the upper 32 of the 128.
    bits: u128,
    mask: u128,
}

impl Network {
    fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix.parse::<u32>().ok()?)),
            None => (text, None),
        };
        let (v4, bits) = bits(address.parse().ok()?);
        let longest = if v4 { 32 } else { 128 };
        let prefix = prefix.unwrap_or(longest);
        let mask = u128::MAX.checked_shl(128 - prefix.min(128)).unwrap_or(0);
        (prefix <= longest && bits & mask == bits).then_some(Network { v4, bits, mask })
    }

    pub fn contains(&self, address: IpAddr) -> bool {
        let (v4, bits) = bits(address.to_canonical());
        v4 == self.v4 && bits & self.mask == self.bits
    }
}

/// What one subscriber has: an address of IPv4, or 64 bits of IPv6.
pub fn subscriber(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("{:016x}", address.to_bits() >> 64),
    }
}

fn bits(address: IpAddr) -> (bool, u128) {
    match address {
        IpAddr::V4(address) => (true, u128::from(address.to_bits()) << 96),
        IpAddr::V6(address) => (false, address.to_bits()),
    }
}

impl<'de> Deserialize<'de> for Network {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Network::parse(&text).ok_or_else(|| {
            let shown = text.escape_debug();
            D::Error::custom(format!(
                "`{shown}` is not a network: write one like 66.249.64.0/19, 2001:4860::/32 or 192.0.2.7"
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_has_its_addresses_and_no_others() {
        let contains = |network, address: &str| {
            Network::parse(network)
                .is_some_and(|network| network.contains(address.parse().unwrap()))
        };
        for (network, address) in [
            ("66.249.64.0/19", "66.249.95.255"),
            ("66.249.64.0/19", "::ffff:66.249.64.1"),
            ("192.0.2.7", "192.0.2.7"),
            ("0.0.0.0/0", "203.0.113.9"),
            ("2001:4860::/32", "2001:4860:ffff::1"),
            ("::/0", "2001:db8::1"),
        ] {
            assert!(contains(network, address), "{network} {address}");
        }
        for (network, address) in [
            ("66.249.64.0/19", "66.249.96.0"),
            ("0.0.0.0/0", "2001:db8::1"),
            ("::/0", "192.0.2.1"),
        ] {
            assert!(!contains(network, address), "{network} {address}");
        }
    }

    #[test]
    fn nonsense_is_none() {
        for text in [
            "",
            "/",
            "10.0.0.1/8",
            "10.0.0.0/33",
            "::/129",
            "10.0.0/8",
            "a",
            "10.0.0.0/-1",
        ] {
            assert_eq!(Network::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_subscriber_has_64_bits() {
        let of = |address: &str| subscriber(address.parse().unwrap());
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_eq!(of("::ffff:192.0.2.1"), "192.0.2.1");
    }
}
