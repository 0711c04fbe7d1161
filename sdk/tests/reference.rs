//! `scenarios.md` is the reference of scenario files: it names every key that there is, and each
//! of its examples passes.
//!
//! The examples are run by the binary that `TIDEGATE_BIN` names, as in `make test`; without it they
//! are left out, because building it takes minutes.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use syn::{Attribute, Fields, Item};

#[test]
fn every_key_is_in_the_reference() {
    let reference = reference();
    let mut keys = 0;
    for file in ["mod.rs", "endpoints.rs", "exchange.rs", "expect.rs"] {
        let folder = sdk().join("workbench/src/scenario/written");
        let source = fs::read_to_string(folder.join(file)).unwrap();
        for item in syn::parse_file(&source).unwrap().items {
            let Item::Struct(item) = item else { continue };
            let Fields::Named(fields) = item.fields else {
                continue;
            };
            if !item.attrs.iter().any(reads) {
                continue;
            }
            for field in fields.named {
                let key = field.ident.unwrap().to_string();
                let named = reference.contains(&format!("`{key}`"))
                    || reference.contains(&format!("`{key}: "));
                assert!(
                    named,
                    "`{key}` of {} is not in sdk/scenarios.md",
                    item.ident
                );
                keys += 1;
            }
        }
    }
    assert!(keys > 50, "only {keys} keys were found");
}

#[test]
fn every_example_passes() {
    let Some(binary) = env::var_os("TIDEGATE_BIN") else {
        eprintln!("left out: TIDEGATE_BIN is not set");
        return;
    };
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let reference = reference();
    let examples: Vec<&str> = reference
        .split("```yaml\n")
        .skip(1)
        .filter_map(|block| block.split("```").next())
        .collect();
    assert!(examples.len() > 5);
    for (number, example) in examples.into_iter().enumerate() {
        let command = example.lines().next().unwrap();
        let name = command.strip_prefix("# tidegate plugin test ").unwrap();
        let name = name.strip_suffix(" FILE").unwrap();
        let file = folder.join(format!("example-{number}.yaml"));
        fs::write(&file, example).unwrap();
        let mut command = Command::new(&binary);
        command.args(["plugin", "test", name]).arg(&file);
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        let complained = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{example}\n{said}{complained}");
    }
}

/// Whether serde reads it.
fn reads(attribute: &Attribute) -> bool {
    let mut found = false;
    if attribute.path().is_ident("derive") {
        let _ = attribute.parse_nested_meta(|meta| {
            found |= meta.path.is_ident("Deserialize");
            Ok(())
        });
    }
    found
}

fn reference() -> String {
    fs::read_to_string(sdk().join("scenarios.md")).unwrap()
}

fn sdk() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
