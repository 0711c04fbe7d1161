//! A filter at work: one exchange through it, call by call.

use std::fmt;
use std::sync::{Arc, LazyLock};

use tidegate_runtime::{self as runtime, Exchange, Fault, Visit};
use tidegate_sdk::{BodyVerdict, Interest, Reply, ResponseEdits, Verdict};
use tokio::runtime::{Builder, Runtime};

use crate::host::World;
use crate::{Request, translate};

/// Waits where a call waits: for a seat, when all instances are out.
static WAITING: LazyLock<Runtime> = LazyLock::new(|| {
    let runtime = Builder::new_current_thread().enable_time().build();
    runtime.expect("this machine can wait")
});

/// A started filter. [`Host::filter`](crate::Host::filter) makes it.
///
/// What a call answers is applied to the exchange of the host, so that the next call, of this
/// filter or of another one, sees it. [`next`](Self::next) begins another exchange.
pub struct FilterPlugin {
    world: Arc<World>,
    filter: Arc<runtime::Filter>,
    visit: Visit,
}

impl FilterPlugin {
    pub(crate) fn new(world: Arc<World>, filter: runtime::Filter) -> Self {
        let filter = Arc::new(filter);
        FilterPlugin {
            world,
            visit: Visit::new(filter.clone()),
            filter,
        }
    }

    /// The next exchange: with `isolation: per_request` another instance serves it.
    pub fn next(&mut self) {
        self.visit = Visit::new(self.filter.clone());
    }

    /// What the filter asked for.
    pub fn interest(&self) -> Interest {
        translate::interest(self.filter.interest())
    }

    /// Whether it runs on the asynchronous engine, because it calls out.
    pub fn waits(&self) -> bool {
        self.filter.waits()
    }

    /// The head of the request.
    ///
    /// # Errors
    /// What the proxy counts as a fault of the plugin.
    pub fn on_request(&mut self) -> Result<Verdict, Fault> {
        let view = self.view();
        let world = self.world.clone();
        let asked = self.visit.on_request(view);
        let (_, verdict) = world.heard(|| WAITING.block_on(asked));
        let verdict = translate::verdict(verdict?);
        match &verdict {
            Verdict::Pass => (),
            Verdict::Edit(edits) => self.world.request.lock().apply(edits),
            Verdict::Answer(reply) => self.answered(reply),
        }
        Ok(verdict)
    }

    /// A piece of the request's body.
    ///
    /// # Errors
    /// As [`on_request`](Self::on_request).
    pub fn on_request_body(&mut self, chunk: &[u8], last: bool) -> Result<BodyVerdict, Fault> {
        let view = self.view();
        let world = self.world.clone();
        let asked = self.visit.on_request_body(view, chunk, last);
        let (_, verdict) = world.heard(|| WAITING.block_on(asked));
        verdict.map(translate::body)
    }

    /// The head of the response.
    ///
    /// # Errors
    /// As [`on_request`](Self::on_request).
    pub fn on_response(&mut self) -> Result<Option<ResponseEdits>, Fault> {
        let view = self.view();
        let world = self.world.clone();
        let asked = self.visit.on_response(view);
        let (_, edits) = world.heard(|| WAITING.block_on(asked));
        let edits = edits?.map(translate::response_edits);
        if let Some(edits) = &edits {
            self.world.request.lock().respond(edits);
        }
        Ok(edits)
    }

    /// A piece of the response's body.
    ///
    /// # Errors
    /// As [`on_request`](Self::on_request).
    pub fn on_response_body(&mut self, chunk: &[u8], last: bool) -> Result<BodyVerdict, Fault> {
        let view = self.view();
        let (visit, world) = (&mut self.visit, &self.world);
        let (_, verdict) = world.heard(|| visit.on_response_body(view, chunk, last));
        verdict.map(translate::body)
    }

    /// The value of a counter in the filter's `state`; none when it opened none of that name.
    pub fn counter(&self, name: &str) -> Option<i64> {
        self.filter.counter(name)
    }

    /// A value in the filter's `state`.
    pub fn value(&self, key: &str) -> Option<Vec<u8>> {
        self.filter.value(key)
    }

    /// The most memory that one instance has had, in bytes.
    pub fn memory(&self) -> u64 {
        self.filter.memory()
    }

    /// Instances that exist now. The sandbox keeps a spare, and makes it when it has time.
    pub fn instances(&self) -> usize {
        self.filter.instances()
    }

    fn view(&self) -> Box<dyn Exchange> {
        let request: Request = self.world.request.lock().clone();
        Box::new(request.calling(self.world.callouts.clone()))
    }

    fn answered(&self, reply: &Reply) {
        let mut request = self.world.request.lock();
        *request = request.clone().answered(reply.status, &reply.headers);
    }
}

impl fmt::Debug for FilterPlugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FilterPlugin")
            .field("interest", &self.filter.interest())
            .finish_non_exhaustive()
    }
}
