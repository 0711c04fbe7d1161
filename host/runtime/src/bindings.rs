//! The contract as Rust: generated from `wit/`, nothing linked by hand.

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
