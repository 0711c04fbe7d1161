//! `clock` and `random`.

use crate::bindings::tidegate::plugin::{clock, random};
use crate::instance::Host;
use wasmtime::Result;

impl clock::Host for Host {
    fn now(&mut self) -> Result<u64> {
        Ok(self.shared.ambient.now())
    }

    fn wall(&mut self) -> Result<u64> {
        let since = self.shared.ambient.wall();
        Ok(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }
}

impl random::Host for Host {
    fn next(&mut self) -> Result<u64> {
        Ok(self.chance.next())
    }
}
