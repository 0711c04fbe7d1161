//! Series that live as long as somebody counts with them.
//!
//! A snapshot holds handles; the next snapshot asks for the same labels and gets the
//! same handles, so counts go on over a reload. When the last handle is gone the
//! series is gone from the page: nothing has to be unregistered, and nothing that
//! left the configuration stays.
//!
//! Keys are compared as they are. (A hash of the joined label values, as vectors of
//! the `prometheus` crate use, takes `ab`,`c` and `a`,`bc` for the same series.)

use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

/// Values of `N` labels.
pub(super) type Key<const N: usize> = [Arc<str>; N];

/// What is alive, by its labels.
pub(super) struct Living<T, const N: usize>(Mutex<Book<T, N>>);

struct Book<T, const N: usize> {
    entries: BTreeMap<Key<N>, Weak<T>>,
    /// Number of entries at which the dead are swept: twice those that lived at the
    /// last sweep, so that a sweep costs each entry a constant share.
    sweep_at: usize,
}

impl<T, const N: usize> Default for Living<T, N> {
    fn default() -> Self {
        Self(Mutex::new(Book {
            entries: BTreeMap::new(),
            sweep_at: 64,
        }))
    }
}

impl<T, const N: usize> Living<T, N> {
    /// The one that lives under these labels, else a new one.
    pub(super) fn of(&self, labels: [&str; N], make: impl FnOnce(&Key<N>) -> T) -> Arc<T> {
        let key = labels.map(Arc::from);
        let mut book = self.0.lock();
        if let Some(found) = book.entries.get(&key).and_then(Weak::upgrade) {
            return found;
        }
        if book.entries.len() >= book.sweep_at {
            book.entries.retain(|_, weak| weak.strong_count() > 0);
            book.sweep_at = 64.max(2 * book.entries.len());
        }
        let made = Arc::new(make(&key));
        book.entries.insert(key, Arc::downgrade(&made));
        made
    }

    /// All that live, sorted by their labels.
    pub(super) fn all(&self) -> Vec<(Key<N>, Arc<T>)> {
        let book = self.0.lock();
        let living = book.entries.iter();
        living
            .filter_map(|(key, weak)| Some((key.clone(), weak.upgrade()?)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::value::Counter;
    use super::*;

    type Counters = Living<Counter, 2>;

    fn counter(living: &Counters, labels: [&str; 2]) -> Arc<Counter> {
        living.of(labels, |_| Counter::default())
    }

    #[test]
    fn the_same_labels_share_a_count_while_a_handle_lives() {
        let living = Counters::default();
        let before = counter(&living, ["web", "a"]);
        before.inc();
        let after = counter(&living, ["web", "a"]);
        drop(before);
        after.inc();
        assert_eq!(after.value(), 2);
        assert_eq!(living.all().len(), 1);
        drop(after);
        assert!(living.all().is_empty());
        assert_eq!(counter(&living, ["web", "a"]).value(), 0);
    }

    #[test]
    fn labels_that_join_to_the_same_text_are_different() {
        let living = Counters::default();
        let one = counter(&living, ["ab", "c"]);
        let other = counter(&living, ["a", "bc"]);
        one.inc();
        assert_eq!(other.value(), 0);
    }

    #[test]
    fn the_dead_are_swept() {
        let living = Counters::default();
        let kept = counter(&living, ["kept", ""]);
        for n in 0..10_000 {
            counter(&living, ["gone", &n.to_string()]);
        }
        assert!(living.0.lock().entries.len() <= 64);
        assert_eq!(living.all().len(), 1);
        drop(kept);
    }
}
