//! What of the client's bytes is shown, message by message.

use super::Downstream;
use bytes::Buf;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;
use tidegate_wire::http1::{BodyScan, Head, HeadScan, Limits as HeadLimits, TargetForm, Violation};
use tidegate_wire::http2::{self, Flood};
use tokio::io::{AsyncRead, AsyncReadExt, ReadBuf};
use tokio::time::{Instant, timeout_at};

/// How a connection of HTTP/2 by prior knowledge begins (RFC 9113, 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Bytes that are read at a time for a head.
const PIECE: usize = 2 << 10;

/// Bounds of what comes next on a connection.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Of a head.
    pub head: HeadLimits,
    /// From its first byte to its last.
    pub head_timeout: Duration,
    /// For its first byte.
    pub idle: Duration,
    /// Bytes a second that the client must give of its body and take of a response.
    pub min_rate: Option<u64>,
    /// Whether it may be HTTP/2, and what its client may do then.
    pub http2: Option<http2::Limits>,
}

/// What came.
#[derive(Debug)]
pub enum Arrived {
    /// The whole head of a request of HTTP/1.
    Head(Head),
    /// A connection of HTTP/2 begins.
    Http2,
    /// Nothing came for long enough, or the client left.
    Nothing,
    /// A part of a head came, and the rest not in time.
    Late,
    /// A head that cannot be read in one way, or is too large.
    Bad(Violation),
}

/// What is being read.
#[derive(Debug)]
pub(super) enum Guard {
    /// Nothing: the next message has not begun.
    Between,
    /// A message of HTTP/1: bytes of the inbox that may be shown, and its body.
    Message { shown: usize, body: BodyScan },
    /// Frames.
    Http2(Box<http2::Guard>),
    /// What is not HTTP any more: it is all shown.
    Open,
}

/// Why bytes are not shown.
pub(super) enum Bad {
    Violation(Violation),
    Flood(Flood),
}

impl Guard {
    /// How many bytes at the beginning of the inbox may be shown.
    pub fn show(&mut self, inbox: &[u8]) -> Result<usize, Violation> {
        match self {
            Self::Between => Ok(0),
            Self::Http2(_) | Self::Open => Ok(inbox.len()),
            Self::Message { shown, body } => {
                if *shown == 0 && !inbox.is_empty() && !body.is_complete() {
                    *shown = body.scan(inbox)?;
                }
                Ok(*shown)
            }
        }
    }

    pub fn was_shown(&mut self, bytes: usize) {
        if let Self::Message { shown, .. } = self {
            *shown -= bytes;
        }
    }

    /// Whether the message is over, and what comes next belongs to another.
    pub fn is_at_end(&self) -> bool {
        match self {
            Self::Between => true,
            Self::Http2(_) | Self::Open => false,
            Self::Message { body, .. } => body.is_complete(),
        }
    }

    /// Whether the client has not sent what it said it would.
    pub fn is_owed(&self) -> bool {
        matches!(self, Self::Message { body, .. } if !body.is_complete())
    }

    /// How many of these bytes, which have just come, may be shown.
    pub fn pass(&mut self, bytes: &[u8], began: Instant) -> Result<usize, Bad> {
        match self {
            Self::Between => Ok(0),
            Self::Open => Ok(bytes.len()),
            Self::Message { body, .. } => body.scan(bytes).map_err(Bad::Violation),
            Self::Http2(guard) => {
                let scanned = guard.scan(bytes, began.elapsed());
                scanned.map_err(Bad::Flood)?;
                Ok(bytes.len())
            }
        }
    }
}

