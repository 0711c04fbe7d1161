//! Calls to the upstreams that the operator granted to this filter, in `on_request` and
//! `on_request_body`; elsewhere every call answers [`Failure::Denied`].
//!
//! ```
//! # use std::time::Duration;
//! use tidegate_sdk::http_client::{self, Failure};
//!
//! fn is_known(user: &str) -> Result<bool, Failure> {
//!     let reply = http_client::get("accounts", &format!("/users/{user}"))
//!         .header("accept", "application/json")
//!         .timeout(Duration::from_millis(200))
//!         .send()?;
//!     Ok(reply.is_success())
//! }
//! # assert_eq!(is_known("7"), Err(Failure::Denied));
//! ```
//!
//! A call that waits holds up its own exchange and nobody else's, and its time does not count
//! against the deadline. At most 8 calls in one call of a filter; a request and a reply have at
//! most 1 MiB each.

use std::time::Duration;

pub use crate::bindings::filter::tidegate::plugin::http_client::{Failure, Outgoing};
use crate::{Reply, imports};

/// A `GET` to an upstream that the grant names.
///
/// ```
/// use tidegate_sdk::http_client;
///
/// let ask = http_client::get("accounts", "/users/7");
/// assert_eq!((ask.method.as_str(), ask.upstream.as_str()), ("GET", "accounts"));
/// assert_eq!(ask.path_and_query, "/users/7");
/// ```
pub fn get(upstream: &str, path_and_query: &str) -> Outgoing {
    Outgoing::new("GET", upstream, path_and_query)
}

/// A `POST` with this body.
///
/// ```
/// use tidegate_sdk::http_client;
///
/// let ask = http_client::post("accounts", "/users/7", "name=ann");
/// assert_eq!((ask.method.as_str(), ask.upstream.as_str()), ("POST", "accounts"));
/// assert_eq!(ask.path_and_query, "/users/7");
/// ```
pub fn post(upstream: &str, path_and_query: &str, body: impl Into<Vec<u8>>) -> Outgoing {
    Outgoing::new("POST", upstream, path_and_query).body(body)
}

impl Failure {
    /// Why there was no reply, for a line in the log: `the upstream did not answer in time`.
    ///
    /// ```
    /// # use tidegate_sdk::http_client::Failure;
    /// assert_eq!(Failure::TimedOut.explain(), "the upstream did not answer in time");
    /// ```
    pub fn explain(self) -> &'static str {
        match self {
            Failure::Denied => {
                "the plugin's grant does not name the upstream, or there were too many calls"
            }
            Failure::TimedOut => "the upstream did not answer in time",
            Failure::Unavailable => "no endpoint of the upstream answered",
            Failure::TooLarge => "the request or the reply was too large",
            Failure::Invalid => "the request cannot be sent",
        }
    }
}

/// Made by [`get`], [`post`] or [`new`](Outgoing::new), and sent as often as one likes:
///
/// ```
/// use std::time::Duration;
/// use tidegate_sdk::http_client::{Failure, Outgoing};
///
/// let ask = Outgoing::new("PATCH", "accounts", "/users/7")
///     .header("content-type", "application/json")
///     .body(r#"{"seen": true}"#)
///     .timeout(Duration::from_millis(50));
/// assert_eq!(ask.timeout, 50);
/// // Where there is no exchange, nobody is asked.
/// assert_eq!(ask.send(), Err(Failure::Denied));
/// ```
impl Outgoing {
    /// A request by any method. The path begins with a slash.
    pub fn new(method: &str, upstream: &str, path_and_query: &str) -> Self {
        Outgoing {
            upstream: upstream.to_owned(),
            method: method.to_owned(),
            path_and_query: path_and_query.to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
            timeout: u32::MAX,
        }
    }

    /// Adds a field. Framing and hop-by-hop fields are the host's and make the request
    /// [`Failure::Invalid`]; without a `host` the host writes the upstream's name.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The body.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// The time for all of it, in whole milliseconds, at least one. Without it, and at most, the
    /// bound of the grant (`callout_timeout`).
    pub fn timeout(mut self, time: Duration) -> Self {
        self.timeout = u32::try_from(time.as_millis()).unwrap_or(u32::MAX).max(1);
        self
    }

    /// Sends it and waits for the reply, whatever its status. It is not repeated, but for a
    /// connection that could not be made.
    ///
    /// # Errors
    /// There is no reply: [`Failure`] says why.
    pub fn send(&self) -> Result<Reply, Failure> {
        imports::http_client::send(self)
    }
}
