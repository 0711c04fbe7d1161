//! The configuration as it runs: nothing in here can be wrong any more.
//!
//! Names are resolved, defaults are filled in, paths are relative to the process. Only
//! [`super::load`] makes a [`Config`].

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use tidegate_policy::RetryRule;

use super::pattern;
use super::problem::Place;

/// A whole configuration.
#[derive(Debug)]
pub struct Config {
    /// The file that it came from.
    pub file: PathBuf,
    /// At least one. No two have the same address, unless its port is 0.
    pub listeners: Vec<Listener>,
    /// The operator's listener, if there is one.
    pub admin: Option<Admin>,
    /// Plugins that the file declares, by name; never a built-in name.
    pub plugins: BTreeMap<String, Plugin>,
    /// At least one, by name.
    pub upstreams: BTreeMap<String, Upstream>,
    /// At least one, in the order of the file; no two with the same match or name.
    pub routes: Vec<Route>,
    /// The log of requests.
    pub access_log: AccessLog,
    /// How the process ends.
    pub shutdown: Shutdown,
    /// Worker threads.
    pub threads: NonZeroUsize,
    /// How often to look for changed files; never if `None`.
    pub watch: Option<Duration>,
    /// Where compiled plugins are kept; the daemon chooses if `None`.
    pub cache: Option<PathBuf>,
    /// Connections that are kept open between requests.
    pub keep_alive: KeepAlive,
}

/// An address on which requests are accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listener {
    /// Port 0 asks the system for one.
    pub address: SocketAddr,
    /// Where it is written.
    pub place: Place,
}

/// The operator's listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Admin {
    /// Port 0 asks the system for one.
    pub address: SocketAddr,
}

/// A component and its bounds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plugin {
    /// Its name in the file.
    pub name: String,
    /// Its bytes; resolved against the directory of the configuration file.
    pub source: PathBuf,
    /// The digest that the bytes must have.
    pub sha256: Option<[u8; 32]>,
    /// How long one call may run, in time of its thread: 1 ms to 10 s.
    pub deadline: Duration,
    /// Bound of one instance's memory in bytes: 1 MiB to 4 GiB.
    pub memory: u64,
    /// Upper bound of instances: 1 to 1,024.
    pub instances: u32,
    /// What serves a request whose plugin failed.
    pub on_fault: OnFault,
    /// Granted bytes of shared state: up to 1 GiB.
    pub state: u64,
    /// Where it is written.
    pub place: Place,
}

/// What serves a request whose plugin failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnFault {
    /// The host's own choice.
    Fallback,
    /// A refusal with status 503.
    Refuse,
}

/// A group of endpoints and the selector that chooses among them.
#[derive(Debug, Clone, PartialEq)]
pub struct Upstream {
    /// Its name in the file.
    pub name: String,
    /// 1 to 65,536, each address once.
    pub endpoints: Vec<Endpoint>,
    /// What chooses among them.
    pub selector: Selector,
    /// How long to wait for an endpoint.
    pub timeouts: Timeouts,
    /// How long an idle connection is kept; each serves one request if `None`.
    pub keep_alive: Option<Duration>,
    /// Where it is written.
    pub place: Place,
}

/// One address of an upstream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Never port 0.
    pub address: SocketAddr,
    /// 1 to 1,000,000.
    pub weight: u32,
    /// The zone it is in.
    pub zone: Option<String>,
    /// For selectors.
    pub labels: BTreeMap<String, String>,
    /// Takes no new sessions.
    pub draining: bool,
    /// Most requests at a time: 1 to 1,000,000.
    pub max_in_flight: Option<u32>,
    /// Where it is written.
    pub place: Place,
}

/// A plugin that chooses endpoints, with its configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct Selector {
    /// A built-in name or a key of [`Config::plugins`].
    pub plugin: String,
    /// Always an object; empty if the file has none.
    pub config: serde_json::Value,
    /// Where it is written.
    pub place: Place,
}

/// How long to wait for an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// Until a connection is made.
    pub connect: Duration,
    /// From the end of the request to the head of the response.
    pub response_header: Duration,
    /// Between two pieces of a body.
    pub idle: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(1),
            response_header: Duration::from_secs(15),
            idle: Duration::from_secs(60),
        }
    }
}

/// What matches a request, and where it goes.
#[derive(Debug, Clone)]
pub struct Route {
    /// As written, or `route-N` counted from 1. Unique.
    pub name: String,
    /// What a request must have.
    pub matches: pattern::Match,
    /// A key of [`Config::upstreams`].
    pub upstream: String,
    /// When an attempt is repeated.
    pub retry: RetryRule,
    /// Bound of the whole exchange.
    pub timeout: Option<Duration>,
    /// Where it is written.
    pub place: Place,
}

/// The log of requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessLog {
    /// The form of a line.
    pub format: LogFormat,
    /// Where the lines go.
    pub sink: Sink,
}

/// The form of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Where the access log goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sink {
    /// Standard output.
    Stdout,
    /// Appended to a file; resolved against the directory of the configuration file.
    File(PathBuf),
    /// Nowhere.
    Off,
}

/// How the process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shutdown {
    /// How long requests in flight may take to finish.
    pub drain: Duration,
}

/// Connections that are kept open between requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeepAlive {
    /// How long a client's idle connection is kept.
    pub downstream: Duration,
    /// Idle connections to endpoints, over all upstreams.
    pub pool: usize,
}
