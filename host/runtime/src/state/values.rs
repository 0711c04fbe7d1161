//! Keys and values with an end, within a quota of bytes.

use std::collections::HashMap;
use std::time::{Duration, Instant};

/// Bytes that an entry costs beyond its key and value.
const OVERHEAD: u64 = 64;

#[derive(Debug)]
struct Entry {
    value: Vec<u8>,
    end: Option<Instant>,
}

impl Entry {
    fn alive(&self, now: Instant) -> bool {
        self.end.is_none_or(|end| now < end)
    }
}

/// The values of one namespace.
#[derive(Debug, Default)]
pub(super) struct Values {
    used: u64,
    entries: HashMap<String, Entry>,
}

impl Values {
    pub(super) fn value(&mut self, key: &str, now: Instant) -> Option<Vec<u8>> {
        let entry = self.entries.get(key)?;
        if entry.alive(now) {
            return Some(entry.value.clone());
        }
        self.delete(key);
        None
    }

    pub(super) fn set(
        &mut self,
        key: String,
        value: Vec<u8>,
        ttl: Option<Duration>,
        quota: u64,
        now: Instant,
    ) -> Result<(), String> {
        let end = ttl.and_then(|ttl| now.checked_add(ttl));
        self.put(key, Entry { value, end }, quota, now)
    }

    pub(super) fn delete(&mut self, key: &str) {
        if let Some(entry) = self.entries.remove(key) {
            self.used -= cost(key, &entry);
        }
    }

    pub(super) fn swap(
        &mut self,
        key: String,
        expected: Option<&[u8]>,
        value: Vec<u8>,
        quota: u64,
        now: Instant,
    ) -> bool {
        let current = self.entries.get(&key).filter(|entry| entry.alive(now));
        if current.map(|entry| entry.value.as_slice()) != expected {
            return false;
        }
        let end = current.and_then(|entry| entry.end);
        self.put(key, Entry { value, end }, quota, now).is_ok()
    }

    /// The quota is that of who asks: a lower one than before removes nothing.
    fn put(&mut self, key: String, entry: Entry, quota: u64, now: Instant) -> Result<(), String> {
        let before = self.entries.get(&key).map_or(0, |old| cost(&key, old));
        let after = cost(&key, &entry);
        if self.used - before + after > quota {
            self.sweep(now);
            let before = self.entries.get(&key).map_or(0, |old| cost(&key, old));
            if self.used - before + after > quota {
                return Err(format!("the state quota of {quota} bytes is full"));
            }
        }
        let before = self.entries.get(&key).map_or(0, |old| cost(&key, old));
        self.used = self.used - before + after;
        self.entries.insert(key, entry);
        Ok(())
    }

    fn sweep(&mut self, now: Instant) {
        self.entries.retain(|_, entry| entry.alive(now));
        self.used = self
            .entries
            .iter()
            .map(|(key, entry)| cost(key, entry))
            .sum();
    }
}

fn cost(key: &str, entry: &Entry) -> u64 {
    (key.len() + entry.value.len()) as u64 + OVERHEAD
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_quota_refuses_and_changes_nothing() {
        let now = Instant::now();
        let mut values = Values::default();
        values.set("a".into(), vec![1; 50], None, 200, now).unwrap();
        assert!(
            values
                .set("a".into(), vec![2; 500], None, 200, now)
                .is_err()
        );
        assert_eq!(values.value("a", now), Some(vec![1; 50]));
        values.delete("a");
        assert_eq!(values.used, 0);
    }

    #[test]
    fn what_has_ended_is_absent_and_makes_room() {
        let now = Instant::now();
        let later = now + Duration::from_secs(2);
        let mut values = Values::default();
        values
            .set(
                "a".into(),
                vec![1; 50],
                Some(Duration::from_secs(1)),
                150,
                now,
            )
            .unwrap();
        assert!(values.set("b".into(), vec![1; 50], None, 150, now).is_err());
        assert!(
            values
                .set("b".into(), vec![1; 50], None, 150, later)
                .is_ok()
        );
        assert_eq!(values.value("a", later), None);
    }

    #[test]
    fn swap_asks_for_what_it_expects() {
        let now = Instant::now();
        let mut values = Values::default();
        assert!(values.swap("a".into(), None, vec![1], 1_000, now));
        assert!(!values.swap("a".into(), None, vec![2], 1_000, now));
        assert!(values.swap("a".into(), Some(&[1]), vec![2], 1_000, now));
        assert_eq!(values.value("a", now), Some(vec![2]));
    }
}
