//! Running a compiler.

use std::io::Write;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// Runs it to its end. What it said is shown when it failed, and its warnings otherwise.
pub(super) fn run(command: &mut Command, what: &str) -> Result<()> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("{what} does not start"))?;
    let mut error = std::io::stderr().lock();
    if output.status.success() {
        let _ = error.write_all(&output.stderr);
        return Ok(());
    }
    let _ = error.write_all(&output.stdout);
    let _ = error.write_all(&output.stderr);
    bail!(
        "the plugin was not built: {what} ended with {}",
        output.status
    )
}

/// Forgets what an outer cargo told its children: flags, wrappers, the package. It is not meant for
/// a plugin's build.
pub(super) fn forget_the_outer_build(cargo: &mut Command) {
    const KEPT: [&str; 6] = [
        "CARGO_HOME",
        "CARGO_HTTP_",
        "CARGO_NET_",
        "CARGO_REGISTR",
        "CARGO_TARGET_DIR",
        "CARGO_TERM_",
    ];
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if name.starts_with("CARGO") && !KEPT.iter().any(|kept| name.starts_with(kept)) {
            cargo.env_remove(&*name);
        }
    }
}
