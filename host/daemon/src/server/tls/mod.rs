//! TLS towards clients: from the files of a listener to what its handshakes are made with.
//!
//! A reload makes everything anew from the files and connections that are open keep what they
//! began with, so a renewed certificate serves from the next handshake on.

mod certificate;
mod names;

use crate::config::value::{ClientCertificates, Tls};
use crate::config::{Place, Problem};
use crate::pem;
use names::Names;
use std::sync::{Arc, LazyLock};
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::server::{
    NoServerSessionStorage, ProducesTickets, WebPkiClientVerifier, danger::ClientCertVerifier,
};
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{ProtocolVersion, ServerConfig};

pub use certificate::subject;

/// The names that a certificate is for, lower case; none if it cannot be read.
pub fn names(certificate: &CertificateDer<'_>) -> Vec<String> {
    certificate::names(certificate).unwrap_or_default()
}

/// Sessions are resumed by tickets that this process alone can read, with keys that change
/// every six hours: nothing is kept for clients that do not come back.
static TICKETER: LazyLock<Option<Arc<dyn ProducesTickets>>> =
    LazyLock::new(|| ring::Ticketer::new().ok());

/// What the handshakes of a listener are made with. `path` is its key path, `speaks` the
/// protocols that are offered, the preferred one first (RFC 7301).
///
/// # Errors
/// Every file that cannot be used, and why.
pub fn server(tls: &Tls, path: &str, speaks: &[&[u8]]) -> Result<Arc<ServerConfig>, Vec<Problem>> {
    let provider = Arc::new(ring::default_provider());
    let mut problems = Vec::new();
    let names = match Names::load(&tls.certificates, &provider) {
        Ok(names) => Some(names),
        Err(found) => {
            problems.extend(found);
            None
        }
    };
    let verifier = match tls
        .client_certificates
        .as_ref()
        .map(|c| verifier(c, &provider))
    {
        None => None,
        Some(Ok(verifier)) => Some(verifier),
        Some(Err((key, message))) => {
            let place = tls.client_certificates.as_ref().map(|c| c.place.clone());
            let path = format!("{path}.tls.client_certificates.{key}");
            problems.push(problem(place, path, message));
            None
        }
    };
    let (Some(names), true) = (names, problems.is_empty()) else {
        return Err(problems);
    };
    let versions: &[_] = match (tls.v1_2, tls.v1_3) {
        (true, true) => &[&TLS13, &TLS12],
        (true, false) => &[&TLS12],
        (false, _) => &[&TLS13],
    };
    let builder = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .map_err(|error| {
            vec![problem(
                None,
                format!("{path}.tls"),
                format!("TLS cannot be used: {error}"),
            )]
        })?;
    let builder = match verifier {
        Some(verifier) => builder.with_client_cert_verifier(verifier),
        None => builder.with_no_client_auth(),
    };
    let mut config = builder.with_cert_resolver(Arc::new(names));
    config.alpn_protocols = speaks.iter().map(|protocol| protocol.to_vec()).collect();
    config.session_storage = Arc::new(NoServerSessionStorage {});
    // A ticket says who the client is: it would outlive a change of those who sign.
    if tls.client_certificates.is_none()
        && let Some(ticketer) = &*TICKETER
    {
        config.ticketer = ticketer.clone();
    }
    // What is written at once leaves at once.
    config.max_fragment_size = None;
    Ok(Arc::new(config))
}

/// An error has the key that it is about.
fn verifier(
    clients: &ClientCertificates,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, (&'static str, String)> {
    let roots = pem::roots(&clients.ca).map_err(|message| ("ca", message))?;
    let builder = WebPkiClientVerifier::builder_with_provider(roots.into(), provider.clone());
    let (key, file, builder) = match &clients.crl {
        Some(file) => {
            let lists = pem::revoked(file).map_err(|message| ("crl", message))?;
            ("crl", file, builder.with_crls(lists))
        }
        None => ("ca", &clients.ca, builder),
    };
    let builder = match clients.required {
        true => builder,
        false => builder.allow_unauthenticated(),
    };
    let verifier = builder.build();
    verifier.map_err(|error| (key, format!("{}: {error}", file.display())))
}

/// The name of a version, as it is written in logs and headers.
pub fn version(version: Option<ProtocolVersion>) -> &'static str {
    match version {
        Some(ProtocolVersion::TLSv1_2) => "TLSv1.2",
        _ => "TLSv1.3",
    }
}

fn problem(place: Option<Place>, path: String, message: String) -> Problem {
    Problem {
        place,
        path,
        message,
        help: None,
    }
}
