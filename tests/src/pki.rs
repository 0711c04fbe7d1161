//! Certificates for tests, and those who sign them.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DnType, IsCa, Issuer,
    KeyIdMethod, KeyPair, RevokedCertParams, SerialNumber, date_time_ymd,
};

/// Somebody who signs certificates.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// The number of the next certificate.
    signed: AtomicU64,
    pem: String,
}

/// A certificate and its key, as the texts of PEM files.
pub struct Identity {
    /// The certificate.
    pub certificate: String,
    /// Its private key.
    pub key: String,
    der: Vec<u8>,
    serial: SerialNumber,
}

impl Authority {
    /// A new one.
    ///
    /// # Panics
    /// When there is no randomness.
    pub fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().expect("a key");
        let pem = params.self_signed(&key).expect("a certificate").pem();
        Self {
            issuer: Issuer::new(params, key),
            signed: AtomicU64::new(1),
            pem,
        }
    }

    /// A certificate for these names and addresses; the first is its common name.
    ///
    /// # Panics
    /// When they are no names.
    pub fn sign(&self, names: &[&str]) -> Identity {
        let key = KeyPair::generate().expect("a key");
        let names_of = names.iter().map(|name| (*name).to_owned());
        let mut params = CertificateParams::new(names_of.collect::<Vec<_>>()).expect("names");
        let common = names.first().copied().unwrap_or("nobody");
        params.distinguished_name.push(DnType::CommonName, common);
        let serial = SerialNumber::from(self.signed.fetch_add(1, Ordering::Relaxed));
        params.serial_number = Some(serial.clone());
        let certificate = params.signed_by(&key, &self.issuer).expect("a signature");
        Identity {
            certificate: certificate.pem(),
            der: certificate.der().to_vec(),
            key: key.serialize_pem(),
            serial,
        }
    }

    /// Its own certificate, as the text of a PEM file.
    pub fn certificate(&self) -> &str {
        &self.pem
    }

    /// Writes a list of those of its certificates that do not count any more to `crl.pem` there.
    ///
    /// # Panics
    /// When the directory cannot be written.
    pub fn revoke(&self, revoked: &[&Identity], directory: &Path) {
        let (past, future) = (date_time_ymd(2026, 1, 1), date_time_ymd(2096, 1, 1));
        let revoked = revoked.iter().map(|identity| RevokedCertParams {
            serial_number: identity.serial.clone(),
            revocation_time: past,
            reason_code: None,
            invalidity_date: None,
        });
        let list = CertificateRevocationListParams {
            this_update: past,
            next_update: future,
            crl_number: SerialNumber::from(1_u64),
            issuing_distribution_point: None,
            revoked_certs: revoked.collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        let list = list.signed_by(&self.issuer).expect("a signature");
        write(directory, "crl.pem", &list.pem().expect("PEM"));
    }

    /// Writes its own certificate to `ca.pem` there.
    ///
    /// # Panics
    /// When the directory cannot be written.
    pub fn write(&self, directory: &Path) -> PathBuf {
        write(directory, "ca.pem", &self.pem)
    }
}

impl Identity {
    /// The certificate as it is on the wire.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Writes `NAME.pem` and `NAME.key` there.
    ///
    /// # Panics
    /// When the directory cannot be written.
    pub fn write(&self, directory: &Path, name: &str) {
        write(directory, &format!("{name}.pem"), &self.certificate);
        write(directory, &format!("{name}.key"), &self.key);
    }
}

fn write(directory: &Path, name: &str, text: &str) -> PathBuf {
    let path = directory.join(name);
    std::fs::write(&path, text).expect("the directory can be written");
    path
}
