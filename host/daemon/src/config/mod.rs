//! The configuration: one YAML file, read as a whole and refused as a whole.
//!
//! [`load`] reports every problem of a file in one run, each with its place, its key path and
//! what to do. It opens the configuration file, and the lists of endpoints that it refers to,
//! and nothing else: whether a plugin's file exists, an address can be bound, or a name can be
//! resolved is found out by those who use them.
//!
//! `read` makes the types of `written` from the text, `parse` makes those of [`value`].

mod built_in;
mod nearest;
mod parse;
pub mod pattern;
mod problem;
mod read;
mod scalar;
mod schema;
mod secret;
pub mod value;
mod written;

#[cfg(test)]
mod tests;

use std::io::Read as _;
use std::path::{Path, PathBuf};

pub use built_in::{Bounds, bounds as built_in_bounds};
pub use problem::{Place, Problem, Problems};
pub use schema::schema;
pub use secret::Secret;
pub use value::Config;

use problem::Report;

/// Larger files are refused unread.
const LARGEST_FILE: u64 = 64 << 20;

/// Reads a configuration file. `environment` looks up the variables of `${NAME}`.
///
/// # Errors
///
/// All problems of the file, in its order. If the text is not YAML, only the first place
/// where it is not.
pub fn load(path: &Path, environment: &dyn Fn(&str) -> Option<String>) -> Result<Config, Problems> {
    let text = text(path).map_err(|message| {
        Problems(vec![Problem {
            place: None,
            path: String::new(),
            message: format!("cannot read {}: {message}", path.display()),
            help: None,
        }])
    })?;
    let outside = Outside {
        environment,
        text: &self::text,
    };
    load_text(path, &text, &outside)
}

/// The files that a configuration depends on: its own, its lists of endpoints, those of
/// plugins, certificates, keys and tokens.
pub fn files(config: &Config) -> Vec<PathBuf> {
    let plugins = config.plugins.values();
    let plugins = plugins.filter_map(|plugin| plugin.origin.file());
    std::iter::once(config.file.as_path())
        .chain(config.endpoint_files.iter().map(PathBuf::as_path))
        .chain(plugins)
        .map(Path::to_owned)
        .chain(secrets(config))
        .collect()
}

/// Certificates and keys, of both sides and of probes, and the token of the admin listener.
fn secrets(config: &Config) -> impl Iterator<Item = PathBuf> {
    let listeners = config
        .listeners
        .iter()
        .filter_map(|listener| listener.tls.as_ref())
        .chain(config.admin.as_ref().and_then(|admin| admin.tls.as_ref()));
    let ours = listeners.flat_map(|tls| {
        let certificates = tls.certificates.iter();
        let certificates = certificates.flat_map(|one| [&one.certificate, &one.key]);
        let clients = tls.client_certificates.iter();
        certificates.chain(clients.flat_map(|one| std::iter::once(&one.ca).chain(&one.crl)))
    });
    let upstreams = config
        .upstreams
        .values()
        .filter_map(|upstream| upstream.tls.as_ref());
    let theirs = upstreams.flat_map(|tls| {
        let identity = tls
            .identity
            .iter()
            .flat_map(|(certificate, key)| [certificate, key]);
        identity.chain(tls.ca.as_ref())
    });
    let probes = config
        .upstreams
        .values()
        .filter_map(|upstream| upstream.health.as_ref()?.check.tls()?.ca.as_ref());
    let token = config.admin.as_ref().and_then(|admin| admin.token.as_ref());
    let token = token.and_then(|token| match token {
        value::Token::File { path, .. } => Some(path),
        value::Token::Written(_) => None,
    });
    let all = ours.chain(theirs).chain(probes).chain(token);
    let all: std::collections::BTreeSet<PathBuf> = all.cloned().collect();
    all.into_iter()
}

/// What a configuration may depend on besides its own text.
struct Outside<'a> {
    /// Looks up a variable.
    environment: &'a dyn Fn(&str) -> Option<String>,
    /// Reads a file, or says why that is not possible.
    text: &'a dyn Fn(&Path) -> Result<String, String>,
}

fn load_text(path: &Path, text: &str, outside: &Outside<'_>) -> Result<Config, Problems> {
    let report = Report::new(path);
    let needed = "it needs `listeners`, `upstreams` and `routes`";
    let written = read::read(text, needed, outside.environment, &report);
    let config = written.map(|written| parse::parse(path, written, outside, &report));
    report.finish(config)
}

fn text(path: &Path) -> Result<String, String> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(LARGEST_FILE + 1).read_to_end(&mut bytes))
        .map_err(|error| error.to_string())?;
    if bytes.len() as u64 > LARGEST_FILE {
        return Err(format!("it is larger than {} MiB", LARGEST_FILE >> 20));
    }
    String::from_utf8(bytes).map_err(|error| {
        let line = error.as_bytes()[..error.utf8_error().valid_up_to()]
            .iter()
            .filter(|byte| **byte == b'\n')
            .count()
            + 1;
        format!("line {line} is not UTF-8")
    })
}
