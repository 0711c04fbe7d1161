//! A number that tests can read and wait for, so that none of them sleeps.

use std::sync::Arc;

use tokio::sync::watch;

/// A shared count. Cloning shares it.
#[derive(Clone, Debug)]
pub struct Counter(Arc<watch::Sender<u64>>);

impl Counter {
    /// The count right now.
    pub fn value(&self) -> u64 {
        *self.0.borrow()
    }

    /// Returns as soon as the count satisfies `condition`; at once when it does already.
    pub async fn until(&self, condition: impl Fn(u64) -> bool) {
        let mut changes = self.0.subscribe();
        // The sender lives in `self`, so the channel cannot be closed here.
        let _ = changes.wait_for(|value| condition(*value)).await;
    }

    pub(crate) fn add(&self, n: u64) {
        self.0.send_modify(|value| *value += n);
    }

    /// Adds one until the guard is dropped.
    pub(crate) fn hold(&self) -> Held {
        self.add(1);
        Held(self.clone())
    }
}

impl Default for Counter {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(0)))
    }
}

/// One unit of a [`Counter`], given back when dropped.
pub(crate) struct Held(Counter);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.0.send_modify(|value| *value -= 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_waiter_wakes_when_the_count_arrives() {
        let counter = Counter::default();
        let waiting = tokio::spawn({
            let counter = counter.clone();
            async move { counter.until(|n| n == 2).await }
        });
        let first = counter.hold();
        counter.add(1);
        waiting.await.expect("the waiter does not panic");
        drop(first);
        assert_eq!(counter.value(), 1);
    }
}
