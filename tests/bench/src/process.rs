//! The real binary: started, asked over a socket, weighed, ended.

use anyhow::{Context, Result, bail, ensure};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::Duration;

/// Where `cargo build --release` leaves it.
pub const BINARY: &str = "target/release/tidegate";

/// A running `tidegate run`. Killed when dropped.
pub struct Process {
    child: Child,
    address: SocketAddr,
    // Open for as long as it runs: it logs.
    _log: BufReader<ChildStderr>,
}

impl Process {
    /// Starts it and waits until its first listener accepts.
    ///
    /// # Errors
    /// When it ends first; its log is part of the message.
    pub fn start(binary: &Path, config: &Path) -> Result<Self> {
        let mut child = Command::new(binary)
            .args(["--log-format", "json", "run", "-c"])
            .arg(config)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("{} does not start", binary.display()))?;
        let stderr = child.stderr.take().context("stderr is piped")?;
        let mut log = BufReader::new(stderr);
        let mut said = String::new();
        let address = loop {
            let mut line = String::new();
            if log.read_line(&mut line)? == 0 {
                bail!("it ended before it listened: {said}");
            }
            if let Some(address) = listening(&line) {
                break address;
            }
            said += &line;
        };
        Ok(Self {
            child,
            address,
            _log: log,
        })
    }

    /// A new connection that has been asked for a path once, and stays open.
    pub fn ask(&self, path: &str) -> Result<TcpStream> {
        let mut stream = TcpStream::connect(self.address)?;
        ask(&mut stream, path)?;
        Ok(stream)
    }

    /// Resident memory in KiB.
    pub fn resident(&self) -> Result<u64> {
        let path = format!("/proc/{}/smaps_rollup", self.child.id());
        let text = std::fs::read_to_string(path)?;
        let line = text.lines().find_map(|line| line.strip_prefix("Rss:"));
        let number = line.and_then(|rest| rest.split_whitespace().next());
        Ok(number.context("a process has resident memory")?.parse()?)
    }

    /// Processor time that it has used, user and system.
    pub fn cpu(&self) -> Result<Duration> {
        let text = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let rest = text.rsplit(')').next().context("a name in parentheses")?;
        // The fields after the name; these two are the 14th and 15th of all.
        let fields: Vec<&str> = rest.split_whitespace().collect();
        let ticks = |field: usize| -> Result<u64> {
            let text = fields.get(field).context("a field of times")?;
            Ok(text.parse()?)
        };
        // Linux counts in hundredths of a second towards user space.
        Ok(Duration::from_millis((ticks(11)? + ticks(12)?) * 10))
    }

    /// Resident memory in KiB after a moment without requests: allocators give back
    /// late, and some never stop moving, so this does not wait for it to stand still.
    pub fn settled(&self) -> Result<u64> {
        std::thread::sleep(Duration::from_secs(1));
        self.resident()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to do.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Asks on an open connection and reads the whole answer, which must be a success.
pub fn ask(stream: &mut TcpStream, path: &str) -> Result<()> {
    // In one piece: pieces would wait for each other's acknowledgement.
    stream.write_all(format!("GET {path} HTTP/1.1\r\nhost: bench\r\n\r\n").as_bytes())?;
    let mut answer = Vec::new();
    let mut piece = [0; 8 << 10];
    loop {
        let length = stream.read(&mut piece)?;
        ensure!(length > 0, "the connection ended within an answer");
        answer.extend_from_slice(&piece[..length]);
        let text = String::from_utf8_lossy(&answer);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            ensure!(head.starts_with("HTTP/1.1 200"), "not a success: {head}");
            let head = head.to_ascii_lowercase();
            let expected = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "));
            let expected: usize = expected.context("a length in the answer")?.parse()?;
            if body.len() >= expected {
                return Ok(());
            }
        }
    }
}

fn listening(line: &str) -> Option<SocketAddr> {
    let event: serde_json::Value = serde_json::from_str(line).ok()?;
    let fields = event.get("fields")?;
    (fields.get("message")? == "listening")
        .then(|| fields.get("address")?.as_str()?.parse().ok())?
}
