//! Python: CPython and the source, by componentize-py.

use anyhow::{Context, Result, bail};

use super::command::run;
use super::{Work, find};

/// WASI is not stubbed: the host offers it locked down, and what a program prints, tracebacks
/// included, goes into the host's log.
pub(super) fn build(work: &Work<'_>) -> Result<Vec<u8>> {
    const NAME: &str = "componentize-py";
    let entry = work.entry()?;
    let own = find::in_venv(work.folder, NAME);
    let has_venv = own.is_some();
    let tool = own.or_else(|| find::on_path(NAME)).ok_or_else(|| {
        find::missing(
            NAME,
            &["python3 -m venv .venv && .venv/bin/pip install componentize-py==0.25.1"],
        )
    })?;
    let (Some(module), Some(folder)) = (entry.file_stem(), entry.parent()) else {
        bail!("{} is no Python module", entry.display());
    };
    let out = work.scratch("component.wasm")?;
    let mut command = tool.command();
    command
        .current_dir(work.folder)
        .arg("--wit-path")
        .arg(work.contract()?)
        .args([
            "--world",
            &work.kind.world(),
            "componentize",
            "--python-path",
        ])
        .arg(if folder.as_os_str().is_empty() {
            ".".as_ref()
        } else {
            folder
        })
        .arg("--output")
        .arg(&out)
        .arg(module);
    if has_venv {
        // Packages that are installed there can be imported.
        command.env("VIRTUAL_ENV", work.folder.join(".venv"));
    }
    run(&mut command, NAME)?;
    std::fs::read(&out).with_context(|| out.display().to_string())
}
