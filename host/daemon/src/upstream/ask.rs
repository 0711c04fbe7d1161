//! One question to the plugin, timed and counted.

use super::{Upstream, View};
use std::any::Any;
use std::time::Instant;
use tidegate_runtime::{Choice, Exchange, FaultKind};

/// Lends the view to the plugin and takes it back with its answer. None: it has no
/// opinion.
///
/// # Errors
/// The kind of its fault, which the sandbox has logged.
pub(super) fn ask(
    upstream: &Upstream,
    view: Box<View>,
) -> (Box<View>, Result<Option<Choice>, FaultKind>) {
    let began = Instant::now();
    let (view, answer) = upstream
        .selector
        .select(&upstream.list, view as Box<dyn Exchange>);
    upstream
        .plugin
        .call(u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX));
    let view: Box<dyn Any> = view;
    let view = view
        .downcast::<View>()
        .expect("the sandbox gives back the view that it was lent");
    (view, answer.map_err(|fault| fault.kind))
}
