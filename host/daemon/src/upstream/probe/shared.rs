//! Things that are the same for all who ask, as long as anybody holds them.

use std::collections::HashMap;
use std::convert::Infallible;
use std::hash::Hash;
use std::sync::{Arc, Weak};

/// Holds nothing itself.
pub(super) struct Shared<K, V> {
    entries: HashMap<K, Weak<V>>,
    /// So many entries, and those that nobody holds are swept out.
    sweep_at: usize,
}

impl<K, V> Default for Shared<K, V> {
    fn default() -> Self {
        Self {
            entries: HashMap::new(),
            sweep_at: 0,
        }
    }
}

impl<K: Eq + Hash, V> Shared<K, V> {
    /// The one that somebody holds, or a fresh one.
    pub fn get_or(&mut self, key: K, make: impl FnOnce() -> V) -> Arc<V> {
        let made: Result<_, Infallible> = self.get_or_try(key, || Ok(make()));
        let Ok(value) = made;
        value
    }

    /// The same where making one can fail.
    pub fn get_or_try<E>(
        &mut self,
        key: K,
        make: impl FnOnce() -> Result<V, E>,
    ) -> Result<Arc<V>, E> {
        if let Some(value) = self.entries.get(&key).and_then(Weak::upgrade) {
            return Ok(value);
        }
        let value = Arc::new(make()?);
        if self.entries.len() >= self.sweep_at {
            self.entries.retain(|_, held| held.strong_count() > 0);
            self.sweep_at = 2 * self.entries.len() + 16;
        }
        self.entries.insert(key, Arc::downgrade(&value));
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_holds_is_swept_out() {
        let mut shared = Shared::default();
        let kept = shared.get_or(0, || "kept");
        for key in 1..10_000 {
            shared.get_or(key, || "dropped");
        }
        assert!(shared.entries.len() <= 64, "{}", shared.entries.len());
        assert!(Arc::ptr_eq(&kept, &shared.get_or(0, || "another")));
    }
}
