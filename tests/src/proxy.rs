//! One running proxy: started from the text of a configuration, ended with the test.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use rustix::process::Pid;
use tempfile::TempDir;

use crate::binary::shared_cache;
use crate::log::Log;
use crate::process::{Process, Signal};

/// A `tidegate run` of its own directory. Killed when dropped; when the test failed, its
/// log is printed.
pub struct Proxy {
    directory: TempDir,
    process: Process,
    /// What it wrote to its standard error: its log.
    pub log: Log,
    /// What it wrote to its standard output: the access log, unless it goes elsewhere.
    pub access_log: Log,
    listeners: Vec<SocketAddr>,
    admin: Option<SocketAddr>,
}

impl Proxy {
    /// Starts with the given configuration and waits until it is ready.
    ///
    /// # Panics
    /// When it does not get ready.
    pub async fn start(config: &str) -> Self {
        Self::start_in(directory(), config, &[]).await
    }

    /// Starts in a directory that the test filled (plugins lie beside the configuration),
    /// with further arguments.
    ///
    /// # Panics
    /// When it does not get ready.
    pub async fn start_in(directory: TempDir, config: &str, arguments: &[&str]) -> Self {
        let mut proxy = Self::launch(directory, config, arguments);
        proxy.wait_ready().await;
        proxy
    }

    /// Starts and does not wait: for what is meant to fail or to wait for something.
    ///
    /// # Panics
    /// When the process cannot be started.
    pub fn launch(directory: TempDir, config: &str, arguments: &[&str]) -> Self {
        Self::launch_with(directory, config, arguments, &[])
    }

    /// The same with variables of the environment.
    ///
    /// # Panics
    /// When the process cannot be started.
    pub fn launch_with(
        directory: TempDir,
        config: &str,
        arguments: &[&str],
        environment: &[(&str, &str)],
    ) -> Self {
        std::fs::write(directory.path().join("tidegate.yaml"), complete(config))
            .expect("the directory can be written");
        let process = Process::start(|command| {
            command.args(["run", "-c", "tidegate.yaml"]).args(arguments);
            command.current_dir(directory.path());
            command.envs(environment.iter().copied());
        });
        Self {
            directory,
            log: process.log.clone(),
            access_log: process.output.clone(),
            process,
            listeners: Vec::new(),
            admin: None,
        }
    }

    /// Waits for `ready` and learns the addresses that were bound.
    ///
    /// # Panics
    /// When the log ends first.
    pub async fn wait_ready(&mut self) {
        self.log
            .wait("ready", |line| line.message() == "ready")
            .await;
        self.listeners = self.bound("listening");
        self.admin = self.bound("admin listening").first().copied();
    }

    /// Where the first listener accepts.
    ///
    /// # Panics
    /// Before it is ready, or without listeners.
    pub fn address(&self) -> SocketAddr {
        *self.listeners.first().expect("a listener that is ready")
    }

    /// Where each listener accepts, in the order of the file.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.listeners
    }

    /// Where the admin listener accepts.
    ///
    /// # Panics
    /// Before it is ready, or without one.
    pub fn admin(&self) -> SocketAddr {
        self.admin.expect("an admin listener that is ready")
    }

    /// Its process id.
    pub fn pid(&self) -> Pid {
        self.process.pid()
    }

    /// Its directory, where its configuration lies.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Its configuration file.
    pub fn config_file(&self) -> PathBuf {
        self.directory.path().join("tidegate.yaml")
    }

    /// Replaces the configuration, in one step. Nobody is told.
    ///
    /// # Panics
    /// When the directory cannot be written.
    pub fn write_config(&self, config: &str) {
        self.write("tidegate.yaml", complete(config).as_bytes());
    }

    /// Replaces a file of the directory, in one step.
    ///
    /// # Panics
    /// When the directory cannot be written.
    pub fn write(&self, name: &str, bytes: &[u8]) {
        let draft = self.directory.path().join(format!(".{name}.new"));
        std::fs::write(&draft, bytes).expect("the directory can be written");
        std::fs::rename(draft, self.directory.path().join(name)).expect("renamed in place");
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

    fn bound(&self, message: &str) -> Vec<SocketAddr> {
        let lines = self.log.lines(0);
        let lines = lines.iter().filter(|line| line.message() == message);
        lines
            .filter_map(|line| line.field("address")?.parse().ok())
            .collect()
    }
}

/// A fresh directory for a proxy and its files.
///
/// # Panics
/// When there is none to be had.
pub fn directory() -> TempDir {
    tempfile::Builder::new()
        .prefix("tidegate-")
        .tempdir()
        .expect("a temporary directory")
}

/// What every test wants and no test is about: the compile cache of this run.
pub(crate) fn complete(config: &str) -> String {
    if config.lines().any(|line| line.starts_with("cache:")) {
        return config.to_owned();
    }
    format!("{config}\ncache: {}\n", shared_cache().display())
}
