//! The bounded queue between requests and the thread that writes their lines.
//!
//! The queue is one buffer under a lock that is held for a copy of a line, or for a
//! swap of two buffers; never for a write. It costs no allocation a line and one
//! wake-up a batch: the first line wakes the writer, which then waits a little for
//! company. Full means dropped, and dropped means counted.

use super::super::metrics::Counter;
use super::output::{Output, Target, count_lines};
use parking_lot::{Condvar, Mutex};
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{io, mem, thread};

/// Most bytes that wait to be written. At 100,000 lines a second this bridges a
/// stall of a tenth of a second.
const MOST_WAITING: usize = 4 << 20;
/// How many bytes are worth a write at once.
const BATCH: usize = 64 << 10;
/// How long the first line of a batch waits for others.
const GATHER: Duration = Duration::from_millis(100);
/// How long closing waits for the last lines.
const CLOSE_WITHIN: Duration = Duration::from_secs(5);

/// Takes lines; its thread writes them.
pub(super) struct Queue(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    /// Tells the writer: lines, a new target, or the end.
    work: Condvar,
    /// Tells who closes: everything is written.
    done: Condvar,
    dropped: Arc<Counter>,
}

#[derive(Default)]
struct State {
    waiting: Vec<u8>,
    target: Option<Target>,
    closing: bool,
    finished: bool,
}

impl Queue {
    pub(super) fn start(target: Target, dropped: Arc<Counter>) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            work: Condvar::new(),
            done: Condvar::new(),
            dropped,
        });
        let output = Output::new(target, Arc::clone(&shared.dropped));
        let writer = Arc::clone(&shared);
        thread::Builder::new()
            .name("access-log".into())
            .spawn(move || writer.run(output))?;
        Ok(Self(shared))
    }

    /// Takes a line (with its end), or drops and counts it. Never waits for the sink.
    pub(super) fn push(&self, line: &[u8]) {
        let mut state = self.0.state.lock();
        let before = state.waiting.len();
        if state.closing || before + line.len() > MOST_WAITING {
            drop(state);
            self.0.dropped.inc();
            return;
        }
        state.waiting.extend_from_slice(line);
        drop(state);
        if before == 0 || (before < BATCH && before + line.len() >= BATCH) {
            self.0.work.notify_one();
        }
    }

    /// Lines that are not written yet go to `target`.
    pub(super) fn replace(&self, target: Target) {
        self.0.state.lock().target = Some(target);
        self.0.work.notify_one();
    }

    /// Waits until everything taken is written, within bounds; takes nothing more.
    pub(super) fn close(&self) {
        self.close_within(CLOSE_WITHIN);
    }

    fn close_within(&self, patience: Duration) {
        let until = Instant::now() + patience;
        let mut state = self.0.state.lock();
        state.closing = true;
        self.0.work.notify_one();
        while !state.finished {
            if self.0.done.wait_until(&mut state, until).timed_out() && !state.finished {
                // A pipe that nobody reads: its writer cannot be woken, only left.
                state.finished = true;
                self.0
                    .dropped
                    .add(count_lines(&mem::take(&mut state.waiting)));
                drop(state);
                tracing::error!("the access log did not take its last lines in time");
                return;
            }
        }
    }
}

impl Drop for Queue {
    /// The thread writes what was taken and ends; nobody waits for it. The last handle
    /// may be that of an exchange, on a thread that serves others, and a log is often
    /// replaced because its sink is stuck.
    fn drop(&mut self) {
        self.0.state.lock().closing = true;
        self.0.work.notify_one();
    }
}

impl Shared {
    fn run(&self, mut output: Output) {
        let mut batch = Vec::new();
        loop {
            let (target, closing) = self.next(&mut batch);
            if let Some(target) = target {
                output.replace(target);
            }
            output.write(&batch);
            if closing {
                break;
            }
        }
        drop(output);
        self.state.lock().finished = true;
        self.done.notify_all();
    }

    /// Waits for work and takes all of it.
    fn next(&self, batch: &mut Vec<u8>) -> (Option<Target>, bool) {
        batch.clear();
        // What one burst needed is not kept for ever.
        batch.shrink_to(2 * BATCH);
        let mut state = self.state.lock();
        while state.waiting.is_empty() && !state.is_urgent() {
            self.work.wait(&mut state);
        }
        let until = Instant::now() + GATHER;
        while state.waiting.len() < BATCH && !state.is_urgent() {
            if self.work.wait_until(&mut state, until).timed_out() {
                break;
            }
        }
        mem::swap(&mut state.waiting, batch);
        (state.target.take(), state.closing)
    }
}

