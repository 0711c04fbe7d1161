//! A filter: a component, its configuration, its limits, its instances.

mod instance;
mod stock;
mod verdict;

pub(crate) use instance::Linked;
pub use verdict::{BodyMode, BodyVerdict, Interest, RequestEdits, ResponseEdits, Verdict};

use crate::component::Component;
use crate::engine::Sandbox;
use crate::error::{Fault, FaultKind, LoadError};
use crate::instance::{Place, Shared, Use};
use crate::limits::Isolation;
use crate::view::Exchange;
use instance::{Instance, immediately};
use parking_lot::Mutex;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;
use std::time::Instant;
use stock::{Out, Stock};

/// A plugin that sees requests and responses, ready to be asked.
pub struct Filter {
    stock: Arc<Stock>,
    interest: Interest,
    asynchronous: bool,
}

impl Sandbox {
    /// Starts a trial instance and configures it; a filter that this returns has done
    /// that once.
    ///
    /// Runs guest code for up to twice the setup deadline: not for a thread that serves
    /// requests.
    ///
    /// # Errors
    /// When the component is no filter, the instance does not start, or `configure`
    /// refuses or fails.
    pub fn filter(&self, component: &Component, purpose: Use) -> Result<Filter, LoadError> {
        let linked = component.filter()?.clone();
        let asynchronous = linked.asynchronous;
        let namespace = self.namespaces.open(&purpose.plugin, &purpose.place);
        let warm = purpose.warm;
        let (shared, config) = Shared::new(purpose, namespace);
        let threads = self.options.threads;
        let stock = Stock::start(linked, shared, config, threads, warm, &self.housekeeper)?;
        let interest = stock.peek(Instance::interest);
        Ok(Filter {
            interest: interest.ok_or_else(|| LoadError::Host("no trial instance".into()))?,
            stock,
            asynchronous,
        })
    }
}

impl Filter {
    /// What it wants to see.
    pub fn interest(&self) -> Interest {
        self.interest
    }

    /// Whether its calls may wait for calls out.
    pub fn waits(&self) -> bool {
        self.asynchronous
    }

    /// Instances that exist now, the spare included.
    pub fn instances(&self) -> usize {
        self.stock.shared.alive.load(Ordering::Relaxed)
    }

    /// The most memory that one instance has had, in bytes.
    pub fn memory(&self) -> u64 {
        self.stock.shared.high_water.load(Ordering::Relaxed)
    }

    /// The value of a counter that the plugin keeps in `state`; none when it opened none of
    /// that name. For tests and tools.
    pub fn counter(&self, name: &str) -> Option<i64> {
        self.stock.shared.namespace.counted(name)
    }

    /// A value that the plugin keeps in `state`. For tests and tools.
    pub fn value(&self, key: &str) -> Option<Vec<u8>> {
        let shared = &self.stock.shared;
        shared.namespace.value(key, shared.ambient.instant())
    }

    /// Lines that it wanted to log and that were dropped, since one was last written.
    pub fn dropped_lines(&self) -> u64 {
        self.stock.shared.lines.swallowed()
    }

    /// Name of the plugin.
    pub fn plugin(&self) -> &str {
        &self.stock.shared.plugin
    }

    /// Where it is used.
    pub fn place(&self) -> &Place {
        &self.stock.shared.place
    }

    /// Bytes that a body may have which it wants whole.
    pub fn body_bound(&self) -> u64 {
        self.stock.shared.limits.body
    }

    /// Writes a fault that the embedder found into the log, as the sandbox does with its
    /// own.
    pub fn report(&self, fault: &Fault) {
        self.stock.shared.report(fault);
    }
}

/// One exchange's way through a filter. With `isolation: per_request` it owns the instance
/// that serves all of it.
pub struct Visit {
    filter: Arc<Filter>,
    /// Only ever reached through `&mut self`: the lock makes a visit shareable, as hosts
    /// demand of what an exchange holds, and is never taken.
    own: Mutex<Option<Out>>,
}

/// The view that was lent, and what the filter made of it.
pub type Answered<T> = (Box<dyn Exchange>, Result<T, Fault>);

impl Visit {
    /// Begins one; an instance is needed only at the first call.
    pub fn new(filter: Arc<Filter>) -> Self {
        Self {
            filter,
            own: Mutex::default(),
        }
    }

