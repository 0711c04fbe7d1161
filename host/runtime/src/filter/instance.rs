//! One instance of a filter: a store and the calls into it.
//!
//! A component that imports `http-client` runs on the asynchronous engine: each call has a
//! stack of its own and may wait. All others are called as selectors are. Both ways lead
//! through the same exports, found once per component.

use super::verdict::{self, BodyVerdict, Interest, ResponseEdits, Verdict};
use crate::bindings::filters::exports::tidegate::plugin::filter as written;
use crate::callout::MAX_CALLOUTS;
use crate::error::{Fault, LoadError};
use crate::instance::{self, Host, Shared, fault};
use crate::view::Exchange;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use wasmtime::component::{
    Component, ComponentExportIndex, ComponentNamedList, Func, InstancePre, Lift, Lower, TypedFunc,
};
use wasmtime::{Result, Store};

/// A filter's component with its imports resolved and its exports found.
#[derive(Clone)]
pub(crate) struct Linked {
    pre: InstancePre<Host>,
    exports: Arc<[ComponentExportIndex; 5]>,
    pub(super) asynchronous: bool,
}

impl Linked {
    pub(crate) fn new(
        component: &Component,
        pre: InstancePre<Host>,
        asynchronous: bool,
    ) -> Result<Self> {
        let interface = component.get_export_index(None, "tidegate:plugin/filter@0.1.0");
        let export = |name: &str| {
            component
                .get_export_index(interface.as_ref(), name)
                .ok_or_else(|| wasmtime::Error::msg(format!("it does not export `{name}`")))
        };
        // Also proves the types, before an instance is made.
        crate::bindings::filters::FilterPluginPre::new(pre.clone())?;
        let exports = [
            export("configure")?,
            export("on-request")?,
            export("on-request-body")?,
            export("on-response")?,
            export("on-response-body")?,
        ];
        Ok(Self {
            pre,
            exports: Arc::new(exports),
            asynchronous,
        })
    }
}

/// What a call is about: calls out are for the request, the response is read with it alone.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Request,
    Response,
}

/// A running guest. After a fault it must be dropped: its store is poisoned.
pub(crate) struct Instance {
    store: Store<Host>,
    asynchronous: bool,
    on_request: TypedFunc<(), (written::Verdict,)>,
    on_response: TypedFunc<(), (Option<written::ResponseEdits>,)>,
    on_request_body: Func,
    on_response_body: Func,
    interest: Interest,
}

impl Instance {
    /// Starts a guest and configures it.
    pub(crate) fn start(
        linked: &Linked,
        shared: &Arc<Shared>,
        config: &str,
    ) -> Result<Self, LoadError> {
        let mut store = instance::store(linked.pre.engine(), shared);
        let asynchronous = linked.asynchronous;
        let made = if asynchronous {
            immediately(linked.pre.instantiate_async(&mut store))
        } else {
            linked.pre.instantiate(&mut store)
        };
        let guest = made.map_err(|error| LoadError::Start(fault(&store, "start", &error)))?;
        let [
            configure,
            on_request,
            on_request_body,
            on_response,
            on_response_body,
        ] = &*linked.exports;
        let missing = |error: wasmtime::Error| LoadError::Contract(format!("{error:#}"));
        let plain = |store: &mut Store<Host>, index| {
            let found = guest.get_func(store, index);
            found.ok_or_else(|| LoadError::Contract("an export is not a function".into()))
        };
        let on_request = guest
            .get_typed_func(&mut store, on_request)
            .map_err(missing)?;
        let on_response = guest
            .get_typed_func(&mut store, on_response)
            .map_err(missing)?;
        let on_request_body = plain(&mut store, on_request_body)?;
        let on_response_body = plain(&mut store, on_response_body)?;
        let configure = plain(&mut store, configure)?
            .typed::<(&str,), (Result<written::Interest, String>,)>(&store)
            .map_err(missing)?;
        instance::begin(&mut store, shared.limits.setup_deadline);
        let answer = if asynchronous {
            immediately(configure.call_async(&mut store, (config,)))
        } else {
            configure.call(&mut store, (config,))
        };
        store.data_mut().wasi.flush();
        let interest = match answer {
            Ok((Ok(interest),)) => interest.into(),
            Ok((Err(message),)) => return Err(LoadError::Refused(message)),
            Err(error) => {
                return Err(LoadError::Failed {
                    call: "configure",
                    fault: fault(&store, "configure", &error),
                });
            }
        };
        Ok(Self {
            store,
            asynchronous,
            on_request,
            on_response,
            on_request_body,
            on_response_body,
            interest,
        })
    }

