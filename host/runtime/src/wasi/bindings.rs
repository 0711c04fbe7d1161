//! WASI 0.2 as Rust: generated from `wit/`, nothing linked by hand.
//!
//! A function that is not `trappable` cannot return an error to Wasmtime: the types
//! say which few can end the instance (see [`Ended`](super::Ended)).

#![allow(missing_docs)]

wasmtime::component::bindgen!({
    path: "wit",
    world: "wasi",
    imports: {
        "wasi:cli/exit": trappable,
        "wasi:io/poll.poll": trappable,
        "wasi:random": trappable,
    },
});
