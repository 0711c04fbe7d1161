//! The process as JSON.

use super::Admin;
use crate::config::Problems;
use crate::upstream::Upstream;
use serde_json::{Value, json};
use std::time::UNIX_EPOCH;

/// What runs now.
pub fn status(admin: &Admin) -> Value {
    let snapshot = admin.current.load();
    let listeners: Vec<Value> = admin
        .listeners
        .addresses()
        .into_iter()
        .map(|(listener, address)| json!({ "listener": listener.to_string(), "address": address.to_string() }))
        .collect();
    let upstreams: serde_json::Map<String, Value> = snapshot
        .upstreams
        .iter()
        .map(|(name, each)| (name.clone(), upstream(each)))
        .collect();
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "pid": std::process::id(),
        "generation": snapshot.generation,
        "started": admin.started.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs(),
        "draining": admin.connections.draining(),
        "listeners": listeners,
        "upstreams": upstreams,
    })
}

fn upstream(upstream: &Upstream) -> Value {
    let endpoints: Vec<Value> = upstream
        .endpoints
        .iter()
        .map(|endpoint| {
            json!({
                "address": &*endpoint.name,
                "weight": endpoint.weight,
                "draining": endpoint.draining || endpoint.state.drained(),
                "full": !endpoint.state.has_room(),
                "in_flight": endpoint.state.cell().in_flight(),
                "latency_us": endpoint.state.cell().latency(),
            })
        })
        .collect();
    json!({
        "selector": upstream.selector.plugin(),
        "generation": upstream.selector_generation,
        "instances": upstream.selector.instances(),
        "endpoints": endpoints,
    })
}

/// Why a configuration was refused.
pub fn problems(problems: &Problems) -> Value {
    let list: Vec<Value> = problems
        .0
        .iter()
        .map(|problem| {
            let place = problem.place.as_ref();
            json!({
                "file": place.map(|place| place.file.display().to_string()),
                "line": place.map(|place| place.line),
                "column": place.map(|place| place.column),
                "path": problem.path,
                "message": problem.message,
                "help": problem.help,
            })
        })
        .collect();
    json!({ "problems": list })
}
