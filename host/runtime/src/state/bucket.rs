//! Token buckets by key, exact over all instances (Turner 1986; RFC 3290, 5.1.1).

use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

/// Keys that one bucket may hold; a key whose tokens are all there needs no entry.
const MAX_KEYS: usize = 65_536;

/// A shared family of token buckets, as an instance holds it.
#[derive(Clone, Debug)]
pub struct Bucket(Arc<Mutex<Family>>);

#[derive(Debug)]
struct Family {
    rate: f64,
    burst: f64,
    levels: HashMap<String, Level>,
}

#[derive(Clone, Copy, Debug)]
struct Level {
    tokens: f64,
    at: Instant,
}

impl Bucket {
    pub(crate) fn new(rate: f64, burst: f64) -> Self {
        let bucket = Self(Arc::new(Mutex::new(Family {
            rate: 0.0,
            burst: 0.0,
            levels: HashMap::new(),
        })));
        bucket.set_rule(rate, burst);
        bucket
    }

    /// Numbers of a guest are hostile: what is not a finite number from 0 up is 0.
    pub(super) fn set_rule(&self, rate: f64, burst: f64) {
        let clean = |number: f64| {
            if number.is_finite() {
                number.max(0.0)
            } else {
                0.0
            }
        };
        let mut family = self.0.lock();
        family.rate = clean(rate);
        family.burst = clean(burst);
    }

    /// Takes `n` tokens, or says in how many milliseconds they will be there.
    pub(crate) fn take(&self, key: &str, n: u32, now: Instant) -> Result<(), u64> {
        let mut family = self.0.lock();
        let wanted = f64::from(n);
        let tokens = family.tokens(key, now);
        if tokens >= wanted {
            family.store(
                key,
                Level {
                    tokens: tokens - wanted,
                    at: now,
                },
            );
            return Ok(());
        }
        if family.rate <= 0.0 || wanted > family.burst {
            return Err(u64::MAX);
        }
        Err(((wanted - tokens) / family.rate * 1_000.0).ceil() as u64)
    }
}

impl Family {
    fn tokens(&self, key: &str, now: Instant) -> f64 {
        self.levels
            .get(key)
            .map_or(self.burst, |level| self.refilled(level, now))
    }

    fn refilled(&self, level: &Level, now: Instant) -> f64 {
        let passed = now.saturating_duration_since(level.at).as_secs_f64();
        (level.tokens + passed * self.rate).min(self.burst)
    }

    fn store(&mut self, key: &str, level: Level) {
        if let Some(known) = self.levels.get_mut(key) {
            *known = level;
            return;
        }
        if self.levels.len() >= MAX_KEYS {
            self.make_room(level.at);
        }
        self.levels.insert(key.to_owned(), level);
    }

    /// Drops the full ones; when none is full, everybody starts anew, which is
    /// kinder than a table that grows with what clients send.
    fn make_room(&mut self, now: Instant) {
        let (rate, burst) = (self.rate, self.burst);
        self.levels.retain(|_, level| {
            level.tokens + now.saturating_duration_since(level.at).as_secs_f64() * rate < burst
        });
        if self.levels.len() >= MAX_KEYS {
            self.levels.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn takes_the_burst_then_the_rate() {
        let now = Instant::now();
        let bucket = Bucket::new(10.0, 3.0);
        assert!((0..3).all(|_| bucket.take("a", 1, now).is_ok()));
        assert_eq!(bucket.take("a", 1, now), Err(100));
        assert!(bucket.take("b", 1, now).is_ok(), "keys do not share");
        assert!(
            bucket
                .take("a", 1, now + Duration::from_millis(100))
                .is_ok()
        );
        assert_eq!(
            bucket.take("a", 4, now),
            Err(u64::MAX),
            "more than the bucket holds"
        );
    }

    #[test]
    fn hostile_numbers_hold_nothing() {
        let now = Instant::now();
        for (rate, burst) in [
            (f64::NAN, f64::NAN),
            (f64::INFINITY, f64::INFINITY),
            (-1.0, -1.0),
        ] {
            assert_eq!(Bucket::new(rate, burst).take("a", 1, now), Err(u64::MAX));
        }
    }

    #[test]
    fn keys_are_bounded() {
        let now = Instant::now();
        let bucket = Bucket::new(1.0, 1.0);
        for key in 0..MAX_KEYS + 10 {
            let _ = bucket.take(&key.to_string(), 1, now);
        }
        assert!(bucket.0.lock().levels.len() <= MAX_KEYS);
    }
}
