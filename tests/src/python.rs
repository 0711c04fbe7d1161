//! Clients and endpoints in Python, from packages that `make test` installs.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStdout, Command};

use crate::{soon, target_directory};

/// The interpreter that `tests/clients.sh` has installed packages for.
///
/// # Panics
/// When it has not run.
pub fn python() -> PathBuf {
    let path = target_directory().join("clients/bin/python");
    let hint = "run tests/clients.sh, which make test does";
    assert!(path.exists(), "{} is missing: {hint}", path.display());
    path
}

/// Runs a script of `tests/protocols/clients` to its end; answers what it prints.
///
/// # Panics
/// When it fails.
pub async fn run(script: &str, arguments: &[&str]) -> String {
    let output = command(script, arguments).output();
    let output = soon(script, output).await.expect("it can be started");
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{script} {arguments:?}\n{told}{error}"
    );
    told
}

/// A script that serves until the test ends. The first line that it prints is its port.
pub struct Server {
    _child: Child,
    _output: BufReader<ChildStdout>,
    /// Where it listens on 127.0.0.1.
    pub port: u16,
}

impl Server {
    /// Starts it.
    ///
    /// # Panics
    /// When it says no port.
    pub async fn start(script: &str, arguments: &[&str]) -> Self {
        let mut command = command(script, arguments);
        command.stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().expect("it can be started");
        let mut output = BufReader::new(child.stdout.take().expect("piped"));
        let mut line = String::new();
        soon("a port", output.read_line(&mut line))
            .await
            .expect("a line");
        let port = line.trim().parse();
        Self {
            _child: child,
            _output: output,
            port: port.unwrap_or_else(|_| panic!("{script} says {line:?}, not a port")),
        }
    }
}

fn command(script: &str, arguments: &[&str]) -> Command {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("protocols/clients");
    let mut command = Command::new(python());
    command.arg(folder.join(script)).args(arguments);
    command
}
