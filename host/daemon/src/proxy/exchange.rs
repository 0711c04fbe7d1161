//! One request and its response with its attempts: Pingora's `CTX`.

use super::fault::{Fault, Wrong};
use super::filters::Way;
use super::grpc_web::Web;
use super::held::Hold;
use super::link::{LINK, Link};
use crate::snapshot::{Route, Snapshot};
use crate::telemetry::RouteSeries;
use crate::upstream::{Endpoint, Permit, Seat, Upstream, View};
use bytes::Bytes;
use pingora::proxy::Session;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tidegate_runtime::HeaderEdit;

/// What the host remembers of an exchange from its first byte to its log line.
pub struct Exchange {
    /// The configuration that this exchange began with and keeps.
    pub snapshot: Arc<Snapshot>,
    /// When the request head was there.
    pub began: Instant,
    /// Position of the matching route in the snapshot.
    pub route: Option<usize>,
    /// Effective host and port of the request, lower case.
    pub authority: Arc<str>,
    /// The view for plugins, when not lent to one.
    pub view: Option<Box<View>>,
    /// Its way through the filters of its route.
    pub passage: Way,
    /// Where a filter sent it instead of the route's upstream.
    rerouted: Option<Arc<Upstream>>,
    /// The attempt under way, or the last one.
    pub attempt: Option<Attempt>,
    /// Attempts begun.
    pub attempts: u32,
    /// Positions in the upstream of endpoints that failed this exchange.
    pub tried: Vec<u32>,
    /// The place in an upstream that has limits, from the first attempt to the end.
    pub seat: Option<Seat>,
    /// An answer was put aside: what comes next is another attempt.
    pub put_aside: bool,
    /// To be waited before the next attempt.
    pub pause: Duration,
    /// When the whole must have ended.
    pub deadline: Option<Instant>,
    /// The client's connection, and what ends waits on it.
    pub link: Option<Link>,
    /// Holds a stream of HTTP/2.
    pub hold: Option<Arc<Hold>>,
    /// Who is at the other end of the connection.
    pub peer: IpAddr,
    /// Whether that is a proxy whose word counts.
    pub trusted: bool,
    /// Who the client is.
    pub client: IpAddr,
    /// `http` or `https`.
    pub scheme: &'static str,
    /// The target as the client sent it, when it was brought into another form.
    pub original_target: Option<Bytes>,
    /// Most bytes of the request's body.
    pub max_body: Option<u64>,
    /// Interim responses (1xx) of the attempt under way.
    pub interim: u32,
    /// The protocol was changed (101).
    pub tunnel: bool,
    /// A call of gRPC-Web, which the endpoint sees as one of gRPC.
    pub web: Option<Web>,
    /// What a call of gRPC would have been told in HTTP, which says 200 then.
    pub meant: Option<u16>,
    /// What went wrong last.
    pub fault: Option<Fault>,
    /// What exactly is wrong with the head of the request.
    pub malformed: Option<Wrong>,
    /// Whether a plugin had a fault.
    pub plugin_fault: bool,
}

/// One try at one endpoint.
pub struct Attempt {
    /// Position of the endpoint in its upstream.
    pub position: u32,
    /// Leave to be there.
    pub permit: Permit,
    /// What the selector wants changed in this endpoint's response.
    pub response_edits: Vec<HeaderEdit>,
    /// How long the response head took, once it is there.
    pub answered: Option<Duration>,
    /// The next attempt is to go to the same endpoint: a pooled connection was stale.
    pub stale: bool,
}

