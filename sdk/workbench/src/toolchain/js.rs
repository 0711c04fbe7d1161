//! JavaScript: QuickJS and the source, by componentize-qjs.

use anyhow::{Context, Result};

use super::command::run;
use super::{Work, find};

/// Its synchronous runtime: the other one needs features that the sandbox refuses. WASI is not
/// stubbed: the host offers it locked down, and what the engine says of an exception goes into the
/// host's log. Not for small size either: that runtime needs tail calls.
pub(super) fn build(work: &Work<'_>) -> Result<Vec<u8>> {
    const NAME: &str = "componentize-qjs";
    let entry = work.entry()?;
    let tool = find::in_node_modules(work.folder, NAME)
        .or_else(|| find::on_path(NAME))
        .ok_or_else(|| find::missing(NAME, &[install(work)]))?;
    // Its own starter is one that Node.js 18 does not understand.
    let tool = tool
        .beside("../cli.mjs")
        .and_then(find::by_node)
        .unwrap_or(tool);
    let out = work.scratch("component.wasm")?;
    let mut command = tool.command();
    command
        .current_dir(work.folder)
        .arg("--wit")
        .arg(work.contract()?)
        .arg("--js")
        .arg(entry)
        .args(["--world", &work.kind.world(), "--sync", "--output"])
        .arg(&out);
    run(&mut command, NAME)?;
    std::fs::read(&out).with_context(|| out.display().to_string())
}

fn install(work: &Work<'_>) -> &'static str {
    if work.folder.join("package.json").exists() {
        "npm install"
    } else {
        "npm install --save-dev componentize-qjs@0.4.5"
    }
}
