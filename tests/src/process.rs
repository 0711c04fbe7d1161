//! One running process of the binary under test, with what it says.

use std::process::{ExitStatus, Stdio};

pub use rustix::process::Signal;
use rustix::process::{Pid, kill_process};
use tokio::process::{Child, Command};

use crate::binary::binary;
use crate::log::Log;
use crate::soon;

/// Killed when dropped; when the test failed, its log is printed.
pub(crate) struct Process {
    child: Child,
    pid: Pid,
    /// What it wrote to its standard error.
    pub(crate) log: Log,
    /// What it wrote to its standard output.
    pub(crate) output: Log,
}

impl Process {
    /// Starts the binary with a log in JSON; `prepare` adds the rest of its command line.
    ///
    /// # Panics
    /// When it cannot be started.
    pub(crate) fn start(prepare: impl FnOnce(&mut Command)) -> Self {
        let mut command = Command::new(binary());
        command.args(["--log-format", "json"]);
        prepare(&mut command);
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the binary starts");
        let pid = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        Self {
            pid: pid.expect("a process that was just started has an id"),
            log: Log::follow(child.stderr.take().expect("stderr is piped")),
            output: Log::follow(child.stdout.take().expect("stdout is piped")),
            child,
        }
    }

    pub(crate) fn pid(&self) -> Pid {
        self.pid
    }

    /// Sends a signal.
    ///
    /// # Panics
    /// When it ended already.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid, signal).expect("it is running");
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// When it does not end within [`PATIENCE`](crate::PATIENCE).
    pub(crate) async fn wait_exit(&mut self) -> ExitStatus {
        soon("the exit", self.child.wait())
            .await
            .expect("it can be waited for")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let lines = self.log.raw(0);
            let from = lines.len().saturating_sub(100);
            eprintln!(
                "--- log of the proxy (last lines)\n{}",
                lines[from..].join("\n")
            );
        }
    }
}
