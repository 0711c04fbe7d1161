//! Which certificate a client gets: the one for the name that it asks for, the one for `*.` and
//! the rest of it, or the first.

use super::certificate;
use crate::config::Problem;
use crate::config::value::Certificate;
use crate::pem;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::SystemTime;
use tokio_rustls::rustls::crypto::CryptoProvider;
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;

/// Certificates by the names that they are served for.
#[derive(Debug)]
pub(super) struct Names {
    exact: HashMap<String, Arc<CertifiedKey>>,
    /// By what follows `*.`.
    wild: HashMap<String, Arc<CertifiedKey>>,
    first: Arc<CertifiedKey>,
}

impl Names {
    pub fn load(written: &[Certificate], provider: &CryptoProvider) -> Result<Self, Vec<Problem>> {
        let (mut exact, mut wild) = (HashMap::new(), HashMap::new());
        let (mut first, mut problems) = (None, Vec::new());
        for written in written {
            let (key, names) = match load(written, provider) {
                Ok(loaded) => loaded,
                Err((field, message)) => {
                    let path = format!("{}{field}", written.path);
                    problems.push(super::problem(Some(written.place.clone()), path, message));
                    continue;
                }
            };
            first.get_or_insert_with(|| key.clone());
            for name in names {
                // Of two for one name the first in the file counts.
                match name.strip_prefix("*.") {
                    Some(rest) => wild.entry(rest.to_owned()).or_insert_with(|| key.clone()),
                    None => exact.entry(name).or_insert_with(|| key.clone()),
                };
            }
        }
        match (first, problems.is_empty()) {
            (Some(first), true) => Ok(Self { exact, wild, first }),
            _ => Err(problems),
        }
    }

    fn find(&self, name: &str) -> Option<&Arc<CertifiedKey>> {
        let name = name.strip_suffix('.').unwrap_or(name);
        let wild = || self.wild.get(name.split_once('.')?.1);
        self.exact.get(name).or_else(wild)
    }
}

impl ResolvesServerCert for Names {
    /// Names come in lower case.
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let known = hello.server_name().and_then(|name| self.find(name));
        Some(known.unwrap_or(&self.first).clone())
    }
}

type Loaded = (Arc<CertifiedKey>, Vec<String>);

fn load(
    written: &Certificate,
    provider: &CryptoProvider,
) -> Result<Loaded, (&'static str, String)> {
    let chain = pem::certificates(&written.certificate);
    let chain = chain.map_err(|message| (".certificate", message))?;
    let key = pem::key(&written.key).map_err(|message| (".key", message))?;
    let names = match &written.names {
        Some(names) => names.clone(),
        None => certificate::names(&chain[0]).map_err(|why| {
            (
                ".certificate",
                format!("{}: {why}", written.certificate.display()),
            )
        })?,
    };
    warn_of_end(written, certificate::not_after(&chain[0]));
    let key = CertifiedKey::from_der(chain, key, provider).map_err(|error| {
        let message = format!(
            "{} and {} do not belong together, or cannot be used: {error}",
            written.certificate.display(),
            written.key.display(),
        );
        (".key", message)
    })?;
    Ok((Arc::new(key), names))
}

/// Clients refuse it then; the operator should not be the last to know.
fn warn_of_end(written: &Certificate, end: Option<i64>) {
    const SOON: i64 = 7 * 24 * 3600;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let now = now.map_or(0, |now| now.as_secs() as i64);
    let certificate = written.certificate.display();
    match end {
        Some(end) if end <= now => tracing::warn!(%certificate, "this certificate has expired"),
        Some(end) if end < now + SOON => {
            tracing::warn!(%certificate, days = (end - now) / 86_400, "this certificate expires soon");
        }
        _ => {}
    }
}
