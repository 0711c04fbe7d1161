//! Upstreams: where requests go, and what chooses among the places.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

use super::health::Health;
use super::listener::{Protocol, ProxyProtocol, UpstreamTls};
use super::plugin::PluginItem;
use super::resilience::{Breaker, Limits, Outlier, RetryBudget};
use super::{List, Named};
use crate::config::read::checked::{Checked, Either, OffOr};
use crate::config::scalar::address::EndpointAddress;
use crate::config::scalar::duration::{DAY, HOUR, Time};
use crate::config::scalar::percent::Percent;
use crate::config::scalar::probe::ProbeWord;
use crate::config::scalar::whole::{Weight, Whole};

/// A group of endpoints with the selector that chooses among them.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct Upstream {
    /// Addresses or names, alone or with their attributes.
    pub(in crate::config) endpoints: Option<Checked<List<EndpointItem>>>,
    /// A file with a list of further endpoints, relative to this one, which is watched like it.
    pub(in crate::config) endpoints_from: Option<Checked<PathBuf>>,
    /// The name of a plugin, alone or with its configuration. Default: round-robin.
    pub(in crate::config) selector: Option<Checked<PluginItem>>,
    /// How endpoints are probed: `tcp`, or a mapping. Default: not at all.
    pub(in crate::config) health: Option<Checked<Either<ProbeWord, Health>>>,
    /// When an endpoint that fails gets a rest, or `off`. Default: after 5 failures in a row.
    pub(in crate::config) breaker: Option<Checked<OffOr<Breaker>>>,
    /// When an endpoint that does worse than the others is ejected, or `off`; `{}` for the
    /// defaults. Default: off.
    pub(in crate::config) outlier: Option<Checked<OffOr<Outlier>>>,
    /// How many requests it takes, and how many may wait. Default: no bounds.
    pub(in crate::config) limits: Option<Checked<Limits>>,
    /// How long an endpoint that is new or came back takes to get its whole share. Default: it
    /// gets it at once.
    pub(in crate::config) slow_start: Option<Checked<Time<100, HOUR>>>,
    /// All endpoints are used when fewer than this share are fit, or `off`. Default: 50%.
    pub(in crate::config) panic_threshold: Option<Checked<OffOr<Percent<0, 100>>>>,
    /// Retries as a share of the requests of the last 10 s, alone or with a floor. Default: 20%.
    pub(in crate::config) retry_budget: Option<Checked<Either<Percent<0, 1000>, RetryBudget>>>,
    /// How long to wait for an endpoint.
    pub(in crate::config) timeouts: Option<Checked<Timeouts>>,
    /// How long an idle connection to an endpoint is kept, or `off`. Default: 60s.
    pub(in crate::config) keep_alive: Option<Checked<OffOr<Time<1, DAY>>>>,
    /// Connections to endpoints are encrypted; `{}` for the defaults. Default: they are not.
    pub(in crate::config) tls: Option<Checked<UpstreamTls>>,
    /// What is spoken with endpoints. Default: http1.
    pub(in crate::config) protocol: Option<Checked<Protocol>>,
    /// Every connection begins with a header of the PROXY protocol, which says who the client is; it then
    /// serves that client alone. Default: it does not.
    pub(in crate::config) proxy_protocol: Option<Checked<ProxyProtocol>>,
}

/// An endpoint: its address alone, or with its attributes.
pub(in crate::config) type EndpointItem = Either<EndpointAddress, Endpoint>;

/// One address or name of an upstream.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct Endpoint {
    /// HOST:PORT; the host is an IP address or a name.
    pub(in crate::config) address: Checked<EndpointAddress>,
    /// How the name is resolved.
    pub(in crate::config) resolve: Option<Checked<Resolve>>,
    /// Its share compared with the others, for selectors that weigh. Default: 1.
    pub(in crate::config) weight: Option<Checked<Weight>>,
    /// 0 is used first, others when too few of those before them are fit. Default: 0.
    pub(in crate::config) priority: Option<Checked<Whole<0, 15>>>,
    /// The zone it is in, for selectors that prefer one.
    pub(in crate::config) zone: Option<Checked<String>>,
    /// Whatever a selector of yours should know of it.
    pub(in crate::config) labels: Option<Checked<Named<String>>>,
    /// Takes no new sessions and finishes those it has. Default: false.
    pub(in crate::config) draining: Option<Checked<bool>>,
    /// At most so many requests at a time. Default: no bound.
    pub(in crate::config) max_in_flight: Option<Checked<Whole<1, 1_000_000>>>,
}

/// How long to wait for an endpoint.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct Timeouts {
    /// Until a connection is made. Default: 1s.
    pub(in crate::config) connect: Option<Checked<Time<1, DAY>>>,
    /// From the end of the request to the head of the response. Default: 15s.
    pub(in crate::config) response_header: Option<Checked<Time<1, DAY>>>,
    /// Between two pieces of a body. Default: 60s.
    pub(in crate::config) idle: Option<Checked<Time<1, DAY>>>,
}

/// How a name is resolved. It is asked again when its answer expires, within these bounds.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct Resolve {
    /// Not sooner than this. Default: 5s.
    pub(in crate::config) min_ttl: Option<Checked<Time<100, DAY>>>,
    /// After this at the latest. Default: 60s.
    pub(in crate::config) max_ttl: Option<Checked<Time<100, DAY>>>,
    /// Which addresses count. Default: any.
    pub(in crate::config) family: Option<Checked<Family>>,
}

/// Which addresses of a name count.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::config) enum Family {
    /// Those of both families.
    Any,
    /// IPv4 addresses.
    V4,
    /// IPv6 addresses.
    V6,
}
