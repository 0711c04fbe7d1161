//! A deadline for a call, made of Wasmtime's epochs and hidden behind two functions.
//!
//! An epoch is one tick of a thread that counts milliseconds. A tick passes also for
//! a call whose thread is not scheduled, and a proxy under load is full of those; so
//! when the first half of the time is gone, the callback notes how much time the
//! thread has really used, and at the end it traps only a call that was running.

use rustix::time::{ClockId, Timespec, clock_gettime};
use std::sync::{Arc, Weak};
use std::time::Duration;
use wasmtime::{AsContextMut, Engine, EngineWeak, Store, UpdateDeadline};

/// Length of one epoch.
pub(crate) const TICK: Duration = Duration::from_millis(1);

/// Rounds that a call gets when its thread never seems to run: a bound for clocks
/// that do not move, far beyond what a scheduler does.
const MAX_ROUNDS: u32 = 1_000;

/// The error that ends a call which ran too long.
#[derive(Debug, thiserror::Error)]
#[error("the call ran longer than its deadline")]
pub(crate) struct Missed;

/// What the callback knows of the call under way.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    half: u64,
    noted: Option<Duration>,
    rounds: u32,
}

/// Starts the clock for the next call into this store, or for what remains of one that
/// has waited.
pub(crate) fn arm<T: AsMut<Watch> + 'static>(
    store: impl AsContextMut<Data = T>,
    deadline: Duration,
) {
    let mut store = store;
    let mut store = store.as_context_mut();
    let half = (deadline.as_micros() as u64)
        .div_ceil(2 * TICK.as_micros() as u64)
        .max(1);
    let watch = store.data_mut().as_mut();
    watch.half = half;
    watch.noted = None;
    watch.rounds = 0;
    store.set_epoch_deadline(half);
}

/// Installs the callback; once per store.
pub(crate) fn install<T: AsMut<Watch> + Send + 'static>(store: &mut Store<T>) {
    store.epoch_deadline_callback(|mut context| {
        let watch = context.data_mut().as_mut();
        let now = thread_time();
        let needed = TICK * u32::try_from(watch.half).unwrap_or(u32::MAX) * 3 / 4;
        match watch.noted {
            Some(start) if now.saturating_sub(start) >= needed || watch.rounds >= MAX_ROUNDS => {
                Err(wasmtime::Error::from(Missed))
            }
            Some(_) => {
                watch.rounds += 1;
                Ok(UpdateDeadline::Continue(1))
            }
            None => {
                watch.noted = Some(now);
                Ok(UpdateDeadline::Continue(watch.half))
            }
        }
    });
}

/// Runs the ticker until the engine is gone. The thread holds it weakly.
pub(crate) fn start_ticker(engine: &Engine, alive: &Arc<()>) -> std::io::Result<()> {
    let engine: EngineWeak = engine.weak();
    let alive: Weak<()> = Arc::downgrade(alive);
    std::thread::Builder::new()
        .name("epoch".into())
        .spawn(move || {
            while alive.strong_count() > 0 {
                std::thread::sleep(TICK);
                let Some(engine) = engine.upgrade() else {
                    return;
                };
                engine.increment_epoch();
            }
        })?;
    Ok(())
}

fn thread_time() -> Duration {
    let Timespec { tv_sec, tv_nsec } = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(
        u64::try_from(tv_sec).unwrap_or(0),
        u32::try_from(tv_nsec).unwrap_or(0),
    )
}
