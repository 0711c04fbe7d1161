//! Endpoints to test with.

use crate::Endpoint;
use crate::algorithms::hash;

/// An endpoint at this address: weight 1, no zone, no labels, not draining, and an id that depends
/// on the address alone. Change it with `Endpoint { weight: 3, ..endpoint("10.0.0.1:80") }`.
pub fn endpoint(address: &str) -> Endpoint {
    Endpoint {
        id: hash(address.as_bytes()),
        address: address.to_owned(),
        weight: 1,
        zone: None,
        labels: Vec::new(),
        draining: false,
    }
}

/// That many endpoints, all different.
pub fn endpoints(count: u32) -> Vec<Endpoint> {
    (0..count)
        .map(|i| endpoint(&format!("10.0.{}.{}:80", i / 256, i % 256)))
        .collect()
}
