//! One question to the plugin, timed and counted.

use super::{Upstream, View};
use std::any::Any;
use std::cell::Cell;
use std::sync::Arc;
use std::time::Instant;
use tidegate_runtime::{Choice, Endpoints, Exchange, FaultKind};

/// Lends the view to the plugin and takes it back with its answer. None: it has no
/// opinion.
///
/// # Errors
/// The kind of its fault, which the sandbox has logged.
pub(super) fn ask(
    upstream: &Upstream,
    list: &Arc<Endpoints>,
    view: Box<View>,
) -> (Box<View>, Result<Option<Choice>, FaultKind>) {
    let timed = is_timed().then(Instant::now);
    let (view, answer) = upstream.selector.select(list, view as Box<dyn Exchange>);
    match timed {
        Some(began) => {
            let took = began.elapsed().as_nanos();
            upstream
                .plugin
                .call(u64::try_from(took).unwrap_or(u64::MAX));
        }
        None => upstream.plugin.call_untimed(),
    }
    let view: Box<dyn Any> = view;
    let view = view
        .downcast::<View>()
        .expect("the sandbox gives back the view that it was lent");
    (view, answer.map_err(|fault| fault.kind))
}

/// One call in this many is timed on each thread: reading the clock twice would cost a
/// fifth of a call, and the histogram needs a sample, not a census. Every call counts.
const TIMED: u32 = 16;

fn is_timed() -> bool {
    thread_local!(static CALLS: Cell<u32> = const { Cell::new(0) });
    CALLS.with(|calls| {
        calls.set(calls.get().wrapping_add(1));
        calls.get() % TIMED == 1
    })
}
