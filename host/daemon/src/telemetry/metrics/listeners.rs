//! Handles for listeners: connections of clients.

use super::exposition::Page;
use super::names::{self, Spec};
use super::series::Living;
use super::value::{Counter, Gauge, Value};
use std::sync::Arc;

/// What is counted of one listener.
#[derive(Debug, Default)]
pub(super) struct Listener {
    open: Gauge,
    accepted: Counter,
    refused: Counter,
    handshakes_failed: Counter,
    floods: Counter,
}

/// One listener.
#[derive(Clone)]
pub struct ListenerSeries(pub(super) Arc<Listener>);

impl ListenerSeries {
    /// A client connected; the connection is open until the answer is dropped.
    #[must_use = "the connection counts as closed when this is dropped"]
    pub fn connection(&self) -> Connection {
        self.0.accepted.inc();
        self.0.open.inc();
        Connection(Arc::clone(&self.0))
    }

    /// Connections that are open. Connections that outlive their listener are still in
    /// it if the same address is listened on again.
    pub fn open(&self) -> i64 {
        self.0.open.value()
    }

    /// A client connected and there was no room for it. It counts nowhere else.
    pub fn refused(&self) {
        self.0.refused.inc();
    }

    /// A client connected and TLS did not come about.
    pub fn handshake_failed(&self) {
        self.0.handshakes_failed.inc();
    }

    /// A connection of HTTP/2 was ended, since its client did too much of something.
    pub fn flooded(&self) {
        self.0.floods.inc();
    }
}

/// One open connection of a client.
#[derive(Debug)]
pub struct Connection(Arc<Listener>);

impl Drop for Connection {
    fn drop(&mut self) {
        self.0.open.dec();
    }
}

/// Writes the families of listeners.
pub(super) fn write(page: &mut Page, listeners: &Living<Listener, 1>) {
    let all = listeners.all();
    let mut single = |spec: &Spec, value: fn(&Listener) -> &dyn Value| {
        page.family(spec, |family| {
            for ([listener], series) in &all {
                family.add(&[listener], value(series));
            }
        });
    };
    single(&names::CONNECTIONS, |series| &series.open);
    single(&names::CONNECTIONS_TOTAL, |series| &series.accepted);
    single(&names::CONNECTIONS_REFUSED, |series| &series.refused);
    single(&names::HANDSHAKES_FAILED, |series| {
        &series.handshakes_failed
    });
    single(&names::FLOODS, |series| &series.floods);
}