impl Downstream {
    /// Waits for the next message, and reads its head. Afterwards the stream shows that message
    /// and nothing behind it.
    ///
    /// # Errors
    /// The connection broke.
    pub async fn next(&mut self, limits: &Limits) -> io::Result<Arrived> {
        self.guard = Guard::Between;
        self.clock.reset();
        self.timer = None;
        self.min_rate = limits.min_rate;
        self.given.reset();
        self.taken.reset();
        self.answering = false;
        if self.inbox.is_empty() {
            // An idle connection holds no buffer.
            self.inbox = bytes::BytesMut::new();
            let idle = Instant::now() + limits.idle;
            let first = timeout_at(idle, poll_fn(|context| self.poll_first(context))).await;
            if !matches!(first, Ok(Ok(1..))) {
                return first.map_or(Ok(Arrived::Nothing), |read| read.map(|_| Arrived::Nothing));
            }
        }
        let late = Instant::now() + limits.head_timeout;
        let mut scan = HeadScan::new();
        loop {
            if let Some(http2) = &limits.http2
                && self
                    .inbox
                    .starts_with(&PREFACE[..self.inbox.len().min(PREFACE.len())])
            {
                if self.inbox.len() >= PREFACE.len() {
                    return Ok(self.speak_http2(http2));
                }
            } else {
                match scan.scan(&self.inbox, &limits.head) {
                    Err(violation) => return Ok(Arrived::Bad(violation)),
                    Ok(Some(head)) => {
                        self.inbox.advance(head.skipped);
                        if head.form == TargetForm::Absolute {
                            let length = head.length - head.skipped;
                            lower_hosts(&mut self.inbox[..length]);
                        }
                        self.guard = Guard::Message {
                            shown: head.length - head.skipped,
                            body: BodyScan::new(head.body, &limits.head),
                        };
                        return Ok(Arrived::Head(head));
                    }
                    Ok(None) => {}
                }
            }
            self.inbox.reserve(PIECE);
            let read = timeout_at(late, self.stream.get_mut().read_buf(&mut self.inbox)).await;
            match read {
                Err(_) => return Ok(Arrived::Late),
                Ok(Ok(0)) => return Ok(Arrived::Nothing),
                Ok(Ok(_)) => {}
                Ok(Err(error)) => return Err(error),
            }
        }
    }

    /// Whether what came last begins as a HEAD.
    pub fn asks_for_head(&self) -> bool {
        let line = self.inbox.iter().position(|byte| !b"\r\n".contains(byte));
        line.is_some_and(|at| self.inbox[at..].starts_with(b"HEAD "))
    }

    /// From here on frames are spoken.
    pub fn speak_http2(&mut self, limits: &http2::Limits) -> Arrived {
        let mut guard = http2::Guard::new(*limits);
        if guard.scan(&self.inbox, self.began.elapsed()).is_err() {
            return Arrived::Nothing;
        }
        self.guard = Guard::Http2(Box::new(guard));
        self.min_rate = None;
        Arrived::Http2
    }

    /// Bytes on the stack until there are some: an idle connection has no buffer.
    fn poll_first(&mut self, context: &mut std::task::Context<'_>) -> Poll<io::Result<usize>> {
        let mut piece = [0; PIECE];
        let mut piece = ReadBuf::new(&mut piece);
        match Pin::new(self.stream.get_mut()).poll_read(context, &mut piece) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Ready(Ok(())) => {
                self.inbox.extend_from_slice(piece.filled());
                Poll::Ready(Ok(piece.filled().len()))
            }
        }
    }
}

/// Pingora compares the host of an absolute-form target with `Host` to the letter. They have been
/// compared as they should be: brought into lower case, which means the same (RFC 9110, 4.2.3),
/// they are equal to it too.
fn lower_hosts(head: &mut [u8]) {
    let find = |head: &[u8], what: &[u8]| {
        let mut windows = head.windows(what.len());
        windows.position(|window| window.eq_ignore_ascii_case(what))
    };
    if let Some(at) = find(head, b"://") {
        let authority = &mut head[at + 3..];
        let end = authority.iter().position(|byte| b"/? ".contains(byte));
        authority[..end.unwrap_or(0)].make_ascii_lowercase();
    }
    if let Some(at) = find(head, b"\r\nhost:") {
        let value = &mut head[at + 7..];
        let end = value.iter().position(|byte| *byte == b'\r');
        value[..end.unwrap_or(0)].make_ascii_lowercase();
    }
}
