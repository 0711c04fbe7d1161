//! Token buckets by key, exact over all instances (Turner 1986; RFC 3290, 5.1.1).

use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

/// Keys that one bucket may hold; a key whose tokens are all there needs no entry.
const MAX_KEYS: usize = 65_536;

/// A shared family of token buckets, as an instance holds it. The tokens are everybody's,
/// the numbers are those that this instance opened it with: a version that is only being
/// tried changes nothing for the one that works.
#[derive(Clone, Debug)]
pub struct Bucket {
    levels: Arc<Mutex<Levels>>,
    rule: Rule,
}

#[derive(Clone, Copy, Debug)]
struct Rule {
    rate: f64,
    burst: f64,
}

type Levels = HashMap<String, Level>;

#[derive(Clone, Copy, Debug)]
struct Level {
    tokens: f64,
    at: Instant,
}

impl Bucket {
    pub(crate) fn new(rate: f64, burst: f64) -> Self {
        Self {
            levels: Arc::default(),
            rule: Rule::new(rate, burst),
        }
    }

    /// The same tokens by these numbers.
    pub(super) fn by(&self, rate: f64, burst: f64) -> Self {
        Self {
            levels: self.levels.clone(),
            rule: Rule::new(rate, burst),
        }
    }

    /// Takes `n` tokens, or says in how many milliseconds they will be there.
    pub(crate) fn take(&self, key: &str, n: u32, now: Instant) -> Result<(), u64> {
        let Rule { rate, burst } = self.rule;
        let mut levels = self.levels.lock();
        let wanted = f64::from(n);
        let known = levels.get(key);
        let tokens = known.map_or(burst, |level| self.rule.refilled(level, now));
        if tokens >= wanted {
            let level = Level {
                tokens: tokens - wanted,
                at: now,
            };
            self.rule.store(&mut levels, key, level);
            return Ok(());
        }
        if rate <= 0.0 || wanted > burst {
            return Err(u64::MAX);
        }
        Err(((wanted - tokens) / rate * 1_000.0).ceil() as u64)
    }
}

impl Rule {
    /// Numbers of a guest are hostile: what is not a finite number from 0 up is 0.
    fn new(rate: f64, burst: f64) -> Self {
        let clean = |number: f64| {
            if number.is_finite() {
                number.max(0.0)
            } else {
                0.0
            }
        };
        Self {
            rate: clean(rate),
            burst: clean(burst),
        }
    }

    fn refilled(&self, level: &Level, now: Instant) -> f64 {
        let passed = now.saturating_duration_since(level.at).as_secs_f64();
        (level.tokens + passed * self.rate).min(self.burst)
    }

    fn store(&self, levels: &mut Levels, key: &str, level: Level) {
        if let Some(known) = levels.get_mut(key) {
            *known = level;
            return;
        }
        if levels.len() >= MAX_KEYS {
            self.make_room(levels, level.at);
        }
        levels.insert(key.to_owned(), level);
    }

    /// Drops the full ones; when none is full, everybody starts anew, which is
    /// kinder than a table that grows with what clients send.
    fn make_room(&self, levels: &mut Levels, now: Instant) {
        levels.retain(|_, level| self.refilled(level, now) < self.burst);
        if levels.len() >= MAX_KEYS {
            levels.clear();
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
    fn tokens_are_shared_and_numbers_are_not() {
        let now = Instant::now();
        let old = Bucket::new(10.0, 3.0);
        let new = old.by(1.0, 5.0);
        assert!(old.take("a", 2, now).is_ok());
        assert_eq!(new.take("a", 2, now), Err(1_000), "one is left");
        let later = now + Duration::from_secs(1);
        assert!(new.take("a", 2, later).is_ok());
        assert_eq!(old.take("a", 1, later), Err(100));
        assert!(new.take("b", 5, now).is_ok(), "a new key has the new burst");
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
        assert!(bucket.levels.lock().len() <= MAX_KEYS);
    }
}
