//! What all instances have in common: a store, its data, its clock.

use crate::ambient::{Ambient, Chance};
use crate::bindings::tidegate::plugin::types::HeaderEdit;
use crate::deadline::{self, Watch};
use crate::error::{Fault, FaultKind};
use crate::imports::metrics::SeriesSink;
use crate::limits::{Limits, Meter};
use crate::state::Namespace;
use crate::throttle::Throttle;
use crate::view::{Endpoints, Exchange};
use crate::wasi::Wasi;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;
use wasmtime::component::ResourceTable;
use wasmtime::{Engine, Store};

/// Lines that one plugin use may log in a second.
const LINES_PER_SECOND: u32 = 100;
/// Faults of one plugin use that are logged in full in a second.
const FAULTS_PER_SECOND: u32 = 10;
/// Handles that one guest may hold; a guest that needs more leaks them.
const MAX_HANDLES: usize = 4_096;
/// Bytes that one host call may lift out of a guest, when bodies do not need more.
const MAX_LIFT: usize = 4 << 20;

/// Where a plugin is used.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// A selector, in the upstream of that name.
    Upstream(String),
    /// A filter, in the route of that name. The number tells several uses of one plugin in
    /// one route apart.
    Route(String, usize),
}

impl Place {
    /// The upstream, for a selector.
    pub fn upstream(&self) -> Option<&str> {
        match self {
            Self::Upstream(name) => Some(name),
            Self::Route(..) => None,
        }
    }

    /// The route, for a filter.
    pub fn route(&self) -> Option<&str> {
        match self {
            Self::Upstream(_) => None,
            Self::Route(name, _) => Some(name),
        }
    }
}

/// Who uses a component, for what, and within which bounds.
pub struct Use {
    /// Name of the plugin in the configuration.
    pub plugin: String,
    /// What it serves; with `plugin` the key of its state.
    pub place: Place,
    /// The plugin's configuration as JSON.
    pub config: String,
    /// Its bounds.
    pub limits: Limits,
    /// Where its own series go.
    pub series: Box<dyn SeriesSink>,
    /// Instances to have ready before the first request: as many as worked before, when
    /// this use replaces another. At least one is started in any case.
    pub warm: usize,
    /// Its time and its random numbers.
    pub ambient: Ambient,
}

/// What all instances of one use of a plugin share.
pub(crate) struct Shared {
    pub(crate) plugin: String,
    pub(crate) place: Place,
    pub(crate) limits: Limits,
    pub(crate) namespace: Arc<Namespace>,
    pub(crate) series: Box<dyn SeriesSink>,
    pub(crate) ambient: Ambient,
    pub(crate) lines: Throttle,
    pub(crate) faults: Throttle,
    pub(crate) alive: AtomicUsize,
    /// The most memory that one instance has had.
    pub(crate) high_water: Arc<AtomicU64>,
}

impl Shared {
    /// Takes what a use brings, but its configuration, which instances are given.
    pub(crate) fn new(purpose: Use, namespace: Arc<Namespace>) -> (Arc<Self>, String) {
        let shared = Self {
            plugin: purpose.plugin,
            place: purpose.place,
            limits: purpose.limits,
            namespace,
            series: purpose.series,
            ambient: purpose.ambient,
            lines: Throttle::new(LINES_PER_SECOND),
            faults: Throttle::new(FAULTS_PER_SECOND),
            alive: AtomicUsize::new(0),
            high_water: Arc::default(),
        };
        (Arc::new(shared), purpose.config)
    }

    /// Writes a fault into the log, unless there were too many this second.
    pub(crate) fn report(&self, fault: &Fault) {
        let Some(leave) = self.faults.ask(std::time::Instant::now()) else {
            return;
        };
        tracing::error!(
            target: "plugin",
            plugin = self.plugin,
            upstream = self.place.upstream(),
            route = self.place.route(),
            call = fault.call,
            kind = fault.kind.as_str(),
            backtrace = fault.backtrace.join(" < "),
            not_logged = leave.swallowed,
            "plugin fault: {}", fault.message,
        );
    }
}

/// The data of a store: what the host functions work on.
pub(crate) struct Host {
    pub(crate) table: ResourceTable,
    pub(crate) meter: Meter,
    pub(crate) watch: Watch,
    pub(crate) wasi: Wasi,
    pub(crate) chance: Chance,
    pub(crate) exchange: Option<Box<dyn Exchange>>,
    pub(crate) endpoints: Option<Arc<Endpoints>>,
    pub(crate) edits: Vec<HeaderEdit>,
    pub(crate) edit_bytes: usize,
    /// Calls out that the call under way may still make.
    pub(crate) callouts: u32,
    /// The call under way is about the response.
    pub(crate) responding: bool,
    pub(crate) shared: Arc<Shared>,
}

impl AsMut<Watch> for Host {
    fn as_mut(&mut self) -> &mut Watch {
        &mut self.watch
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.shared.alive.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A store for one instance, bounded, its clock running for the start.
pub(crate) fn store(engine: &Engine, shared: &Arc<Shared>) -> Store<Host> {
    shared.alive.fetch_add(1, Ordering::Relaxed);
    let mut table = ResourceTable::new();
    table.set_max_capacity(MAX_HANDLES);
    let host = Host {
        table,
        meter: Meter::new(shared.limits.memory, shared.high_water.clone()),
        watch: Watch::default(),
        wasi: crate::wasi::for_plugin(shared),
        chance: shared.ambient.chance(),
        exchange: None,
        endpoints: None,
        edits: Vec::new(),
        edit_bytes: 0,
        callouts: 0,
        responding: false,
        shared: shared.clone(),
    };
    let mut store = Store::new(engine, host);
    store.limiter(|host| &mut host.meter);
    let body = usize::try_from(shared.limits.body).unwrap_or(usize::MAX);
    store.set_hostcall_fuel(MAX_LIFT.max(body.saturating_add(MAX_LIFT)));
    store.set_max_component_handles(MAX_HANDLES);
    deadline::install(&mut store);
    deadline::arm(&mut store, shared.limits.setup_deadline);
    store
}

/// Starts the clock of a call and forgets what an earlier one was refused.
pub(crate) fn begin(store: &mut Store<Host>, deadline: Duration) {
    store.data_mut().meter.refused = false;
    deadline::arm(&mut *store, deadline);
}

/// What that error means, in that call.
pub(crate) fn fault(store: &Store<Host>, call: &'static str, error: &wasmtime::Error) -> Fault {
    let mut fault = Fault::from_trap(error, store.data().meter.refused);
    if fault.kind == FaultKind::Trap && fault.message.is_empty() {
        fault.message = "trapped".into();
    }
    fault.call = call;
    fault
}
