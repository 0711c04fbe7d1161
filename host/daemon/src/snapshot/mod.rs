//! Everything that a request needs, immutable, with a generation number.

mod compile;
mod current;
mod endpoints;
mod library;
pub mod router;

pub use compile::{Compiled, compile};
pub use current::Current;
pub use library::Library;

use crate::telemetry::{AccessLog, RouteSeries};
use crate::upstream::Upstream;
use router::Router;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tidegate_policy::RetryRule;

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
    /// When an attempt is repeated.
    pub retry: RetryRule,
    /// Bound of the whole exchange.
    pub timeout: Option<Duration>,
    /// What is counted for it.
    pub series: RouteSeries,
}
