//! How the connections to an upstream's endpoints are made: encrypted, and as whom.
//!
//! What is trusted and who we are belongs to the key under which Pingora keeps idle
//! connections, by the content of the files: after a reload with another certificate no
//! connection is used that was made with the one before.

use crate::config::value::{
    Address, Endpoint as EndpointConfig, Protocol, Upstream as UpstreamConfig, UpstreamTls,
};
use crate::pem;
use pingora::prelude::HttpPeer;
use pingora::protocols::tls::CaType;
use pingora::utils::tls::{CertKey, WrappedX509, parse_x509};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::sign::CertifiedKey;

/// Requests at a time on one connection of HTTP/2.
const STREAMS: usize = 100;
/// A connection of HTTP/2 is asked whether it lives after so long.
const PING: Duration = Duration::from_secs(30);

/// What the recipes of an upstream have in common.
pub(super) struct Secured {
    tls: Option<Loaded>,
    protocol: Protocol,
    group: u64,
}

struct Loaded {
    written: UpstreamTls,
    ca: Option<Arc<CaType>>,
    identity: Option<Arc<CertKey>>,
}

impl Secured {
    /// Reads the files.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub fn load(config: &UpstreamConfig) -> Result<Self, String> {
        let mut group = DefaultHasher::new();
        (config.protocol, config.proxy_protocol, &config.tls).hash(&mut group);
        let tls = match &config.tls {
            None => None,
            Some(written) => Some(Loaded::read(written, &mut group)?),
        };
        // Upstreams that speak in the clear share connections to an address, as they always did.
        let plain = tls.is_none() && config.protocol == Protocol::Http1;
        Ok(Self {
            tls,
            protocol: config.protocol,
            group: if plain { 0 } else { group.finish() },
        })
    }

    /// The recipe for a connection to that endpoint, without its times.
    pub fn peer(&self, endpoint: &EndpointConfig, address: SocketAddr) -> HttpPeer {
        let mut peer = match &self.tls {
            None => HttpPeer::new(address, false, String::new()),
            Some(tls) => tls.peer(endpoint, address),
        };
        peer.group_key = self.group;
        if self.protocol == Protocol::Http2 {
            peer.options.set_http_version(2, 2);
            peer.options.max_h2_streams = STREAMS;
            peer.options.h2_ping_interval = Some(PING);
        }
        peer
    }
}

impl Loaded {
    fn read(written: &UpstreamTls, group: &mut DefaultHasher) -> Result<Self, String> {
        let ca = match &written.ca {
            None => None,
            Some(path) => {
                // Refuses what cannot be used, which Pingora would do at each connection.
                pem::roots(path)?;
                let certificates = pem::certificates(path)?;
                certificates.hash(group);
                let wrap = |der: &[u8]| WrappedX509::new(der.to_vec(), parse_x509);
                let wrapped: Vec<_> = certificates.iter().map(|der| wrap(der)).collect();
                Some(Arc::from(wrapped))
            }
        };
        let identity = match &written.identity {
            None => None,
            Some((certificate, key)) => {
                let chain = pem::certificates(certificate)?;
                let secret = pem::key(key)?;
                chain.hash(group);
                let der = secret.secret_der().to_vec();
                CertifiedKey::from_der(chain.clone(), secret, &ring::default_provider()).map_err(
                    |error| {
                        let (certificate, key) = (certificate.display(), key.display());
                        format!("{certificate} and {key} do not belong together, or cannot be used: {error}")
                    },
                )?;
                let chain = chain.iter().map(|der| der.to_vec()).collect();
                Some(Arc::new(CertKey::new(chain, der)))
            }
        };
        if let Some(name) = &written.server_name {
            ServerName::try_from(name.as_str())
                .map_err(|_| format!("`{name}` is no name that a certificate can have"))?;
        }
        Ok(Self {
            written: written.clone(),
            ca,
            identity,
        })
    }

    /// The certificate must have the name that is configured, or the endpoint's own. Never none:
    /// Pingora would check nothing then.
    fn peer(&self, endpoint: &EndpointConfig, address: SocketAddr) -> HttpPeer {
        let name = match (&self.written.server_name, &endpoint.address) {
            (Some(name), _) => name.clone(),
            (None, Address::Name(name)) => name.host.clone(),
            (None, Address::Socket(_)) => address.ip().to_string(),
        };
        let mut peer = HttpPeer::new(address, true, name);
        peer.options.ca = self.ca.clone();
        peer.client_cert_key = self.identity.clone();
        peer.options.verify_cert = self.written.verify;
        peer.options.verify_hostname = self.written.verify;
        peer
    }
}
