//! The client connections that are open, and their end.

use crate::proxy::{CLOCK, Clock, Downstream, Proxy};
use crate::telemetry::ListenerSeries;
use pingora::apps::{HttpServerApp, ServerApp};
use pingora::proxy::HttpProxy;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout_at};

/// Idle connections are kept this long when the proxy drains, so that a client that
/// is about to use one is served and told to close it.
const IDLE_GRACE: Duration = Duration::from_secs(5);

/// Serves connections, and knows how many there are.
pub struct Connections {
    proxy: Arc<HttpProxy<Proxy>>,
    draining: watch::Sender<bool>,
    open: watch::Sender<usize>,
}

impl Connections {
    /// For connections that this proxy serves.
    pub fn new(proxy: HttpProxy<Proxy>) -> Arc<Self> {
        Arc::new(Self {
            proxy: Arc::new(proxy),
            draining: watch::Sender::new(false),
            open: watch::Sender::new(0),
        })
    }

    /// Serves one connection in a task of its own.
    pub fn serve(self: &Arc<Self>, stream: TcpStream, peer: SocketAddr, series: &ListenerSeries) {
        let counted = Open::new(self, series);
        let clock = Arc::new(Clock::default());
        let stream = Downstream::new(stream, peer, clock.clone());
        let (proxy, draining) = (self.proxy.clone(), self.draining.subscribe());
        tokio::spawn(CLOCK.scope(clock, async move {
            let _counted = counted;
            // HTTP connections end here; only other protocols hand a stream back.
            let _ = proxy.process_new(Box::new(stream), &draining).await;
        }));
    }

    /// Whether the proxy is on its way out.
    pub fn draining(&self) -> bool {
        *self.draining.borrow()
    }

    /// Lets every connection finish what it does: from now on responses tell clients
    /// to close. Idle connections are closed after a grace; returns when none is
    /// left, or after `bound` with the number that is.
    pub async fn drain(&self, bound: Duration) -> usize {
        let end = Instant::now() + bound;
        self.draining.send_replace(true);
        if self.none_left(end.min(Instant::now() + IDLE_GRACE)).await {
            return 0;
        }
        self.proxy.http_cleanup().await;
        if !self.none_left(end).await {
            sleep_until(end).await;
        }
        *self.open.borrow()
    }

    async fn none_left(&self, until: Instant) -> bool {
        let mut open = self.open.subscribe();
        timeout_at(until, open.wait_for(|open| *open == 0))
            .await
            .is_ok()
    }
}

/// Counts a connection for as long as it lives.
struct Open {
    connections: Arc<Connections>,
    _series: crate::telemetry::Connection,
}

impl Open {
    fn new(connections: &Arc<Connections>, series: &ListenerSeries) -> Self {
        connections.open.send_modify(|open| *open += 1);
        Self {
            connections: connections.clone(),
            _series: series.connection(),
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.connections.open.send_modify(|open| *open -= 1);
    }
}
