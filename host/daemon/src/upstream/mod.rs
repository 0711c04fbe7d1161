//! Upstreams as they run: endpoints with their state, and the selector over them.
//!
//! Configuration is on the structs here and is replaced by a reload; what was learnt
//! is in [`EndpointState`] and survives it.

#[cfg(not(feature = "native-baseline"))]
mod ask;
#[cfg(feature = "native-baseline")]
#[path = "ask_natively.rs"]
mod ask;
mod fallback;
pub mod load;
pub mod pick;
mod state;
mod view;

pub use pick::{NoEndpoint, Picked};
pub use state::{EndpointState, Permit};
pub use view::View;

use crate::config::value::{OnFault, Timeouts};
use crate::telemetry::{PluginSeries, UpstreamSeries};
use pingora::prelude::HttpPeer;
use std::sync::Arc;
use tidegate_runtime::{Endpoints, Limits, Selector};

/// A named group of endpoints with one selector.
pub struct Upstream {
    /// Its name in the configuration.
    pub name: String,
    /// By position, in the order of the file. Never empty.
    pub endpoints: Vec<Endpoint>,
    /// The same endpoints, as the selector knows them.
    pub list: Arc<Endpoints>,
    /// Requests in flight to the upstream, those to endpoints that left included.
    pub total: Arc<std::sync::atomic::AtomicU32>,
    /// What chooses.
    pub selector: Arc<Selector>,
    /// What the selector was made of.
    pub identity: Identity,
    /// How many selectors this upstream has had.
    pub selector_generation: u64,
    /// What happens to a request whose selector fails.
    pub on_fault: OnFault,
    /// Bounds of the waits for an endpoint.
    pub timeouts: Timeouts,
    /// What is counted for the upstream.
    pub series: UpstreamSeries,
    /// What is counted for its selector.
    pub plugin: PluginSeries,
}

/// One address of an upstream, with what the configuration says of it.
pub struct Endpoint {
    /// Its address as text: in logs, metrics and to plugins.
    pub name: Arc<str>,
    /// What is known of it now.
    pub state: Arc<EndpointState>,
    /// The recipe for a connection.
    pub peer: HttpPeer,
    /// Its share of the work.
    pub weight: u32,
    /// Takes no new sessions.
    pub draining: bool,
    /// Most requests at a time.
    pub max_in_flight: Option<u32>,
}

/// What makes a selector the one that it is: the same identity after a reload means
/// the same instances.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Name of the plugin.
    pub plugin: String,
    /// SHA-256 of its bytes.
    pub hash: [u8; 32],
    /// Its configuration as JSON.
    pub config: String,
    /// Its bounds.
    pub limits: Limits,
}
