//! What is done for the endpoints of the running configuration besides requests: they
//! are probed, their names are resolved, and their rosters are kept true.

use super::probe::{Listener, Prober};
use super::{Keepers, Upstream};
use std::sync::Arc;

/// Begins with the first configuration and follows every next one.
pub struct Tending {
    /// Probes endpoints.
    pub prober: Arc<Prober>,
    keepers: Keepers,
}

impl Default for Tending {
    /// Nothing is tended yet.
    fn default() -> Self {
        Self {
            prober: Prober::new(),
            keepers: Keepers::default(),
        }
    }
}

impl Tending {
    /// From now on these are tended, and those of before no longer, unless they are the
    /// same. Call it when they are published; needs a tokio runtime.
    pub fn follow<'a>(&self, upstreams: impl Iterator<Item = &'a Arc<Upstream>> + Clone) {
        let targets = upstreams.clone().flat_map(|upstream| {
            upstream.endpoints.iter().filter_map(|endpoint| {
                let group = upstream.group.clone();
                let listener = Listener {
                    upstream: group.name().clone(),
                    turned: Box::new(move |_| group.ring()),
                };
                Some((endpoint.probed.clone()?, listener))
            })
        });
        self.prober.follow(targets.collect());
        self.keepers.follow(upstreams.cloned());
    }
}
