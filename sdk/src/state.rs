//! What the instances of one plugin share, and what survives its replacement.
//!
//! Names belong to one use of a plugin (a selector in one upstream, a filter in one route): nobody
//! else sees them. State lives as long as that use is in the running configuration; a new file of
//! the plugin or a new `config` keeps it. There are at most 1,024 names of each kind, and 1 MiB of
//! keys and values unless the operator grants another size.

use std::time::Duration;

use crate::imports;

/// A number that all instances and threads share. Open it once, in `configure`.
#[derive(Debug)]
pub struct Counter(imports::state::Counter);

impl Counter {
    /// Opens the counter of that name; it is 0 when it is new.
    pub fn open(name: &str) -> Self {
        Counter(imports::state::Counter::new(name))
    }

    /// Adds, wrapping, and returns the value before. Atomic over all instances and threads.
    #[inline]
    pub fn add(&self, delta: i64) -> i64 {
        self.0.add(delta)
    }

    /// The value now.
    pub fn value(&self) -> i64 {
        self.0.get()
    }
}

/// A token bucket that all instances and threads share. Open it once, in `configure`.
#[derive(Debug)]
pub struct Bucket(imports::state::Bucket);

impl Bucket {
    /// Opens the bucket of that name: it refills at `rate` tokens per second up to `burst`. The
    /// tokens are shared with all who have it open; each takes them by its own numbers.
    pub fn open(name: &str, rate: f64, burst: f64) -> Self {
        Bucket(imports::state::Bucket::new(name, rate, burst))
    }

    /// Takes `n` tokens for `key`.
    ///
    /// # Errors
    /// They are not there: how long until they are, [`Duration::MAX`] for never.
    pub fn take(&self, key: &str, n: u32) -> Result<(), Duration> {
        self.0.take(key, n).map_err(|wait| match wait {
            u64::MAX => Duration::MAX,
            wait => Duration::from_millis(wait),
        })
    }
}

/// The value of a key.
pub fn get(key: &str) -> Option<Vec<u8>> {
    imports::state::get(key)
}

/// Sets the value of a key, to be forgotten after `ttl` (to the millisecond), or never.
///
/// # Errors
/// The quota is full; nothing is changed then.
pub fn set(key: &str, value: &[u8], ttl: Option<Duration>) -> Result<(), String> {
    let ttl = ttl.map(|ttl| u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX));
    imports::state::set(key, value, ttl)
}

/// Forgets a key.
pub fn delete(key: &str) {
    imports::state::delete(key);
}

/// Sets only if the value is still `expected` (none: absent), keeping its ttl; true when it was.
/// False also when the quota is full.
pub fn swap(key: &str, expected: Option<&[u8]>, value: &[u8]) -> bool {
    imports::state::swap(key, expected, value)
}
