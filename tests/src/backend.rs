//! An endpoint that is a process of its own: it can be killed and stopped as processes are.

use std::net::SocketAddr;
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};
use test_backend::Reserved;
use tokio::process::{Child, Command};

use crate::binary::backend;
use crate::log::Log;
use crate::soon;

/// A running `test-backend` with one endpoint. Killed when dropped.
pub struct Backend {
    name: String,
    /// Keeps the port ours while nobody listens on it.
    reserved: Reserved,
    arguments: Vec<String>,
    child: Option<Child>,
    /// What it said in each of its lives: the requests that arrived.
    lives: Vec<Log>,
}

impl Backend {
    /// Starts one on a free port.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn start(name: &str) -> Self {
        Self::start_with(name, &[]).await
    }

    /// Starts one with further arguments.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn start_with(name: &str, arguments: &[&str]) -> Self {
        let mut backend = Self {
            name: name.to_owned(),
            reserved: Reserved::new(),
            arguments: arguments.iter().map(ToString::to_string).collect(),
            child: None,
            lives: Vec::new(),
        };
        backend.restart().await;
        backend
    }

    /// Its address, also while nobody listens there.
    pub fn address(&self) -> SocketAddr {
        self.reserved.address()
    }

    /// Its name, as in `x-endpoint`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Kills it with SIGKILL and waits until it is gone.
    ///
    /// # Panics
    /// When it was not running.
    pub async fn kill(&mut self) {
        let mut child = self.child.take().expect("it is running");
        soon("the end of a killed backend", child.kill())
            .await
            .expect("it can be killed");
    }

    /// Stops it with SIGSTOP: the kernel accepts connections, and nobody answers.
    ///
    /// # Panics
    /// When it is not running.
    pub fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets it go on.
    ///
    /// # Panics
    /// When it is not running.
    pub fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    /// Starts it again on the same port and waits until it listens.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn restart(&mut self) {
        let mut child = Command::new(backend())
            .args(["--log", "--name", &self.name])
            .args(["--listen", &self.address().to_string()])
            .args(&self.arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("the backend starts");
        let log = Log::follow(child.stdout.take().expect("stdout is piped"));
        log.wait_text(0, "its listening", |line| {
            line.contains(" listens on ").then_some(())
        })
        .await;
        self.child = Some(child);
        self.lives.push(log);
    }

    /// The requests that arrived in all of its lives: `GET /path?query`.
    pub fn requests(&self) -> Vec<String> {
        let prefix = format!("{} got ", self.name);
        let lines = self.lives.iter().flat_map(|log| log.raw(0));
        lines
            .filter_map(|line| Some(line.strip_prefix(&prefix)?.to_owned()))
            .filter(|request| !request.ends_with(" /health"))
            .collect()
    }

    fn signal(&self, signal: Signal) {
        let id = self.child.as_ref().and_then(Child::id);
        let pid = id.and_then(|id| Pid::from_raw(id.cast_signed()));
        kill_process(pid.expect("it is running"), signal).expect("it is running");
    }
}
