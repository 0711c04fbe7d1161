//! The client connections that are open, and their end.

use super::limit::ConnectionLimit;
use super::listeners::Meeting;
use super::serve::{IDLE_GRACE, Service};
use async_trait::async_trait;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, sleep_until, timeout_at};

/// Clients that are told at the same time that there is no room. Others are told by the
/// end of their connection alone: refusing must cost less than serving.
const MOST_REFUSALS: usize = 128;

/// What serves a connection.
#[async_trait]
pub trait App: Send + Sync + 'static {
    /// Serves it to its end.
    async fn serve(
        self: Arc<Self>,
        stream: TcpStream,
        peer: SocketAddr,
        meeting: Arc<Meeting>,
        draining: watch::Receiver<bool>,
    );

    /// Tells it that there is no room.
    async fn refuse(&self, stream: TcpStream, meeting: Arc<Meeting>);

    /// Ends what is idle.
    async fn cleanup(&self);
}

/// Serves connections, and knows how many there are.
pub struct Connections<A = Service> {
    app: Arc<A>,
    draining: watch::Sender<bool>,
    open: watch::Sender<usize>,
    refusals: Arc<Semaphore>,
}

impl<A: App> Connections<A> {
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
        meeting: Arc<Meeting>,
    ) {
        match limit.enter(peer.ip()) {
            Some(place) => self.serve(stream, peer, place, meeting),
            None => {
                limit.count_refused();
                self.refuse(stream, meeting);
            }
        }
    }

    fn serve(
        self: &Arc<Self>,
        stream: TcpStream,
        peer: SocketAddr,
        place: super::limit::Place,
        meeting: Arc<Meeting>,
    ) {
        let counted = Open::new(self);
        let (app, draining) = (self.app.clone(), self.draining.subscribe());
        tokio::spawn(async move {
            let _until_the_end = (place, counted);
            app.serve(stream, peer, meeting, draining).await;
        });
    }

    fn refuse(self: &Arc<Self>, stream: TcpStream, meeting: Arc<Meeting>) {
        let Ok(leave) = self.refusals.clone().try_acquire_owned() else {
            return;
        };
        // Counted, so that a drain lets the answer arrive.
        let counted = Open::new(self);
        let app = self.app.clone();
        tokio::spawn(async move {
            let _until_the_end = (leave, counted);
            app.refuse(stream, meeting).await;
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
