//! What is in a certificate.

use tokio_rustls::rustls::pki_types::CertificateDer;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer;

/// The subject of a certificate that was checked; none when it has none.
pub fn subject(certificate: &CertificateDer<'_>) -> Option<String> {
    let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
    let subject = certificate.subject().to_string();
    let plain = |c: char| !c.is_control();
    (!subject.is_empty() && subject.chars().all(plain)).then_some(subject)
}

/// The names that a certificate is for (RFC 6125, 6.4), lower case. What it calls itself in its
/// subject does not count (RFC 6125, 6.4.4).
pub(super) fn names(certificate: &CertificateDer<'_>) -> Result<Vec<String>, String> {
    let (_, certificate) = X509Certificate::from_der(certificate)
        .map_err(|error| format!("it cannot be read: {error}"))?;
    let alternatives = certificate
        .subject_alternative_name()
        .map_err(|error| format!("its names cannot be read: {error}"))?;
    let names = alternatives
        .iter()
        .flat_map(|names| &names.value.general_names);
    let names = names.filter_map(|name| match name {
        GeneralName::DNSName(name) => Some(name.to_ascii_lowercase()),
        _ => None,
    });
    Ok(names.collect())
}

/// When a certificate ends, in seconds since 1970.
pub(super) fn not_after(certificate: &CertificateDer<'_>) -> Option<i64> {
    let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
    Some(certificate.validity().not_after.timestamp())
}
