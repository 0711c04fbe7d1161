//! A request as plugins see it: lent to the sandbox for the length of a call.
//!
//! The request head is not copied. It is moved into the view for the time of the call
//! and moved back after it, a blank one in its place meanwhile: a call is synchronous,
//! so nobody else can look.

use http::request::Parts;
use pingora::http::{RequestHeader, ResponseHeader};
use std::cell::Cell;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;
use tidegate_runtime::Callouts;

/// The view of one exchange, kept with it from the first attempt to the last.
pub struct View {
    /// A blank one, but for the length of a call; taken only by `Drop`.
    head: Option<RequestHeader>,
    scheme: &'static str,
    authority: Arc<str>,
    client: IpAddr,
    route: Arc<str>,
    attempt: u32,
    excluded: Vec<u32>,
    /// The head of the response, for the length of a call.
    response: Option<Box<ResponseHeader>>,
    endpoint: Option<Arc<str>>,
    attributes: Vec<(String, String)>,
    /// What the host tells under names that filters cannot set.
    told: Vec<(&'static str, Arc<str>)>,
    callouts: Option<Arc<dyn Callouts>>,
    deadline: Option<Instant>,
}

impl View {
    /// A view with a blank head; `lend` gives it one.
    pub fn new(
        scheme: &'static str,
        authority: Arc<str>,
        client: IpAddr,
        route: Arc<str>,
    ) -> Box<Self> {
        Box::new(Self {
            head: Some(BLANK.take().unwrap_or_else(blank)),
            scheme,
            authority,
            client,
            route,
            attempt: 0,
            excluded: Vec::new(),
            response: None,
            endpoint: None,
            attributes: Vec::new(),
            told: Vec::new(),
            callouts: None,
            deadline: None,
        })
    }

    /// Takes the head for the length of a call.
    pub fn lend(&mut self, head: &mut RequestHeader) {
        if let Some(own) = &mut self.head {
            std::mem::swap(own, head);
        }
    }

    /// Puts the head back.
    pub fn give_back(&mut self, head: &mut RequestHeader) {
        if let Some(own) = &mut self.head {
            std::mem::swap(own, head);
        }
    }

    /// Takes the head of the response for the length of a call, and a blank one stands in
    /// its place.
    pub fn lend_response(&mut self, head: &mut ResponseHeader) {
        if let Ok(blank) = ResponseHeader::build_no_case(http::StatusCode::OK, None) {
            self.response = Some(Box::new(std::mem::replace(head, blank)));
        }
    }

    /// Puts it back.
    pub fn give_back_response(&mut self, head: &mut ResponseHeader) {
        if let Some(own) = self.response.take() {
            *head = *own;
        }
    }

    /// That endpoint has answered.
    pub fn set_endpoint(&mut self, endpoint: Option<Arc<str>>) {
        self.endpoint = endpoint;
    }

    /// Who makes a filter's calls out, and when they are over at the latest.
    pub fn set_callouts(&mut self, callouts: Arc<dyn Callouts>, deadline: Option<Instant>) {
        self.callouts = Some(callouts);
        self.deadline = deadline;
    }

    /// Tells plugins something of the request or its connection, as an attribute that no filter
    /// can change and no log shows.
    pub fn tell(&mut self, name: &'static str, value: Arc<str>) {
        self.told.push((name, value));
    }

    /// Sets or replaces attributes, all of them or, when there would be more than that
    /// many or of more bytes, none.
    pub fn set_attributes(
        &mut self,
        attributes: Vec<(String, String)>,
        most: usize,
        most_bytes: usize,
    ) -> bool {
        let mut merged = self.attributes.clone();
        for (name, value) in attributes {
            match merged.iter_mut().find(|(known, _)| *known == name) {
                Some((_, known)) => *known = value,
                None => merged.push((name, value)),
            }
        }
        let bytes: usize = merged
            .iter()
            .map(|(name, value)| name.len() + value.len())
            .sum();
        let fits = merged.len() <= most && bytes <= most_bytes;
        if fits {
            self.attributes = merged;
        }
        fits
    }

    /// What filters left, in the order in which it came.
    pub fn attributes(&self) -> &[(String, String)] {
        &self.attributes
    }

    /// The next attempt begins; 0 is the first.
    pub fn set_attempt(&mut self, attempt: u32) {
        self.attempt = attempt;
    }

    /// This exchange must not use that position (again).
    pub fn exclude(&mut self, position: u32) {
        if !self.excluded.contains(&position) {
            self.excluded.push(position);
        }
    }

    /// Replaces the positions that must not be used.
    pub fn set_excluded(&mut self, positions: Vec<u32>) {
        self.excluded = positions;
    }

    /// Positions that must not be used.
    pub fn excluded(&self) -> &[u32] {
        &self.excluded
    }
}

impl tidegate_runtime::Exchange for View {
    fn head(&self) -> &Parts {
        self.head.as_ref().expect("a head is kept until the end")
    }

    fn scheme(&self) -> &str {
        self.scheme
    }

    fn authority(&self) -> &str {
        &self.authority
    }

    fn client(&self) -> IpAddr {
        self.client
    }

    fn attribute(&self, name: &str) -> Option<&str> {
        let mut told = self.told.iter();
        if let Some((_, value)) = told.find(|(known, _)| *known == name) {
            return Some(value);
        }
        let mut attributes = self.attributes.iter();
        attributes
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    fn response(&self) -> Option<&http::response::Parts> {
        self.response.as_deref().map(|head| &**head)
    }

    fn endpoint(&self) -> Option<&str> {
        self.endpoint.as_deref()
    }

    fn callouts(&self) -> Option<Arc<dyn Callouts>> {
        self.callouts.clone()
    }

    fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    fn route(&self) -> &str {
        &self.route
    }

    fn attempt(&self) -> u32 {
        self.attempt
    }

    fn excluded(&self) -> &[u32] {
        &self.excluded
    }
}

impl Drop for View {
    /// Keeps the blank for the next exchange on this thread.
    fn drop(&mut self) {
        // At the end of a thread there is nowhere to keep it.
        let _ = BLANK.try_with(|kept| kept.set(self.head.take()));
    }
}

thread_local! {
    /// What stands for a head that is lent; making one parses a target.
    static BLANK: Cell<Option<RequestHeader>> = const { Cell::new(None) };
}

fn blank() -> RequestHeader {
    RequestHeader::build_no_case(http::Method::GET, b"/", None)
        .expect("a literal request line is valid")
}
