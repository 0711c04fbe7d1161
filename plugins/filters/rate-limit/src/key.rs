//! The name of a request's bucket.

use std::fmt::Write;
use std::net::{IpAddr, Ipv6Addr};

use sha2::{Digest, Sha256};
use tidegate_sdk::config::Key;

/// Longer keys stand in memory as their hash: a client chooses them.
const LONGEST: usize = 64;

/// The bucket of the current request.
pub fn of_request(key: &Key) -> String {
    // A key that is there is never empty.
    let read = key.read().unwrap_or_default();
    match key {
        Key::ClientAddress => subscriber(&read),
        _ => bounded(read),
    }
}

/// An address as it is, or the network of 64 bits that it is in.
fn subscriber(address: &str) -> String {
    match address
        .parse::<IpAddr>()
        .map(|address| address.to_canonical())
    {
        Ok(IpAddr::V6(address)) => {
            let network = address.to_bits() & (u128::MAX << 64);
            Ipv6Addr::from_bits(network).to_string()
        }
        Ok(IpAddr::V4(address)) => address.to_string(),
        Err(_) => bounded(address.to_owned()),
    }
}

fn bounded(key: String) -> String {
    if key.len() <= LONGEST {
        return key;
    }
    let digest = Sha256::digest(key.as_bytes());
    digest
        .iter()
        .fold(String::from("sha256:"), |mut text, byte| {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subscriber_is_an_ipv4_address_or_64_bits_of_ipv6() {
        assert_eq!(subscriber("192.0.2.1"), "192.0.2.1");
        assert_eq!(subscriber("::ffff:192.0.2.1"), "192.0.2.1");
        assert_eq!(subscriber("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(subscriber("2001:db8:1:2::9"), "2001:db8:1:2::");
        assert_eq!(subscriber("nonsense"), "nonsense");
    }

    #[test]
    fn a_long_key_is_short_and_still_its_own() {
        let long = "x".repeat(LONGEST + 1);
        assert_eq!(bounded(long.clone()).len(), 7 + 64);
        assert_ne!(bounded(long.clone()), bounded(long + "y"));
        assert_eq!(bounded("x".repeat(LONGEST)), "x".repeat(LONGEST));
    }
}
