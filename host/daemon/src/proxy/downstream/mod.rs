//! The client's connection as Pingora reads it: what comes was looked at before, and waits end.
//!
//! Pingora reads from the client while it waits for an endpoint, to notice a client
//! that leaves. This stream uses that: when the exchange's deadline has passed, the
//! read answers `TimedOut`, Pingora gives the exchange up, and the status is written
//! on the same stream. A write to a client that does not take it ends the same way. It
//! is how a deadline holds in every phase, which Pingora's own timeouts per read do not
//! give.
//!
//! Nothing of a request is shown before it was understood here in the only way in which it can be
//! understood ([`tidegate_wire::http1`]), and nothing behind the end of a message is shown with it. So
//! Pingora, which is more forgiving, cannot take one request for two, nor a body for a request.

mod clock;
mod guard;
mod pace;
mod protocols;
mod socket;

pub use clock::{Clock, Ended};
pub use guard::{Arrived, Limits};
pub(super) use pace::{Pace, WINDOW};
pub use socket::Socket;

use bytes::{Buf, BytesMut};
use guard::Guard;
use pingora::protocols::SocketDigest;
use std::io;
use std::net::SocketAddr;
use std::os::fd::AsRawFd;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::SystemTime;
use tokio::io::{AsyncRead, AsyncWrite, BufWriter, ReadBuf};
use tokio::time::{Instant, Sleep};

/// Bytes that are gathered before a write: a head and a small body leave in one
/// segment.
const WRITE_BUFFER: usize = 1_460;

/// Bytes of a later request that are read while one is served; more stay in the socket.
const AHEAD: usize = 16 << 10;

/// A client's connection.
#[derive(Debug)]
pub struct Downstream {
    stream: BufWriter<Socket>,
    /// What was read and not shown yet.
    inbox: BytesMut,
    guard: Guard,
    min_rate: Option<u64>,
    given: Pace,
    taken: Pace,
    /// The client is being answered: who talks back and forth may pause.
    answering: bool,
    clock: Arc<Clock>,
    timer: Option<Pin<Box<Sleep>>>,
    digest: Arc<SocketDigest>,
    accepted: SystemTime,
    began: Instant,
}

impl Downstream {
    /// Takes over an accepted connection; `peer` is who is at its other end, and `inbox` what
    /// was read of it already.
    pub fn new(socket: Socket, peer: SocketAddr, inbox: BytesMut, clock: Arc<Clock>) -> Self {
        let digest = SocketDigest::from_raw_fd(socket.as_raw_fd());
        // The cell is new, so this cannot fail.
        let _ = digest.peer_addr.set(Some(peer.into()));
        Self {
            stream: BufWriter::with_capacity(WRITE_BUFFER, socket),
            inbox,
            guard: Guard::Between,
            min_rate: None,
            given: Pace::default(),
            taken: Pace::default(),
            answering: false,
            clock,
            timer: None,
            digest: Arc::new(digest),
            accepted: SystemTime::now(),
            began: Instant::now(),
        }
    }

    /// The socket below, when HTTP is over. What was read and not shown is lost.
    pub fn into_socket(self) -> Socket {
        self.stream.into_inner()
    }

    /// Ready with an error when the deadline has passed, or when the client is slower than it
    /// must be. A timer that was set for an earlier time is left to fire and set anew then: most
    /// exchanges end long before.
    fn poll_deadline<T>(
        &mut self,
        wait: Ended,
        slow: Option<Instant>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        loop {
            let deadline = self.clock.deadline();
            let Some(first) = [deadline, slow].into_iter().flatten().min() else {
                return Poll::Pending;
            };
            let timer = self
                .timer
                .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(first)));
            if timer.deadline() > first {
                timer.as_mut().reset(first);
            }
            if timer.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
            let now = Instant::now();
            if deadline.is_some_and(|deadline| now >= deadline) {
                self.clock.end(wait);
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            if slow.is_some_and(|slow| now >= slow) {
                // Looked at again with the time that it is now.
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            timer.as_mut().reset(first);
        }
    }

    /// Waits for the client to give more of what it owes.
    fn poll_given<T>(&mut self, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        let slow = match self.min_rate {
            Some(rate) if self.guard.is_owed() && !self.answering => {
                match self.given.wait(Instant::now(), rate) {
                    Some(next) => Some(next),
                    None => return self.too_slow(),
                }
            }
            _ => None,
        };
        self.poll_deadline(Ended::Endpoint, slow, context)
    }

