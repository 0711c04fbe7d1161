//! The snapshot that runs now: one pointer, swapped in a single store.

use super::Snapshot;
use arc_swap::ArcSwap;
use std::sync::Arc;

/// Where requests find the configuration and reloads put it.
pub struct Current(ArcSwap<Snapshot>);

impl Current {
    /// Starts with that snapshot.
    pub fn new(first: Snapshot) -> Arc<Self> {
        first.adopt();
        Arc::new(Self(ArcSwap::from_pointee(first)))
    }

    /// The snapshot that runs now.
    pub fn load(&self) -> Arc<Snapshot> {
        self.0.load_full()
    }

    /// Publishes the next snapshot. Exchanges under way keep the one they have.
    pub fn publish(&self, next: Snapshot) {
        next.adopt();
        self.0.store(Arc::new(next));
    }
}

impl Snapshot {
    /// Gives what outlives snapshots the rules and versions of this one.
    fn adopt(&self) {
        let filters = self.routes.iter().flat_map(|route| &route.filters);
        for filter in filters {
            filter
                .warden
                .adopt(&filter.identity.hash, filter.generation);
        }
        for upstream in self.upstreams.values() {
            let (hash, generation) = (&upstream.identity.hash, upstream.selector_generation);
            upstream.warden.adopt(hash, generation);
            let rules = &upstream.rules;
            upstream.group.configure(rules.budget, rules.limits);
            for endpoint in &upstream.endpoints {
                let state = &endpoint.state;
                state.configure(endpoint.max_in_flight, rules.breaker, rules.outlier);
            }
        }
    }
}
