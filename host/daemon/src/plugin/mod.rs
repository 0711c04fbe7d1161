//! What the host keeps of each use of a plugin, whatever the plugin does: counts, faults,
//! and whether it is in quarantine.
//!
//! A [`Warden`] outlives the versions of its plugin: a reload hands it on, and a new version
//! begins with a clean name. It refuses to know what a plugin is for; who calls, asks here
//! first and reports here after.

mod faults;
mod quarantine;

pub use faults::{Inputs, Record};
pub use quarantine::Leave;

use crate::telemetry::{Phase, PluginSeries};
use faults::Faults;
use parking_lot::Mutex;
use quarantine::{Call, Quarantine};
use std::cell::Cell;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tidegate_runtime::{Fault, FaultKind, Place};

/// The host's side of one plugin in one place.
pub struct Warden {
    plugin: String,
    place: Place,
    series: PluginSeries,
    quarantine: Quarantine,
    faults: Faults,
    version: Mutex<Version>,
}

/// What runs now.
struct Version {
    generation: u64,
    /// SHA-256 of its bytes, in hexadecimal.
    digest: Arc<str>,
}

impl Warden {
    /// One that has seen nothing.
    pub fn new(plugin: &str, place: Place, series: PluginSeries) -> Arc<Self> {
        Arc::new(Self {
            plugin: plugin.to_owned(),
            place,
            series,
            quarantine: Quarantine::default(),
            faults: Faults::default(),
            version: Mutex::new(Version {
                generation: 0,
                digest: "".into(),
            }),
        })
    }

    /// That version runs from now on. Another one than before begins with nothing held
    /// against it.
    pub fn adopt(&self, digest: &[u8; 32], generation: u64) {
        let mut version = self.version.lock();
        // Not by the series: two uses of one plugin in one route count with the same.
        if version.generation != generation {
            let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
            *version = Version {
                generation,
                digest: hex.into(),
            };
            self.quarantine.reset();
            self.series.generation().set(generation.cast_signed());
        }
    }

    /// Leave to call the plugin; none while it is set aside. To be settled with
    /// [`sound`](Self::sound) or [`failed`](Self::failed).
    pub fn leave(&self, phase: Phase) -> Option<Leave> {
        let leave = self.quarantine.leave();
        if leave.is_none() {
            self.series.bypassed(phase);
        }
        leave
    }

    /// A call went well.
    pub fn sound(&self, leave: Leave) {
        if self.quarantine.settle(leave, Call::Sound) {
            tracing::info!(
                target: "plugin", plugin = self.plugin,
                upstream = self.place.upstream(), route = self.place.route(),
                "plugin is in use again"
            );
        }
    }

    /// A call failed. A plugin is not blamed for having been too busy.
    pub fn failed(
        &self,
        leave: Leave,
        phase: Phase,
        fault: &Fault,
        inputs: impl FnOnce() -> Inputs,
    ) {
        self.series.fault(phase, fault.kind);
        self.faults.keep(self.digest(), phase, fault, inputs());
        let call = match fault.kind {
            FaultKind::Busy => Call::NotMade,
            _ => Call::Failed,
        };
        if self.quarantine.settle(leave, call) {
            tracing::warn!(
                target: "plugin", plugin = self.plugin,
                upstream = self.place.upstream(), route = self.place.route(),
                kind = fault.kind.as_str(),
                "plugin is set aside: it keeps failing, and is tried again from time to time"
            );
        }
    }

    /// A call is over, however it ended; `took` when it was timed.
    pub fn called(&self, phase: Phase, took: Option<Duration>) {
        match took {
            Some(took) => {
                let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
                self.series.call(phase, nanos);
            }
            None => self.series.call_untimed(phase),
        }
    }

    /// Name of the plugin.
    pub fn plugin(&self) -> &str {
        &self.plugin
    }

    /// Where it is used.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Its counts.
    pub fn series(&self) -> &PluginSeries {
        &self.series
    }

    /// Whether it is set aside now.
    pub fn is_quarantined(&self) -> bool {
        self.quarantine.holds()
    }

    /// Its last faults, the latest first.
    pub fn faults(&self) -> Vec<Record> {
        self.faults.latest_first()
    }

    /// SHA-256 of the running version, in hexadecimal.
    pub fn digest(&self) -> Arc<str> {
        self.version.lock().digest.clone()
    }
}

/// The beginning of a call that is timed, for one in sixteen on each thread: reading the
/// clock twice would cost a fifth of a call, and the histogram needs a sample, not a census.
/// Every call counts.
pub fn timed() -> Option<Instant> {
    const TIMED: u32 = 16;
    thread_local!(static CALLS: Cell<u32> = const { Cell::new(0) });
    let calls = CALLS.with(|calls| {
        calls.set(calls.get().wrapping_add(1));
        calls.get()
    });
    (calls % TIMED == 1).then(Instant::now)
}
