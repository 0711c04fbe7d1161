//! What is kept of one name: what is known of it, and when it is asked for again.

use super::known::Known;
use crate::config::value::{Name, Resolve};
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// A name as it is asked for: its port does not matter.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Question {
    pub host: String,
    pub resolve: Resolve,
}

impl Question {
    /// What is asked for the name.
    pub fn of(name: &Name) -> Self {
        Self {
            host: name.host.clone(),
            resolve: name.resolve,
        }
    }
}

/// A name with its schedule.
pub struct Entry {
    pub known: Known,
    /// When to ask next.
    pub due: Instant,
    /// When the look-up began that was last learnt from.
    pub heard: Option<Instant>,
    /// Keeps it fresh, if anybody does.
    pub keeper: Option<Keeper>,
}

impl Entry {
    /// Due now.
    pub fn new() -> Self {
        Self {
            known: Known::new(),
            due: Instant::now(),
            heard: None,
            keeper: None,
        }
    }

    /// Whether it is kept fresh. False also when the runtime is gone that did it.
    pub fn followed(&self) -> bool {
        self.keeper
            .as_ref()
            .is_some_and(|keeper| !keeper.0.is_finished())
    }
}

/// A task that ends with the entry that it works for.
pub struct Keeper(pub JoinHandle<()>);

impl Drop for Keeper {
    fn drop(&mut self) {
        self.0.abort();
    }
}
