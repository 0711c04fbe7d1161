//! `wasi:random`: the system's generator for all of it. The insecure half is given
//! secure numbers too: a weak generator that plugins and the host share would tell one
//! plugin what the next will see. In a simulation all of it follows from the seed.

use super::bindings::wasi::random::{insecure, insecure_seed, random};
use super::{Chance, Ended, Wasi};
use wasmtime::Result;

/// Bytes that one call gives at most. The answer must have the length that was asked
/// for, so a bound there must be, or a guest could have the host allocate at will.
const MAX_BYTES: usize = 64 << 10;

impl random::Host for Wasi {
    fn get_random_bytes(&mut self, len: u64) -> Result<Vec<u8>> {
        self.bytes(len)
    }

    fn get_random_u64(&mut self) -> Result<u64> {
        self.number()
    }
}

impl insecure::Host for Wasi {
    fn get_insecure_random_bytes(&mut self, len: u64) -> Result<Vec<u8>> {
        self.bytes(len)
    }

    fn get_insecure_random_u64(&mut self) -> Result<u64> {
        self.number()
    }
}

impl insecure_seed::Host for Wasi {
    fn insecure_seed(&mut self) -> Result<(u64, u64)> {
        Ok((self.number()?, self.number()?))
    }
}

impl Wasi {
    fn bytes(&mut self, len: u64) -> Result<Vec<u8>> {
        let bounded = usize::try_from(len).ok().filter(|len| *len <= MAX_BYTES);
        let len = bounded.ok_or(Ended::TooMuchRandomness {
            asked: len,
            bound: MAX_BYTES,
        })?;
        let mut bytes = vec![0; len];
        match &mut self.chance {
            Chance::Real => getrandom::fill(&mut bytes).map_err(|_| Ended::NoRandomness)?,
            Chance::Seeded(numbers) => numbers.fill(&mut bytes),
        }
        Ok(bytes)
    }

    fn number(&mut self) -> Result<u64> {
        match &mut self.chance {
            Chance::Real => Ok(getrandom::u64().map_err(|_| Ended::NoRandomness)?),
            Chance::Seeded(numbers) => Ok(numbers.u64(..)),
        }
    }
}
