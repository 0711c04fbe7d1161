//! One question to the plugin, with leave of its warden, timed and counted.

use super::pick::Silent;
use super::{Upstream, View};
use crate::plugin::{self, Inputs};
use crate::telemetry::Phase;
use std::any::Any;
use std::sync::Arc;
use tidegate_runtime::{Choice, Endpoints, Exchange};

/// Lends the view to the plugin and takes it back with its answer. None: it has no
/// opinion.
pub(super) fn ask(
    upstream: &Upstream,
    list: &Arc<Endpoints>,
    view: Box<View>,
) -> (Box<View>, Result<Option<Choice>, Silent>) {
    let warden = &upstream.warden;
    let Some(leave) = warden.leave(Phase::Select) else {
        return (view, Err(Silent::Quarantined));
    };
    let timed = plugin::timed();
    let (view, answer) = upstream.selector.select(list, view as Box<dyn Exchange>);
    warden.called(Phase::Select, timed.map(|began| began.elapsed()));
    let answer = match answer {
        Ok(choice) => {
            warden.sound(leave);
            Ok(choice)
        }
        Err(fault) => {
            warden.failed(leave, Phase::Select, &fault, || Inputs::of(&*view, None));
            Err(Silent::Failed)
        }
    };
    let view: Box<dyn Any> = view;
    let view = view
        .downcast::<View>()
        .expect("the sandbox gives back the view that it was lent");
    (view, answer)
}