    /// Waits for the client to take what it was told.
    fn poll_taken<T>(&mut self, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        let slow = match self.min_rate {
            Some(rate) => match self.taken.wait(Instant::now(), rate) {
                Some(next) => Some(next),
                None => return self.too_slow(),
            },
            None => None,
        };
        self.poll_deadline(Ended::Client, slow, context)
    }

    fn too_slow<T>(&self) -> Poll<io::Result<T>> {
        self.clock.end(Ended::Client);
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    /// What the read could not give: what was gathered for the client may go, since nothing more
    /// comes for now, and a client is not to wait for a head until the body is there.
    fn poll_nothing(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.stream.buffer().is_empty()
            && let Poll::Ready(Err(error)) = Pin::new(&mut self.stream).poll_flush(context)
        {
            return Poll::Ready(Err(error));
        }
        self.poll_given(context)
    }

    fn refuse(&self, violation: tidegate_wire::http1::Violation) -> io::Error {
        self.clock.malformed(violation);
        io::Error::new(io::ErrorKind::InvalidData, violation.sentence())
    }
}

impl AsyncRead for Downstream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.clock.is_tunnel() {
            this.guard = Guard::Open;
        }
        loop {
            let shown = match this.guard.show(&this.inbox) {
                Ok(shown) => shown,
                Err(violation) => return Poll::Ready(Err(this.refuse(violation))),
            };
            if shown > 0 {
                let now = shown.min(buffer.remaining());
                buffer.put_slice(&this.inbox[..now]);
                this.inbox.advance(now);
                this.guard.was_shown(now);
                return Poll::Ready(Ok(()));
            }
            if this.guard.is_at_end() {
                // The client may leave, or be ahead of us; nothing of that is for this message.
                let mut piece = [0; 512];
                if this.inbox.len() >= AHEAD {
                    return this.poll_nothing(context);
                }
                let mut ahead = ReadBuf::new(&mut piece);
                match Pin::new(this.stream.get_mut()).poll_read(context, &mut ahead) {
                    Poll::Pending => return this.poll_nothing(context),
                    Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                    Poll::Ready(Ok(())) if ahead.filled().is_empty() => return Poll::Ready(Ok(())),
                    Poll::Ready(Ok(())) => this.inbox.extend_from_slice(ahead.filled()),
                }
                continue;
            }
            let before = buffer.filled().len();
            match Pin::new(this.stream.get_mut()).poll_read(context, buffer) {
                Poll::Pending => return this.poll_nothing(context),
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Ready(Ok(())) => {}
            }
            let came = buffer.filled().len() - before;
            if came == 0 && this.guard.is_owed() {
                // The end of a body that was cut off is not its end.
                return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
            }
            this.given.moved(came);
            let since = this.began;
            let read = this.guard.pass(&buffer.filled()[before..], since);
            return match read {
                Ok(shown) => {
                    this.inbox
                        .extend_from_slice(&buffer.filled()[before + shown..]);
                    buffer.set_filled(before + shown);
                    Poll::Ready(Ok(()))
                }
                Err(guard::Bad::Violation(violation)) => {
                    buffer.set_filled(before);
                    Poll::Ready(Err(this.refuse(violation)))
                }
                Err(guard::Bad::Flood(flood)) => {
                    buffer.set_filled(before);
                    tracing::debug!(flood = flood.as_str(), "an HTTP/2 connection is ended");
                    Poll::Ready(Err(io::Error::new(
                        io::ErrorKind::InvalidData,
                        flood.as_str(),
                    )))
                }
            };
        }
    }
}

impl AsyncWrite for Downstream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match Pin::new(&mut self.stream).poll_write(context, bytes) {
            Poll::Pending => self.poll_taken(context),
            Poll::Ready(Ok(written)) => {
                self.taken.moved(written);
                // An interim answer (1xx) is none.
                self.answering |= !bytes.starts_with(b"HTTP/1.1 1");
                Poll::Ready(Ok(written))
            }
            error => error,
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let waiting = self.stream.buffer().len();
        match Pin::new(&mut self.stream).poll_flush(context) {
            Poll::Pending => self.poll_taken(context),
            Poll::Ready(Ok(())) => {
                self.taken.moved(waiting);
                Poll::Ready(Ok(()))
            }
            error => error,
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match Pin::new(&mut self.stream).poll_write_vectored(context, bytes) {
            Poll::Pending => self.poll_taken(context),
            Poll::Ready(Ok(written)) => {
                self.taken.moved(written);
                Poll::Ready(Ok(written))
            }
            error => error,
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests;
