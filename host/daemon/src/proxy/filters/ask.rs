//! One call into a filter: leave from its warden, the view out and in, the answer counted.

use crate::plugin::{self, Inputs, Leave};
use crate::proxy::Exchange;
use crate::proxy::fault::Fault;
use crate::snapshot::FilterUse;
use crate::telemetry::Phase;
use crate::upstream::View;
use pingora::http::{RequestHeader, ResponseHeader};
use std::any::Any;
use std::sync::Arc;
use std::time::Instant;
use tidegate_runtime as runtime;

/// The heads of the exchange: lent to the filter for the length of a call.
pub(super) struct Heads<'a> {
    pub(super) request: &'a mut RequestHeader,
    pub(super) response: Option<&'a mut ResponseHeader>,
}

/// A call that has begun.
pub(super) struct Call {
    phase: Phase,
    chunk: Option<usize>,
    leave: Leave,
    began: Option<Instant>,
    pub(super) filter: Arc<FilterUse>,
}

/// The call, and the view to be lent for it.
type Begun = (Call, Box<dyn runtime::Exchange>);

/// Begins a call of the filter at that position. None: it is set aside, and the operator
/// wants the exchange to go on.
pub(super) fn begin(
    exchange: &mut Exchange,
    index: usize,
    phase: Phase,
    heads: &mut Heads<'_>,
    chunk: Option<usize>,
) -> Result<Option<Begun>, Fault> {
    let route = exchange.route().ok_or(Fault::Internal)?;
    let filter = route.filters[index].clone();
    let Some(leave) = filter.warden.leave(phase) else {
        return refuse_or_skip(&filter, phase).map(|()| None);
    };
    let mut view = exchange.view.take().ok_or(Fault::Internal)?;
    view.lend(heads.request);
    if let Some(head) = &mut heads.response {
        view.lend_response(head);
    }
    let began = match exchange.passage.timings {
        Some(_) => Some(Instant::now()),
        None => plugin::timed(),
    };
    let call = Call {
        phase,
        chunk,
        leave,
        began,
        filter,
    };
    Ok(Some((call, view)))
}

/// Ends it. None: it failed, and the operator wants the exchange to go on.
pub(super) fn end<T>(
    exchange: &mut Exchange,
    call: Call,
    heads: &mut Heads<'_>,
    (view, answer): (Box<dyn runtime::Exchange>, Result<T, runtime::Fault>),
) -> Result<Option<T>, Fault> {
    let took = call.began.map(|began| began.elapsed());
    let warden = &call.filter.warden;
    warden.called(call.phase, took);
    if let (Some(timings), Some(took)) = (&mut exchange.passage.timings, took) {
        timings.push((warden.plugin().to_owned(), took));
    }
    let settled = match answer {
        Ok(answer) => {
            warden.sound(call.leave);
            Ok(Some(answer))
        }
        Err(fault) => {
            exchange.plugin_fault = true;
            let inputs = || Inputs::of(&*view, call.chunk);
            warden.failed(call.leave, call.phase, &fault, inputs);
            refuse_or_skip(&call.filter, call.phase).map(|()| None)
        }
    };
    let view: Box<dyn Any> = view;
    let mut view = view
        .downcast::<View>()
        .expect("the sandbox gives back the view that it was lent");
    view.give_back(heads.request);
    if let Some(head) = &mut heads.response {
        view.give_back_response(head);
    }
    exchange.view = Some(view);
    settled
}

/// Filters that were set aside when the request came, and would be asked in this phase if
/// they had not been: an operator who wants its faults refused does not want it missed.
pub(super) fn missed(
    exchange: &Exchange,
    asks: impl Fn(runtime::Interest) -> bool,
    phase: Phase,
) -> Result<(), Fault> {
    let filters = exchange.route().map_or(&[][..], |route| &route.filters);
    let mut missed = filters.iter().enumerate().filter(|(index, filter)| {
        exchange.passage.missed & 1 << index != 0 && asks(filter.filter.interest())
    });
    missed.try_for_each(|(_, filter)| refuse_or_skip(filter, phase))
}

/// An answer that the sandbox could not know to be wrong: an upstream that does not exist, a
/// status that does not fit the response.
pub(super) fn refuse_answer(
    exchange: &mut Exchange,
    filter: &FilterUse,
    phase: Phase,
    message: String,
) -> Result<(), Fault> {
    let call = match phase {
        Phase::OnResponse => "on-response",
        _ => "on-request",
    };
    let fault = runtime::Fault::new(runtime::FaultKind::Answer, message).during(call);
    filter.filter.report(&fault);
    exchange.plugin_fault = true;
    if let (Some(leave), Some(view)) = (filter.warden.leave(phase), &exchange.view) {
        let inputs = || Inputs::of(&**view, None);
        filter.warden.failed(leave, phase, &fault, inputs);
    }
    refuse_or_skip(filter, phase)
}

fn refuse_or_skip(filter: &FilterUse, phase: Phase) -> Result<(), Fault> {
    if filter.skips(phase) {
        Ok(())
    } else {
        Err(Fault::Filter)
    }
}
