//! The world of filters: what only they import and export. The rest is that of the selectors.

wit_bindgen::generate!({
    path: "../wit",
    world: "filter-plugin",
    pub_export_macro: true,
    export_macro_name: "export_filter",
    default_bindings_module: "tidegate_sdk::bindings::filter",
    additional_derives: [PartialEq, Eq],
    with: {
        "tidegate:plugin/types@0.1.0": crate::bindings::tidegate::plugin::types,
        "tidegate:plugin/request@0.1.0": crate::bindings::tidegate::plugin::request,
        "tidegate:plugin/log@0.1.0": crate::bindings::tidegate::plugin::log,
        "tidegate:plugin/clock@0.1.0": crate::bindings::tidegate::plugin::clock,
        "tidegate:plugin/random@0.1.0": crate::bindings::tidegate::plugin::random,
        "tidegate:plugin/state@0.1.0": crate::bindings::tidegate::plugin::state,
        "tidegate:plugin/metrics@0.1.0": crate::bindings::tidegate::plugin::metrics,
    },
});
