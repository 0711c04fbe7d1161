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

mod arrival;
mod clock;
mod guard;
mod pace;
mod protocols;
mod read;
mod socket;
mod write;

pub use arrival::{Arrived, Limits};
pub use clock::{Clock, Ended};
pub(super) use pace::{Pace, WINDOW};
pub use socket::Socket;

use bytes::BytesMut;
use guard::Guard;
use pingora::protocols::SocketDigest;
use std::io;
use std::net::SocketAddr;
use std::os::fd::AsRawFd;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::SystemTime;
use tidegate_wire::http2::Seams;
use tokio::io::BufWriter;
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
    /// Where the frames end that are written, if frames are.
    seams: Option<Seams>,
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
            seams: None,
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

    fn too_slow<T>(&self) -> Poll<io::Result<T>> {
        self.clock.end(Ended::Client);
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

#[cfg(test)]
mod tests;
