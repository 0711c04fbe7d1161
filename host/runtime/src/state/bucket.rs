//! Token buckets by key, exact over all instances (Turner 1986; RFC 3290, 5.1.1).

use super::room::Room;
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
        let bucket = Self(Arc::new(Mutex::new(Family {
            rate: 0.0,
            burst: 0.0,
            levels: HashMap::new(),
            room,
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
        if self.levels.len() >= MAX_KEYS || !self.room.take(key) {
            self.make_room(key, level.at);
            if !self.room.take(key) {
                return; // The other buckets have it all: this key is full next time.
            }
        }
        self.levels.insert(key.to_owned(), level);
    }

    /// Drops the full ones; when that does not help, everybody starts anew, which is
    /// kinder than a table that grows with what clients send.
    fn make_room(&mut self, key: &str, now: Instant) {
        let (rate, burst, room) = (self.rate, self.burst, &self.room);
        self.levels.retain(|key, level| {
            let passed = now.saturating_duration_since(level.at).as_secs_f64();
            let kept = level.tokens + passed * rate < burst;
            if !kept {
                room.give_back(key);
            }
            kept
        });
        if self.levels.len() >= MAX_KEYS || !self.room.fits(key) {
            self.clear();
        }
    }

    fn clear(&mut self) {
        for key in self.levels.keys() {
            self.room.give_back(key);
        }
        self.levels.clear();
    }
}

impl Drop for Family {
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
        assert!(bucket.0.lock().levels.len() <= MAX_KEYS);
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
        assert!(bucket.0.lock().levels.len() <= 16);
        let other = Bucket::new(1.0, 1.0, room.clone());
        for n in 0..100 {
            assert!(other.take(&long(n), 1, now).is_ok());
        }
        let both = bucket.0.lock().levels.len() + other.0.lock().levels.len();
        assert!(both <= 16, "{both}");
        drop(bucket);
        assert!(other.take(&long(200), 1, now).is_ok());
        assert_eq!(other.take(&long(200), 1, now), Err(1_000), "room again");
    }
}
