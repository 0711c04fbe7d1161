//! One instance of a selector: a store and the calls into it.

use crate::bindings::exports::tidegate::plugin::selector::Endpoint as Row;
use crate::bindings::tidegate::plugin::types::HeaderEdit;
use crate::bindings::{SelectorPlugin, SelectorPluginPre};
use crate::error::{Fault, LoadError};
use crate::instance::{self, Host, Shared, fault};
use crate::limits::Limits;
use crate::view::{Endpoint, Endpoints, Exchange};
use std::sync::Arc;
use std::time::Duration;
use wasmtime::Store;

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
        component: &SelectorPluginPre<Host>,
        shared: &Arc<Shared>,
        config: &str,
    ) -> Result<Self, LoadError> {
        let mut store = instance::store(component.engine(), shared);
        let guest = match component.instantiate(&mut store) {
            Ok(guest) => guest,
            Err(error) => return Err(LoadError::Start(fault(&store, "start", &error))),
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
                fault: fault(&self.store, "configure", &error),
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
        answer.map_err(|error| fault(&self.store, "update", &error))
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
            Err(error) => Err(fault(&self.store, "select", &error)),
        }
    }

    /// The view that is still lent, if any.
    pub(crate) fn reclaim(&mut self) -> Option<Box<dyn Exchange>> {
        self.store.data_mut().exchange.take()
    }

    fn begin(&mut self, deadline: Duration) {
        instance::begin(&mut self.store, deadline);
    }

    fn limits(&self) -> &Limits {
        &self.store.data().shared.limits
    }
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
