//! A connection of HTTP/1: request after request. Between two of them nothing of Pingora
//! exists, so that an idle connection costs a socket and little more.

use super::{Service, farewell, refuse};
use crate::proxy::{Arrived, Downstream, LINK, Limits, Link};
use pingora::apps::HttpServerApp;
use pingora::protocols::http::ServerSession;
use tokio::sync::watch;

impl Service {
    /// Serves what has arrived, and what arrives after it.
    pub(super) async fn http1(
        &self,
        stream: Downstream,
        first: Arrived,
        limits: Limits,
        link: Link,
        draining: watch::Receiver<bool>,
    ) {
        let (mut stream, mut arrived, mut limits) = (stream, first, limits);
        let mut settings = None;
        let mut served = 0;
        loop {
            let kept_open = match arrived {
                Arrived::Head(head) if head.is_connect => {
                    let no = refuse::Refused::Method;
                    return self.refuse(stream, &link, no).await;
                }
                Arrived::Head(head) => head.keep_alive,
                Arrived::Bad(violation) => {
                    let no = refuse::Refused::Bad(violation);
                    return self.refuse(stream, &link, no).await;
                }
                Arrived::Late => return self.refuse(stream, &link, refuse::Refused::Late).await,
                Arrived::Nothing | Arrived::Http2 | Arrived::Flood(_) => return,
            };
            served += 1;
            let last = served >= self.current.load().bounds.requests_per_connection;
            let mut session = ServerSession::new_http1(Box::new(stream));
            session.set_keepalive(Some(limits.idle.as_secs().max(1)));
            if let Some(settings) = settings.take() {
                pingora::apps::HttpPersistentSettings::apply_to_session(settings, &mut session);
            }
            // Pingora looks at one line of `Connection` alone, and decides when it has the head.
            if last || !kept_open {
                link.clock.make_last();
            }
            let serving = self.proxy.process_new_http(session, &draining);
            let Some(reused) = LINK.scope(link.clone(), serving).await else {
                return;
            };
            let (kept, persistent) = reused.consume();
            settings = persistent;
            let Ok(kept) = kept.into_any().downcast::<Downstream>() else {
                return;
            };
            stream = *kept;
            limits = self.limits(false);
            let next = tokio::select! {
                biased;
                next = stream.next(&limits) => next,
                () = farewell(draining.clone()) => return,
            };
            match next {
                Ok(next) => arrived = next,
                // Nobody is there to be told.
                Err(_) => return,
            }
        }
    }
}
