//! A client of TLS that trusts one authority, and counts its handshakes.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use anyhow::Context;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::client::Resumption;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, HandshakeKind, RootCertStore};

use crate::pki::Authority;

/// What connections are made with. Clones count together, and resume each other's sessions.
#[derive(Clone, Debug)]
pub struct ClientTls {
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
    counts: Arc<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    whole: AtomicU64,
    resumed: AtomicU64,
}

impl ClientTls {
    /// Believes those whom `authority` has signed, as far as they are `name`. Speaks HTTP/1.1.
    ///
    /// # Panics
    /// When the authority or the name cannot be read.
    pub fn new(authority: &Authority, name: &'static str) -> Self {
        let pem = authority.certificate();
        let certificate = CertificateDer::from_pem_slice(pem.as_bytes()).expect("PEM");
        let mut roots = RootCertStore::empty();
        roots.add(certificate).expect("an authority");
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let builder = builder.with_safe_default_protocol_versions();
        let builder = builder.expect("versions").with_root_certificates(roots);
        Self {
            config: Arc::new(builder.with_no_client_auth()),
            name: ServerName::try_from(name).expect("a name"),
            counts: Arc::default(),
        }
    }

    /// Connects.
    ///
    /// # Errors
    /// The connection is refused, or what the other end shows is not believed.
    pub async fn connect(&self, address: SocketAddr) -> anyhow::Result<TlsStream<TcpStream>> {
        let stream = TcpStream::connect(address).await.context("connect")?;
        let connector = TlsConnector::from(self.config.clone());
        let connecting = connector.connect(self.name.clone(), stream);
        let stream = connecting.await.context("handshake")?;
        let counter = match stream.get_ref().1.handshake_kind() {
            Some(HandshakeKind::Resumed) => &self.counts.resumed,
            _ => &self.counts.whole,
        };
        counter.fetch_add(1, Relaxed);
        Ok(stream)
    }

    /// The certificate that is shown to who has no session to resume.
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    pub async fn certificate(&self, address: SocketAddr) -> anyhow::Result<Vec<u8>> {
        let mut config = (*self.config).clone();
        config.resumption = Resumption::disabled();
        let alone = Self {
            config: Arc::new(config),
            name: self.name.clone(),
            counts: Arc::default(),
        };
        let stream = alone.connect(address).await?;
        let shown = stream.get_ref().1.peer_certificates();
        let first = shown.and_then(<[_]>::first).context("no certificate")?;
        Ok(first.to_vec())
    }

    /// Handshakes from the beginning, and those that resumed a session.
    pub fn handshakes(&self) -> (u64, u64) {
        let Counts { whole, resumed } = &*self.counts;
        (whole.load(Relaxed), resumed.load(Relaxed))
    }
}
