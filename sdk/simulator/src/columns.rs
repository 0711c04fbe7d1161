//! Requests in flight and latency of the endpoints of one proxy: what a selector may ask for.
//!
//! The same numbers as the proxy's, and the same fall of a latency with time. They are atomic
//! because a sandbox wants to share what it shows; nothing here runs in parallel.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

/// A fall of the latency average to one half takes this long without answers, as in the proxy.
const HALF_LIFE_MS: u32 = 7_000;

/// By position in the upstream.
#[derive(Debug)]
pub struct Columns {
    in_flight: Box<[AtomicU32]>,
    /// Microseconds in the upper half, the millisecond of the observation below.
    latency: Box<[AtomicU64]>,
    total: AtomicU32,
    now_ms: AtomicU32,
}

impl Columns {
    pub(crate) fn new(endpoints: usize) -> Self {
        Self {
            in_flight: (0..endpoints).map(|_| AtomicU32::new(0)).collect(),
            latency: (0..endpoints).map(|_| AtomicU64::new(0)).collect(),
            total: AtomicU32::new(0),
            now_ms: AtomicU32::new(0),
        }
    }

    pub(crate) fn enter(&self, position: usize) {
        self.in_flight[position].fetch_add(1, Relaxed);
        self.total.fetch_add(1, Relaxed);
    }

    pub(crate) fn leave(&self, position: usize) {
        self.in_flight[position].fetch_sub(1, Relaxed);
        self.total.fetch_sub(1, Relaxed);
    }

    pub(crate) fn at(&self, now: u64) {
        self.now_ms.store((now / 1_000_000) as u32, Relaxed);
    }

    /// Publishes the average after an observation. Zero means that there was none.
    pub(crate) fn observed(&self, position: usize, microseconds: u32) {
        let packed = u64::from(microseconds.max(1)) << 32 | u64::from(self.now_ms.load(Relaxed));
        self.latency[position].store(packed, Relaxed);
    }

    /// Requests in flight.
    pub fn in_flight_of(&self, position: u32) -> u32 {
        self.in_flight
            .get(position as usize)
            .map_or(0, |cell| cell.load(Relaxed))
    }

    /// Average time to the response head in microseconds; 0 before the first.
    pub fn latency_of(&self, position: u32) -> u32 {
        self.latency.get(position as usize).map_or(0, |cell| {
            fallen(cell.load(Relaxed), self.now_ms.load(Relaxed))
        })
    }

    /// Requests in flight over all endpoints, those that left included.
    pub fn total(&self) -> u32 {
        self.total.load(Relaxed)
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.total() == 0 && self.in_flight.iter().all(|cell| cell.load(Relaxed) == 0)
    }
}

/// Exponential decay by halves, linear within one.
fn fallen(packed: u64, now: u32) -> u32 {
    let microseconds = packed >> 32;
    let age = now.wrapping_sub(packed as u32);
    let halves = age / HALF_LIFE_MS;
    if halves >= 32 {
        return u32::from(microseconds > 0);
    }
    let rest = u64::from(age % HALF_LIFE_MS);
    let value = microseconds >> halves;
    let value = value - value * rest / (2 * u64::from(HALF_LIFE_MS));
    value.max(u64::from(microseconds > 0)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latency_falls_as_it_does_in_the_proxy() {
        let packed = 8_000_u64 << 32 | 1_000;
        assert_eq!(fallen(packed, 1_000), 8_000);
        assert_eq!(fallen(packed, 1_000 + HALF_LIFE_MS / 2), 6_000);
        assert_eq!(fallen(packed, 1_000 + HALF_LIFE_MS), 4_000);
        assert_eq!(fallen(packed, 1_000 + 40 * HALF_LIFE_MS), 1);
        assert_eq!(fallen(0, 5_000), 0, "no answer yet");
    }
}
