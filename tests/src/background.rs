//! A proxy that went to the background: nobody's child, known by its pid file.

use std::path::{Path, PathBuf};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::log::Line;
use crate::proxy::complete;
use crate::{binary, eventually};

/// A `tidegate run -d`. Killed when dropped.
pub struct Background {
    directory: TempDir,
    /// None once it has ended.
    pid: Option<Pid>,
}

impl Background {
    /// Starts it in a directory that the test filled and returns when the command that
    /// started it has ended.
    ///
    /// # Panics
    /// When the command fails, or leaves no pid file.
    pub async fn start(directory: TempDir, config: &str, arguments: &[&str]) -> Self {
        let path = directory.path();
        std::fs::write(path.join("tidegate.yaml"), complete(config))
            .expect("the directory can be written");
        let mut line = vec!["--log-format", "json", "run", "-c", "tidegate.yaml"];
        line.extend(["-d", "--pid-file", "tidegate.pid"]);
        line.extend(arguments);
        let output = binary::run(path, &line).await;
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        // It says that it serves only after it has written the file.
        let pid = std::fs::read_to_string(path.join("tidegate.pid")).expect("a pid file");
        let pid = pid.trim().parse().ok().and_then(Pid::from_raw);
        assert!(pid.is_some(), "the pid file names no process");
        Self { directory, pid }
    }

    /// Its directory.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// The lines in JSON of a file of its directory; none while there is no such file.
    pub fn lines(&self, name: &str) -> Vec<Line> {
        let text = std::fs::read_to_string(self.directory().join(name)).unwrap_or_default();
        text.lines().filter_map(Line::parse).collect()
    }

    /// Sends a signal.
    ///
    /// # Panics
    /// When it ended already.
    pub fn signal(&self, signal: Signal) {
        let pid = self.pid.expect("it has not ended");
        kill_process(pid, signal).expect("it is running");
    }

    /// Ends it and waits until it has removed its pid file, the last thing that it does.
    ///
    /// # Panics
    /// When that does not come about.
    pub async fn end(mut self) {
        self.signal(Signal::TERM);
        let file: PathBuf = self.directory().join("tidegate.pid");
        eventually("its end", async || (!file.exists()).then_some(())).await;
        self.pid = None;
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        // It is no child of ours, and must not outlive the test.
        if let Some(pid) = self.pid {
            let _ = kill_process(pid, Signal::KILL);
        }
    }
}
