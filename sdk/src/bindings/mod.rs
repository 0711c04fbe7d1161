//! What `wit-bindgen` makes of the contract. Nothing in here is written by hand, and nothing
//! outside of this crate names it except the expansion of [`export!`](crate::export) and
//! [`export_filter!`](crate::export_filter).
//!
//! One module for each world. The interfaces that both import are generated once, here for the
//! selectors' world, and [`filter`] uses these: a plugin of either kind has the same types. What a
//! world exports is described to the linker by the export macro alone, so a component exports what
//! its one macro says; of the imports the linker keeps what the code calls.

// Generated: the unsafe code of the canonical ABI lives here and nowhere else.
#![allow(unsafe_code, missing_docs, clippy::all)]

pub mod filter;

wit_bindgen::generate!({
    path: "../wit",
    world: "selector-plugin",
    pub_export_macro: true,
    export_macro_name: "export_selector",
    default_bindings_module: "tidegate_sdk::bindings",
    additional_derives: [PartialEq, Eq],
});
