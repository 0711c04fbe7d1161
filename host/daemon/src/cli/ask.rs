//! A question to the admin listener of the running process, as its configuration describes it.

use crate::config::value::{Admin, Tls};
use crate::config::{Problems, Secret};
use crate::pem;
use crate::server::access;
use crate::server::tls;
use anyhow::{Context, Result, anyhow, bail};
use clap::Args;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio_rustls::rustls::client::WebPkiServerVerifier;
use tokio_rustls::rustls::client::danger::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
};
use tokio_rustls::rustls::crypto::{
    CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature,
};
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{
    CertificateError, ClientConfig, ClientConnection, DigitallySignedStruct, Error,
    SignatureScheme, StreamOwned,
};

/// A reload compiles plugins: it may take its time.
const PATIENCE: Duration = Duration::from_secs(60);
/// The variable that may have the token.
const VARIABLE: &str = "TIDEGATE_ADMIN_TOKEN";

/// Who we are to the admin listener, and whom we trust, where that is not in the configuration.
#[derive(Args, Clone, Default)]
pub struct AskArguments {
    /// A file with the token of the admin listener [default: TIDEGATE_ADMIN_TOKEN in the environment,
    /// or what the configuration says].
    #[arg(long)]
    token_file: Option<PathBuf>,
    /// PEM: who signs the certificate of the admin listener [default: it must be one that the
    /// configuration names].
    #[arg(long)]
    ca: Option<PathBuf>,
    /// PEM: our certificate, where the admin listener asks for one.
    #[arg(long, requires = "key")]
    certificate: Option<PathBuf>,
    /// PEM: its private key.
    #[arg(long, requires = "certificate")]
    key: Option<PathBuf>,
}

/// Sends a POST without a body; answers status and body.
///
/// # Errors
/// No whole answer.
pub fn post(admin: &Admin, path: &str, arguments: &AskArguments) -> Result<(u16, String)> {
    let token = token(admin, arguments)?;
    let stream = TcpStream::connect_timeout(&admin.address, Duration::from_secs(5))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let authorization = token.map_or(String::new(), |token| {
        format!("Authorization: Bearer {}\r\n", token.reveal())
    });
    let address = admin.address;
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\n{authorization}Content-Length: 0\r\nConnection: close\r\n\r\n"
    );
    match &admin.tls {
        None => exchange(stream, &request),
        Some(tls) => {
            let (config, name) = client(admin, tls, arguments)?;
            let connection = ClientConnection::new(Arc::new(config), name)?;
            exchange(StreamOwned::new(connection, stream), &request)
        }
    }
}

fn token(admin: &Admin, arguments: &AskArguments) -> Result<Option<Secret>> {
    if let Some(path) = &arguments.token_file {
        return access::token_in(path)
            .map(Some)
            .map_err(|(message, _)| anyhow!(message));
    }
    if let Ok(token) = std::env::var(VARIABLE) {
        let token = Secret::token(token.trim());
        return token
            .map(Some)
            .map_err(|(message, _)| anyhow!("{VARIABLE}: {message}"));
    }
    let token = admin.token.as_ref().map(access::token).transpose();
    token.map_err(|problem| Problems(vec![problem]).into())
}

fn exchange(mut stream: impl Read + Write, request: &str) -> Result<(u16, String)> {
    stream.write_all(request.as_bytes())?;
    stream.flush()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer
        .split_once("\r\n\r\n")
        .context("the answer is cut short")?;
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .context("the answer has no status")?;
    Ok((status, body.to_owned()))
}

fn client(
    admin: &Admin,
    tls: &Tls,
    arguments: &AskArguments,
) -> Result<(ClientConfig, ServerName<'static>)> {
    let provider = Arc::new(ring::default_provider());
    let mut known = Vec::new();
    for written in &tls.certificates {
        let chain = pem::certificates(&written.certificate).map_err(|message| anyhow!(message))?;
        known.push(chain[0].clone());
    }
    // The name under which it is asked for, and must be known to those who signed it: one that
    // its certificate has, or the address.
    let mut names = known.iter().flat_map(tls::names);
    let name = names.find_map(|name| ServerName::try_from(name).ok());
    let name = name.unwrap_or_else(|| ServerName::from(admin.address.ip()));
    let verifier: Arc<dyn ServerCertVerifier> = match &arguments.ca {
        None => Arc::new(Known {
            certificates: known,
            provider: provider.clone(),
        }),
        Some(ca) => {
            let roots = pem::roots(ca).map_err(|message| anyhow!(message))?;
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone())
                .build()
                .with_context(|| ca.display().to_string())?
        }
    };
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let config = match (&arguments.certificate, &arguments.key) {
        (Some(certificate), Some(key)) => {
            let chain = pem::certificates(certificate).map_err(|message| anyhow!(message))?;
            let key = pem::key(key).map_err(|message| anyhow!(message))?;
            builder.with_client_auth_cert(chain, key)?
        }
        _ if needs_certificate(tls) => {
            bail!("it asks for a client certificate: give --certificate and --key, or --pid-file")
        }
        _ => builder.with_no_client_auth(),
    };
    Ok((config, name))
}

fn needs_certificate(tls: &Tls) -> bool {
    let clients = tls.client_certificates.as_ref();
    clients.is_some_and(|clients| clients.required)
}

/// Trusts the very certificates that the configuration names, whatever is in them.
#[derive(Debug)]
struct Known {
    certificates: Vec<CertificateDer<'static>>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Known {
    fn verify_server_cert(
        &self,
        shown: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if self.certificates.iter().any(|known| known == shown) {
            return Ok(ServerCertVerified::assertion());
        }
        Err(CertificateError::UnknownIssuer.into())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let algorithms = &self.provider.signature_verification_algorithms;
        algorithms.supported_schemes()
    }
}
