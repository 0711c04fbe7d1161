//! A connection of HTTP/2.

use super::Service;
use super::front::Front;
use super::note::Noted;
use crate::config::value::Bounds;
use crate::proxy::{Downstream, Link};
use crate::server::listeners::Meeting;
use pingora::apps::ServerApp;
use std::time::Duration;
use tidegate_wire::http2::{Flood, Limits};
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
        link: Link,
        meeting: &Meeting,
        mut draining: watch::Receiver<bool>,
    ) {
        let snapshot = self.current.load();
        let (bounds, idle) = (snapshot.bounds, Duration::from_secs(snapshot.keep_alive));
        drop(snapshot);
        let (enough, ended) = watch::channel(false);
        let origin = link.origin.clone();
        let front = Front::new(self.proxy.clone(), origin, bounds, idle, enough.clone());
        let serving = front.process_new(Box::new(stream), &ended);
        tokio::pin!(serving);
        let ended = tokio::select! {
            _ = &mut serving => true,
            // The sender lives as long as the process.
            _ = draining.wait_for(|draining| *draining) => false,
        };
        if !ended {
            enough.send_replace(true);
            serving.await;
        }
        if let Some(flood) = link.clock.flood() {
            self.flooded(&link, meeting, flood);
        }
    }

    /// A client was told to calm down, or just sent away.
    pub(super) fn flooded(&self, link: &Link, meeting: &Meeting, flood: Flood) {
        meeting.series.flooded();
        let noted = Noted {
            fault: flood.as_str(),
            protocol: "HTTP/2",
            status: None,
            bytes_out: 0,
        };
        self.note(link, &noted);
    }
}
