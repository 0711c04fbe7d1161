//! Instances of one plugin use, kept for the next call.
//!
//! Each thread has a slot of its own, so the lock that it takes is free; only when
//! there are fewer slots than threads do two of them meet. A call is synchronous:
//! nothing awaits while it holds a slot. A spare stands by for the instance that a
//! fault kills, and a housekeeper makes the next spare off the request threads.

use super::instance::Instance;
use crate::bindings::SelectorPluginPre;
use crate::error::{Fault, FaultKind, LoadError};
use crate::housekeeper::Housekeeper;
use crate::instance::{Host, Shared};
use crate::thread::{Padded, thread_number};
use crate::view::Endpoints;
use parking_lot::{Mutex, MutexGuard};
use std::sync::{Arc, Weak};
use std::time::Duration;

/// What a thread works with.
#[derive(Default)]
pub(crate) struct Slot {
    current: Option<Box<Instance>>,
    /// Made for the list of a configuration that is about to be published.
    staged: Option<Box<Instance>>,
}

/// How many instances there are to be.
pub(crate) struct Size {
    /// Threads that will ask: each gets a slot, as far as the limits allow.
    pub(crate) threads: usize,
    /// Instances to make before the first call; at least one is.
    pub(crate) warm: usize,
}

/// The instances of one plugin use.
pub(crate) struct Pool {
    component: SelectorPluginPre<Host>,
    config: String,
    pub(crate) shared: Arc<Shared>,
    slots: Box<[Padded<Slot>]>,
    spare: Mutex<Option<Box<Instance>>>,
    housekeeper: Housekeeper,
    own: Weak<Pool>,
}

impl Pool {
    /// Starts one instance with that list, which proves the plugin, and more up to
    /// the size's `warm`; orders a spare.
    pub(crate) fn start(
        component: SelectorPluginPre<Host>,
        shared: Arc<Shared>,
        config: String,
        size: Size,
        endpoints: &Arc<Endpoints>,
        housekeeper: &Housekeeper,
    ) -> Result<Arc<Self>, LoadError> {
        let slots = size
            .threads
            .clamp(1, shared.limits.instances.max(1) as usize);
        let pool = Arc::new_cyclic(|own| Self {
            component,
            config,
            shared,
            slots: (0..slots).map(|_| Padded::default()).collect(),
            spare: Mutex::default(),
            housekeeper: housekeeper.clone(),
            own: own.clone(),
        });
        for slot in pool.slots.iter().take(size.warm.max(1)) {
            let instance = pool.make(endpoints)?;
            slot.0.lock().staged = Some(instance);
        }
        pool.order_spare(endpoints);
        Ok(pool)
    }

    /// Makes instances that know the list, one for each that works now, so that no
    /// request has to wait for an `update` once the list is published.
    pub(crate) fn stage(&self, endpoints: &Arc<Endpoints>) -> Result<(), LoadError> {
        for (position, slot) in self.slots.iter().enumerate() {
            let wanted = {
                let slot = slot.0.lock();
                let works = slot.current.as_ref().or(slot.staged.as_ref());
                works.map_or(position == 0, |instance| !instance.knows(endpoints))
            };
            if wanted {
                let instance = self.make(endpoints)?;
                let replaced = slot.0.lock().staged.replace(instance);
                drop(replaced);
            }
        }
        self.order_spare(endpoints);
        Ok(())
    }

    /// Runs `call` with an instance that knows the list. When it answers a fault,
    /// the instance is dropped and the spare takes its place.
    pub(crate) fn with<R>(
        &self,
        endpoints: &Arc<Endpoints>,
        call: impl FnOnce(&mut Instance) -> (R, bool),
    ) -> Result<R, Fault> {
        let mut slot = self
            .checkout()
            .ok_or_else(|| Fault::new(FaultKind::Busy, "every instance was busy"))?;
        // Out of the slot until proven sound: a panic drops it on its way.
        let mut instance = self.ready(&mut slot, endpoints)?;
        let (result, sound) = call(&mut instance);
        if sound {
            slot.current = Some(instance);
        } else {
            slot.current = self.spare.lock().take();
            drop(slot);
            drop(instance);
            self.order_spare(endpoints);
        }
        Ok(result)
    }

    fn ready(&self, slot: &mut Slot, endpoints: &Arc<Endpoints>) -> Result<Box<Instance>, Fault> {
        if let Some(instance) = slot.current.take_if(|current| current.knows(endpoints)) {
            return Ok(instance);
        }
        if let Some(instance) = slot.staged.take_if(|staged| staged.knows(endpoints)) {
            return Ok(instance);
        }
        let waiting = slot.current.take().or_else(|| self.spare.lock().take());
        let Some(mut instance) = waiting else {
            return self.make(endpoints).map_err(|error| match error {
                LoadError::Failed { fault, .. } | LoadError::Start(fault) => fault,
                other => Fault::new(FaultKind::Start, other.to_string()),
            });
        };
        if !instance.knows(endpoints) {
            instance.update(endpoints)?;
        }
        Ok(instance)
    }

    fn make(&self, endpoints: &Arc<Endpoints>) -> Result<Box<Instance>, LoadError> {
        let mut instance = Instance::start(&self.component, &self.shared, &self.config)?;
        instance
            .update(endpoints)
            .map_err(|fault| LoadError::Failed {
                call: "update",
                fault,
            })?;
        Ok(Box::new(instance))
    }

    fn checkout(&self) -> Option<MutexGuard<'_, Slot>> {
        let number = thread_number();
        // Mostly there is a slot for each thread, and a division costs more than this.
        let home = if number < self.slots.len() {
            number
        } else {
            number % self.slots.len()
        };
        if let Some(slot) = self.slots[home].0.try_lock() {
            return Some(slot);
        }
        let others = (1..self.slots.len()).map(|step| (home + step) % self.slots.len());
        others
            .filter_map(|position| self.slots[position].0.try_lock())
            .next()
            .or_else(|| {
                self.slots[home]
                    .0
                    .try_lock_for(self.shared.limits.deadline * 2 + Duration::from_millis(10))
            })
    }

    fn order_spare(&self, endpoints: &Arc<Endpoints>) {
        let (pool, endpoints) = (self.own.clone(), Arc::downgrade(endpoints));
        self.housekeeper.order(move || {
            if let (Some(pool), Some(endpoints)) = (pool.upgrade(), endpoints.upgrade()) {
                pool.make_spare(&endpoints);
            }
        });
    }

    fn make_spare(&self, endpoints: &Arc<Endpoints>) {
        if self
            .spare
            .lock()
            .as_ref()
            .is_some_and(|spare| spare.knows(endpoints))
        {
            return;
        }
        match self.make(endpoints) {
            Ok(instance) => *self.spare.lock() = Some(instance),
            Err(error) => tracing::debug!(plugin = self.shared.plugin, %error, "no spare instance"),
        }
    }
}