    /// The filter.
    pub fn filter(&self) -> &Arc<Filter> {
        &self.filter
    }

    /// Nothing more is asked in this exchange: an instance of its own is dropped.
    pub fn end(&mut self) {
        *self.own.get_mut() = None;
    }

    /// Asks what becomes of the request. The exchange comes back whatever happens.
    ///
    /// # Errors
    /// A fault has been logged, and the instance that had it is gone.
    pub async fn on_request(&mut self, view: Box<dyn Exchange>) -> Answered<Verdict> {
        let mut out = match self.take(view.deadline()).await {
            Ok(out) => out,
            Err(fault) => return self.refused(view, fault),
        };
        out.instance.lend(view);
        let answer = guarded(out.instance.on_request()).await;
        self.settle(out, answer)
    }

    /// Asks what becomes of a piece of the request's body.
    ///
    /// # Errors
    /// As [`on_request`](Self::on_request).
    pub async fn on_request_body(
        &mut self,
        view: Box<dyn Exchange>,
        chunk: &[u8],
        last: bool,
    ) -> Answered<BodyVerdict> {
        let mut out = match self.take(view.deadline()).await {
            Ok(out) => out,
            Err(fault) => return self.refused(view, fault),
        };
        out.instance.lend(view);
        let answer = guarded(out.instance.on_request_body(chunk, last)).await;
        self.settle(out, answer)
    }

    /// Asks what is to be changed in the head of the response.
    ///
    /// # Errors
    /// As [`on_request`](Self::on_request).
    pub async fn on_response(
        &mut self,
        view: Box<dyn Exchange>,
    ) -> Answered<Option<ResponseEdits>> {
        let taken = match self.own.get_mut().take() {
            Some(own) => Ok(own),
            None => self.filter.stock.take_brief(view.deadline()).await,
        };
        let mut out = match taken {
            Ok(out) => out,
            Err(fault) => return self.refused(view, fault),
        };
        out.instance.lend(view);
        let answer = guarded(out.instance.on_response()).await;
        self.settle(out, answer)
    }

    /// Asks what becomes of a piece of the response's body. Does not wait: no calls out
    /// are granted here.
    ///
    /// # Errors
    /// As [`on_request`](Self::on_request).
    pub fn on_response_body(
        &mut self,
        view: Box<dyn Exchange>,
        chunk: &[u8],
        last: bool,
    ) -> Answered<BodyVerdict> {
        let taken = match self.own.get_mut().take() {
            Some(own) => Ok(own),
            None => self.filter.stock.take_now(),
        };
        let mut out = match taken {
            Ok(out) => out,
            Err(fault) => return self.refused(view, fault),
        };
        out.instance.lend(view);
        let answer = immediately(guarded(out.instance.on_response_body(chunk, last)));
        self.settle(out, answer)
    }

    async fn take(&mut self, until: Option<Instant>) -> Result<Out, Fault> {
        match self.own.get_mut().take() {
            Some(own) => Ok(own),
            None => self.filter.stock.take(until).await,
        }
    }

    fn refused<T>(&self, view: Box<dyn Exchange>, fault: Fault) -> Answered<T> {
        self.filter.report(&fault);
        (view, Err(fault))
    }

    fn settle<T>(&mut self, mut out: Out, answer: Result<T, Fault>) -> Answered<T> {
        let stock = &self.filter.stock;
        let view = out.instance.reclaim();
        let view = view.expect("the view was lent to the instance and nobody else takes it");
        match &answer {
            Ok(_) if stock.shared.limits.isolation == Isolation::PerRequest => {
                *self.own.get_mut() = Some(out);
            }
            Ok(_) => stock.put(out),
            Err(fault) => {
                stock.shared.report(fault);
                stock.lose(out);
            }
        }
        (view, answer)
    }
}

/// Host functions do not panic; should one, it costs a call, not a thread.
async fn guarded<T>(call: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
    let mut call = pin!(call);
    poll_fn(|context| {
        let polled = catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(context)));
        polled.unwrap_or_else(|_| {
            Poll::Ready(Err(Fault::new(FaultKind::Trap, "the sandbox panicked")))
        })
    })
    .await
}
