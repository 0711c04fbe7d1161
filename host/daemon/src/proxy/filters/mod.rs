//! What the filters of a route make of an exchange.
//!
//! Forwards through `request` and `body`, backwards through `response` and `body`. Each call
//! is one [`ask`]: leave from the warden, the view out, the answer in. What it answers is
//! applied here, by the host, whole or not at all.

mod apply;
mod ask;
mod body;
mod reply;
mod request;
mod response;

pub use apply::edit_response;
pub use body::{request_chunk, response_chunk};
pub use reply::write as write_reply;
pub use request::{answer_expectation, run as on_request};
pub use response::{begin_body as begin_response_body, run as on_response};

use super::held::Hold;
use crate::snapshot::Route;
use body::Part;
use bytes::Bytes;
use pingora::http::ResponseHeader;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;
use tidegate_runtime::{Reply, Visit};

/// The passage of an exchange; nothing but a pointer where its route has no filters, so that
/// those exchanges do not carry one about.
#[derive(Default)]
pub struct Way(Option<Box<Passage>>);

/// What an exchange without filters shows to those who ask.
static NOWHERE: Passage = Passage::nowhere();

impl Deref for Way {
    type Target = Passage;

    fn deref(&self) -> &Passage {
        self.0.as_deref().unwrap_or(&NOWHERE)
    }
}

impl DerefMut for Way {
    fn deref_mut(&mut self) -> &mut Passage {
        self.0.get_or_insert_with(|| Box::new(Passage::nowhere()))
    }
}

impl From<Passage> for Way {
    fn from(passage: Passage) -> Self {
        Self(Some(Box::new(passage)))
    }
}

/// An exchange on its way through the filters of its route.
pub struct Passage {
    /// One for each filter, in the order of the route.
    visits: Vec<Visit>,
    /// Filters that see the response, by bit: those that have seen the request, and those
    /// before the end of the way that did not ask for it.
    met: u32,
    /// Filters that were set aside when the request came, by bit.
    missed: u32,
    /// Filters have seen the head of the response.
    answered: bool,
    request_body: Vec<Part>,
    response_body: Vec<Part>,
    /// The head that the client got or is to get, for those who see the body.
    head: Option<ResponseHeader>,
    /// The request's body has met a filter: it cannot be sent again.
    body_met: bool,
    /// Buffered bodies live in a session that holds the message back.
    hold: Option<Arc<Hold>>,
    /// What a filter wants answered instead, once the exchange has been stopped.
    instead: Option<Reply>,
    /// A filter, or what a body may not be, has ended the exchange.
    stop: bool,
    /// Name of the filter that answered.
    answered_by: Option<String>,
    /// The target as the client sent it, when a filter has rewritten it.
    target: Option<Bytes>,
    /// How long each took, when the client is to be told.
    timings: Option<Vec<(String, Duration)>>,
}

impl Passage {
    const fn nowhere() -> Self {
        Self {
            visits: Vec::new(),
            met: 0,
            missed: 0,
            answered: false,
            request_body: Vec::new(),
            response_body: Vec::new(),
            head: None,
            body_met: false,
            hold: None,
            instead: None,
            stop: false,
            answered_by: None,
            target: None,
            timings: None,
        }
    }

    /// The way through a route's filters.
    pub fn new(route: &Route) -> Self {
        let visits = route.filters.iter();
        Self {
            visits: visits.map(|each| Visit::new(each.filter.clone())).collect(),
            ..Self::nowhere()
        }
    }

    /// Whether there are filters. Who asks first spares the others the futures of what
    /// filters do, which are large and would be moved about in each of their own.
    pub fn has_filters(&self) -> bool {
        !self.visits.is_empty()
    }

    /// Measures each call from now on.
    pub fn time(&mut self) {
        self.timings = Some(Vec::new());
    }

    /// How long each filter took, in the order of the calls.
    pub fn timings(&self) -> Option<&[(String, Duration)]> {
        self.timings.as_deref()
    }

    /// Whether the request's body has met a filter.
    pub fn body_met(&self) -> bool {
        self.body_met
    }

    /// Whether the exchange was stopped on its way through the filters.
    pub fn is_stopped(&self) -> bool {
        self.stop
    }

    /// Stops the exchange: no other attempt follows.
    pub fn stop(&mut self) {
        self.stop = true;
    }

    /// What a filter wants answered instead.
    pub fn take_instead(&mut self) -> Option<Reply> {
        self.instead.take()
    }

    /// Name of the filter that answered.
    pub fn answered_by(&self) -> Option<&str> {
        self.answered_by.as_deref()
    }

    /// The target as the client sent it, when that is not what goes on.
    pub fn original_target(&self) -> Option<&[u8]> {
        self.target.as_deref()
    }

    /// Whether filters may change the request's body on its way: its length is not known
    /// before it has ended.
    pub fn streams_request(&self) -> bool {
        !self.request_body.is_empty()
    }

    /// Whether the client's session is held.
    pub fn is_held(&self) -> bool {
        self.hold.is_some()
    }

    /// The hold on the client's session, if there is one.
    pub fn take_hold(&mut self) -> Option<Arc<Hold>> {
        self.hold.take()
    }
}
