//! What the built-in plugins can reach, read off their components: each imports what it uses and
//! nothing else, so that a look at this table tells what a bug in one of them could touch.

use std::collections::{BTreeMap, BTreeSet};

use tidegate_plugins::{FILTERS, SELECTORS};
use wit_component::DecodedWasm;

/// Names of all interfaces that a component imports.
fn imports(name: &str, bytes: &[u8]) -> BTreeSet<String> {
    let decoded = wit_component::decode(bytes).unwrap_or_else(|error| panic!("{name}: {error:#}"));
    let DecodedWasm::Component(resolve, world) = decoded else {
        panic!("{name} is no component");
    };
    let imports = resolve.worlds[world].imports.keys();
    imports.map(|key| resolve.name_world_key(key)).collect()
}

#[test]
fn each_filter_imports_what_it_uses() {
    // And `log`, in which a panic ends, and `types`, which has no functions.
    let expected: BTreeMap<&str, &[&str]> = BTreeMap::from([
        ("api-key", &["request"][..]),
        ("basic-auth", &["random", "request"]),
        ("cors", &["request", "response"]),
        ("ext-auth", &["http-client", "request"]),
        ("headers", &[]),
        ("ip-allow", &["request"]),
        ("jwt", &["clock", "http-client", "request", "state"]),
        ("rate-limit", &["request", "state"]),
        ("redirect", &["request"]),
        ("rewrite", &["request"]),
        ("traffic-split", &["random", "request"]),
    ]);
    let found = FILTERS.iter().map(|(name, bytes)| {
        let contract: Vec<String> = imports(name, bytes)
            .iter()
            .filter_map(|import| {
                import
                    .strip_prefix("tidegate:plugin/")?
                    .strip_suffix("@0.1.0")
            })
            .filter(|interface| !["log", "types"].contains(interface))
            .map(str::to_owned)
            .collect();
        (*name, contract)
    });
    let found: BTreeMap<&str, Vec<String>> = found.collect();
    let expected = expected
        .into_iter()
        .map(|(name, interfaces)| (name, interfaces.iter().map(ToString::to_string).collect()))
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn no_built_in_plugin_imports_a_network_or_files() {
    for (name, bytes) in FILTERS.iter().chain(SELECTORS) {
        for import in imports(name, bytes) {
            for out_of_reach in ["wasi:sockets", "wasi:http", "wasi:filesystem"] {
                assert!(!import.starts_with(out_of_reach), "{name} imports {import}");
            }
        }
    }
}
