//! The proxy as one connection of HTTP/2 meets it: each stream has a clock of its own.

use crate::config::value::Bounds;
use crate::proxy::{LINK, Link, Origin, Proxy};
use async_trait::async_trait;
use pingora::apps::{HttpServerApp, HttpServerOptions, ReusedHttpStream};
use pingora::protocols::http::ServerSession;
use pingora::protocols::http::v2::server::{H2Options, default_h2_options};
use pingora::proxy::HttpProxy;
use pingora::server::ShutdownWatch;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;
use tokio::sync::watch;

pub(super) struct Front {
    proxy: Arc<HttpProxy<Proxy>>,
    origin: Arc<Origin>,
    bounds: Bounds,
    options: HttpServerOptions,
    served: AtomicU32,
    /// Ends the connection when its requests are used up.
    enough: watch::Sender<bool>,
}

impl Front {
    pub fn new(
        proxy: Arc<HttpProxy<Proxy>>,
        origin: Arc<Origin>,
        bounds: Bounds,
        idle: Duration,
        enough: watch::Sender<bool>,
    ) -> Arc<Self> {
        let mut options = HttpServerOptions::default();
        options.h2_idle_timeout = Some(idle);
        Arc::new(Self {
            proxy,
            origin,
            bounds,
            options,
            served: AtomicU32::new(0),
            enough,
        })
    }
}

#[async_trait]
impl HttpServerApp for Front {
    async fn process_new_http(
        self: &Arc<Self>,
        session: ServerSession,
        shutdown: &ShutdownWatch,
    ) -> Option<ReusedHttpStream> {
        if self.served.fetch_add(1, Relaxed) + 1 >= self.bounds.requests_per_connection {
            self.enough.send_replace(true);
        }
        let link = Link {
            origin: self.origin.clone(),
            clock: super::clock(),
        };
        LINK.scope(link, self.proxy.process_new_http(session, shutdown))
            .await
    }

    fn h2_options(&self) -> Option<H2Options> {
        let bounds = &self.bounds;
        let mut options = default_h2_options();
        options
            .max_concurrent_streams(bounds.http2.streams)
            // RFC 9113, 6.5.2: names, values, and 32 bytes for each field.
            .max_header_list_size((bounds.head + 32 * bounds.fields) as u32)
            .max_frame_size(16 << 10)
            .initial_window_size(256 << 10)
            .initial_connection_window_size(1 << 20)
            .max_send_buffer_size(256 << 10);
        Some(options)
    }

    fn server_options(&self) -> Option<&HttpServerOptions> {
        Some(&self.options)
    }
}
