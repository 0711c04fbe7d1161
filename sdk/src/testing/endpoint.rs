//! Endpoints to test with.

use crate::Endpoint;
use crate::algorithms::hash;

/// An endpoint at this address: weight 1, no zone, no labels, not draining, and an id that depends
/// on the address alone. Change it with `Endpoint { weight: 3, ..endpoint("10.0.0.1:80") }`.
///
/// ```
/// # use tidegate_sdk::{Endpoint, testing::endpoint};
/// let heavy = Endpoint { weight: 3, ..endpoint("10.0.0.1:80") };
/// assert_eq!((heavy.weight, heavy.id), (3, endpoint("10.0.0.1:80").id));
/// ```
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
///
/// ```
/// # use tidegate_sdk::testing::endpoints;
/// let list = endpoints(300);
/// assert_eq!((list[0].address.as_str(), list[299].address.as_str()), ("10.0.0.0:80", "10.0.1.43:80"));
/// ```
pub fn endpoints(count: u32) -> Vec<Endpoint> {
    (0..count)
        .map(|i| endpoint(&format!("10.0.{}.{}:80", i / 256, i % 256)))
        .collect()
}
