//! The operator: where it is served, and whom the process becomes.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

use super::listener::Tls;
use crate::config::read::checked::Checked;
use crate::config::scalar::address::ListenAddress;
use crate::config::scalar::hidden::Token;

/// The listener of the operator. Keep it private, or give it a token or client certificates.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct Admin {
    /// IP:PORT; port 0 lets the system choose one.
    pub(in crate::config) address: Checked<ListenAddress>,
    /// What a request must have in `Authorization: Bearer …`; 16 visible characters or more. Not for
    /// `/healthz` and `/readyz`. Default: nothing.
    pub(in crate::config) token: Option<Checked<Token>>,
    /// A file with the token, relative to this one, in place of `token`. It is watched, and read again
    /// when it changes.
    pub(in crate::config) token_file: Option<Checked<PathBuf>>,
    /// Connections are encrypted, with these certificates. Default: they are not.
    pub(in crate::config) tls: Option<Checked<Tls>>,
}

/// Whom the process becomes once everything is open that only root may open.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct RunAs {
    /// The name of a user.
    pub(in crate::config) user: Checked<String>,
    /// The name of a group. Default: the user's own.
    pub(in crate::config) group: Option<Checked<String>>,
}
