//! The configuration as it runs: nothing in here can be wrong any more.
//!
//! Names are resolved, defaults are filled in, paths are relative to the process. Only
//! [`super::load`] makes a [`Config`].

mod admin;
mod fault;
mod front;
mod keys;
mod plugin;

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use http::Method;
use ipnet::IpNet;

use tidegate_policy::{
    BreakerRule, BudgetRule, HealthRule, OutlierRule, QueueRule, RetryRule, StatusSet,
};

use super::pattern;
use super::problem::Place;

pub use admin::{Admin, RunAs, Token};
pub(in crate::config) use fault::Said;
pub use fault::{Faults, FilterFault, FilterFaults, OnFault};
pub use front::{
    Bounds, Certificate, ClientAddressFrom, ClientCertificates, Http2Bounds, Listener, Protocol,
    ProxyProtocol, Reading, Tcp, Tls, UpstreamTls,
};
pub use keys::{Key, Keys};
pub use plugin::{Isolation, Origin, Plugin};

/// A whole configuration.
#[derive(Debug)]
pub struct Config {
    /// The file that it came from.
    pub file: PathBuf,
    /// The files of `endpoints_from`, each once; resolved against the directory of `file`.
    pub endpoint_files: Vec<PathBuf>,
    /// At least one. No two have the same address, unless its port is 0.
    pub listeners: Vec<Listener>,
    /// The operator's listener, if there is one.
    pub admin: Option<Admin>,
    /// Whom the process becomes; it stays who it is if `None`.
    pub run_as: Option<RunAs>,
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
    /// Who is asked for the addresses of names.
    pub resolver: Resolver,
    /// What one client may take.
    pub bounds: Bounds,
    /// How what clients say is understood.
    pub reading: Reading,
}

/// A group of endpoints and the selector that chooses among them.
#[derive(Debug, Clone, PartialEq)]
pub struct Upstream {
    /// Its name in the file.
    pub name: String,
    /// 1 to 65,536, each address as it is written once; not all of them draining.
    pub endpoints: Vec<Endpoint>,
    /// What chooses among them.
    pub selector: Selector,
    /// How endpoints are probed; not at all if `None`.
    pub health: Option<Arc<Health>>,
    /// When an endpoint that fails gets a rest; never if `None`.
    pub breaker: Option<BreakerRule>,
    /// When an endpoint that stands out is ejected; never if `None`.
    pub outlier: Option<OutlierRule>,
    /// How many requests it takes, and how many may wait; no bounds if `None`.
    pub limits: Option<QueueRule>,
    /// How long an endpoint that came back takes to get its whole share: 100 ms to 1 h.
    pub slow_start: Option<Duration>,
    /// All endpoints are used when fewer than this share are fit: 0 (never) to 100.
    pub panic_percent: u32,
    /// How many retries it can afford.
    pub retry_budget: BudgetRule,
    /// How long to wait for an endpoint.
    pub timeouts: Timeouts,
    /// How long an idle connection is kept; each serves one request if `None`.
    pub keep_alive: Option<Duration>,
    /// How connections are encrypted; not at all if `None`.
    pub tls: Option<UpstreamTls>,
    /// What is spoken.
    pub protocol: Protocol,
    /// What every connection begins with.
    pub proxy_protocol: Option<ProxyProtocol>,
    /// Where it is written.
    pub place: Place,
}

/// One address of an upstream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Where it listens.
    pub address: Address,
    /// 1 to 1,000,000.
    pub weight: u32,
    /// 0 is used first; others when those before them are too few. Up to 15.
    pub priority: u32,
    /// The zone it is in.
    pub zone: Option<String>,
    /// For selectors.
    pub labels: BTreeMap<String, String>,
    /// Takes no new sessions.
    pub draining: bool,
    /// Most requests at a time: 1 to 1,000,000.
    pub max_in_flight: Option<u32>,
    /// Where it is written: in the configuration, or in a list of its own.
    pub place: Place,
    /// Its key path in that file, as problems show it: `upstreams.web.endpoints[1]`, or `[1]`.
    pub path: String,
}

/// Where an endpoint listens.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Address {
    /// An address; never port 0.
    Socket(SocketAddr),
    /// A name that stands for none, one or several addresses, and may change.
    Name(Name),
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket(address) => address.fmt(f),
            Self::Name(name) => name.fmt(f),
        }
    }
}

