//! TLS of probes.
//!
//! Trusts a file of certificates or those that this system trusts: an endpoint inside a
//! company is more often signed by its own authority, which the operator has installed
//! there, than by one of those that browsers know.
//!
//! Every handshake is a full one. A session that is resumed would not show a certificate
//! that has expired or was replaced by a wrong one, and clients would be the first to see
//! it.

use super::answer::Failure;
use crate::config::value::CheckTls;
use http::uri::Authority;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::client::Resumption;
use tokio_rustls::rustls::client::danger::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
};
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{
    ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};

/// Makes a stream secret, and makes sure of who is at its other end.
pub(super) struct Tls {
    connector: TlsConnector,
    /// The address of the endpoint if there is none.
    name: Option<ServerName<'static>>,
}

impl Tls {
    /// `host` is what the probe asks for, `protocol` how it speaks, `ca` the content of
    /// the file of certificates.
    pub fn new(
        how: &CheckTls,
        host: Option<&str>,
        protocol: &[u8],
        ca: Option<&[u8]>,
        system: &System,
    ) -> Result<Self, String> {
        let name = match (&how.server_name, host) {
            (Some(name), _) => Some(server_name(name)?),
            (None, Some(host)) => Some(server_name(without_port(host))?),
            (None, None) => None,
        };
        let provider = Arc::new(ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(|error| format!("TLS cannot be used: {error}"))?;
        let mut config = if how.verify {
            let roots = match ca {
                Some(pem) => Arc::new(own(pem)?),
                None => system.roots()?,
            };
            builder.with_root_certificates(roots)
        } else {
            builder
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(Anybody(provider)))
        }
        .with_no_client_auth();
        config.alpn_protocols = vec![protocol.to_vec()];
        config.resumption = Resumption::disabled();
        Ok(Self {
            connector: Arc::new(config).into(),
            name,
        })
    }

    pub async fn connect<S>(&self, address: IpAddr, stream: S) -> Result<TlsStream<S>, Failure>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let name = match &self.name {
            Some(name) => name.clone(),
            None => ServerName::from(address),
        };
        Ok(self.connector.connect(name, stream).await?)
    }
}

/// The certificates of those whom this system trusts, loaded when they are first needed
/// and not again before the next start. `SSL_CERT_FILE` and `SSL_CERT_DIR` replace them.
#[derive(Default)]
pub(super) struct System(OnceLock<Arc<RootCertStore>>);

impl System {
    fn roots(&self) -> Result<Arc<RootCertStore>, String> {
        if let Some(roots) = self.0.get() {
            return Ok(roots.clone());
        }
        let found = rustls_native_certs::load_native_certs();
        let mut roots = RootCertStore::empty();
        let (usable, _) = roots.add_parsable_certificates(found.certs);
        if usable == 0 {
            let why = match found.errors.first() {
                Some(error) => format!(": {error}"),
                None => String::new(),
            };
            return Err(format!(
                "this system has no certificates to trust{why}; name a file of them with `ca`"
            ));
        }
        Ok(self.0.get_or_init(|| Arc::new(roots)).clone())
    }
}

fn own(pem: &[u8]) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|error| format!("the `ca` is not PEM: {error}"))?;
        roots
            .add(certificate)
            .map_err(|error| format!("the `ca` has a certificate that cannot be used: {error}"))?;
    }
    match roots.is_empty() {
        true => Err("the `ca` holds no certificate".to_owned()),
        false => Ok(roots),
    }
}

fn server_name(name: &str) -> Result<ServerName<'static>, String> {
    ServerName::try_from(name.to_owned())
        .map_err(|_| format!("`{name}` is no name that a certificate can have"))
}

fn without_port(host: &str) -> &str {
    // Parsed only to find the port; what is no authority is refused as a name.
    let port = match host.parse::<Authority>() {
        Ok(authority) => authority.port().map_or(0, |port| port.as_str().len() + 1),
        Err(_) => 0,
    };
    host[..host.len() - port].trim_matches(['[', ']'])
}

/// DANGER: believes whatever the other side says it is, so whoever can take over the
/// address can answer for the endpoint. For probes alone, which carry no secrets, and
/// only where the operator has asked for it with `verify: false`.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_named_without_its_port() {
        for (host, name) in [
            ("example.org", "example.org"),
            ("example.org:8443", "example.org"),
            ("10.0.0.1:80", "10.0.0.1"),
            ("[::1]:80", "::1"),
            ("[::1]", "::1"),
        ] {
            assert_eq!(without_port(host), name);
            assert!(server_name(name).is_ok(), "{name}");
        }
        assert!(server_name("no name").is_err());
    }
}
