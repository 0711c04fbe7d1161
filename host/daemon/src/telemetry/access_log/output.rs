//! Bytes into a sink that may break, and may come back.
//!
//! A failure is told once, not once a line; the next success is told too. Lines that
//! were not written are counted as dropped and not tried again: a full disk must not
//! become full memory.

use super::super::metrics::Counter;
use std::io::{ErrorKind, Write};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// Where bytes go.
pub(super) type Target = Box<dyn Write + Send>;

/// How long to wait for a non-blocking target (a pipe that its owner made so).
const PAUSE: Duration = Duration::from_millis(5);
/// How often, before its lines are given up.
const PAUSES: u32 = 200;

/// A target and how it fares.
pub(super) struct Output {
    target: Target,
    dropped: Arc<Counter>,
    /// The last write failed, and that was told.
    broken: bool,
    /// The target's last line has no end.
    torn: bool,
}

impl Output {
    pub(super) fn new(target: Target, dropped: Arc<Counter>) -> Self {
        Self {
            target,
            dropped,
            broken: false,
            torn: false,
        }
    }

    /// Writes on to another target.
    pub(super) fn replace(&mut self, target: Target) {
        self.target = target;
        self.torn = false;
    }

    /// Writes whole lines, or counts those that could not be written.
    pub(super) fn write(&mut self, lines: &[u8]) {
        if lines.is_empty() {
            return;
        }
        if self.torn {
            // Ends what a failure left behind, so that the next line is a line.
            self.torn = self.put(b"\n").is_err();
        }
        match self.put(lines) {
            Ok(()) if self.broken => {
                self.broken = false;
                tracing::info!("the access log is written again");
            }
            Ok(()) => (),
            Err((written, error)) => {
                self.dropped.add(count_lines(&lines[written..]));
                self.torn |= written > 0 && lines[written - 1] != b'\n';
                if !self.broken {
                    self.broken = true;
                    tracing::error!(%error, "the access log cannot be written; its lines are dropped");
                }
            }
        }
    }

    /// Writes all, or says how much was written before which error.
    fn put(&mut self, bytes: &[u8]) -> Result<(), (usize, std::io::Error)> {
        let (mut written, mut pauses) = (0, 0);
        while written < bytes.len() {
            match self.target.write(&bytes[written..]) {
                Ok(0) => return Err((written, ErrorKind::WriteZero.into())),
                Ok(n) => written += n,
                Err(error) if error.kind() == ErrorKind::Interrupted => (),
                Err(error) if error.kind() == ErrorKind::WouldBlock && pauses < PAUSES => {
                    pauses += 1;
                    thread::sleep(PAUSE);
                }
                Err(error) => return Err((written, error)),
            }
        }
        Ok(())
    }
}

/// Lines that end in these bytes.
pub(super) fn count_lines(bytes: &[u8]) -> u64 {
    bytes.iter().map(|&byte| u64::from(byte == b'\n')).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use parking_lot::Mutex;
    use std::collections::VecDeque;
    use std::io;

    /// Takes so many bytes, or fails, as told; then takes everything.
    #[derive(Clone, Default)]
    struct Script(Arc<Mutex<Told>>);

    #[derive(Default)]
    struct Told {
        answers: VecDeque<Result<usize, ErrorKind>>,
        written: Vec<u8>,
    }

    impl Write for Script {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let mut told = self.0.lock();
            let answer = told.answers.pop_front().unwrap_or(Ok(bytes.len()));
            let n = answer?.min(bytes.len());
            told.written.extend_from_slice(&bytes[..n]);
            Ok(n)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn output(script: impl IntoIterator<Item = Result<usize, ErrorKind>>) -> (Output, Script) {
        let target = Script::default();
        target.0.lock().answers.extend(script);
        (
            Output::new(Box::new(target.clone()), Arc::default()),
            target,
        )
    }

    #[test]
    fn what_is_written_in_parts_arrives_whole() {
        let parts = [
            Ok(1),
            Err(ErrorKind::Interrupted),
            Err(ErrorKind::WouldBlock),
            Ok(2),
        ];
        let (mut output, target) = output(parts);
        output.write(b"one\ntwo\n");
        assert_eq!(target.0.lock().written, b"one\ntwo\n");
        assert_eq!(output.dropped.value(), 0);
    }

    #[test]
    fn a_failure_costs_its_lines_and_no_others() {
        let (mut output, target) = output([Ok(6), Err(ErrorKind::StorageFull)]);
        output.write(b"one\ntwo\nthree\n");
        assert!(output.broken);
        assert_eq!(output.dropped.value(), 2);
        output.write(b"four\n");
        assert!(!output.broken);
        assert_eq!(target.0.lock().written, b"one\ntw\nfour\n");
    }

    #[test]
    fn a_sink_that_stays_broken_drops_every_line_and_is_told_of_once() {
        let (mut output, _) = output([
            Err(ErrorKind::BrokenPipe),
            Ok(0),
            Err(ErrorKind::BrokenPipe),
        ]);
        for _ in 0..3 {
            output.write(b"line\n");
        }
        assert_eq!(output.dropped.value(), 3);
        assert!(output.broken);
    }
}
