//! When what happens on a connection must end, and why it ended.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering::Relaxed};
use std::sync::{LazyLock, OnceLock};
use std::time::Duration;
use tidegate_wire::http1::Violation;
use tidegate_wire::http2::Flood;
use tokio::time::Instant;

static ORIGIN: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Shared by an exchange, which sets a deadline and asks what ended it, and the stream or the
/// session below, which keeps it.
#[derive(Debug, Default)]
pub struct Clock {
    /// Nanoseconds since the origin; 0 for no deadline.
    at: AtomicU64,
    ended: AtomicU8,
    /// The connection ends with one of these two: they need not be forgotten.
    violation: OnceLock<Violation>,
    flood: OnceLock<Flood>,
    tunnel: AtomicBool,
    last: AtomicBool,
}

/// Why the stream ended an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The deadline passed while there was nothing to tell the client: an endpoint is late.
    Endpoint,
    /// The client did not take what it was told, or did not give its body, in time.
    Client,
    /// The client's body cannot be read in one way.
    Malformed,
}

impl Clock {
    /// Sets or lifts the deadline.
    pub fn set(&self, deadline: Option<Instant>) {
        let since = |at: Instant| at.saturating_duration_since(*ORIGIN).as_nanos() as u64;
        self.at
            .store(deadline.map_or(0, |at| since(at).max(1)), Relaxed);
    }

    /// What ended the exchange since this was last asked, if anything did.
    pub fn take_ended(&self) -> Option<Ended> {
        match self.ended.swap(0, Relaxed) {
            0 => None,
            1 => Some(Ended::Endpoint),
            2 => Some(Ended::Client),
            _ => Some(Ended::Malformed),
        }
    }

    /// What was wrong with the body.
    pub fn violation(&self) -> Option<Violation> {
        self.violation.get().copied()
    }

    /// What there was too much of, which has ended a connection of HTTP/2.
    pub fn flood(&self) -> Option<Flood> {
        self.flood.get().copied()
    }

    /// The protocol was changed (101): from now on the client's bytes are not ours to read.
    pub fn open_tunnel(&self) {
        self.tunnel.store(true, Relaxed);
    }

    /// The connection ends with this exchange.
    pub fn make_last(&self) {
        self.last.store(true, Relaxed);
    }

    /// Whether the connection ends with this exchange.
    pub fn is_last(&self) -> bool {
        self.last.load(Relaxed)
    }

    /// The next exchange on this connection begins with nothing of this one.
    pub fn reset(&self) {
        self.set(None);
        self.ended.store(0, Relaxed);
    }

    /// Ends with an error of the client's connection, once, when the deadline passes.
    pub async fn expiry(&self, why: Ended) {
        loop {
            match self.deadline() {
                None => std::future::pending::<()>().await,
                Some(at) if Instant::now() >= at => break self.end(why),
                Some(at) => tokio::time::sleep_until(at).await,
            }
        }
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        let at = self.at.load(Relaxed);
        (at > 0).then(|| *ORIGIN + Duration::from_nanos(at))
    }

    /// The deadline is over, or the client is too slow.
    pub(in crate::proxy) fn end(&self, why: Ended) {
        self.set(None);
        self.ended.store(why as u8 + 1, Relaxed);
    }

    pub(super) fn malformed(&self, violation: Violation) {
        // The first one counts.
        let _ = self.violation.set(violation);
        self.ended.store(Ended::Malformed as u8 + 1, Relaxed);
    }

    pub(super) fn flooded(&self, flood: Flood) {
        let _ = self.flood.set(flood);
    }

    pub(super) fn is_tunnel(&self) -> bool {
        self.tunnel.load(Relaxed)
    }
}
