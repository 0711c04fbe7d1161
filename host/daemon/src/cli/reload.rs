//! `tidegate reload`: through the admin listener, or by a signal.

use crate::server::process::PidFile;
use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;

/// A reload compiles plugins: it may take its time.
const PATIENCE: Duration = Duration::from_secs(60);

/// Asks the running process to load its file again.
pub fn reload(file: &Path, pid_file: Option<&Path>) -> Result<()> {
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
    let (status, body) = post(admin.address)
        .with_context(|| format!("no answer from the admin address {}", admin.address))?;
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

/// One request of a fixed form to our own admin listener.
fn post(address: SocketAddr) -> Result<(u16, String)> {
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(5))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    write!(
        stream,
        "POST /reload HTTP/1.1\r\nHost: {address}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer
        .split_once("\r\n\r\n")
        .context("the answer is cut short")?;
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .context("the answer has no status")?;
    Ok((status, body.to_owned()))
}
