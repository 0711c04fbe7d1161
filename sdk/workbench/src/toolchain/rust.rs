//! Rust: cargo makes the component by itself.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::command::forget_the_outer_build;
use super::find;

const TARGET: &str = "wasm32-wasip2";

/// The component of one crate.
pub(super) struct Crate {
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
}

pub(super) fn build(folder: &Path) -> Result<Crate> {
    let Some(tool) = find::on_path("cargo") else {
        return Err(find::missing("Rust", &["rustup, from https://rustup.rs"]));
    };
    if !has_target(folder) {
        let install = format!("rustup target add {TARGET}");
        return Err(find::missing(
            &format!("Rust's target {TARGET}"),
            &[&install],
        ));
    }
    let mut cargo = tool.command();
    cargo
        .current_dir(folder)
        .args(["build", "--lib", "--release", "--target", TARGET])
        .arg("--message-format=json-render-diagnostics")
        .stdin(Stdio::null())
        .stderr(Stdio::inherit());
    forget_the_outer_build(&mut cargo);
    let output = cargo.output().context("cargo does not start")?;
    if !output.status.success() {
        bail!(
            "the plugin was not built: cargo ended with {}",
            output.status
        );
    }
    let made = components(&String::from_utf8_lossy(&output.stdout), folder);
    let [(name, file)] = <[_; 1]>::try_from(made).map_err(|made| {
        anyhow::anyhow!(
            "{} made {} components: its library needs `crate-type = [\"cdylib\"]`",
            folder.join("Cargo.toml").display(),
            made.len()
        )
    })?;
    let bytes = std::fs::read(&file).with_context(|| file.display().to_string())?;
    Ok(Crate { name, bytes })
}

/// Whether the toolchain that would build there has the target's standard library. When that
/// cannot be told, cargo will tell.
fn has_target(folder: &Path) -> bool {
    let asked = Command::new("rustc")
        .current_dir(folder)
        .args(["--print", "target-libdir", "--target", TARGET])
        .stdin(Stdio::null())
        .output();
    match asked {
        Ok(output) if output.status.success() => {
            let folder = String::from_utf8_lossy(&output.stdout);
            Path::new(folder.trim()).is_dir()
        }
        _ => true,
    }
}

/// Name and file of what cargo made of the package in that folder.
fn components(messages: &str, folder: &Path) -> Vec<(String, PathBuf)> {
    let mut made = Vec::new();
    for line in messages.lines() {
        let Ok(message) = serde_json::from_str::<Value>(line) else {
            continue;
        };
        let manifest = message["manifest_path"].as_str().map(Path::new);
        let of_here = manifest
            .and_then(Path::parent)
            .is_some_and(|of| of == folder || of.canonicalize().is_ok_and(|of| of == folder));
        if message["reason"] != "compiler-artifact" || !of_here {
            continue;
        }
        for file in message["filenames"].as_array().into_iter().flatten() {
            let Some(file) = file.as_str().filter(|file| file.ends_with(".wasm")) else {
                continue;
            };
            let name = message["target"]["name"].as_str().unwrap_or("plugin");
            made.push((name.replace('_', "-"), PathBuf::from(file)));
        }
    }
    made
}
