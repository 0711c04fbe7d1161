//! `clock` and `random`.

use crate::bindings::tidegate::plugin::{clock, random};
use crate::instance::Host;
use std::sync::LazyLock;
use std::time::{Instant, SystemTime, UNIX_EPOCH};
use wasmtime::Result;

/// The arbitrary origin that all instances share.
static ORIGIN: LazyLock<Instant> = LazyLock::new(Instant::now);

impl clock::Host for Host {
    fn now(&mut self) -> Result<u64> {
        Ok(u64::try_from(ORIGIN.elapsed().as_nanos()).unwrap_or(u64::MAX))
    }

    fn wall(&mut self) -> Result<u64> {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Ok(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }
}

impl random::Host for Host {
    fn next(&mut self) -> Result<u64> {
        Ok(fastrand::u64(..))
    }
}
