//! What a plugin sees of the world, as traits that the host implements.
//!
//! The view of a request is moved into the sandbox for the length of a call and
//! moved back afterwards: a plugin never holds a reference into the host.

use crate::callout::Callouts;
use std::any::Any;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

/// One request, as a plugin may read it during a call.
pub trait Exchange: Any + Send {
    /// Method, target and fields, after the host's normalisation.
    fn head(&self) -> &http::request::Parts;
    /// `http` or `https`, of the client's connection.
    fn scheme(&self) -> &str;
    /// Host and optional port, lower case; empty when the client sent none.
    fn authority(&self) -> &str;
    /// The client: the peer, or what a trusted proxy in front says it was.
    fn client(&self) -> IpAddr;
    /// A value that an earlier filter left.
    fn attribute(&self, name: &str) -> Option<&str>;
    /// Name of the route that matched.
    fn route(&self) -> &str;
    /// 0 on the first attempt.
    fn attempt(&self) -> u32;
    /// Positions that must not be chosen; each once.
    fn excluded(&self) -> &[u32];
    /// The head of the response, once there is one.
    fn response(&self) -> Option<&http::response::Parts> {
        None
    }
    /// Address of the endpoint that answered; none when nobody has, or the host did.
    fn endpoint(&self) -> Option<&str> {
        None
    }
    /// When the exchange is over at the latest: nothing waits longer for it.
    fn deadline(&self) -> Option<Instant> {
        None
    }
    /// Who makes a filter's calls out; without one they are denied.
    fn callouts(&self) -> Option<Arc<dyn Callouts>> {
        None
    }
}

/// What is known of the endpoints now, by position in the list that it came with.
pub trait Load: Send + Sync + 'static {
    /// Requests in flight, for every position.
    fn in_flight(&self) -> Vec<u32>;
    /// Requests in flight; 0 for a position that does not exist.
    fn in_flight_of(&self, index: u32) -> u32;
    /// The sum over all positions.
    fn total(&self) -> u32;
    /// Average time to the response head in microseconds, for every position.
    fn latency(&self) -> Vec<u32>;
    /// The same for one position; 0 for a position that does not exist.
    fn latency_of(&self, index: u32) -> u32;
}

/// One endpoint that may be chosen; see `wit/selector.wit` for what each field
/// promises to the plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Endpoint {
    pub id: u64,
    pub address: String,
    pub weight: u32,
    pub zone: Option<String>,
    pub labels: Vec<(String, String)>,
    pub draining: bool,
}

/// A list of endpoints and the view of their load. Never empty, immutable: a changed
/// list is a new value, and instances learn of it by comparing pointers.
pub struct Endpoints {
    list: Vec<Endpoint>,
    load: Arc<dyn Load>,
}

impl Endpoints {
    /// None when the list is empty: a selector is never asked to choose from nothing.
    pub fn new(list: Vec<Endpoint>, load: Arc<dyn Load>) -> Option<Arc<Self>> {
        (!list.is_empty()).then(|| Arc::new(Self { list, load }))
    }

    /// The endpoints by position.
    pub fn list(&self) -> &[Endpoint] {
        &self.list
    }

    pub(crate) fn load(&self) -> &dyn Load {
        &*self.load
    }
}

impl fmt::Debug for Endpoints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Endpoints").field(&self.list).finish()
    }
}
