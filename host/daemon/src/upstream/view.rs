//! A request as plugins see it: lent to the sandbox for the length of a call.
//!
//! The request head is not copied. It is moved into the view for the time of the call
//! and moved back after it, a blank one in its place meanwhile: a call is synchronous,
//! so nobody else can look.

use http::request::Parts;
use pingora::http::RequestHeader;
use std::cell::Cell;
use std::net::IpAddr;
use std::sync::Arc;

/// The view of one exchange, kept with it from the first attempt to the last.
#[derive(Debug)]
pub struct View {
    /// A blank one, but for the length of a call; taken only by `Drop`.
    head: Option<RequestHeader>,
    scheme: &'static str,
    authority: Arc<str>,
    client: IpAddr,
    route: Arc<str>,
    attempt: u32,
    excluded: Vec<u32>,
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

    fn attribute(&self, _: &str) -> Option<&str> {
        None // Filters write attributes; there are none in this version.
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
