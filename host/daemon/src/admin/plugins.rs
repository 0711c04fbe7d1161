//! Every use of a plugin as JSON, and its last faults.

use crate::plugin::{Record, Warden};
use crate::snapshot::Snapshot;
use crate::telemetry::metrics::Label;
use serde_json::{Value, json};
use std::time::UNIX_EPOCH;

/// All uses: selectors by upstream, then filters by route.
pub fn all(snapshot: &Snapshot) -> Value {
    let selectors = snapshot.upstreams.values().map(|upstream| {
        let selector = &upstream.selector;
        one(
            &upstream.warden,
            "selector",
            upstream.selector_generation,
            (selector.instances(), selector.memory()),
        )
    });
    let filters = snapshot.routes.iter().flat_map(|route| &route.filters);
    let filters = filters.map(|each| {
        let filter = &each.filter;
        one(
            &each.warden,
            "filter",
            each.generation,
            (filter.instances(), filter.memory()),
        )
    });
    json!({ "plugins": selectors.chain(filters).collect::<Vec<_>>() })
}

fn one(warden: &Warden, world: &str, generation: u64, (instances, memory): (usize, u64)) -> Value {
    json!({
        "plugin": warden.plugin(),
        "world": world,
        "upstream": warden.place().upstream(),
        "route": warden.place().route(),
        "sha256": &*warden.digest(),
        "generation": generation,
        "instances": instances,
        "memory_high_bytes": memory,
        "quarantined": warden.is_quarantined(),
        "faults_kept": warden.faults().len(),
    })
}

/// The last faults of the plugin of that name, over all its uses, the latest first. None:
/// there is no such plugin in use.
pub fn faults(snapshot: &Snapshot, name: &str) -> Option<Value> {
    let selectors = snapshot.upstreams.values().map(|upstream| &upstream.warden);
    let filters = snapshot.routes.iter().flat_map(|route| &route.filters);
    let wardens = selectors.chain(filters.map(|filter| &filter.warden));
    let mut known = false;
    let mut faults = Vec::new();
    for warden in wardens.filter(|warden| warden.plugin() == name) {
        known = true;
        faults.extend(
            warden
                .faults()
                .into_iter()
                .map(|fault| (fault, warden.place())),
        );
    }
    faults.sort_by_key(|(fault, _)| std::cmp::Reverse(fault.at));
    let faults: Vec<Value> = faults
        .iter()
        .map(|(fault, place)| told(fault, place.upstream(), place.route()))
        .collect();
    known.then(|| json!({ "plugin": name, "faults": faults }))
}

fn told(fault: &Record, upstream: Option<&str>, route: Option<&str>) -> Value {
    let at = fault.at.duration_since(UNIX_EPOCH).unwrap_or_default();
    let inputs = &fault.inputs;
    json!({
        "unix_ms": u64::try_from(at.as_millis()).unwrap_or(u64::MAX),
        "upstream": upstream,
        "route": route,
        "sha256": &*fault.digest,
        "call": fault.phase.word(),
        "kind": fault.kind.as_str(),
        "message": fault.message,
        "backtrace": fault.backtrace,
        "inputs": {
            "method": inputs.method,
            "authority": inputs.authority,
            "target": inputs.target,
            "client": inputs.client,
            "route": inputs.route,
            "attempt": inputs.attempt,
            "fields": inputs.fields,
            "chunk_bytes": inputs.chunk,
        },
    })
}
