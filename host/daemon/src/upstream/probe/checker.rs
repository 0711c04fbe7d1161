//! What one check asks, prepared as far as it is the same for all endpoints.

use super::answer::{Answer, Failure};
use super::bounded::Bounded;
use super::connect::connect;
use super::grpc::Grpc;
use super::http1::Http1;
use super::tls::{System, Tls};
use crate::config::value::{Check, Health};
use http::Request;
use std::net::SocketAddr;
use std::sync::Arc;
use tidegate_policy::HealthRule;
use tokio::io::{AsyncRead, AsyncWrite};

/// Sent along, so that the endpoint's log tells probes from clients.
pub(super) const USER_AGENT: &str = concat!("tidegate-health/", env!("CARGO_PKG_VERSION"));

/// A check that can be made of any endpoint.
pub struct Checker {
    health: Arc<Health>,
    kind: Kind,
    tls: Option<Tls>,
}

enum Kind {
    Tcp,
    Http(Http1),
    Grpc(Grpc),
}

/// The part of the question that depends on the endpoint, prepared. None for TCP.
pub(super) type Question = Option<Request<()>>;

impl Checker {
    pub(super) fn new(
        health: &Arc<Health>,
        ca: Option<&[u8]>,
        system: &System,
    ) -> Result<Self, String> {
        let (kind, tls) = match &health.check {
            Check::Tcp => (Kind::Tcp, None),
            Check::Http(check) => {
                let tls = check.tls.as_ref().map(|tls| {
                    let host = check.host.as_deref();
                    Tls::new(tls, host, b"http/1.1", ca, system)
                });
                (Kind::Http(Http1::new(check)?), tls.transpose()?)
            }
            Check::Grpc(check) => {
                let tls = check.tls.as_ref().map(|tls| {
                    let host = check.authority.as_deref();
                    Tls::new(tls, host, b"h2", ca, system)
                });
                (Kind::Grpc(Grpc::new(check)?), tls.transpose()?)
            }
        };
        Ok(Self {
            health: health.clone(),
            kind,
            tls,
        })
    }

    /// How the check was configured.
    pub fn health(&self) -> &Arc<Health> {
        &self.health
    }

    pub(super) fn rule(&self) -> &HealthRule {
        &self.health.rule
    }

    /// Where an endpoint is asked.
    pub(super) fn address(&self, mut endpoint: SocketAddr) -> SocketAddr {
        if let Some(port) = self.health.port {
            endpoint.set_port(port);
        }
        endpoint
    }

    pub(super) fn question(&self, address: SocketAddr) -> Question {
        // Without the scope of a link-local address, which means nothing elsewhere.
        let authority = SocketAddr::new(address.ip(), address.port()).to_string();
        match &self.kind {
            Kind::Tcp => None,
            Kind::Http(http) => Some(http.question(&authority)),
            Kind::Grpc(grpc) => Some(grpc.question(&authority)),
        }
    }

    /// Makes one probe. It ends within the timeout, whatever the endpoint does.
    pub(super) async fn ask(&self, address: SocketAddr, question: &Question) -> Answer {
        let bound = self.health.timeout;
        match tokio::time::timeout(bound, self.converse(address, question)).await {
            Ok(answer) => answer,
            Err(_) => Err(Failure::new(format!("timed out after {bound:?}"))),
        }
    }

    async fn converse(&self, address: SocketAddr, question: &Question) -> Answer {
        let stream = connect(address).await?;
        let Some(question) = question else {
            return Ok("connected".into());
        };
        let tcp = Bounded::new(stream);
        match &self.tls {
            None => self.exchange(tcp, question).await,
            // A handshake takes much room in the future of a probe that needs none.
            Some(tls) => {
                Box::pin(async {
                    let stream = tls.connect(address.ip(), tcp).await?;
                    self.exchange(stream, question).await
                })
                .await
            }
        }
    }

    async fn exchange<S>(&self, stream: S, question: &Request<()>) -> Answer
    where
        S: AsyncRead + AsyncWrite + Unpin + Send,
    {
        match &self.kind {
            Kind::Tcp => Ok("connected".into()),
            Kind::Http(http) => http.exchange(stream, question).await,
            Kind::Grpc(grpc) => Box::pin(grpc.exchange(stream, question)).await,
        }
    }
}
