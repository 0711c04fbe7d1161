//! Plugins that a file declares, and what their operator allows them.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Faults;
use crate::config::problem::Place;

/// A component and its bounds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plugin {
    /// Its name in the file.
    pub name: String,
    /// Where its bytes are.
    pub origin: Origin,
    /// The digest that the bytes must have; only of a file.
    pub sha256: Option<[u8; 32]>,
    /// How long one call may run, in time of its thread: 1 ms to 10 s.
    pub deadline: Duration,
    /// Bound of one instance's memory in bytes: 1 MiB to 4 GiB.
    pub memory: u64,
    /// Upper bound of instances: 1 to 1,024.
    pub instances: u32,
    /// What happens to a request whose plugin failed.
    pub on_fault: Faults,
    /// Whom an instance of a filter serves.
    pub isolation: Isolation,
    /// Bytes of a body that a filter sees as a whole: 1 KiB to 64 MiB.
    pub body: u64,
    /// Granted bytes of shared state: up to 1 GiB.
    pub state: u64,
    /// Granted upstreams that it may call: keys of [`super::Config::upstreams`], each once, at
    /// most 64.
    pub grant_http: Vec<String>,
    /// Bound of one such call: 1 ms to 1 min.
    pub callout_timeout: Duration,
    /// Where it is written.
    pub place: Place,
}

/// Where a component's bytes are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// In a file; resolved against the directory of the configuration file.
    File(PathBuf),
    /// In the binary, under this name.
    BuiltIn(String),
}

impl Origin {
    /// The file, if it is one.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::BuiltIn(_) => None,
        }
    }
}

/// Whom an instance of a filter serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Isolation {
    /// One exchange after the other.
    #[default]
    Reuse,
    /// One exchange, and nobody before or after it.
    PerRequest,
}
