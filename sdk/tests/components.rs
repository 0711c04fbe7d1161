//! What built components import and export: what the linker made of the macros, which no native
//! build can show. The host refuses a component by these names.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use wit_component::DecodedWasm;

#[test]
fn a_filter_exports_the_filter_alone_and_imports_what_it_calls() {
    let world = World::of("guest-gate");
    assert_eq!(world.exports, ["tidegate:plugin/filter@0.1.0"]);
    // Lines for the message of a panic; the types are those of the answers.
    assert_eq!(world.own_imports(), ["log", "request", "types"]);
}

#[test]
fn a_filter_that_calls_out_imports_the_client() {
    let world = World::of("guest-asking");
    assert_eq!(world.exports, ["tidegate:plugin/filter@0.1.0"]);
    assert_eq!(
        world.own_imports(),
        ["http-client", "log", "request", "response", "types"]
    );
}

#[test]
fn a_selector_exports_the_selector_alone_and_nothing_of_filters() {
    let world = World::of("selector-sticky");
    assert_eq!(world.exports, ["tidegate:plugin/selector@0.1.0"]);
    assert_eq!(
        world.own_imports(),
        ["choice", "load", "log", "random", "request", "types"]
    );
}

/// What stands on the outside of a component.
struct World {
    imports: Vec<String>,
    exports: Vec<String>,
}

impl World {
    /// Of the package of the workspace, built as the built-in plugins are.
    fn of(package: &str) -> Self {
        let bytes = fs::read(build(package)).unwrap();
        let DecodedWasm::Component(resolve, world) = wit_component::decode(&bytes).unwrap() else {
            panic!("{package} is not a component");
        };
        let world = &resolve.worlds[world];
        let names = |items: Vec<&wit_parser::WorldKey>| {
            let mut names: Vec<String> = items
                .iter()
                .map(|key| resolve.name_world_key(key))
                .collect();
            names.sort();
            names
        };
        World {
            imports: names(world.imports.keys().collect()),
            exports: names(world.exports.keys().collect()),
        }
    }

    /// Interfaces of the contract. The others are WASI's, which Rust brings along.
    fn own_imports(&self) -> Vec<&str> {
        let own = self.imports.iter().filter_map(|name| {
            let name = name.strip_prefix("tidegate:plugin/")?;
            name.strip_suffix("@0.1.0")
        });
        let all = self.imports.iter();
        let of_wasi = all.filter(|name| name.starts_with("wasi:")).count();
        let own: Vec<&str> = own.collect();
        assert_eq!(
            own.len() + of_wasi,
            self.imports.len(),
            "{:?}",
            self.imports
        );
        own
    }
}

/// The component's file. In the directory that the built-in plugins are built in.
fn build(package: &str) -> PathBuf {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let test = env::current_exe().unwrap();
    let marked = |folder: &&Path| folder.join("CACHEDIR.TAG").is_file();
    let target = test.ancestors().find(marked).unwrap().join("plugins");
    let mut cargo = Command::new(env::var_os("CARGO").unwrap());
    cargo
        .args(["build", "--lib", "--target", "wasm32-wasip2"])
        .args(["--profile", "plugin", "-p", package, "--manifest-path"])
        .arg(workspace.join("Cargo.toml"))
        .arg("--target-dir")
        .arg(&target);
    // Flags and wrappers of the outer build are not meant for this one.
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("RUSTFLAGS")
            || text.starts_with("CARGO_ENCODED_")
            || text == "RUSTC_WORKSPACE_WRAPPER"
        {
            cargo.env_remove(&name);
        }
    }
    let output = cargo.output().unwrap();
    let messages = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{package}: {messages}");
    let file = format!("{}.wasm", package.replace('-', "_"));
    target.join("wasm32-wasip2/plugin").join(file)
}
