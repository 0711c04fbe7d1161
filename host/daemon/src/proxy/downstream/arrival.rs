//! What comes next on a connection: the head of a message, or the beginning of frames.

use super::Downstream;
use super::guard::Guard;
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

/// Of RFC 9110, 9.1, and RFC 5789.
const METHODS: [&[u8]; 9] = [
    b"GET", b"HEAD", b"POST", b"PUT", b"DELETE", b"CONNECT", b"OPTIONS", b"TRACE", b"PATCH",
];

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
    /// It began and is a flood already.
    Flood(Flood),
    /// Nothing came for long enough, or the client left.
    Nothing,
    /// A part of a head came, and the rest not in time.
    Late,
    /// A head that cannot be read in one way, or is too large.
    Bad(Violation),
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
                    let begun = self.speak_http2(http2);
                    return Ok(begun.map_or_else(Arrived::Flood, |()| Arrived::Http2));
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

    /// Whether what came is the beginning of another protocol, which may be a later HTTP/2 (RFC
    /// 9113, 3.4): `PRI`, which is no method (RFC 9113, 11.6), or a line like a request's with
    /// a method that is not known and no slash, which every version of HTTP has.
    pub fn is_other_protocol(&self) -> bool {
        let line = self.inbox[..].split(|byte| *byte == b'\r').next();
        let line = line.unwrap_or_default();
        let method = line.split(|byte| *byte == b' ').next().unwrap_or_default();
        let known = METHODS.iter().any(|name| method.eq_ignore_ascii_case(name));
        let spaces = line.iter().filter(|byte| **byte == b' ').count();
        let like_a_request = !method.is_empty() && spaces == 2;
        method == b"PRI" || (like_a_request && !known && !line.contains(&b'/'))
    }

    /// From here on frames are spoken.
    ///
    /// # Errors
    /// What has come of them already is a flood.
    pub fn speak_http2(&mut self, limits: &http2::Limits) -> Result<(), Flood> {
        let mut guard = http2::Guard::new(*limits);
        guard.scan(&self.inbox, self.began.elapsed())?;
        self.guard = Guard::Http2(Box::new(guard));
        self.seams = Some(http2::Seams::default());
        self.min_rate = None;
        Ok(())
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
