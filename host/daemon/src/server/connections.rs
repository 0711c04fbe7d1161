//! The client connections that are open, and their end.

use super::limit::ConnectionLimit;
use super::refusal;
use crate::proxy::{CLOCK, Clock, Downstream, Proxy};
use crate::telemetry;
use pingora::apps::ServerApp;
use pingora::proxy::HttpProxy;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, sleep_until, timeout_at};

/// Idle connections are kept this long when the proxy drains, so that a client that
/// is about to use one is served and told to close it.
const IDLE_GRACE: Duration = Duration::from_secs(5);

/// Clients that are told at the same time that there is no room. Others are told by the
/// end of their connection alone: refusing must cost less than serving.
const MOST_REFUSALS: usize = 128;

/// Serves connections, and knows how many there are.
pub struct Connections<A = HttpProxy<Proxy>> {
    app: Arc<A>,
    draining: watch::Sender<bool>,
    open: watch::Sender<usize>,
    refusals: Arc<Semaphore>,
}

impl<A: ServerApp + Send + Sync + 'static> Connections<A> {
    /// For connections that this application serves: the proxy, but for tests.
    pub fn new(app: A) -> Arc<Self> {
        Arc::new(Self {
            app: Arc::new(app),
            draining: watch::Sender::new(false),
            open: watch::Sender::new(0),
            refusals: Arc::new(Semaphore::new(MOST_REFUSALS)),
        })
    }

    /// Serves one connection, or refuses it where its listener has no room; in a task of
    /// its own.
    pub fn take(
        self: &Arc<Self>,
        stream: TcpStream,
        peer: SocketAddr,
        limit: &Arc<ConnectionLimit>,
    ) {
        match limit.enter() {
            Some(place) => self.serve(stream, peer, place),
            None => {
                limit.count_refused();
                self.refuse(stream);
            }
        }
    }

    fn serve(self: &Arc<Self>, stream: TcpStream, peer: SocketAddr, place: telemetry::Connection) {
        let counted = Open::new(self);
        let clock = Arc::new(Clock::default());
        let stream = Downstream::new(stream, peer, clock.clone());
        let (app, draining) = (self.app.clone(), self.draining.subscribe());
        tokio::spawn(CLOCK.scope(clock, async move {
            let _until_the_end = (place, counted);
            // HTTP connections end here; only other protocols hand a stream back.
            let _ = app.process_new(Box::new(stream), &draining).await;
        }));
    }

    fn refuse(self: &Arc<Self>, stream: TcpStream) {
        let Ok(leave) = self.refusals.clone().try_acquire_owned() else {
            return;
        };
        // Counted, so that a drain lets the answer arrive.
        let counted = Open::new(self);
        tokio::spawn(async move {
            let _until_the_end = (leave, counted);
            refusal::send(stream).await;
        });
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
        self.app.cleanup().await;
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
struct Open<A>(Arc<Connections<A>>);

impl<A> Open<A> {
    fn new(connections: &Arc<Connections<A>>) -> Self {
        connections.open.send_modify(|open| *open += 1);
        Self(connections.clone())
    }
}

impl<A> Drop for Open<A> {
    fn drop(&mut self) {
        self.0.open.send_modify(|open| *open -= 1);
    }
}
