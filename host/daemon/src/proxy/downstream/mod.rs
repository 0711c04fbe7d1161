//! The client's connection, with a clock that can end a wait.
//!
//! Pingora reads from the client while it waits for an endpoint, to notice a client
//! that leaves. This stream uses that: when the exchange's deadline has passed, the
//! read answers `TimedOut`, Pingora gives the exchange up, and the status is written
//! on the same stream. A write to a client that does not take it ends the same way. It
//! is how a deadline holds in every phase, which Pingora's own timeouts per read do not
//! give.

use async_trait::async_trait;
use pingora::protocols::{
    GetProxyDigest, GetSocketDigest, GetTimingDigest, Peek, Shutdown, SocketDigest, Ssl,
    TimingDigest, UniqueID,
};
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::os::fd::AsRawFd;
use std::pin::Pin;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, BufWriter, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep};

/// Bytes that are gathered before a write: a head and a small body leave in one
/// segment.
const WRITE_BUFFER: usize = 1_460;

static ORIGIN: LazyLock<Instant> = LazyLock::new(Instant::now);

tokio::task_local! {
    /// The clock of the connection that the current task serves.
    pub static CLOCK: Arc<Clock>;
}

/// When the exchange on a connection must end. Shared by the exchange, which sets it,
/// and the stream, which keeps it.
#[derive(Debug, Default)]
pub struct Clock {
    /// Nanoseconds since the origin; 0 for no deadline.
    at: AtomicU64,
    expired: AtomicU8,
}

/// What was being waited for when a deadline passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Something to tell the client: an endpoint is late.
    Endpoint,
    /// The client, to take what it was told.
    Client,
}

impl Clock {
    /// Sets or lifts the deadline.
    pub fn set(&self, deadline: Option<Instant>) {
        let since = |at: Instant| at.saturating_duration_since(*ORIGIN).as_nanos() as u64;
        self.at
            .store(deadline.map_or(0, |at| since(at).max(1)), Relaxed);
    }

    /// The wait that was ended since this was last asked, if any.
    pub fn take_expired(&self) -> Option<Wait> {
        match self.expired.swap(0, Relaxed) {
            0 => None,
            1 => Some(Wait::Endpoint),
            _ => Some(Wait::Client),
        }
    }

    fn deadline(&self) -> Option<Instant> {
        let at = self.at.load(Relaxed);
        (at > 0).then(|| *ORIGIN + Duration::from_nanos(at))
    }
}

/// A client's connection.
#[derive(Debug)]
pub struct Downstream {
    stream: BufWriter<TcpStream>,
    clock: Arc<Clock>,
    timer: Option<Pin<Box<Sleep>>>,
    digest: Arc<SocketDigest>,
    accepted: SystemTime,
}

impl Downstream {
    /// Takes over an accepted connection.
    pub fn new(stream: TcpStream, peer: SocketAddr, clock: Arc<Clock>) -> Self {
        let digest = SocketDigest::from_raw_fd(stream.as_raw_fd());
        // The cell is new, so this cannot fail.
        let _ = digest.peer_addr.set(Some(peer.into()));
        Self {
            stream: BufWriter::with_capacity(WRITE_BUFFER, stream),
            clock,
            timer: None,
            digest: Arc::new(digest),
            accepted: SystemTime::now(),
        }
    }

    /// Ready with an error when the deadline has passed. A timer that was set for an earlier
    /// deadline is left to fire and set anew then: most exchanges end long before.
    fn poll_deadline<T>(&mut self, wait: Wait, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        loop {
            let Some(deadline) = self.clock.deadline() else {
                return Poll::Pending;
            };
            let timer = self
                .timer
                .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
            if timer.deadline() > deadline {
                timer.as_mut().reset(deadline);
            }
            if timer.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
            if Instant::now() >= deadline {
                self.clock.set(None);
                self.clock.expired.store(wait as u8 + 1, Relaxed);
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            timer.as_mut().reset(deadline);
        }
    }
}

impl AsyncRead for Downstream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match Pin::new(self.stream.get_mut()).poll_read(context, buffer) {
            Poll::Pending => {
                // Nothing more comes for now, so what was gathered may go: a client is
                // not to wait for a head until the body is there.
                if !self.stream.buffer().is_empty()
                    && let Poll::Ready(Err(error)) = Pin::new(&mut self.stream).poll_flush(context)
                {
                    return Poll::Ready(Err(error));
                }
                self.poll_deadline(Wait::Endpoint, context)
            }
            read => read,
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
            Poll::Pending => self.poll_deadline(Wait::Client, context),
            written => written,
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match Pin::new(&mut self.stream).poll_flush(context) {
            Poll::Pending => self.poll_deadline(Wait::Client, context),
            written => written,
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
            Poll::Pending => self.poll_deadline(Wait::Client, context),
            written => written,
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[async_trait]
impl Shutdown for Downstream {
    async fn shutdown(&mut self) {
        // The client may be gone already; then there is nothing left to say.
        let _ = AsyncWriteExt::shutdown(&mut self.stream).await;
    }
}

impl UniqueID for Downstream {
    fn id(&self) -> i32 {
        self.stream.get_ref().as_raw_fd()
    }
}

impl Ssl for Downstream {}
impl Peek for Downstream {}

impl GetTimingDigest for Downstream {
    fn get_timing_digest(&self) -> Vec<Option<TimingDigest>> {
        vec![Some(TimingDigest {
            established_ts: self.accepted,
            ..TimingDigest::default()
        })]
    }
}

impl GetProxyDigest for Downstream {
    fn get_proxy_digest(&self) -> Option<Arc<pingora::protocols::raw_connect::ProxyDigest>> {
        None
    }
}

impl GetSocketDigest for Downstream {
    fn get_socket_digest(&self) -> Option<Arc<SocketDigest>> {
        Some(self.digest.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncReadExt;

    #[tokio::test(start_paused = true)]
    async fn a_client_that_takes_nothing_is_not_waited_for() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let _client = TcpStream::connect(listener.local_addr().unwrap())
            .await
            .unwrap();
        let (stream, peer) = listener.accept().await.unwrap();
        let clock = Arc::new(Clock::default());
        let mut downstream = Downstream::new(stream, peer, clock.clone());
        clock.set(Some(Instant::now() + Duration::from_secs(3)));
        let error = downstream.write_all(&vec![0; 64 << 20]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert_eq!(clock.take_expired(), Some(Wait::Client));
    }

    #[tokio::test(start_paused = true)]
    async fn a_passed_deadline_ends_the_wait_once() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let _client = TcpStream::connect(listener.local_addr().unwrap())
            .await
            .unwrap();
        let (stream, peer) = listener.accept().await.unwrap();
        let clock = Arc::new(Clock::default());
        let mut downstream = Downstream::new(stream, peer, clock.clone());
        let began = Instant::now();
        clock.set(Some(began + Duration::from_secs(3)));
        let error = downstream.read_u8().await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(began.elapsed() >= Duration::from_secs(3));
        assert_eq!(clock.take_expired(), Some(Wait::Endpoint));
        assert_eq!(clock.take_expired(), None);
        clock.set(Some(began + Duration::from_secs(4)));
        assert_eq!(
            downstream.read_u8().await.unwrap_err().kind(),
            io::ErrorKind::TimedOut
        );
    }
}
