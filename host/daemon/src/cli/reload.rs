//! `tidegate reload`: through the admin listener, or by a signal.

use super::ask::{self, AskArguments};
use crate::server::process::PidFile;
use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use std::path::Path;

/// Asks the running process to load its file again.
pub fn reload(file: &Path, pid_file: Option<&Path>, arguments: &AskArguments) -> Result<()> {
    if let Some(path) = pid_file {
        let pid = PidFile::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        let pid = Pid::from_raw(pid).context("the pid file names no process")?;
        kill_process(pid, Signal::HUP).with_context(|| format!("cannot signal process {pid}"))?;
        println!("asked process {pid} to reload; its log has the outcome");
        return Ok(());
    }
    let config = crate::reload::load(file)?;
    let admin = config
        .admin
        .context("the file has no `admin` address; give --pid-file to send a signal instead")?;
    let (status, body) = ask::post(&admin, "/reload", arguments)
        .with_context(|| format!("no answer from the admin address {}", admin.address))?;
    if status == 401 {
        bail!(
            "the admin listener wants another token: give it with --token-file, or send a signal with --pid-file"
        );
    }
    let body: serde_json::Value =
        serde_json::from_str(&body).context("the admin address does not answer like tidegate")?;
    if status == 200 {
        println!("reloaded: generation {}", body["generation"]);
        return Ok(());
    }
    let problems = body["problems"].as_array().cloned().unwrap_or_default();
    for problem in &problems {
        let text = |key: &str| problem[key].as_str().unwrap_or_default().to_owned();
        eprintln!(
            "{}:{}:{}: {}: {}",
            text("file"),
            problem["line"],
            problem["column"],
            text("path"),
            text("message")
        );
    }
    bail!(
        "refused ({} problems); the running configuration serves on",
        problems.len()
    )
}
