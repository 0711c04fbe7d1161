//! The operator's listener, and whom the process becomes.

use std::net::SocketAddr;
use std::path::PathBuf;

use super::Tls;
use crate::config::problem::Place;
use crate::config::secret::Secret;

/// The operator's listener.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admin {
    /// Port 0 asks the system for one.
    pub address: SocketAddr,
    /// What every request must have, but for those about health; nothing if `None`.
    pub token: Option<Token>,
    /// How connections are encrypted; not at all if `None`.
    pub tls: Option<Tls>,
    /// Where it is written.
    pub place: Place,
}

/// Where the token of the admin listener is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token {
    /// In the configuration.
    Written(Secret),
    /// In a file of its own, not opened yet.
    File {
        /// The file.
        path: PathBuf,
        /// Where it is named.
        place: Place,
    },
}

/// Whom the process becomes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunAs {
    /// The name of a user, who may not exist.
    pub user: String,
    /// The name of a group, which may not exist; the user's own if `None`.
    pub group: Option<String>,
    /// Where it is written.
    pub place: Place,
}
