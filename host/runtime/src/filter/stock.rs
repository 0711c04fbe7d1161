//! Instances of one use of a filter, kept for the next call.
//!
//! A call takes an instance out and puts it back; what is out belongs to that call alone,
//! so a call may wait. Each thread looks first where it put one back. How many are out is
//! bounded by seats where it could exceed the bound: calls of a filter that waits, and
//! instances that stay with their exchange. Calls that cannot wait are at most one for each
//! thread; those that wait for a call out leave them their own.

use super::instance::{Instance, Linked};
use crate::error::{Fault, FaultKind, LoadError};
use crate::housekeeper::Housekeeper;
use crate::instance::Shared;
use crate::limits::Isolation;
use crate::thread::{Padded, thread_number};
use parking_lot::Mutex;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

type Slot = Option<Box<Instance>>;
/// None where no bound can be exceeded.
type Seats = Option<Arc<Semaphore>>;

/// An instance that is out, and the leave to have it.
pub(super) struct Out {
    pub(super) instance: Box<Instance>,
    _seat: Option<OwnedSemaphorePermit>,
}

/// The instances of one use of a filter.
pub(super) struct Stock {
    linked: Linked,
    config: String,
    pub(super) shared: Arc<Shared>,
    slots: Box<[Padded<Slot>]>,
    /// More than the slots take, of a filter that waits; the spare is here too. Boxed as in
    /// the slots, between which and here they move.
    #[allow(clippy::vec_box)]
    others: Mutex<Vec<Box<Instance>>>,
    /// For calls that may wait for a call out.
    seats: Seats,
    /// For calls that run on their thread to their end.
    brief: Seats,
    housekeeper: Housekeeper,
    own: Weak<Self>,
}

impl Stock {
    /// Starts one instance, which proves the plugin, and more up to `warm`.
    pub(super) fn start(
        linked: Linked,
        shared: Arc<Shared>,
        config: String,
        threads: usize,
        warm: usize,
        housekeeper: &Housekeeper,
    ) -> Result<Arc<Self>, LoadError> {
        let bound = shared.limits.instances.max(1) as usize;
        let stays = shared.limits.isolation == Isolation::PerRequest;
        let seats = |needed: bool| needed.then(|| Arc::new(Semaphore::new(bound)));
        let brief = seats(stays || bound < threads);
        let stock = Arc::new_cyclic(|own| Self {
            seats: match linked.asynchronous && !stays {
                true => seats(true),
                false => brief.clone(),
            },
            brief,
            slots: (0..threads.clamp(1, bound))
                .map(|_| Padded::default())
                .collect(),
            linked,
            config,
            shared,
            others: Mutex::default(),
            housekeeper: housekeeper.clone(),
            own: own.clone(),
        });
        for slot in stock.slots.iter().take(warm.max(1)) {
            *slot.0.lock() = Some(Box::new(stock.make()?));
        }
        stock.order_spare();
        Ok(stock)
    }

    /// An instance from the shelf or a new one, for a call that may wait; waits for a seat,
    /// at most until then.
    pub(super) async fn take(&self, until: Option<Instant>) -> Result<Out, Fault> {
        self.take_from(&self.seats, until).await
    }

    /// The same for a call that runs to its end.
    pub(super) async fn take_brief(&self, until: Option<Instant>) -> Result<Out, Fault> {
        self.take_from(&self.brief, until).await
    }

    /// The same where nothing can be waited for: the thread is held up, for at most as
    /// long as a call may take. Not for an instance that an exchange keeps: that may be long.
    pub(super) fn take_now(&self) -> Result<Out, Fault> {
        let Some(seats) = &self.brief else {
            return self.fetch(None);
        };
        let patience = match self.shared.limits.isolation {
            Isolation::Reuse => self.shared.limits.deadline * 2,
            Isolation::PerRequest => Duration::ZERO,
        };
        let until = Instant::now() + patience;
        loop {
            match seats.clone().try_acquire_owned() {
                Ok(seat) => return self.fetch(Some(seat)),
                Err(_) if Instant::now() >= until => return Err(busy()),
                Err(_) => std::thread::sleep(Duration::from_micros(50)),
            }
        }
    }

    async fn take_from(&self, seats: &Seats, until: Option<Instant>) -> Result<Out, Fault> {
        let seat = match seats {
            None => None,
            Some(seats) => match seats.clone().try_acquire_owned() {
                Ok(seat) => Some(seat),
                Err(_) => {
                    let waiting = seats.clone().acquire_owned();
                    let patience = Instant::now() + self.patience();
                    let until = until.map_or(patience, |until| until.min(patience));
                    let seat = tokio::time::timeout_at(until.into(), waiting).await;
                    Some(seat.ok().and_then(Result::ok).ok_or_else(busy)?)
                }
            },
        };
        self.fetch(seat)
    }

    /// Puts a sound instance back.
    pub(super) fn put(&self, out: Out) {
        if self.shared.limits.isolation == Isolation::PerRequest {
            return;
        }
        let mut instance = Some(out.instance);
        if let Some(mut slot) = self.home().0.try_lock()
            && slot.is_none()
        {
            *slot = instance.take();
        }
        if let Some(instance) = instance {
            self.others.lock().push(instance);
        }
    }

    /// Drops a broken instance and has another made.
    pub(super) fn lose(&self, out: Out) {
        drop(out);
        self.order_spare();
    }

    /// The interest of the trial instance.
    pub(super) fn peek<R>(&self, look: impl Fn(&Instance) -> R) -> Option<R> {
        let mut slots = self.slots.iter();
        slots.find_map(|slot| slot.0.lock().as_deref().map(&look))
    }

    fn fetch(&self, seat: Option<OwnedSemaphorePermit>) -> Result<Out, Fault> {
        let kept = match self.shared.limits.isolation {
            Isolation::PerRequest => None,
            Isolation::Reuse => self.kept(),
        };
        let instance = match kept {
            Some(instance) => instance,
            None => Box::new(self.make().map_err(|error| match error {
                LoadError::Failed { fault, .. } | LoadError::Start(fault) => fault,
                other => Fault::new(FaultKind::Start, other.to_string()),
            })?),
        };
        Ok(Out {
            instance,
            _seat: seat,
        })
    }

    fn kept(&self) -> Slot {
        let home = self.home().0.try_lock().and_then(|mut slot| slot.take());
        home.or_else(|| self.others.lock().pop()).or_else(|| {
            let mut slots = self.slots.iter();
            slots.find_map(|slot| slot.0.try_lock()?.take())
        })
    }

    fn home(&self) -> &Padded<Slot> {
        &self.slots[thread_number() % self.slots.len()]
    }

    fn make(&self) -> Result<Instance, LoadError> {
        Instance::start(&self.linked, &self.shared, &self.config)
    }

    /// As long as the calls before may take.
    fn patience(&self) -> Duration {
        self.shared.limits.deadline * 2 + self.shared.limits.callout_timeout
    }

    fn order_spare(&self) {
        if self.shared.limits.isolation == Isolation::PerRequest {
            return;
        }
        let stock = self.own.clone();
        self.housekeeper.order(move || {
            let Some(stock) = stock.upgrade() else { return };
            if !stock.others.lock().is_empty() {
                return;
            }
            match stock.make() {
                Ok(instance) => stock.others.lock().push(Box::new(instance)),
                Err(error) => {
                    tracing::debug!(plugin = stock.shared.plugin, %error, "no spare instance");
                }
            }
        });
    }
}

fn busy() -> Fault {
    Fault::new(FaultKind::Busy, "every instance was busy")
}
