//! Gauges that are read when somebody looks.

use crate::plugin::Warden;
use crate::upstream::Upstream;
use std::time::Instant;
use tidegate_policy::{BreakerState, Verdict};

/// Writes what is true of an upstream now into its gauges.
pub fn read(upstream: &Upstream) {
    let roster = upstream.roster();
    upstream.series.panic().set(roster.panic.into());
    upstream.series.spilled().set(roster.spilled.into());
    let waiting = upstream.group.line().waiting();
    upstream.series.queue_length().set(waiting.into());
    let found = upstream.look(Instant::now());
    for (position, (endpoint, found)) in upstream.endpoints.iter().zip(found).enumerate() {
        let series = endpoint.state.series();
        series
            .active()
            .set(endpoint.state.cell().in_flight().into());
        series.health().set((found.verdict == Verdict::Up).into());
        series.breaker().set(match found.breaker {
            BreakerState::Closed => 0,
            BreakerState::Open => 1,
            BreakerState::HalfOpen => 2,
        });
        let listed =
            u32::try_from(position).is_ok_and(|p| roster.members.binary_search(&p).is_ok());
        series.eligible().set((listed && !found.draining).into());
        series.ejected_now().set(found.ejected.is_some().into());
    }
}

/// Writes what is true of a plugin now into its gauges.
pub fn plugin(warden: &Warden, instances: usize, memory: u64) {
    let series = warden.series();
    series
        .instances()
        .set(i64::try_from(instances).unwrap_or(i64::MAX));
    series
        .memory()
        .set(i64::try_from(memory).unwrap_or(i64::MAX));
    series.quarantined().set(warden.is_quarantined().into());
}
