//! The access log: one line for each exchange.
//!
//! A line is rendered on the thread of its request, into a buffer that the thread
//! keeps, and copied into a bounded queue that a thread of the log's own writes out.
//! So a request pays for text and never for a disk: when the sink is slower than the
//! traffic, or broken, lines are dropped and counted, and the proxy serves on.
//!
//! What a client sends (path, host, user agent) reaches the sink escaped: whatever
//! its bytes, a record is one line, and no field can pass for another.

mod escape;
mod json;
mod output;
mod queue;
mod record;
mod text;
mod time;

pub use record::Record;

use super::Format;
use super::metrics::Counter;
use queue::Queue;
use std::cell::RefCell;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use time::Clock;

/// Where lines go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sink {
    /// The standard output of the process.
    Stdout,
    /// The end of a file, which is made if it is not there.
    File(PathBuf),
}

/// An open access log. When it is dropped its thread still writes what was taken, and
/// nobody waits for that; before the process ends, [`AccessLog::close`] does.
pub struct AccessLog {
    format: Format,
    path: Option<PathBuf>,
    queue: Queue,
}

impl AccessLog {
    /// Opens the sink and starts the thread that writes to it: in a process that goes
    /// to the background, open the log after that (threads do not survive a fork).
    /// `dropped` counts the lines that nobody will read.
    ///
    /// # Errors
    /// The file cannot be opened for appending, standard output is closed, or there
    /// can be no more threads.
    pub fn open(format: Format, sink: &Sink, dropped: Arc<Counter>) -> io::Result<Self> {
        let (file, path) = match sink {
            // Not `io::stdout()`: that holds lines back and hides a closed descriptor.
            Sink::Stdout => (File::from(io::stdout().as_fd().try_clone_to_owned()?), None),
            Sink::File(path) => (append(path)?, Some(path.clone())),
        };
        let queue = Queue::start(Box::new(file), dropped)?;
        Ok(Self {
            format,
            path,
            queue,
        })
    }

    /// Takes one line, or drops and counts it. Never waits for the sink; the line is
    /// written within 200 ms when the sink keeps up.
    pub fn write(&self, record: &Record<'_>) {
        thread_local! {
            static SCRATCH: RefCell<(Vec<u8>, Clock)> = RefCell::default();
        }
        SCRATCH.with_borrow_mut(|(line, clock)| {
            line.clear();
            match self.format {
                Format::Text => text::render(record, clock, line),
                Format::Json => json::render(record, clock, line),
            }
            self.queue.push(line);
        });
    }

    /// Opens the file anew, for whoever has moved it away. Each line goes whole to the
    /// one file or to the other. Nothing to do for standard output.
    ///
    /// # Errors
    /// The file cannot be opened; lines go on to the former one.
    pub fn reopen(&self) -> io::Result<()> {
        if let Some(path) = &self.path {
            self.queue.replace(Box::new(append(path)?));
        }
        Ok(())
    }

    /// Writes out every line that was taken and closes the sink. Waits for that, but
    /// five seconds at most; call it where waiting is allowed. Lines that come after
    /// it are dropped and counted.
    pub fn close(&self) {
        self.queue.close();
    }
}

fn append(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).open(path)
}

#[cfg(test)]
mod tests;
