//! The configuration file as it is written. Its JSON Schema is made from these types, and the
//! comments here are what an editor shows while the file is written.
//!
//! Every field is a [`Checked`]: reading one of these structures never fails because of a
//! field. Bounds are in the types; rules between fields are in [`super::parse`].

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

use super::read::checked::{Checked, Either, OffOr};
use super::scalar::address::{EndpointAddress, ListenAddress};
use super::scalar::digest::Sha256;
use super::scalar::duration::{DAY, Time};
use super::scalar::http::{HeaderValue, Host, MethodName, UrlPath};
use super::scalar::size::{GIB, MIB, Size};
use super::scalar::whole::Whole;

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
    /// Plugins of your own, by name. Built-in ones need no entry.
    pub(super) plugins: Option<Checked<Named<Plugin>>>,
    /// Groups of endpoints, by name.
    pub(super) upstreams: Checked<Named<Upstream>>,
    /// Which requests go where. The most specific match wins; the order does not matter.
    pub(super) routes: Checked<List<Route>>,
    /// One line for each request, or `off`.
    pub(super) access_log: Option<Checked<OffOr<AccessLog>>>,
    /// How the process ends.
    pub(super) shutdown: Option<Checked<Shutdown>>,
    /// Worker threads. Default: what the machine, or its container, offers.
    pub(super) threads: Option<Checked<Whole<1, 1024>>>,
    /// How often the file and its plugins are checked for a change, or `off`. Default: 1s.
    pub(super) watch: Option<Checked<OffOr<Time<100, 3_600_000>>>>,
    /// Where compiled plugins are kept. Default: the user's cache directory.
    pub(super) cache: Option<Checked<PathBuf>>,
    /// Connections that are kept open between requests.
    pub(super) keep_alive: Option<Checked<KeepAlive>>,
}

/// An address on which requests are accepted.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Listener {
    /// IP:PORT; port 0 lets the system choose one.
    pub(super) address: Checked<ListenAddress>,
}

/// The listener of the operator: plain HTTP, without access control. Keep it private.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Admin {
    /// IP:PORT; port 0 lets the system choose one.
    pub(super) address: Checked<ListenAddress>,
}

/// A WebAssembly component and its bounds.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Plugin {
    /// The component's file, relative to this one.
    pub(super) source: Checked<PathBuf>,
    /// The SHA-256 digest that the file must have.
    pub(super) sha256: Option<Checked<Sha256>>,
    /// How long one call may run, in time of its thread. Default: 2ms.
    pub(super) deadline: Option<Checked<Time<1, 10_000>>>,
    /// Bound of the memory of one instance. Default: 16MiB.
    pub(super) memory: Option<Checked<Size<MIB, { 4 * GIB }>>>,
    /// At most so many instances. Default: 64.
    pub(super) instances: Option<Checked<Whole<1, 1024>>>,
    /// What serves a request whose plugin failed. Default: fallback.
    pub(super) on_fault: Option<Checked<OnFault>>,
    /// What the plugin may use beyond its own memory.
    pub(super) grant: Option<Checked<Grant>>,
}

/// What serves a request whose plugin failed.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum OnFault {
    /// The host chooses an endpoint itself.
    Fallback,
    /// The request is answered with 503.
    Refuse,
}

/// What a plugin may use beyond its own memory.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Grant {
    /// Bytes of the shared state that survives calls and reloads. Default: 1MiB.
    pub(super) state: Option<Checked<Size<0, GIB>>>,
}

/// A group of endpoints with the selector that chooses among them.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Upstream {
    /// Addresses, alone or with their attributes.
    pub(super) endpoints: Checked<List<Either<EndpointAddress, Endpoint>>>,
    /// The name of a plugin, alone or with its configuration. Default: round-robin.
    pub(super) selector: Option<Checked<Either<String, Selector>>>,
    /// How long to wait for an endpoint.
    pub(super) timeouts: Option<Checked<Timeouts>>,
    /// How long an idle connection to an endpoint is kept, or `off`. Default: 60s.
    pub(super) keep_alive: Option<Checked<OffOr<Time<1, DAY>>>>,
}

