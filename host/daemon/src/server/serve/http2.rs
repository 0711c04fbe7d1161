//! A connection of HTTP/2.

use super::Service;
use super::front::Front;
use crate::config::value::Bounds;
use crate::proxy::{Downstream, Origin};
use pingora::apps::ServerApp;
use std::sync::Arc;
use std::time::Duration;
use tidegate_wire::http2::Limits;
use tokio::sync::watch;

/// What a client may do with frames.
pub(super) fn limits(bounds: &Bounds) -> Limits {
    Limits {
        pings: bounds.http2.pings,
        settings: bounds.http2.settings,
        resets: bounds.http2.resets,
        header_block: bounds.head,
        ..Limits::default()
    }
}

impl Service {
    /// Serves until the client leaves, the connection has had its requests, or the proxy drains.
    pub(super) async fn http2(
        &self,
        stream: Downstream,
        origin: Arc<Origin>,
        mut draining: watch::Receiver<bool>,
    ) {
        let snapshot = self.current.load();
        let (bounds, idle) = (snapshot.bounds, Duration::from_secs(snapshot.keep_alive));
        drop(snapshot);
        let (enough, ended) = watch::channel(false);
        let front = Front::new(self.proxy.clone(), origin, bounds, idle, enough.clone());
        let serving = front.process_new(Box::new(stream), &ended);
        tokio::pin!(serving);
        tokio::select! {
            _ = &mut serving => return,
            // The sender lives as long as the process.
            _ = draining.wait_for(|draining| *draining) => {}
        }
        enough.send_replace(true);
        serving.await;
    }
}
