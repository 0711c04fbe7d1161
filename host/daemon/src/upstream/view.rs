//! A request as plugins see it: lent to the sandbox for the length of a call.
//!
//! The request head is not copied. It is swapped with a blank one for the time of the
//! call and swapped back after it: a call is synchronous, so nobody else can look.

use http::request::Parts;
use pingora::http::RequestHeader;
use std::net::IpAddr;
use std::sync::Arc;

/// The view of one exchange, kept with it from the first attempt to the last.
#[derive(Debug)]
pub struct View {
    head: RequestHeader,
    scheme: &'static str,
    authority: Arc<str>,
    client: IpAddr,
    route: Arc<str>,
    attempt: u32,
    excluded: Vec<u32>,
}

impl View {
    /// A view with a blank head; `lend` fills it.
    pub fn new(
        scheme: &'static str,
        authority: Arc<str>,
        client: IpAddr,
        route: Arc<str>,
    ) -> Box<Self> {
        let head = blank();
        Box::new(Self {
            head,
            scheme,
            authority,
            client,
            route,
            attempt: 0,
            excluded: Vec::new(),
        })
    }

    /// Swaps the heads: once before a call and once after it.
    pub fn swap(&mut self, head: &mut RequestHeader) {
        std::mem::swap(&mut self.head, head);
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

    /// Everything was tried: start over.
    pub fn forgive(&mut self) {
        self.excluded.clear();
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
        &self.head
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

fn blank() -> RequestHeader {
    RequestHeader::build_no_case(http::Method::GET, b"/", None)
        .expect("a literal request line is valid")
}