/// One address of an upstream.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Endpoint {
    /// IP:PORT.
    pub(super) address: Checked<EndpointAddress>,
    /// Its share compared with the others, for selectors that weigh. Default: 1.
    pub(super) weight: Option<Checked<Whole<1, 1_000_000>>>,
    /// The zone it is in, for selectors that prefer one.
    pub(super) zone: Option<Checked<String>>,
    /// Whatever a selector of yours should know of it.
    pub(super) labels: Option<Checked<Named<String>>>,
    /// Takes no new sessions and finishes those it has. Default: false.
    pub(super) draining: Option<Checked<bool>>,
    /// At most so many requests at a time. Default: no bound.
    pub(super) max_in_flight: Option<Checked<Whole<1, 1_000_000>>>,
}

/// A plugin that chooses endpoints.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Selector {
    /// A built-in selector, or a name from `plugins`.
    pub(super) plugin: Checked<String>,
    /// Handed to the plugin as JSON; what it may hold is the plugin's business.
    pub(super) config: Option<Checked<serde_json::Map<String, serde_json::Value>>>,
}

/// How long to wait for an endpoint.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Timeouts {
    /// Until a connection is made. Default: 1s.
    pub(super) connect: Option<Checked<Time<1, DAY>>>,
    /// From the end of the request to the head of the response. Default: 15s.
    pub(super) response_header: Option<Checked<Time<1, DAY>>>,
    /// Between two pieces of a body. Default: 60s.
    pub(super) idle: Option<Checked<Time<1, DAY>>>,
}

/// What matches a request, and where it goes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Route {
    /// Names the route in logs and metrics. Default: route-N, counted from 1.
    pub(super) name: Option<Checked<String>>,
    /// What a request must have. Default: every request matches.
    #[serde(rename = "match")]
    pub(super) matches: Option<Checked<Match>>,
    /// The name of an upstream.
    pub(super) upstream: Checked<String>,
    /// When an attempt that failed is repeated on another endpoint.
    pub(super) retry: Option<Checked<Retry>>,
    /// From the request's arrival to the end of the response. Default: no bound.
    pub(super) timeout: Option<Checked<Time<1, DAY>>>,
}

/// What a request must have: all of it.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Match {
    /// Its host, without the port.
    pub(super) host: Option<Checked<Host>>,
    /// Its path, without the query.
    pub(super) path: Option<Checked<UrlPath>>,
    /// Its method is one of these.
    pub(super) methods: Option<Checked<List<MethodName>>>,
    /// Its headers have these values.
    pub(super) headers: Option<Checked<Named<HeaderValue>>>,
}

/// When an attempt that failed is repeated on another endpoint.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Retry {
    /// Attempts in all; 1 means no retry. Default: 3.
    pub(super) attempts: Option<Checked<Whole<1, 10>>>,
    /// What an attempt died of. Default: [connect_failure].
    pub(super) on: Option<Checked<List<RetryOn>>>,
    /// How long to wait before a retry.
    pub(super) backoff: Option<Checked<Backoff>>,
}

/// What an attempt died of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum RetryOn {
    /// No connection: nothing was sent, so any request may be repeated.
    ConnectFailure,
    /// The connection broke: only requests that may be repeated are.
    Reset,
    /// No response head in time: only requests that may be repeated are.
    Timeout,
}

/// How long to wait before a retry: at random, up to a bound that doubles each time.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Backoff {
    /// The bound of the first wait. Default: 25ms.
    pub(super) base: Option<Checked<Time<0, 60_000>>>,
    /// The bound of every wait. Default: 250ms.
    pub(super) max: Option<Checked<Time<0, 60_000>>>,
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