impl State {
    fn is_urgent(&self) -> bool {
        self.closing || self.target.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::sync::mpsc;

    /// Hands what is written to the test, one write at a time, and waits until the
    /// test says to go on.
    struct Held {
        written: mpsc::Sender<Vec<u8>>,
        go_on: mpsc::Receiver<()>,
    }

    impl Write for Held {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            // An end that is gone is a test that is over.
            let _ = self.written.send(bytes.to_vec());
            let _ = self.go_on.recv();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn held() -> (Target, mpsc::Receiver<Vec<u8>>, mpsc::Sender<()>) {
        let ((written, read), (go, go_on)) = (mpsc::channel(), mpsc::channel());
        (Box::new(Held { written, go_on }), read, go)
    }

    #[test]
    fn a_line_is_written_without_a_second_one_and_without_closing() {
        let (mut read, write) = io::pipe().unwrap();
        let queue = Queue::start(Box::new(write), Arc::default()).unwrap();
        queue.push(b"one\n");
        let mut line = [0; 4];
        read.read_exact(&mut line).unwrap();
        assert_eq!(&line, b"one\n");
    }

    #[test]
    fn a_stalled_sink_drops_lines_and_holds_nobody_up() {
        let (target, written, go) = held();
        let dropped = Arc::new(Counter::default());
        let queue = Queue::start(target, Arc::clone(&dropped)).unwrap();
        queue.push(&[b'x'; BATCH]);
        assert_eq!(written.recv().unwrap().len(), BATCH);
        // The writer is stuck in that write now; this thread must not be.
        let line = [b'y'; 1 << 10];
        let fit = MOST_WAITING / line.len();
        for _ in 0..fit + 7 {
            queue.push(&line);
        }
        assert_eq!(dropped.value(), 7);
        drop(go);
        assert_eq!(written.recv().unwrap().len(), MOST_WAITING);
        queue.close();
        queue.push(b"late\n");
        assert_eq!(dropped.value(), 8);
    }

    #[test]
    fn everything_taken_is_written_when_closing_returns() {
        let (mut read, write) = io::pipe().unwrap();
        let dropped = Arc::new(Counter::default());
        let queue = Queue::start(Box::new(write), Arc::clone(&dropped)).unwrap();
        let reader = thread::spawn(move || {
            let mut all = String::new();
            read.read_to_string(&mut all).map(|_| all)
        });
        thread::scope(|scope| {
            for thread in 0..4 {
                let queue = &queue;
                scope.spawn(move || {
                    (0..5000).for_each(|n| queue.push(format!("{thread} {n}\n").as_bytes()));
                });
            }
        });
        queue.close();
        let all = reader.join().unwrap().unwrap();
        for thread in 0..4 {
            let own = all
                .lines()
                .filter_map(|line| line.strip_prefix(&format!("{thread} ")));
            let own: Vec<usize> = own.map(|n| n.parse().unwrap()).collect();
            assert!(own.iter().copied().eq(0..5000), "whole and in order");
        }
        assert_eq!(dropped.value(), 0);
    }

    #[test]
    fn a_sink_that_is_stuck_for_good_does_not_keep_the_process() {
        let (target, written, _go) = held();
        let dropped = Arc::new(Counter::default());
        let queue = Queue::start(target, Arc::clone(&dropped)).unwrap();
        queue.push(&[b'x'; BATCH]);
        written.recv().unwrap();
        queue.push(b"one\n");
        queue.push(b"two\n");
        queue.close_within(Duration::ZERO);
        assert_eq!(dropped.value(), 2);
    }

    #[test]
    fn a_dropped_queue_is_written_out_by_its_thread_alone() {
        let (target, written, go) = held();
        let dropped = Arc::new(Counter::default());
        let queue = Queue::start(target, Arc::clone(&dropped)).unwrap();
        queue.push(&[b'x'; BATCH]);
        written.recv().unwrap();
        queue.push(b"last\n");
        // Had this waited, it would have given the line up.
        drop(queue);
        go.send(()).unwrap();
        assert_eq!(written.recv().unwrap(), b"last\n");
        drop(go);
        assert!(written.recv().is_err(), "the target is closed");
        assert_eq!(dropped.value(), 0);
    }

    #[test]
    fn a_new_target_gets_what_the_old_one_did_not() {
        let (target, first, go) = held();
        let queue = Queue::start(target, Arc::default()).unwrap();
        queue.push(b"old\n");
        assert_eq!(first.recv().unwrap(), b"old\n");
        let (target, second, _go) = held();
        queue.push(b"new\n");
        queue.replace(target);
        go.send(()).unwrap();
        assert_eq!(second.recv().unwrap(), b"new\n");
        assert!(first.recv().is_err(), "the old target is closed");
    }
}