/// A name to be resolved.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name {
    /// A host name, lower case, without a trailing dot.
    pub host: String,
    /// Never 0.
    pub port: u16,
    /// How it is resolved.
    pub resolve: Resolve,
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// How a name is resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Resolve {
    /// Asked again no sooner than this, whatever the answer's time to live.
    pub floor: Duration,
    /// Asked again after this at the latest; not below `floor`.
    pub ceiling: Duration,
    /// Which addresses count.
    pub family: Family,
}

/// Which addresses of a name count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Family {
    /// A and AAAA records.
    Any,
    /// A records.
    V4,
    /// AAAA records.
    V6,
}

/// Who is asked for the addresses of names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolver {
    /// Asked in this order; the system's (`/etc/resolv.conf`, `/etc/hosts`) if empty.
    pub servers: Vec<SocketAddr>,
    /// How long one answer may take.
    pub timeout: Duration,
}

/// How the endpoints of an upstream are probed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Health {
    /// What is asked.
    pub check: Check,
    /// Another port than the one that serves.
    pub port: Option<u16>,
    /// Bound of one probe, from connecting to the last byte of the answer: 10 ms to 1 min, and
    /// not above the rule's interval.
    pub timeout: Duration,
    /// How often, and how many answers make a verdict.
    pub rule: HealthRule,
}

/// What a probe asks.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Check {
    /// Whether a connection is accepted.
    Tcp,
    /// One request of HTTP/1.1.
    Http(HttpCheck),
    /// `grpc.health.v1.Health/Check`.
    Grpc(GrpcCheck),
}

impl Check {
    /// How it is encrypted, if it is.
    pub fn tls(&self) -> Option<&CheckTls> {
        match self {
            Self::Tcp => None,
            Self::Http(http) => http.tls.as_ref(),
            Self::Grpc(grpc) => grpc.tls.as_ref(),
        }
    }
}

/// One request of a probe, and the answer that passes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HttpCheck {
    /// GET unless configured.
    pub method: Method,
    /// Path and query; begins with a slash.
    pub path: String,
    /// The Host field; the endpoint's address if `None`.
    pub host: Option<String>,
    /// What passes.
    pub statuses: StatusSet,
    /// What must occur in the first 64 KiB of the body; not empty.
    pub body: Option<String>,
    /// Over TLS, if at all.
    pub tls: Option<CheckTls>,
}

/// One question of the gRPC health protocol.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct GrpcCheck {
    /// The service asked for; empty for the server as a whole.
    pub service: String,
    /// The `:authority` field; the endpoint's address if `None`.
    pub authority: Option<String>,
    /// Over TLS, if at all.
    pub tls: Option<CheckTls>,
}

/// How a probe trusts the other side.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CheckTls {
    /// The name that the certificate must have; the Host field, or else the address.
    pub server_name: Option<String>,
    /// Certificates of those who are trusted, PEM; the system's if `None`. Resolved against
    /// the directory of the configuration file, and not opened yet.
    pub ca: Option<PathBuf>,
    /// Whether the certificate is checked at all.
    pub verify: bool,
}

/// A plugin that chooses endpoints, with its configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct Selector {
    /// A built-in name or a key of [`Config::plugins`].
    pub plugin: String,
    /// Always an object; empty if the file has none.
    pub config: serde_json::Value,
    /// Where the keys of `config` are written.
    pub keys: Keys,
    /// Where it is written.
    pub place: Place,
}

/// A plugin that looks at requests and responses, with its configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter {
    /// A built-in name or a key of [`Config::plugins`].
    pub plugin: String,
    /// Always an object; empty if the file has none.
    pub config: serde_json::Value,
    /// Where the keys of `config` are written.
    pub keys: Keys,
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
    /// What looks at it and at its response, in this order; at most 32.
    pub filters: Vec<Filter>,
    /// A key of [`Config::upstreams`].
    pub upstream: String,
    /// When an attempt is repeated.
    pub retry: RetryRule,
    /// Bound of the whole exchange.
    pub timeout: Option<Duration>,
    /// Most bytes of a request's body.
    pub max_body: Option<u64>,
    /// Protocols that a connection may be upgraded to, lower case; each once.
    pub upgrades: Vec<String>,
    /// Whether calls of gRPC-Web are translated.
    pub grpc_web: bool,
    /// Networks whose clients are told where the time went; each once.
    pub server_timing: Vec<IpNet>,
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