impl Exchange {
    /// A new exchange on the running configuration.
    pub fn new(snapshot: Arc<Snapshot>) -> Self {
        Self {
            authority: snapshot.nothing.clone(),
            snapshot,
            began: Instant::now(),
            route: None,
            view: None,
            passage: Way::default(),
            rerouted: None,
            attempt: None,
            attempts: 0,
            tried: Vec::new(),
            seat: None,
            put_aside: false,
            pause: Duration::ZERO,
            deadline: None,
            link: LINK.try_with(Link::clone).ok(),
            hold: None,
            peer: NOBODY,
            trusted: false,
            client: NOBODY,
            scheme: "http",
            original_target: None,
            max_body: None,
            interim: 0,
            tunnel: false,
            web: None,
            meant: None,
            fault: None,
            malformed: None,
            plugin_fault: false,
        }
    }

    /// The route, once one has matched.
    pub fn route(&self) -> Option<&Route> {
        self.snapshot.routes.get(self.route?)
    }

    /// The upstream of the route, or the one that a filter chose in its place.
    pub fn upstream(&self) -> Option<&Arc<Upstream>> {
        self.rerouted
            .as_ref()
            .or_else(|| self.route().map(|route| &route.upstream))
    }

    /// What exactly is wrong with the request, if that is why it failed.
    pub fn wrong(&self) -> Option<Wrong> {
        if self.fault != Some(Fault::BadRequest) {
            return None;
        }
        let of_body = || Some(self.link.as_ref()?.clock.violation()?.into());
        self.malformed.or_else(of_body)
    }

    /// Goes to another upstream than the route's from now on.
    pub fn reroute(&mut self, upstream: Arc<Upstream>) {
        self.rerouted = Some(upstream);
    }

    /// Counts with what is counted for this exchange.
    pub fn count(&self, count: impl FnOnce(&RouteSeries)) {
        match (self.route(), &self.rerouted) {
            (Some(route), Some(upstream)) => {
                count(&route.rerouted(&self.snapshot.metrics, &upstream.name));
            }
            (Some(route), None) => count(&route.series),
            (None, _) => count(&self.snapshot.unrouted),
        }
    }

    /// A stream of HTTP/2 has no connection of its own whose reads could end with the clock.
    pub fn keep_time(&mut self, session: &mut Session) {
        if session.as_ref().is_http2()
            && let Some(link) = &self.link
        {
            self.hold = Some(Hold::keep_time(
                session,
                link.clock.clone(),
                self.snapshot.bounds.min_rate,
            ));
        }
    }

    /// Whether all was said: a stream of HTTP/2 whose client had not ended its request, as calls
    /// of gRPC that their server ends first, and does not need to any more.
    pub fn is_answered(&self) -> bool {
        self.hold.as_ref().is_some_and(|hold| hold.is_answered())
    }

    /// The port of https to which this request is sent, if its listener serves none.
    pub fn redirect_to_https(&self) -> Option<u16> {
        let port = self.link.as_ref()?.origin.manner.redirect_to_https;
        // A proxy before this one may have decrypted it.
        port.filter(|_| self.scheme == "http")
    }

    /// The endpoint of the attempt under way, or of the last one.
    pub fn endpoint(&self) -> Option<&Endpoint> {
        self.upstream()?
            .endpoints
            .get(self.attempt.as_ref()?.position as usize)
    }

    /// Time left until the deadline; none when there is no deadline.
    pub fn remaining(&self) -> Option<Duration> {
        self.deadline
            .map(|deadline| deadline.saturating_duration_since(Instant::now()))
    }

    /// Whether the deadline has passed.
    pub fn is_over(&self) -> bool {
        self.remaining()
            .is_some_and(|remaining| remaining.is_zero())
    }

    /// Ends waits on the client's connection at that time, or at the deadline of the
    /// whole, whichever comes first.
    pub fn end_waits_at(&self, time: Option<Instant>) {
        if let Some(link) = &self.link {
            let first = [time, self.deadline].into_iter().flatten().min();
            link.clock.set(first.map(tokio::time::Instant::from_std));
        }
    }
}

const NOBODY: IpAddr = IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED);

impl Drop for Exchange {
    /// The next request on this connection starts without a deadline.
    fn drop(&mut self) {
        if let Some(link) = &self.link {
            link.clock.set(None);
        }
    }
}
