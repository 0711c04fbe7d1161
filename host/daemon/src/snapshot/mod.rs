//! Everything that a request needs, immutable, with a generation number.

mod compile;
mod current;
mod endpoints;
mod filters;
mod library;
pub mod router;
mod secured;

pub use compile::{Compiled, compile};
pub use current::Current;
pub use filters::FilterUse;
pub use library::Library;

use crate::config::value::{Bounds, Reading};
use crate::telemetry::{AccessLog, Metrics, RouteSeries};
use crate::upstream::Upstream;
use ipnet::IpNet;
use parking_lot::Mutex;
use router::Router;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tidegate_policy::RetryRule;
use tidegate_runtime::Callouts;

/// One compiled configuration. An exchange keeps the one that it began with.
pub struct Snapshot {
    /// 1 for the first, one more for each that was published.
    pub generation: u64,
    /// In the order of the file; the router answers positions in here.
    pub routes: Vec<Route>,
    /// What is counted for requests that match no route.
    pub unrouted: RouteSeries,
    /// Finds a request's route.
    pub router: Router,
    /// By name.
    pub upstreams: BTreeMap<String, Arc<Upstream>>,
    /// Compiled components that this snapshot uses.
    pub library: Library,
    /// Seconds that a client's idle connection is kept.
    pub keep_alive: u64,
    /// What one client may take.
    pub bounds: Bounds,
    /// How what clients say is understood.
    pub reading: Reading,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// Who makes the calls out of filters.
    pub callouts: Arc<dyn Callouts>,
    /// Where finished exchanges are written down; none when that is off.
    pub access_log: Option<Arc<AccessLog>>,
    /// An empty text that exchanges share.
    pub nothing: Arc<str>,
}

/// What applies to requests that match.
pub struct Route {
    /// Its name in the configuration.
    pub name: Arc<str>,
    /// Where requests go.
    pub upstream: Arc<Upstream>,
    /// What sees its requests and responses, in this order.
    pub filters: Vec<Arc<FilterUse>>,
    /// Networks whose clients are told where the time went.
    pub server_timing: Vec<IpNet>,
    /// When an attempt is repeated.
    pub retry: RetryRule,
    /// Bound of the whole exchange.
    pub timeout: Option<Duration>,
    /// Most bytes of a request's body.
    pub max_body: Option<u64>,
    /// Protocols that a connection may be upgraded to, lower case.
    pub upgrades: Vec<String>,
    /// Whether calls of gRPC-Web are translated.
    pub grpc_web: bool,
    /// What is counted for it.
    pub series: RouteSeries,
    /// The same for requests that a filter sent to another upstream, by its name.
    rerouted: Arc<Mutex<BTreeMap<String, RouteSeries>>>,
}

impl Snapshot {
    /// The route of that name.
    fn route(&self, name: &str) -> Option<&Route> {
        self.routes.iter().find(|route| *route.name == *name)
    }
}

impl Route {
    /// What is counted for requests that a filter sends to that upstream.
    pub fn rerouted(&self, metrics: &Metrics, upstream: &str) -> RouteSeries {
        let mut known = self.rerouted.lock();
        if let Some(series) = known.get(upstream) {
            return series.clone();
        }
        let series = metrics.route(upstream, &self.name);
        known.insert(upstream.to_owned(), series.clone());
        series
    }

    /// Whether that client is to be told where the time went.
    pub fn times_for(&self, client: IpAddr) -> bool {
        let client = client.to_canonical();
        self.server_timing
            .iter()
            .any(|network| network.contains(&client))
    }
}
