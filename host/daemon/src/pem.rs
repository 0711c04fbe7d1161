//! Certificates and keys, as files have them. Nothing of a key is ever in an error or a log.

use std::path::Path;
use tokio_rustls::rustls::RootCertStore;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{
    CertificateDer, CertificateRevocationListDer, PrivateKeyDer,
};

/// The certificates of a PEM file, in its order; at least one.
///
/// # Errors
/// A sentence that names the file.
pub fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&read(path)?).collect();
    let all = all.map_err(|error| format!("{} is not PEM: {error}", path.display()))?;
    if all.is_empty() {
        return Err(format!("there is no certificate in {}", path.display()));
    }
    Ok(all)
}

/// The private key of a PEM file.
///
/// # Errors
/// A sentence that names the file.
pub fn key(path: &Path) -> Result<PrivateKeyDer<'static>, String> {
    PrivateKeyDer::from_pem_slice(&read(path)?).map_err(|_| {
        format!(
            "there is no private key in {} that can be read",
            path.display()
        )
    })
}

/// Those who are trusted to sign, from a PEM file.
///
/// # Errors
/// A sentence that names the file.
pub fn roots(path: &Path) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path)? {
        roots.add(certificate).map_err(|error| {
            let path = path.display();
            format!("{path} has a certificate that cannot be used: {error}")
        })?;
    }
    Ok(roots)
}

/// Lists of revoked certificates, from a PEM file; at least one.
///
/// # Errors
/// A sentence that names the file.
pub fn revoked(path: &Path) -> Result<Vec<CertificateRevocationListDer<'static>>, String> {
    let all: Result<Vec<_>, _> =
        CertificateRevocationListDer::pem_slice_iter(&read(path)?).collect();
    let all = all.map_err(|error| format!("{} is not PEM: {error}", path.display()))?;
    if all.is_empty() {
        return Err(format!(
            "there is no list of revoked certificates in {}",
            path.display()
        ));
    }
    Ok(all)
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|error| format!("cannot read {}: {error}", path.display()))
}
