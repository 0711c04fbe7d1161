//! The process itself: its pid file, its limits, its place in the background.

use rustix::process::{Resource, getrlimit, setrlimit};
use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A file with our pid in it, removed when we end, unless it names another by then.
pub struct PidFile(PathBuf);

impl PidFile {
    /// Writes the file whole or not at all.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(path: &Path) -> io::Result<Self> {
        let temporary = path.with_extension(format!("{}.tmp", std::process::id()));
        // Anew, and not through a link that somebody has put there.
        let _ = fs::remove_file(&temporary);
        let mut file = fs::File::create_new(&temporary)?;
        writeln!(file, "{}", std::process::id())?;
        fs::rename(&temporary, path)?;
        Ok(Self(path.to_owned()))
    }

    /// The pid that a file names.
    ///
    /// # Errors
    /// When there is no such file, or no pid in it.
    pub fn read(path: &Path) -> io::Result<i32> {
        let text = fs::read_to_string(path)?;
        text.trim()
            .parse()
            .map_err(|_| io::Error::other(format!("{} names no process", path.display())))
    }
}

impl Drop for PidFile {
    fn drop(&mut self) {
        let ours = i32::try_from(std::process::id()).ok();
        if Self::read(&self.0).ok() == ours {
            // What stays is found stale by the next start.
            let _ = fs::remove_file(&self.0);
        }
    }
}

/// Allows as many open files as the system lets us have: each connection is one.
pub fn raise_file_limit() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::warn!(%error, "the limit on open files stays");
    }
}

/// The word that a process in the background says on its standard output when it
/// serves.
const READY: &str = "ready";

/// The hidden flag of the process in the background.
pub const BACKGROUND: &str = "--background";

/// Starts this program again in the background and waits until it serves.
///
/// A new process instead of a fork: threads do not survive a fork, and errors of the
/// start reach the terminal with their text and exit code.
///
/// # Errors
/// When it cannot be started, or ends before it serves.
pub fn start_in_background(log: Option<&Path>) -> io::Result<()> {
    let mut command = Command::new(std::env::current_exe()?);
    command
        .args(std::env::args_os().skip(1))
        .arg(BACKGROUND)
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    if let Some(log) = log {
        command.stderr(fs::File::options().create(true).append(true).open(log)?);
    }
    let mut child = command.spawn()?;
    let output = child
        .stdout
        .take()
        .ok_or_else(|| io::Error::other("no standard output"))?;
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line)?;
    if line.trim() == READY {
        return Ok(());
    }
    let status = child.wait()?;
    let hint = log
        .map(|log| format!("; see {}", log.display()))
        .unwrap_or_default();
    Err(io::Error::other(format!(
        "the process in the background ended with {status}{hint}"
    )))
}

/// The process that started this one in the background, and waits for a word.
pub struct Starter(fs::File);

/// Leaves the terminal: its session and its standard output. Called first thing in the
/// background, so that nothing holds on to the output by mistake.
///
/// # Errors
/// When /dev/null cannot be opened.
pub fn leave_terminal() -> io::Result<Starter> {
    // It fails for a process that leads its group already: then there is no terminal.
    let _ = rustix::process::setsid();
    let output = io::stdout().as_fd().try_clone_to_owned()?;
    rustix::stdio::dup2_stdout(&null()?)?;
    Ok(Starter(output.into()))
}

impl Starter {
    /// Tells the process that started us that we serve, and lets go of standard error
    /// unless it is a log file.
    ///
    /// # Errors
    /// When the process is gone, or /dev/null cannot be opened.
    pub fn report_ready(mut self, keep_stderr: bool) -> io::Result<()> {
        writeln!(self.0, "{READY}")?;
        if !keep_stderr {
            rustix::stdio::dup2_stderr(&null()?)?;
        }
        Ok(())
    }
}

fn null() -> io::Result<fs::File> {
    fs::File::options().read(true).write(true).open("/dev/null")
}
