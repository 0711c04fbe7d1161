//! The life of one request, as Pingora's callbacks tell it, from top to bottom.
//!
//! Each callback delegates to the file that is named for its phase.

mod attempt;
mod downstream;
mod exchange;
mod fault;
mod filters;
mod forward;
mod grpc;
mod grpc_web;
mod held;
mod http2;
mod link;
mod place;
mod record;
mod request;
mod respond;
mod timing;
mod watch;

pub use downstream::{Arrived, Clock, Downstream, Limits, Socket};
pub use exchange::Exchange;
pub use fault::Fault;
pub use link::{LINK, Link, Manner, Origin, Secure};

use crate::snapshot::Current;
use async_trait::async_trait;
use bytes::Bytes;
use http::HeaderMap;
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::prelude::HttpPeer;
use pingora::proxy::{FailToProxy, ProxyHttp, ProxyWarnLogContext, Session};
use pingora::{Error, Result};
use std::sync::Arc;
use std::time::Duration;

/// The proxy: stateless but for the configuration that runs now.
pub struct Proxy {
    current: Arc<Current>,
}

impl Proxy {
    /// A proxy that follows what is published there.
    pub fn new(current: Arc<Current>) -> Self {
        Self { current }
    }
}

#[async_trait]
impl ProxyHttp for Proxy {
    type CTX = Exchange;

    fn new_ctx(&self) -> Exchange {
        Exchange::new(self.current.load())
    }

    async fn request_filter(&self, session: &mut Session, exchange: &mut Exchange) -> Result<bool> {
        exchange.keep_time(session);
        let understood = request::understand(session, exchange);
        if understood.is_ok()
            && let Some(port) = exchange.redirect_to_https()
        {
            return respond::to_https(session, exchange, port).await;
        }
        if understood.is_ok() && request::is_for_us(session) {
            return respond::options(session, exchange).await;
        }
        let routed = understood.and_then(|()| request::route(session, exchange));
        let answered = match routed {
            Ok(()) if exchange.passage.has_filters() => {
                Box::pin(filters::on_request(session, exchange)).await
            }
            Ok(()) => Ok(false),
            Err(fault) => Err(fault),
        };
        match answered {
            Ok(answered) => Ok(answered),
            Err(fault) => respond::refuse(session, exchange, fault).await,
        }
    }

    async fn upstream_peer(
        &self,
        session: &mut Session,
        exchange: &mut Exchange,
    ) -> Result<Box<HttpPeer>> {
        attempt::pause(exchange).await;
        attempt::begin(session, exchange).await
    }

    fn fail_to_connect(
        &self,
        session: &mut Session,
        _: &HttpPeer,
        exchange: &mut Exchange,
        error: Box<Error>,
    ) -> Box<Error> {
        attempt::refused(session, exchange, error)
    }

    async fn upstream_request_filter(
        &self,
        session: &mut Session,
        head: &mut RequestHeader,
        exchange: &mut Exchange,
    ) -> Result<()> {
        request::forward(session, head, exchange)?;
        filters::answer_expectation(session, head, exchange).await
    }

    async fn request_body_filter(
        &self,
        session: &mut Session,
        body: &mut Option<Bytes>,
        end: bool,
        exchange: &mut Exchange,
    ) -> Result<()> {
        request::no_empty_end(body, end);
        request::bound_body(session, exchange)?;
        if exchange.passage.has_filters() {
            Box::pin(filters::request_chunk(session, exchange, body, end)).await?;
        }
        attempt::sent(exchange, end);
        Ok(())
    }

    async fn upstream_response_filter(
        &self,
        session: &mut Session,
        head: &mut ResponseHeader,
        exchange: &mut Exchange,
    ) -> Result<()> {
        attempt::answered(session, head, exchange)
    }

    fn upstream_response_body_filter(
        &self,
        _: &mut Session,
        _: &mut Option<Bytes>,
        _: bool,
        exchange: &mut Exchange,
    ) -> Result<Option<Duration>> {
        attempt::await_more(exchange);
        Ok(None)
    }

    fn error_while_proxy(
        &self,
        _: &HttpPeer,
        session: &mut Session,
        error: Box<Error>,
        exchange: &mut Exchange,
        reused: bool,
    ) -> Box<Error> {
        attempt::broken(session, exchange, error, reused)
    }

    async fn response_filter(
        &self,
        session: &mut Session,
        head: &mut ResponseHeader,
        exchange: &mut Exchange,
    ) -> Result<()> {
        respond::finish_head(session, head, exchange).await
    }

    fn response_body_filter(
        &self,
        session: &mut Session,
        body: &mut Option<Bytes>,
        end: bool,
        exchange: &mut Exchange,
    ) -> Result<Option<Duration>> {
        filters::response_chunk(session, exchange, body, end)?;
        Ok(None)
    }

    async fn response_trailer_filter(
        &self,
        _: &mut Session,
        trailers: &mut HeaderMap,
        exchange: &mut Exchange,
    ) -> Result<Option<Bytes>> {
        match &mut exchange.web {
            Some(call) => call.trailers(trailers),
            None => Ok(None),
        }
    }

    async fn fail_to_proxy(
        &self,
        session: &mut Session,
        error: &Error,
        exchange: &mut Exchange,
    ) -> FailToProxy {
        respond::rescue(session, error, exchange).await
    }

    async fn logging(&self, session: &mut Session, _: Option<&Error>, exchange: &mut Exchange) {
        record::finish(session, exchange).await;
    }

    // The access log and the metrics tell what these lines would.
    fn suppress_error_log(&self, _: &Session, _: &Exchange, _: &Error) -> bool {
        true
    }

    fn suppress_proxy_warn_log(
        &self,
        _: &Session,
        _: &Exchange,
        _: &Error,
        _: ProxyWarnLogContext,
    ) -> bool {
        true
    }
}
