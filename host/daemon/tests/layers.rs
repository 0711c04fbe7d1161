//! Imports point one way. Cargo forbids cycles between crates; between the modules of
//! this one, this test does.

use std::fs;
use std::path::{Path, PathBuf};

/// What each layer of the daemon may use of the crate, besides itself.
const LAYERS: &[(&str, &[&str])] = &[
    ("config", &[]),
    ("telemetry", &[]),
    ("plugin", &["telemetry"]),
    ("upstream", &["config", "plugin", "telemetry"]),
    (
        "snapshot",
        &["config", "pem", "plugin", "telemetry", "upstream"],
    ),
    (
        "proxy",
        &["config", "plugin", "snapshot", "telemetry", "upstream"],
    ),
    (
        "server",
        &[
            "config",
            "pem",
            "proxy",
            "snapshot",
            "telemetry",
            "upstream",
        ],
    ),
    (
        "reload",
        &[
            "config",
            "proxy",
            "server",
            "snapshot",
            "telemetry",
            "upstream",
            "watch",
        ],
    ),
    ("watch", &["reload"]),
    (
        "admin",
        &[
            "config",
            "plugin",
            "proxy",
            "reload",
            "server",
            "snapshot",
            "telemetry",
            "upstream",
        ],
    ),
];

#[test]
fn imports_point_one_way() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = Vec::new();
    for (layer, allowed) in LAYERS {
        let files = files(&source, layer);
        assert!(!files.is_empty(), "there is no layer {layer}");
        for file in files {
            let text = fs::read_to_string(&file).expect("a source file");
            for used in used(&text) {
                if used != *layer && !allowed.contains(&used.as_str()) {
                    wrong.push(format!("{} uses crate::{used}", file.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_test_sees_what_is_imported() {
    let text = "use crate::config::Config;\nlet x = crate::proxy::y();\n//! see `crate::cli`\n";
    assert_eq!(used(text), ["config", "proxy"]);
}

/// First segments of the paths that begin with `crate::`, comments left out.
fn used(text: &str) -> Vec<String> {
    text.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .flat_map(|line| line.split("crate::").skip(1))
        .map(|rest| {
            rest.chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect()
        })
        .filter(|name: &String| LAYERS.iter().any(|(layer, _)| layer == name))
        .collect()
}

/// The files of a layer: `layer.rs`, or everything below `layer/`.
fn files(source: &Path, layer: &str) -> Vec<PathBuf> {
    let single = source.join(format!("{layer}.rs"));
    if single.is_file() {
        return vec![single];
    }
    let mut found = Vec::new();
    let mut waiting = vec![source.join(layer)];
    while let Some(directory) = waiting.pop() {
        for entry in fs::read_dir(directory).expect("a layer is a directory") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    found
}
