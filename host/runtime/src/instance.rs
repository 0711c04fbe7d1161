//! One instance: a store, its data, and the calls into it.

use crate::bindings::SelectorPlugin;
use crate::bindings::exports::tidegate::plugin::selector::Endpoint as Row;
use crate::bindings::tidegate::plugin::types::HeaderEdit;
use crate::component::Component;
use crate::deadline::{self, Watch};
use crate::error::{Fault, FaultKind, LoadError};
use crate::imports::metrics::SeriesSink;
use crate::limits::{Limits, Meter};
use crate::state::Namespace;
use crate::throttle::Throttle;
use crate::view::{Endpoint, Endpoints, Exchange};
use crate::wasi::Wasi;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use wasmtime::component::ResourceTable;
use wasmtime::{Result, Store};

/// What all instances of one use of a plugin share.
pub(crate) struct Shared {
    pub(crate) plugin: String,
    pub(crate) upstream: String,
    pub(crate) limits: Limits,
    pub(crate) namespace: Arc<Namespace>,
    pub(crate) series: Box<dyn SeriesSink>,
    pub(crate) lines: Throttle,
    pub(crate) faults: Throttle,
    pub(crate) alive: AtomicUsize,
}

/// The data of a store: what the host functions work on.
pub(crate) struct Host {
    pub(crate) table: ResourceTable,
    pub(crate) meter: Meter,
    pub(crate) watch: Watch,
    pub(crate) wasi: Wasi,
    pub(crate) exchange: Option<Box<dyn Exchange>>,
    pub(crate) endpoints: Option<Arc<Endpoints>>,
    pub(crate) edits: Vec<HeaderEdit>,
    pub(crate) edit_bytes: usize,
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

/// Handles that one guest may hold; a guest that needs more leaks them.
const MAX_HANDLES: usize = 4_096;
/// Bytes that one host call may lift out of a guest.
const MAX_LIFT: usize = 4 << 20;

/// What a guest answered, unchecked.
pub(crate) struct Answer {
    pub(crate) index: u32,
    pub(crate) edits: Vec<HeaderEdit>,
}

/// A running guest. After a fault it must be dropped: its store is poisoned.
pub(crate) struct Instance {
    store: Store<Host>,
    guest: SelectorPlugin,
}

impl Instance {
    /// Starts a guest and configures it.
    pub(crate) fn start(
        component: &Component,
        shared: &Arc<Shared>,
        config: &str,
    ) -> Result<Self, LoadError> {
        shared.alive.fetch_add(1, Ordering::Relaxed);
        let mut table = ResourceTable::new();
        table.set_max_capacity(MAX_HANDLES);
        let host = Host {
            table,
            meter: Meter::new(shared.limits.memory),
            watch: Watch::default(),
            wasi: crate::wasi::for_plugin(shared),
            exchange: None,
            endpoints: None,
            edits: Vec::new(),
            edit_bytes: 0,
            shared: shared.clone(),
        };
        let mut store = Store::new(component.pre.engine(), host);
        store.limiter(|host| &mut host.meter);
        store.set_hostcall_fuel(MAX_LIFT);
        store.set_max_component_handles(MAX_HANDLES);
        deadline::install(&mut store);
        deadline::arm(&mut store, shared.limits.setup_deadline);
        let guest = match component.pre.instantiate(&mut store) {
            Ok(guest) => guest,
            Err(error) => return Err(LoadError::Start(fault(&store, &error))),
        };
        let mut instance = Self { store, guest };
        instance.configure(config)?;
        Ok(instance)
    }

    fn configure(&mut self, config: &str) -> Result<(), LoadError> {
        let bound = self.limits().setup_deadline;
        self.begin(bound);
        let answer = self
            .guest
            .tidegate_plugin_selector()
            .call_configure(&mut self.store, config);
        self.store.data_mut().wasi.flush();
        match answer {
            Ok(Ok(())) => Ok(()),
            Ok(Err(message)) => Err(LoadError::Refused(message)),
            Err(error) => Err(LoadError::Failed {
                call: "configure",
                fault: fault(&self.store, &error),
            }),
        }
    }

    /// Whether this guest was last given that very list.
    pub(crate) fn knows(&self, endpoints: &Arc<Endpoints>) -> bool {
        self.store
            .data()
            .endpoints
            .as_ref()
            .is_some_and(|known| Arc::ptr_eq(known, endpoints))
    }

    /// Gives the guest a list.
    pub(crate) fn update(&mut self, endpoints: &Arc<Endpoints>) -> Result<(), Fault> {
        let rows: Vec<Row> = endpoints.list().iter().map(row).collect();
        let bound = self.limits().setup_deadline;
        self.begin(bound);
        self.store.data_mut().endpoints = Some(endpoints.clone());
        let answer = self
            .guest
            .tidegate_plugin_selector()
            .call_update(&mut self.store, &rows);
        self.store.data_mut().wasi.flush();
        answer.map_err(|error| fault(&self.store, &error))
    }

    /// Lends the view to the guest, asks, and puts the view back.
    pub(crate) fn select(
        &mut self,
        view: &mut Option<Box<dyn Exchange>>,
    ) -> Result<Option<Answer>, Fault> {
        let excluded = view.as_deref().map_or(0, |view| view.excluded().len());
        let deadline = self.limits().deadline;
        self.begin(deadline);
        self.store.data_mut().exchange = view.take();
        let excluded = u32::try_from(excluded).unwrap_or(u32::MAX);
        let answer = self
            .guest
            .tidegate_plugin_selector()
            .call_select(&mut self.store, excluded);
        *view = self.reclaim();
        let host = self.store.data_mut();
        host.wasi.flush();
        let edits = std::mem::take(&mut host.edits);
        host.edit_bytes = 0;
        match answer {
            Ok(index) => Ok(index.map(|index| Answer { index, edits })),
            Err(error) => Err(fault(&self.store, &error)),
        }
    }

    /// The view that is still lent, if any.
    pub(crate) fn reclaim(&mut self) -> Option<Box<dyn Exchange>> {
        self.store.data_mut().exchange.take()
    }

    /// Starts the clock of a call and forgets what an earlier one was refused.
    fn begin(&mut self, deadline: Duration) {
        self.store.data_mut().meter.refused = false;
        deadline::arm(&mut self.store, deadline);
    }

    fn limits(&self) -> &Limits {
        &self.store.data().shared.limits
    }
}

fn fault(store: &Store<Host>, error: &wasmtime::Error) -> Fault {
    let mut fault = Fault::from_trap(error, store.data().meter.refused);
    if fault.kind == FaultKind::Trap && fault.message.is_empty() {
        fault.message = "trapped".into();
    }
    fault
}

fn row(endpoint: &Endpoint) -> Row {
    Row {
        id: endpoint.id,
        address: endpoint.address.clone(),
        weight: endpoint.weight,
        zone: endpoint.zone.clone(),
        labels: endpoint.labels.clone(),
        draining: endpoint.draining,
    }
}
