//! A plugin at work: choices, counts of choices, a new list, a replacement.

use std::fmt;
use std::sync::{Arc, Barrier};
use std::thread;

use tidegate_runtime::{Endpoints, Fault, FaultKind, LoadError, Selector};
use tidegate_sdk::{Choice, Endpoint};

use crate::host::World;
use crate::{Component, Request, translate};

/// A started plugin with as many instances as threads use it at a time.
/// [`Host::plugin`](crate::Host::plugin) makes it.
pub struct Plugin {
    world: Arc<World>,
    selector: Selector,
    endpoints: Arc<Endpoints>,
}

impl Plugin {
    pub(crate) fn new(world: Arc<World>, selector: Selector, endpoints: Arc<Endpoints>) -> Self {
        Plugin {
            world,
            selector,
            endpoints,
        }
    }

    /// One choice, for the request and the exclusions of the host. `None`: no opinion.
    ///
    /// # Errors
    /// What the proxy counts as a fault of the plugin, and serves by its fallback.
    pub fn select(&self) -> Result<Option<Choice>, Fault> {
        let request = self.world.request.lock().clone();
        self.select_for(request)
    }

    /// The same for another request, once.
    ///
    /// # Errors
    /// As [`select`](Self::select).
    pub fn select_for(&self, request: Request) -> Result<Option<Choice>, Fault> {
        self.world.heard(|| {
            loop {
                let exchange = Box::new(request.clone());
                match self.selector.select(&self.endpoints, exchange).1 {
                    // The plugin was not even asked, because this machine is busy: no news.
                    Err(fault) if fault.kind == FaultKind::Busy => {}
                    answer => return answer.map(|choice| choice.map(translate::choice)),
                }
            }
        })
    }

    /// The position that one choice names.
    ///
    /// # Panics
    /// At a fault, with what the proxy would log.
    pub fn pick(&self) -> Option<u32> {
        let answer = self.select();
        let choice =
            answer.unwrap_or_else(|fault| panic!("{} fault: {fault}", fault.kind.as_str()));
        choice.map(|choice| choice.index)
    }

    /// How often each position is chosen in that many calls; a choice of none is not counted.
    ///
    /// # Panics
    /// As [`pick`](Self::pick).
    pub fn tally(&self, calls: u32) -> Vec<u32> {
        let mut tally = vec![0; self.endpoints.list().len()];
        for _ in 0..calls {
            if let Some(position) = self.pick() {
                tally[position as usize] += 1;
            }
        }
        tally
    }

    /// The same on several threads at once, that many calls on each, all counted together.
    ///
    /// # Panics
    /// As [`pick`](Self::pick).
    pub fn tally_on(&self, threads: usize, calls: u32) -> Vec<u32> {
        let start = Barrier::new(threads);
        thread::scope(|scope| {
            let count = || {
                start.wait();
                self.tally(calls)
            };
            let counting: Vec<_> = (0..threads).map(|_| scope.spawn(count)).collect();
            let mut sum = vec![0; self.endpoints.list().len()];
            for thread in counting {
                let tally = thread
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
                sum.iter_mut()
                    .zip(tally)
                    .for_each(|(sum, count)| *sum += count);
            }
            sum
        })
    }

    /// Another list from now on, as after a reload of the proxy.
    ///
    /// # Errors
    /// When the plugin fails on it; the old list stays.
    ///
    /// # Panics
    /// When the list is empty.
    pub fn update(&mut self, endpoints: &[Endpoint]) -> Result<(), LoadError> {
        let endpoints = self.world.endpoints(endpoints);
        self.world.heard(|| self.selector.stage(&endpoints))?;
        self.endpoints = endpoints;
        Ok(())
    }

    /// Another component or another `config` from now on, as when the operator replaces the
    /// file: what the plugin keeps in `state` survives.
    ///
    /// # Errors
    /// What the operator would read; the old plugin stays.
    pub fn replace(&mut self, component: &Component, config: &str) -> Result<(), LoadError> {
        self.selector = self.world.selector(component, config, &self.endpoints)?;
        Ok(())
    }

    /// The value of a counter in the plugin's `state`; none when it opened none of that name.
    pub fn counter(&self, name: &str) -> Option<i64> {
        self.selector.counter(name)
    }

    /// A value in the plugin's `state`.
    pub fn value(&self, key: &str) -> Option<Vec<u8>> {
        self.selector.value(key)
    }

    /// The most memory that one instance has had, in bytes.
    pub fn memory(&self) -> u64 {
        self.selector.memory()
    }

    /// Instances that exist now. The sandbox keeps a spare, and makes it when it has time.
    pub fn instances(&self) -> usize {
        self.selector.instances()
    }
}

impl fmt::Debug for Plugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plugin")
            .field("endpoints", &self.endpoints.list().len())
            .finish_non_exhaustive()
    }
}
