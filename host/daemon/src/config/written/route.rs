//! Routes: what matches a request, what looks at it, where it goes, and when an attempt is
//! repeated.

use schemars::JsonSchema;
use serde::Deserialize;

use super::plugin::PluginItem;
use super::{List, Named};
use crate::config::read::checked::{Checked, OffOr};
use crate::config::scalar::cause::RetryOn;
use crate::config::scalar::duration::{DAY, Time};
use crate::config::scalar::http::{HeaderValue, Host, MethodName, UrlPath};
use crate::config::scalar::network::Network;
use crate::config::scalar::size::{GIB, Size};
use crate::config::scalar::whole::Whole;

/// What matches a request, and where it goes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct Route {
    /// Names the route in logs and metrics. Default: route-N, counted from 1.
    pub(in crate::config) name: Option<Checked<String>>,
    /// What a request must have. Default: every request matches.
    #[serde(rename = "match")]
    pub(in crate::config) matches: Option<Checked<Match>>,
    /// Plugins that look at a request before it is forwarded, in this order, and at its
    /// response in the reverse one: names alone, or with their configuration. At most 32.
    pub(in crate::config) filters: Option<Checked<List<PluginItem>>>,
    /// The name of an upstream.
    pub(in crate::config) upstream: Checked<String>,
    /// When an attempt that failed is repeated on another endpoint.
    pub(in crate::config) retry: Option<Checked<Retry>>,
    /// From the request's arrival to the end of the response. Default: no bound.
    pub(in crate::config) timeout: Option<Checked<Time<1, DAY>>>,
    /// Bytes of a request's body, or `off`, in place of the bound of `limits`.
    pub(in crate::config) max_body: Option<Checked<OffOr<Size<0, { 1024 * GIB }>>>>,
    /// Protocols that a connection may be upgraded to (RFC 9110, 7.8). Default: [websocket].
    pub(in crate::config) upgrades: Option<Checked<List<String>>>,
    /// Whether calls of gRPC-Web, as browsers make them, reach the endpoint as calls of gRPC.
    /// Default: false.
    pub(in crate::config) grpc_web: Option<Checked<bool>>,
    /// Networks and addresses of clients that get a Server-Timing field, which says where the
    /// time went. Default: nobody.
    pub(in crate::config) server_timing: Option<Checked<List<Network>>>,
}

/// What a request must have: all of it.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct Match {
    /// Its host, without the port.
    pub(in crate::config) host: Option<Checked<Host>>,
    /// Its path, without the query.
    pub(in crate::config) path: Option<Checked<UrlPath>>,
    /// Its method is one of these.
    pub(in crate::config) methods: Option<Checked<List<MethodName>>>,
    /// Its headers have these values.
    pub(in crate::config) headers: Option<Checked<Named<HeaderValue>>>,
}

/// When an attempt that failed is repeated on another endpoint.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct Retry {
    /// Attempts in all; 1 means no retry. Default: 3.
    pub(in crate::config) attempts: Option<Checked<Whole<1, 10>>>,
    /// What an attempt died of: causes, and statuses of the response. Default:
    /// [connect_failure].
    pub(in crate::config) on: Option<Checked<List<RetryOn>>>,
    /// Bound of one attempt, up to the head of its response; what it ends counts as
    /// connect_failure or timeout. Default: no bound of its own.
    pub(in crate::config) per_attempt: Option<Checked<Time<1, DAY>>>,
    /// Whether a request that was sent may be repeated whatever its method. Default: false.
    pub(in crate::config) non_idempotent: Option<Checked<bool>>,
    /// How long to wait before a retry.
    pub(in crate::config) backoff: Option<Checked<Backoff>>,
}

/// How long to wait before a retry: at random, up to a bound that doubles each time.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct Backoff {
    /// The bound of the first wait. Default: 25ms.
    pub(in crate::config) base: Option<Checked<Time<0, 60_000>>>,
    /// The bound of every wait. Default: 250ms.
    pub(in crate::config) max: Option<Checked<Time<0, 60_000>>>,
}
