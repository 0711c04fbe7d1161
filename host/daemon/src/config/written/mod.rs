//! The configuration file as it is written. Its JSON Schema is made from these types, and the
//! comments here are what an editor shows while the file is written.
//!
//! Every field is a [`Checked`]: reading one of these structures never fails because of a
//! field. Bounds are in the types; rules between fields are in [`super::parse`].

mod admin;
mod bounds;
mod health;
mod listener;
mod plugin;
mod resilience;
mod route;
mod upstream;

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

use super::read::checked::{Checked, OffOr};
use super::scalar::address::ServerAddress;
use super::scalar::duration::{DAY, Time};
use super::scalar::network::Network;
use super::scalar::whole::Whole;

pub(super) use admin::{Admin, RunAs};
pub(super) use bounds::{Bounds, ClientAddressFrom, EncodedSlashes, Http2, Paths};
pub(super) use health::{CheckTls, GrpcCheck, Health, HttpCheck, HttpsCheck, Initial, TcpCheck};
pub(super) use listener::{Certificate, ClientCertificates, Listener, Mode, Protocol};
pub(super) use listener::{ProxyProtocol, ServerNames, Tls, TlsVersion, UpstreamTls};
pub(super) use plugin::{FilterFault, Grant, Isolation, OnFault, OnFaultByPhase};
pub(super) use plugin::{Plugin, PluginItem};
pub(super) use resilience::{Breaker, FailureShare, Limits, Outlier, RetryBudget, SuccessRate};
pub(super) use route::{Backoff, Match, Retry, Route};
pub(super) use upstream::{Endpoint, EndpointItem, Family, Resolve, Timeouts, Upstream};

type Named<T> = BTreeMap<String, Checked<T>>;
type List<T> = Vec<Checked<T>>;

/// A configuration of Tidegate.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    /// The addresses on which requests are accepted.
    pub(super) listeners: Checked<List<Listener>>,
    /// Where metrics, status and reload are served; nowhere if absent.
    pub(super) admin: Option<Checked<Admin>>,
    /// Whom the process becomes once everything is open that only root may open: for one that root
    /// starts. Default: it stays who it is.
    pub(super) run_as: Option<Checked<RunAs>>,
    /// Plugins of your own, by name. Built-in ones need no entry, unless they are to have other
    /// bounds or grants.
    pub(super) plugins: Option<Checked<Named<Plugin>>>,
    /// Groups of endpoints, by name.
    pub(super) upstreams: Checked<Named<Upstream>>,
    /// Which requests go where. The most specific match wins; the order does not matter. Required
    /// unless every listener has `mode: tcp`.
    pub(super) routes: Option<Checked<List<Route>>>,
    /// One line for each request, or `off`.
    pub(super) access_log: Option<Checked<OffOr<AccessLog>>>,
    /// How the process ends.
    pub(super) shutdown: Option<Checked<Shutdown>>,
    /// Worker threads. Default: what the machine, or its container, offers.
    pub(super) threads: Option<Checked<Whole<1, 1024>>>,
    /// How often the file, and those that it refers to, are checked for a change, or `off`.
    /// Default: 1s.
    pub(super) watch: Option<Checked<OffOr<Time<100, 3_600_000>>>>,
    /// Where compiled plugins are kept. Default: the user's cache directory.
    pub(super) cache: Option<Checked<PathBuf>>,
    /// Connections that are kept open between requests.
    pub(super) keep_alive: Option<Checked<KeepAlive>>,
    /// Who is asked for the addresses of names. Default: the system.
    pub(super) resolver: Option<Checked<Resolver>>,
    /// What one client may take.
    pub(super) limits: Option<Checked<Bounds>>,
    /// Networks and addresses of proxies before this one, whose word on who the client is counts.
    /// Default: nobody's.
    pub(super) trusted_proxies: Option<Checked<List<Network>>>,
    /// The field in which they say it. Default: x_forwarded_for.
    pub(super) client_address_from: Option<Checked<ClientAddressFrom>>,
    /// How paths are brought into one form, before anybody looks at them.
    pub(super) paths: Option<Checked<Paths>>,
}

/// One line for each request.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AccessLog {
    /// For people or for machines. Default: text.
    pub(super) format: Option<Checked<LogFormat>>,
    /// A file, relative to this one, or `-` for standard output. Default: `-`.
    pub(super) path: Option<Checked<PathBuf>>,
}

/// The form of a line of the access log.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// How the process ends.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Shutdown {
    /// How long requests in flight may take to finish. Default: 30s.
    pub(super) drain: Option<Checked<Time<0, DAY>>>,
}

/// Connections that are kept open between requests.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct KeepAlive {
    /// How long a client's idle connection is kept. Default: 60s.
    pub(super) downstream: Option<Checked<Time<1_000, DAY>>>,
    /// Idle connections to endpoints, over all upstreams. Default: 1024.
    pub(super) pool: Option<Checked<Whole<0, 1_000_000>>>,
}

/// Who is asked for the addresses of names.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Resolver {
    /// Name servers, asked in this order. Default: those of the system, and its hosts file.
    pub(super) servers: Option<Checked<List<ServerAddress>>>,
    /// How long one answer may take. Default: 2s.
    pub(super) timeout: Option<Checked<Time<10, 60_000>>>,
}
