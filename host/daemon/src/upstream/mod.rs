//! Upstreams as they run: endpoints with their state, and the selector over them.
//!
//! Configuration is on the structs here and is replaced by a reload; what was learnt
//! is in [`EndpointState`] and [`Group`] and survives it. Who may be chosen now is the
//! [`Roster`], which a keeper makes anew whenever something changes.

#[cfg(not(feature = "native-baseline"))]
mod ask;
#[cfg(feature = "native-baseline")]
#[path = "ask_natively.rs"]
mod ask;
pub mod callout;
pub mod dial;
mod fallback;
mod group;
mod keeper;
mod line;
pub mod load;
pub mod pick;
pub mod probe;
pub mod resolve;
pub mod roster;
mod state;
mod tending;
mod view;

pub use group::Group;
pub use keeper::Keepers;
pub use line::{Line, Seat};
pub use pick::{NoEndpoint, Picked};
pub use roster::Roster;
pub use state::{Denied, EndpointState, Identified, Permit, of_status};
pub use tending::Tending;
pub use view::View;

use crate::config::value::{OnFault, Protocol, ProxyProtocol, Timeouts};
use crate::plugin::Warden;
use crate::telemetry::UpstreamSeries;
use arc_swap::{ArcSwap, Guard};
use pingora::prelude::HttpPeer;
use probe::Target;
use std::sync::Arc;
use std::time::Duration;
use tidegate_policy::{BreakerRule, BudgetRule, OutlierRule, QueueRule};
use tidegate_runtime::{Limits, Selector};

/// A named group of endpoints with one selector.
pub struct Upstream {
    /// Its name in the configuration.
    pub name: String,
    /// By position, in the order of the file. Never empty.
    pub endpoints: Vec<Endpoint>,
    /// What it has learnt as a whole.
    pub group: Arc<Group>,
    /// Who may be chosen now.
    pub roster: ArcSwap<Roster>,
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
    /// What is spoken with endpoints.
    pub protocol: Protocol,
    /// What every connection begins with.
    pub proxy_protocol: Option<ProxyProtocol>,
    /// What the host promises for it.
    pub rules: Rules,
    /// What is counted for the upstream.
    pub series: UpstreamSeries,
    /// What the host keeps of its selector.
    pub warden: Arc<Warden>,
}

impl Upstream {
    /// Who may be chosen now.
    pub fn roster(&self) -> Guard<Arc<Roster>> {
        self.roster.load()
    }
}

/// What the host promises for an upstream, whatever its selector does.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// When an endpoint that fails gets a rest.
    pub breaker: Option<BreakerRule>,
    /// When an endpoint that stands out is ejected.
    pub outlier: Option<OutlierRule>,
    /// How many requests it takes, and how many may wait.
    pub limits: Option<QueueRule>,
    /// How long an endpoint that came back takes to get its whole share.
    pub slow_start: Option<Duration>,
    /// Below this share of fit endpoints all are used.
    pub panic_percent: u32,
    /// How many retries it can afford.
    pub budget: BudgetRule,
}

/// One address of an upstream, with what the configuration says of it.
pub struct Endpoint {
    /// Its address as text, or a name that has none yet: in logs and metrics.
    pub name: Arc<str>,
    /// What is known of it now.
    pub state: Arc<EndpointState>,
    /// What probes it, if anything does.
    pub probed: Option<Arc<Target>>,
    /// The recipe for a connection.
    pub peer: HttpPeer,
    /// What selectors are told of it, before slow start and draining by hand.
    pub row: tidegate_runtime::Endpoint,
    /// Its share of the work.
    pub weight: u32,
    /// 0 is used first.
    pub priority: u32,
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
