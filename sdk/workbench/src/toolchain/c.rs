//! C: generated bindings and the sources, by Zig's C compiler, which brings a C library along.

use std::path::PathBuf;

use anyhow::{Context, Result};

use super::command::run;
use super::{Work, bindings, component, find};

pub(super) fn build(work: &Work<'_>) -> Result<Vec<u8>> {
    let entry = work.entry()?;
    let tool = find::python_module_in_venv(work.folder, "ziglang")
        .or_else(|| find::on_path("zig"))
        .or_else(|| find::python_module("ziglang"))
        .ok_or_else(|| {
            find::missing(
                "Zig, whose C compiler makes WebAssembly",
                &["python3 -m venv .venv && .venv/bin/pip install ziglang==0.16.0"],
            )
        })?;
    bindings::c(work)?;
    let world = format!("{}_plugin", work.kind);
    let core = work.scratch("core.wasm")?;
    let mut command = tool.command();
    command.current_dir(work.folder).args([
        "cc",
        "--target=wasm32-wasi",
        "-mexec-model=reactor",
        "-std=c11",
        "-O2",
        "-Wall",
        // Zig's usual stack has 16 MiB, and is counted.
        "-Wl,-z,stack-size=65536",
        // Names of functions stay, for backtraces.
        "-Wl,--strip-debug",
        "-I",
        "build/gen",
    ]);
    command.args(sources(work, entry)?);
    command.arg(work.generated.join(format!("{world}.c")));
    command.arg(work.generated.join(format!("{world}_component_type.o")));
    command.arg("-o").arg(&core);
    run(&mut command, "zig cc")?;
    let core = std::fs::read(&core).with_context(|| core.display().to_string())?;
    component::of_module(&core, None)
}

/// The entry and whatever other C lies beside it.
fn sources(work: &Work<'_>, entry: &std::path::Path) -> Result<Vec<PathBuf>> {
    let beside = entry.parent().unwrap_or_else(|| "".as_ref());
    let folder = work.folder.join(beside);
    let entries = std::fs::read_dir(&folder).with_context(|| folder.display().to_string())?;
    let mut sources = Vec::new();
    for file in entries {
        let path = beside.join(file?.file_name());
        if path.extension().is_some_and(|ending| ending == "c") {
            sources.push(path);
        }
    }
    sources.sort();
    Ok(sources)
}
