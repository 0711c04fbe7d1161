//! The contract as Rust: generated from `wit/`. The interfaces that both worlds import are
//! generated once, with the selector's world.

#![allow(missing_docs)]

wasmtime::component::bindgen!({
    path: "../../wit",
    world: "selector-plugin",
    // Only a full resource table makes a host function fail; everything else is a
    // value of the contract.
    imports: { default: trappable },
    with: {
        "tidegate:plugin/state.counter": crate::state::Counter,
        "tidegate:plugin/state.bucket": crate::state::Bucket,
        "tidegate:plugin/metrics.counter": crate::imports::metrics::Counter,
        "tidegate:plugin/metrics.gauge": crate::imports::metrics::Gauge,
        "tidegate:plugin/metrics.histogram": crate::imports::metrics::Histogram,
    },
});

/// What only filters have. Exports are called by name (see `filter/instance.rs`): one set
/// of them serves the synchronous and the asynchronous engine.
pub mod filters {
    wasmtime::component::bindgen!({
        path: "../../wit",
        world: "filter-plugin",
        imports: {
            "tidegate:plugin/http-client.send": async | trappable,
            default: trappable,
        },
        with: {
            "tidegate:plugin/types": crate::bindings::tidegate::plugin::types,
            "tidegate:plugin/request": crate::bindings::tidegate::plugin::request,
            "tidegate:plugin/log": crate::bindings::tidegate::plugin::log,
            "tidegate:plugin/clock": crate::bindings::tidegate::plugin::clock,
            "tidegate:plugin/random": crate::bindings::tidegate::plugin::random,
            "tidegate:plugin/state": crate::bindings::tidegate::plugin::state,
            "tidegate:plugin/metrics": crate::bindings::tidegate::plugin::metrics,
        },
    });
}
