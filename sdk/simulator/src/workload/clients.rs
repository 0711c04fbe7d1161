//! Who sends requests, and what for.

use super::scalars::Percent;
use serde::Deserialize;
use std::num::NonZeroU32;

/// Clients, their paths and keys. A request has its client's address, a path, the field `x-key`
/// and the cookies that were set for its client; a cookie `session` names the client.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Clients {
    /// How many there are.
    pub number: NonZeroU32,
    /// Zipf's exponent: 0 makes all equal, with 1 the second sends half as much as the first.
    pub skew: f64,
    /// How many paths there are; their popularity is skewed by `path_skew`.
    pub paths: NonZeroU32,
    /// Zipf's exponent for paths.
    pub path_skew: f64,
    /// What the field `x-key` holds.
    pub key: KeyOf,
    /// The share of requests that may be repeated after they were sent (GET); others are POST.
    pub idempotent: Percent,
}

/// What the field `x-key` holds.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum KeyOf {
    /// The client: one key for each.
    Client,
    /// The path: many clients have the same.
    Path,
}

impl Default for Clients {
    fn default() -> Self {
        Self {
            number: NonZeroU32::new(10_000).unwrap_or(NonZeroU32::MIN),
            skew: 0.0,
            paths: NonZeroU32::new(1_000).unwrap_or(NonZeroU32::MIN),
            path_skew: 0.0,
            key: KeyOf::Client,
            idempotent: Percent(1.0),
        }
    }
}

/// Exponents that make sense; above, all requests are one client's.
pub(super) const MOST_SKEW: f64 = 10.0;

impl Clients {
    pub(super) fn skews(&self) -> [(&'static str, f64); 2] {
        [("skew", self.skew), ("path_skew", self.path_skew)]
    }
}
