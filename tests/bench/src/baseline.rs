//! What the host's own part costs: the same path with the choice made natively, in the
//! cheapest way there is.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Instant;
use tidegate::upstream::{Picked, Upstream, View};

/// Endpoints take turns by a counter that threads share.
#[derive(Default)]
pub struct Turns(AtomicUsize);

impl Turns {
    /// The next endpoint that is not excluded and admits the request.
    pub fn pick(&self, upstream: &Upstream, view: &View, now: Instant) -> Option<Picked> {
        let count = upstream.endpoints.len();
        let first = self.0.fetch_add(1, Relaxed);
        (0..count).find_map(|step| {
            let position = first.wrapping_add(step) % count;
            if view.excluded().contains(&(position as u32)) {
                return None;
            }
            let permit = upstream.endpoints[position].state.admit(now).ok()?;
            Some(Picked {
                position: position as u32,
                permit,
                response_edits: Vec::new(),
            })
        })
    }
}
