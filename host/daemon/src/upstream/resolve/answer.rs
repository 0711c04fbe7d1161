//! What a look-up brings, and how it is read out of an answer.
//!
//! An answer is believed only as far as it is about the name that was asked: from there
//! along its aliases to the addresses of the last one. Whatever else the server has put
//! into it is not looked at.

use crate::config::value::Family;
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};
use std::net::IpAddr;
use std::time::Duration;

/// Aliases that are followed within one answer.
const ALIASES: usize = 16;

/// What asking for the addresses of one family has brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// At least one address, and how long they may be kept.
    Addresses(Vec<IpAddr>, Duration),
    /// The server says that there are none; how, in words.
    Nothing(String),
    /// There was no answer that can be believed; why, in words.
    Failed(String),
}

/// What one look-up has brought, by family; none for a family that was not asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub v4: Option<Found>,
    pub v6: Option<Found>,
}

impl Answer {
    /// The same for each family that counts.
    pub fn same(family: Family, found: &Found) -> Self {
        Self {
            v4: (family != Family::V6).then(|| found.clone()),
            v6: (family != Family::V4).then(|| found.clone()),
        }
    }

    /// Whether there is an address in it.
    pub fn has_addresses(&self) -> bool {
        self.any(|found| matches!(found, Found::Addresses(..)))
    }

    /// Whether a family is without a credible answer.
    pub fn has_failed(&self) -> bool {
        self.any(|found| matches!(found, Found::Failed(_)))
    }

    fn any(&self, is: impl Fn(&Found) -> bool) -> bool {
        self.v4.iter().chain(&self.v6).any(is)
    }
}

/// The addresses of `name` of one kind in an answer, with the smallest time to live of
/// the records that lead to them.
pub fn read(records: &[Record], name: &Name, kind: RecordType) -> Found {
    let mut name = name;
    let mut ttl = u32::MAX;
    // One more than there are aliases to follow: the last one has the addresses.
    for _ in 0..=ALIASES {
        let of_name = || records.iter().filter(|record| record.name == *name);
        let mut addresses = Vec::new();
        for record in of_name().filter(|record| record.record_type() == kind) {
            if let Some(address) = record.data.ip_addr().filter(usable) {
                addresses.push(address);
                ttl = ttl.min(record.ttl);
            }
        }
        if !addresses.is_empty() {
            return Found::Addresses(addresses, Duration::from_secs(ttl.into()));
        }
        let alias = of_name().find_map(|record| match &record.data {
            RData::CNAME(alias) => Some((&alias.0, record.ttl)),
            _ => None,
        });
        let Some((target, lives)) = alias else { break };
        name = target;
        ttl = ttl.min(lives);
    }
    Found::Nothing(format!("{name} has no {kind} records that can be used"))
}

/// Whether an endpoint can have this address. Filters that block names answer with the
/// unspecified one; connecting to it would reach ourselves.
fn usable(address: &IpAddr) -> bool {
    let broadcast = matches!(address, IpAddr::V4(address) if address.is_broadcast());
    !address.is_unspecified() && !address.is_multicast() && !broadcast
}

#[cfg(test)]
mod tests {
    use super::*;
    use hickory_resolver::proto::rr::rdata::CNAME;

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    fn address(owner: &str, ttl: u32, address: &str) -> Record {
        let address: IpAddr = address.parse().unwrap();
        Record::from_rdata(name(owner), ttl, address.into())
    }

    fn alias(owner: &str, ttl: u32, target: &str) -> Record {
        Record::from_rdata(name(owner), ttl, RData::CNAME(CNAME(name(target))))
    }

    fn found(addresses: &[&str], ttl: u64) -> Found {
        let addresses = addresses.iter().map(|text| text.parse().unwrap());
        Found::Addresses(addresses.collect(), Duration::from_secs(ttl))
    }

    fn v4(records: &[Record]) -> Found {
        read(records, &name("web.test."), RecordType::A)
    }

    #[test]
    fn the_shortest_life_of_what_was_used_counts() {
        let records = [
            address("web.test.", 30, "10.0.0.1"),
            address("WEB.test.", 20, "10.0.0.2"),
            address("web.test.", 5, "::1"),
            address("other.test.", 1, "10.0.0.9"),
        ];
        assert_eq!(v4(&records), found(&["10.0.0.1", "10.0.0.2"], 20));
        assert_eq!(
            read(&records, &name("web.test."), RecordType::AAAA),
            found(&["::1"], 5)
        );
    }

    #[test]
    fn aliases_are_followed_in_any_order() {
        let records = [
            address("c.test.", 30, "10.0.0.1"),
            alias("b.test.", 7, "c.test."),
            alias("web.test.", 60, "b.test."),
        ];
        assert_eq!(v4(&records), found(&["10.0.0.1"], 7));
    }

    #[test]
    fn a_circle_of_aliases_ends() {
        let records = [
            alias("web.test.", 1, "b.test."),
            alias("b.test.", 1, "web.test."),
        ];
        assert!(matches!(v4(&records), Found::Nothing(_)));
    }

    #[test]
    fn what_no_endpoint_can_have_is_left_out() {
        let records = ["0.0.0.0", "224.0.0.1", "255.255.255.255"];
        let mut records = records.map(|text| address("web.test.", 9, text)).to_vec();
        assert!(matches!(v4(&records), Found::Nothing(_)));
        records.push(address("web.test.", 30, "10.0.0.1"));
        assert_eq!(v4(&records), found(&["10.0.0.1"], 30));
    }
}
