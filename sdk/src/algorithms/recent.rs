//! What was found out lately, for filters that would find it out again.

use std::collections::{BTreeMap, VecDeque};

/// A map that holds so many entries and forgets the oldest. Memory of one instance, so it is gone
/// with the instance; what must last belongs into [`state`](crate::state).
///
/// ```
/// # use tidegate_sdk::algorithms::Recent;
/// let mut known = Recent::new(2);
/// for (user, allowed) in [("ann", true), ("bob", false), ("cy", true)] {
///     known.insert(user, allowed);
/// }
/// assert_eq!(known.get(&"bob"), Some(&false));
/// assert_eq!(known.get(&"ann"), None, "the oldest made room");
/// ```
#[derive(Debug, Clone)]
pub struct Recent<K, V> {
    values: BTreeMap<K, V>,
    /// Oldest first.
    order: VecDeque<K>,
    capacity: usize,
}

impl<K: Ord + Clone, V> Recent<K, V> {
    /// Holds at most `capacity` entries; with 0 it holds nothing.
    pub const fn new(capacity: usize) -> Self {
        Recent {
            values: BTreeMap::new(),
            order: VecDeque::new(),
            capacity,
        }
    }

    /// The value of a key that is not forgotten.
    pub fn get(&self, key: &K) -> Option<&V> {
        self.values.get(key)
    }

    /// Keeps a value. A key that is there keeps its age and gets the value.
    pub fn insert(&mut self, key: K, value: V) {
        if self.capacity == 0 {
            return;
        }
        if self.values.insert(key.clone(), value).is_some() {
            return;
        }
        self.order.push_back(key);
        if self.order.len() > self.capacity
            && let Some(oldest) = self.order.pop_front()
        {
            self.values.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_is_forgotten() {
        let mut recent = Recent::new(2);
        for (key, value) in [(1, 'a'), (2, 'b'), (1, 'c'), (3, 'd')] {
            recent.insert(key, value);
        }
        let held = [1, 2, 3].map(|key| recent.get(&key).copied());
        assert_eq!(held, [None, Some('b'), Some('d')]);
        assert_eq!((recent.values.len(), recent.order.len()), (2, 2));
    }

    #[test]
    fn a_room_for_none_holds_none() {
        let mut recent = Recent::new(0);
        recent.insert(1, 'a');
        assert_eq!(recent.get(&1), None);
    }
}
