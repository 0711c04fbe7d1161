//! What `wit-bindgen` makes of the contract. Nothing in here is written by hand, and nothing
//! outside of this crate names it except the expansion of [`export!`](crate::export).

// Generated: the unsafe code of the canonical ABI lives here and nowhere else.
#![allow(unsafe_code, missing_docs, clippy::all)]

wit_bindgen::generate!({
    path: "../wit",
    world: "selector-plugin",
    pub_export_macro: true,
    export_macro_name: "export_selector",
    default_bindings_module: "tidegate_sdk::bindings",
    additional_derives: [PartialEq, Eq],
});
