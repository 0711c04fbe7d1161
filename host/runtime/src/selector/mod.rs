//! A selector: a component, its configuration, its limits, its instances.

mod instance;
mod pool;

use crate::component::Component;
use crate::edits::{self, HeaderEdit};
use crate::engine::Sandbox;
use crate::error::{Fault, FaultKind, LoadError};
use crate::instance::{Place, Shared, Use};
use crate::view::{Endpoints, Exchange};
use instance::Answer;
use pool::Pool;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// What a plugin decided, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Position in the list; exists and is not excluded.
    pub index: u32,
    /// To be applied to the response when this endpoint is the one that answers.
    pub response_edits: Vec<HeaderEdit>,
}

/// A plugin that chooses endpoints, ready to be asked.
pub struct Selector {
    pool: Arc<Pool>,
}

impl Sandbox {
    /// Starts a trial instance, configures it and gives it the list; a selector that
    /// this returns has done all of that once.
    ///
    /// Runs guest code for up to three times the setup deadline: not for a thread
    /// that serves requests.
    ///
    /// # Errors
    /// When the instance does not start, `configure` refuses, or either call fails.
    pub fn selector(
        &self,
        component: &Component,
        purpose: Use,
        endpoints: &Arc<Endpoints>,
    ) -> Result<Selector, LoadError> {
        let component = component.selector()?;
        let namespace = self.namespaces.open(&purpose.plugin, &purpose.place);
        let warm = purpose.warm;
        let (shared, config) = Shared::new(purpose, namespace);
        let pool = Pool::start(
            component.clone(),
            shared,
            config,
            pool::Size {
                threads: self.options.threads,
                warm,
            },
            endpoints,
            &self.housekeeper,
        )?;
        Ok(Selector { pool })
    }
}

impl Selector {
    /// Prepares instances for a list that is about to be published.
    ///
    /// # Errors
    /// When the plugin fails on the new list.
    pub fn stage(&self, endpoints: &Arc<Endpoints>) -> Result<(), LoadError> {
        self.pool.stage(endpoints)
    }

    /// Asks the plugin which endpoint gets this attempt. None: it has no opinion.
    ///
    /// Takes about a tenth of a microsecond plus what the guest does, and at most
    /// about twice the deadline. The exchange comes back whatever happens.
    ///
    /// # Errors
    /// A fault has been logged, and the instance that had it is gone.
    pub fn select(
        &self,
        endpoints: &Arc<Endpoints>,
        exchange: Box<dyn Exchange>,
    ) -> (Box<dyn Exchange>, Result<Option<Choice>, Fault>) {
        let mut view = Some(exchange);
        let asked = self.pool.with(endpoints, |instance| {
            // Host functions do not panic; should one, it costs a call, not a thread.
            let answer = catch_unwind(AssertUnwindSafe(|| instance.select(&mut view)));
            let panicked =
                || Err(Fault::new(FaultKind::Trap, "the sandbox panicked").during("select"));
            let answer = answer.unwrap_or_else(|_| panicked());
            view = view.take().or_else(|| instance.reclaim());
            let excluded = view.as_deref().map(Exchange::excluded).unwrap_or_default();
            let checked = answer.and_then(|choice| check(choice, endpoints, excluded));
            let sound = checked.is_ok();
            (checked, sound)
        });
        let view = view.expect("the view was lent to the instance and reclaimed from it");
        let result = asked.and_then(|answer| answer);
        if let Err(fault) = &result {
            self.pool.shared.report(fault);
        }
        (view, result)
    }

    /// Instances that exist now, the spare included.
    pub fn instances(&self) -> usize {
        self.pool.shared.alive.load(Ordering::Relaxed)
    }

    /// Name of the plugin.
    pub fn plugin(&self) -> &str {
        &self.pool.shared.plugin
    }

    /// The most memory that one instance has had, in bytes.
    pub fn memory(&self) -> u64 {
        self.pool.shared.high_water.load(Ordering::Relaxed)
    }

    /// The value of a counter that the plugin keeps in `state`; none when it opened none of
    /// that name. For tests and tools.
    pub fn counter(&self, name: &str) -> Option<i64> {
        self.pool.shared.namespace.counted(name)
    }

    /// A value that the plugin keeps in `state`. For tests and tools.
    pub fn value(&self, key: &str) -> Option<Vec<u8>> {
        let shared = &self.pool.shared;
        shared.namespace.value(key, shared.ambient.instant())
    }

    /// Where it is used.
    pub fn place(&self) -> &Place {
        &self.pool.shared.place
    }
}

fn check(
    answer: Option<Answer>,
    endpoints: &Endpoints,
    excluded: &[u32],
) -> Result<Option<Choice>, Fault> {
    let Some(Answer { index, edits }) = answer else {
        return Ok(None);
    };
    let length = endpoints.list().len();
    if index as usize >= length {
        return Err(Fault::new(
            FaultKind::Index,
            format!("chose position {index} of {length}"),
        )
        .during("select"));
    }
    if excluded.contains(&index) {
        return Err(Fault::new(
            FaultKind::Excluded,
            format!("chose position {index}, which is excluded"),
        )
        .during("select"));
    }
    let response_edits = edits::parse(edits)
        .map_err(|problem| Fault::new(FaultKind::Edit, problem).during("select"))?;
    Ok(Some(Choice {
        index,
        response_edits,
    }))
}