    /// What this instance wants to see.
    pub(crate) fn interest(&self) -> Interest {
        self.interest
    }

    pub(crate) async fn on_request(&mut self) -> Result<Verdict, Fault> {
        let export = self.on_request;
        let (answer,) = self.run("on-request", Side::Request, export, ()).await?;
        verdict::verdict(answer).map_err(|fault| fault.during("on-request"))
    }

    pub(crate) async fn on_response(&mut self) -> Result<Option<ResponseEdits>, Fault> {
        let export = self.on_response;
        let (answer,) = self.run("on-response", Side::Response, export, ()).await?;
        answer
            .map(verdict::response_edits)
            .transpose()
            .map_err(|fault| fault.during("on-response"))
    }

    pub(crate) async fn on_request_body(
        &mut self,
        chunk: &[u8],
        last: bool,
    ) -> Result<BodyVerdict, Fault> {
        let export = self.on_request_body;
        self.body("on-request-body", Side::Request, export, chunk, last)
            .await
    }

    pub(crate) async fn on_response_body(
        &mut self,
        chunk: &[u8],
        last: bool,
    ) -> Result<BodyVerdict, Fault> {
        let export = self.on_response_body;
        self.body("on-response-body", Side::Response, export, chunk, last)
            .await
    }

    async fn body(
        &mut self,
        call: &'static str,
        side: Side,
        export: Func,
        chunk: &[u8],
        last: bool,
    ) -> Result<BodyVerdict, Fault> {
        let typed = export
            .typed::<(&[u8], bool), (written::BodyVerdict,)>(&self.store)
            .map_err(|error| fault(&self.store, call, &error))?;
        let (answer,) = self.run(call, side, typed, (chunk, last)).await?;
        let bound = usize::try_from(self.store.data().shared.limits.body).unwrap_or(usize::MAX);
        verdict::body(answer, bound.max(MAX_PIECE)).map_err(|fault| fault.during(call))
    }

    /// Starts the clock, calls, and flushes what was printed. Waits only where the guest
    /// calls out.
    async fn run<P, R>(
        &mut self,
        call: &'static str,
        side: Side,
        export: TypedFunc<P, R>,
        parameters: P,
    ) -> Result<R, Fault>
    where
        P: ComponentNamedList + Lower + Send + Sync,
        R: ComponentNamedList + Lift + Send + Sync + 'static,
    {
        let deadline = self.store.data().shared.limits.deadline;
        instance::begin(&mut self.store, deadline);
        let host = self.store.data_mut();
        host.responding = side == Side::Response;
        host.callouts = match side {
            Side::Request => MAX_CALLOUTS,
            Side::Response => 0,
        };
        let answer = if self.asynchronous {
            export.call_async(&mut self.store, parameters).await
        } else {
            export.call(&mut self.store, parameters)
        };
        self.store.data_mut().wasi.flush();
        answer.map_err(|error| fault(&self.store, call, &error))
    }

    /// Lends the view to the guest, until it is reclaimed.
    pub(crate) fn lend(&mut self, view: Box<dyn Exchange>) {
        self.store.data_mut().exchange = Some(view);
    }

    /// The view that is still lent, if any.
    pub(crate) fn reclaim(&mut self) -> Option<Box<dyn Exchange>> {
        self.store.data_mut().exchange.take()
    }
}

/// Bytes that one piece of a streamed body may grow to.
const MAX_PIECE: usize = 1 << 20;

/// The result of a future that has nothing to wait for: no call out is granted during the
/// start, `configure` and the phases of the response.
///
/// # Panics
/// When it waits all the same, which would be a mistake of this crate.
pub(super) fn immediately<F: Future>(future: F) -> F::Output {
    let mut context = Context::from_waker(Waker::noop());
    match pin!(future).poll(&mut context) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("a guest waited where nothing can be waited for"),
    }
}
