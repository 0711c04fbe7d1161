//! In place of the question to the plugin, in a build for `tests/bench` alone: a counter
//! says whose turn it is, so that the two builds differ by what a plugin costs.

use super::pick::Silent;
use super::{Upstream, View};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use tidegate_runtime::{Choice, Endpoints};

static NEXT: AtomicUsize = AtomicUsize::new(0);

/// The next endpoint in order, whatever the view says.
pub(super) fn ask(
    _: &Upstream,
    list: &Arc<Endpoints>,
    view: Box<View>,
) -> (Box<View>, Result<Option<Choice>, Silent>) {
    let turn = NEXT.fetch_add(1, Relaxed) % list.list().len();
    let choice = Choice {
        index: turn as u32,
        response_edits: Vec::new(),
    };
    (view, Ok(Some(choice)))
}
