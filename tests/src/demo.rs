//! `tidegate demo`, known by what it prints.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use tempfile::TempDir;

use crate::binary::shared_cache;
use crate::log::Log;
use crate::process::{Process, Signal};
use crate::proxy::directory;

/// A demo whose temporary files lie in a directory of its own. Killed when dropped.
pub struct Demo {
    temporary: TempDir,
    process: Process,
    /// What it wrote to its standard error: its log.
    pub log: Log,
    address: SocketAddr,
    file: PathBuf,
}

impl Demo {
    /// Starts it on a free port and reads the address and the file that it tells the user.
    ///
    /// # Panics
    /// When it does not tell them.
    pub async fn start() -> Self {
        let temporary = directory();
        let process = Process::start(|command| {
            command.args(["demo", "--port", "0"]);
            command.env("TMPDIR", temporary.path());
            command.env("CACHE_DIRECTORY", shared_cache());
        });
        let url = |line: &str| {
            let (_, rest) = line.split_once("curl http://")?;
            rest.split('/').next()?.parse().ok()
        };
        let address = process.output.wait_text(0, "its address", url).await;
        let file = |line: &str| {
            let path = line.trim();
            (path.starts_with('/') && path.ends_with(".yaml")).then(|| path.into())
        };
        let file = process.output.wait_text(0, "its file", file).await;
        Self {
            temporary,
            log: process.log.clone(),
            process,
            address,
            file,
        }
    }

    /// The address of the first command that it proposes.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The file that it proposes to edit.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Where it has its temporary files.
    pub fn temporary(&self) -> &Path {
        self.temporary.path()
    }

    /// Sends a signal.
    ///
    /// # Panics
    /// When it ended already.
    pub fn signal(&self, signal: Signal) {
        self.process.signal(signal);
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// When it does not end within [`PATIENCE`](crate::PATIENCE).
    pub async fn wait_exit(&mut self) -> ExitStatus {
        self.process.wait_exit().await
    }
}
