//! Token buckets by key, exact over all instances (Turner 1986; RFC 3290, 5.1.1).

use super::room::Room;
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

/// What each key has left.
#[derive(Debug)]
struct Levels {
    by_key: HashMap<String, Level>,
    /// What the keys take is taken from here.
    room: Room,
}

#[derive(Clone, Copy, Debug)]
struct Level {
    tokens: f64,
    at: Instant,
}

impl Bucket {
    pub(super) fn new(rate: f64, burst: f64, room: Room) -> Self {
        let levels = Levels {
            by_key: HashMap::new(),
            room,
        };
        Self {
            levels: Arc::new(Mutex::new(levels)),
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
        let known = levels.by_key.get(key);
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
        if let Some(known) = levels.by_key.get_mut(key) {
            *known = level;
            return;
        }
        if levels.by_key.len() >= MAX_KEYS || !levels.room.take(key) {
            self.make_room(levels, key, level.at);
            if !levels.room.take(key) {
                return; // The other buckets have it all: this key is full next time.
            }
        }
        levels.by_key.insert(key.to_owned(), level);
    }

    /// Drops the full ones; when that does not help, everybody starts anew, which is
    /// kinder than a table that grows with what clients send.
    fn make_room(&self, levels: &mut Levels, key: &str, now: Instant) {
        let room = &levels.room;
        levels.by_key.retain(|key, level| {
            let kept = self.refilled(level, now) < self.burst;
            if !kept {
                room.give_back(key);
            }
            kept
        });
        if levels.by_key.len() >= MAX_KEYS || !levels.room.fits(key) {
            levels.clear();
        }
    }
}

impl Levels {
    fn clear(&mut self) {
        for key in self.by_key.keys() {
            self.room.give_back(key);
        }
        self.by_key.clear();
    }
}

impl Drop for Levels {
    fn drop(&mut self) {
        self.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn takes_the_burst_then_the_rate() {
        let now = Instant::now();
        let bucket = Bucket::new(10.0, 3.0, Room::default());
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
        let old = Bucket::new(10.0, 3.0, Room::default());
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
            assert_eq!(
                Bucket::new(rate, burst, Room::default()).take("a", 1, now),
                Err(u64::MAX)
            );
        }
    }

    #[test]
    fn keys_are_bounded() {
        let now = Instant::now();
        let bucket = Bucket::new(1.0, 1.0, Room::default());
        for key in 0..MAX_KEYS + 10 {
            let _ = bucket.take(&key.to_string(), 1, now);
        }
        assert!(bucket.levels.lock().by_key.len() <= MAX_KEYS);
    }

    #[test]
    fn bytes_of_keys_are_bounded_over_all_buckets() {
        let now = Instant::now();
        let room = Room::default();
        let long = |n: u32| format!("{n}{}", "x".repeat(1 << 20));
        let bucket = Bucket::new(1.0, 1.0, room.clone());
        for n in 0..100 {
            assert!(bucket.take(&long(n), 1, now).is_ok());
        }
        assert!(bucket.levels.lock().by_key.len() <= 16);
        let other = Bucket::new(1.0, 1.0, room.clone());
        for n in 0..100 {
            assert!(other.take(&long(n), 1, now).is_ok());
        }
        let both = bucket.levels.lock().by_key.len() + other.levels.lock().by_key.len();
        assert!(both <= 16, "{both}");
        drop(bucket);
        assert!(other.take(&long(200), 1, now).is_ok());
        assert_eq!(other.take(&long(200), 1, now), Err(1_000), "room again");
    }
}
