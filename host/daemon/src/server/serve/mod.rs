//! One connection of a client, from the accepted socket to its last request.
//!
//! What comes first on it is ours to read: who it is from, how it is encrypted, and each head
//! of HTTP/1. Then Pingora has it for one request, or, with HTTP/2, until it ends.

mod front;
mod http1;
mod http2;
mod note;
mod open;
mod refuse;
mod tcp;

use super::connections::App;
use super::listeners::Meeting;
use crate::proxy::{Arrived, Clock, Link, Proxy};
use crate::snapshot::Current;
use async_trait::async_trait;
use pingora::apps::ServerApp;
use pingora::proxy::HttpProxy;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tidegate_wire::http1::Limits as HeadLimits;
use tokio::net::TcpStream;
use tokio::sync::watch;

/// Idle connections are kept this long when the proxy drains, so that a client that is about
/// to use one is served and told to close it.
pub const IDLE_GRACE: Duration = Duration::from_secs(5);

/// What serves connections: the proxy.
pub struct Service {
    proxy: Arc<HttpProxy<Proxy>>,
    current: Arc<Current>,
}

impl Service {
    /// The proxy on what is published there.
    pub fn new(proxy: HttpProxy<Proxy>, current: Arc<Current>) -> Self {
        Self {
            proxy: Arc::new(proxy),
            current,
        }
    }

    /// The bounds that hold now.
    fn limits(&self, http2: bool) -> crate::proxy::Limits {
        let snapshot = self.current.load();
        let bounds = &snapshot.bounds;
        crate::proxy::Limits {
            head: HeadLimits {
                head: bounds.head,
                target: bounds.target,
                fields: bounds.fields,
            },
            head_timeout: bounds.head_timeout,
            idle: Duration::from_secs(snapshot.keep_alive),
            min_rate: bounds.min_rate,
            http2: http2.then(|| http2::limits(bounds)),
        }
    }
}

#[async_trait]
impl App for Service {
    async fn serve(
        self: Arc<Self>,
        stream: TcpStream,
        peer: SocketAddr,
        meeting: Arc<Meeting>,
        draining: watch::Receiver<bool>,
    ) {
        let Some(mut opened) = self.open(stream, peer, &meeting).await else {
            return;
        };
        if let Some(tcp) = &meeting.tcp {
            return self.tcp(opened, tcp).await;
        }
        let link = Link {
            origin: opened.origin.clone(),
            clock: opened.clock.clone(),
        };
        let limits = self.limits(meeting.http2 && opened.negotiated.is_none());
        if opened.negotiated == Some(open::Negotiated::Http2) {
            let bounds = self.current.load().bounds;
            return match opened.stream.speak_http2(&http2::limits(&bounds)) {
                Ok(()) => self.http2(opened.stream, link, &meeting, draining).await,
                Err(flood) => self.flooded(&link, &meeting, flood),
            };
        }
        // A connection that has just been made is to say something, not to be kept.
        let first = crate::proxy::Limits {
            idle: limits.head_timeout,
            ..limits
        };
        let arrived = tokio::select! {
            biased;
            arrived = opened.stream.next(&first) => arrived,
            () = farewell(draining.clone()) => return,
        };
        match arrived {
            Ok(Arrived::Http2) => self.http2(opened.stream, link, &meeting, draining).await,
            Ok(Arrived::Flood(flood)) => self.flooded(&link, &meeting, flood),
            // A wrong preface (RFC 9113, 3.4): nobody knows what its client speaks.
            Ok(Arrived::Bad(wrong))
                if limits.http2.is_some() && opened.stream.is_other_protocol() =>
            {
                self.leave_unanswered(&link, wrong);
            }
            Ok(arrived) => {
                let only_http1 = crate::proxy::Limits {
                    http2: None,
                    ..limits
                };
                self.http1(opened.stream, arrived, only_http1, link, draining)
                    .await;
            }
            // Nobody is there to be told.
            Err(_) => {}
        }
    }

    async fn refuse(&self, stream: TcpStream, meeting: Arc<Meeting>) {
        // Whoever speaks something else first would not understand the answer.
        if meeting.tcp.is_none() && !meeting.proxy_protocol {
            super::refusal::send(stream, meeting.tls.as_ref()).await;
        }
    }

    async fn cleanup(&self) {
        self.proxy.cleanup().await;
    }
}

/// Ends when idle connections are to be closed.
async fn farewell(mut draining: watch::Receiver<bool>) {
    // The sender lives as long as the process.
    let _ = draining.wait_for(|draining| *draining).await;
    tokio::time::sleep(IDLE_GRACE).await;
}

/// A clock for a connection.
fn clock() -> Arc<Clock> {
    Arc::default()
}
