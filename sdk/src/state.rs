//! What the instances of one plugin share, and what survives its replacement.
//!
//! Names belong to one use of a plugin (a selector in one upstream, a filter in one route): nobody
//! else sees them. State lives as long as that use is in the running configuration; a new file of
//! the plugin or a new `config` keeps it. There are at most 1,024 names of each kind, and 1 MiB of
//! keys and values unless the operator grants another size.

use std::time::Duration;

use crate::imports;

/// A number that all instances and threads share. Open it once, in `configure`.
///
/// ```
/// use tidegate_sdk::state::Counter;
/// # use tidegate_sdk::testing::Host;
/// # let _host = Host::new();
///
/// let here = Counter::open("turns");
/// let on_another_thread = Counter::open("turns");
/// assert_eq!(here.add(1), 0);
/// assert_eq!(on_another_thread.add(1), 1);
/// assert_eq!(here.value(), 2);
/// ```
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
///
/// ```
/// # use std::time::Duration;
/// use tidegate_sdk::state::Bucket;
/// # use tidegate_sdk::testing::Host;
/// # let host = Host::new();
///
/// let bucket = Bucket::open("clients", 2.0, 1.0);
/// assert_eq!(bucket.take("192.0.2.1", 1), Ok(()));
/// assert_eq!(bucket.take("192.0.2.1", 1), Err(Duration::from_millis(500)));
/// assert_eq!(bucket.take("192.0.2.9", 1), Ok(()), "each key has its own tokens");
/// host.advance(Duration::from_millis(500));
/// assert_eq!(bucket.take("192.0.2.1", 1), Ok(()));
/// ```
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
///
/// ```
/// # use tidegate_sdk::{state, testing::Host};
/// # let _host = Host::new();
/// assert_eq!(state::get("leader"), None);
/// state::set("leader", b"ann", None).unwrap();
/// assert_eq!(state::get("leader").as_deref(), Some(&b"ann"[..]));
/// ```
pub fn get(key: &str) -> Option<Vec<u8>> {
    imports::state::get(key)
}

/// Sets the value of a key, to be forgotten after `ttl` (to the millisecond), or never.
///
/// ```
/// # use std::time::Duration;
/// # use tidegate_sdk::{state, testing::Host};
/// # let host = Host::new();
/// state::set("token", b"t1", Some(Duration::from_secs(60))).unwrap();
/// host.advance(Duration::from_secs(61));
/// assert_eq!(state::get("token"), None);
/// ```
///
/// # Errors
/// The quota is full; nothing is changed then.
pub fn set(key: &str, value: &[u8], ttl: Option<Duration>) -> Result<(), String> {
    let ttl = ttl.map(|ttl| u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX));
    imports::state::set(key, value, ttl)
}

/// Forgets a key.
///
/// ```
/// # use tidegate_sdk::{state, testing::Host};
/// # let _host = Host::new();
/// state::set("token", b"t1", None).unwrap();
/// state::delete("token");
/// assert_eq!(state::get("token"), None);
/// ```
pub fn delete(key: &str) {
    imports::state::delete(key);
}

/// Sets only if the value is still `expected` (none: absent), keeping its ttl; true when it was.
/// False also when the quota is full.
///
/// Of all instances that try, one wins:
///
/// ```
/// # use tidegate_sdk::{state, testing::Host};
/// # let _host = Host::new();
/// assert!(state::swap("fetching", None, b"1"));
/// assert!(!state::swap("fetching", None, b"1"), "somebody else was first");
/// assert!(state::swap("fetching", Some(b"1"), b"2"));
/// ```
pub fn swap(key: &str, expected: Option<&[u8]>, value: &[u8]) -> bool {
    imports::state::swap(key, expected, value)
}
