//! The handle by which a test sets and reads the fakes.

use std::marker::PhantomData;
use std::time::Duration;

use super::world::{Metric, World};
use super::{Plugin, Request};
use crate::Selector;
use crate::config::Config;
use crate::log::Level;

/// The fake host of this thread. Making one forgets everything that an earlier one knew; two at a
/// time on one thread are the same host.
#[derive(Debug)]
pub struct Host {
    /// Not `Send`: it stands for something that belongs to the thread.
    thread: PhantomData<*const ()>,
}

impl Host {
    /// A host that knows nothing: no load, no state, no log lines, and a first request for `/`.
    #[expect(
        clippy::new_without_default,
        reason = "making one has an effect on the thread"
    )]
    pub fn new() -> Self {
        World::with(|world| *world = World::default());
        Host {
            thread: PhantomData,
        }
    }

    /// Configures one instance from a `config` section, as JSON, with everything that the real
    /// host does: a second call makes a second instance that shares state with the first.
    ///
    /// # Errors
    /// What the operator would read.
    pub fn plugin<S: Selector>(&self, config: &str) -> Result<Plugin<S>, String> {
        Plugin::<S>::hidden(|| Ok(Plugin::new(S::configure(S::Config::parse(config)?)?)))
    }

    /// The request of the next calls.
    pub fn request(&self, request: Request) {
        World::with(|world| world.request = Some(request));
    }

    /// Requests in flight, by position. What is missing is 0.
    pub fn in_flight(&self, column: &[u32]) {
        World::with(|world| world.in_flight = column.to_vec());
    }

    /// Time to the response head in microseconds, by position. What is missing is 0: unmeasured.
    pub fn latency(&self, column: &[u32]) {
        World::with(|world| world.latency = column.to_vec());
    }

    /// Positions that the exchange must not use; replaces the ones before.
    pub fn exclude(&self, positions: &[u32]) {
        World::with(|world| world.excluded = positions.iter().copied().collect());
    }

    /// Starts the random numbers again from this seed.
    pub fn seed(&self, seed: u64) {
        World::with(|world| world.random = seed);
    }

    /// Moves both clocks forward.
    pub fn advance(&self, time: Duration) {
        World::with(|world| {
            world.now += time;
            world.wall += time;
        });
    }

    /// Sets the wall clock alone.
    pub fn set_wall(&self, since_epoch: Duration) {
        World::with(|world| world.wall = since_epoch);
    }

    /// The lines that were logged so far.
    pub fn lines(&self) -> Vec<(Level, String)> {
        World::with(|world| world.lines.clone())
    }

    /// A series, by the name that the plugin gave it.
    pub fn metric(&self, name: &str) -> Option<Metric> {
        World::with(|world| world.metrics.get(name).cloned())
    }

    /// The value of a state counter; none when nobody opened it.
    pub fn counter(&self, name: &str) -> Option<i64> {
        World::with(|world| world.counters.get(name).copied())
    }
}
