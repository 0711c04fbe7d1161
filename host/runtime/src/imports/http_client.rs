//! `http-client`: the one function that waits.
//!
//! While it waits the guest does not run, so its deadline does not either: each stretch
//! between two waits has the deadline to itself, and the number of waits is bounded. A call
//! that is not made waits for nothing and leaves the clock as it is.

use crate::bindings::filters::tidegate::plugin::http_client::{Failure, Outgoing};
use crate::bindings::tidegate::plugin::types::Reply;
use crate::callout::{self, CalloutFailure, Callouts};
use crate::deadline;
use crate::instance::Host;
use std::future::Future;
use std::sync::Arc;
use std::time::Instant;
use wasmtime::component::Linker;
use wasmtime::{Result, StoreContextMut};

type Answer = (std::result::Result<Reply, Failure>,);

/// Offers it. Only a component that imports it runs on the asynchronous engine.
pub(crate) fn add_to_linker(linker: &mut Linker<Host>) -> Result<()> {
    let mut instance = linker.instance("tidegate:plugin/http-client@0.1.0")?;
    instance.func_wrap_async("send", |store, (request,): (Outgoing,)| {
        send(store, request)
    })
}

fn send(
    mut store: StoreContextMut<'_, Host>,
    request: Outgoing,
) -> Box<dyn Future<Output = Result<Answer>> + Send + '_> {
    Box::new(async move {
        let answer = match admit(store.data_mut(), request) {
            Err(failure) => Err(failure),
            Ok((callouts, request)) => {
                let answer = callouts.send(request).await;
                let deadline = store.data().shared.limits.deadline;
                deadline::arm(&mut store, deadline);
                answer.and_then(callout::reply)
            }
        };
        Ok((answer.map_err(Failure::from),))
    })
}

/// Leave for one of the calls that a guest may make, and what is to be sent.
fn admit(
    host: &mut Host,
    request: Outgoing,
) -> std::result::Result<(Arc<dyn Callouts>, callout::Outgoing), CalloutFailure> {
    let exchange = host.exchange.as_deref();
    let callouts = exchange.and_then(|exchange| exchange.callouts());
    let callouts = callouts.ok_or(CalloutFailure::Denied)?;
    host.callouts = host.callouts.checked_sub(1).ok_or(CalloutFailure::Denied)?;
    let until = exchange.and_then(|exchange| exchange.deadline());
    let mut request = callout::check(request, &host.shared.limits)?;
    if let Some(until) = until {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(CalloutFailure::TimedOut);
        }
        request.timeout = request.timeout.min(left);
    }
    Ok((callouts, request))
}
