//! The response that a filter is to see.

use super::fields;
use crate::{Reply, ResponseEdits};

/// The head of a response: `Response::new(200).header("server", "one").endpoint("10.0.0.1:80")`.
///
/// ```
/// use tidegate_sdk::response;
/// use tidegate_sdk::testing::{Host, Response};
///
/// let host = Host::new();
/// host.response(Response::new(404).header("Server", "one").endpoint("10.0.0.1:80"));
/// assert_eq!(response::status(), 404);
/// assert_eq!(response::header("server").as_deref(), Some(&b"one"[..]));
/// assert_eq!(response::endpoint().as_deref(), Some("10.0.0.1:80"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, Vec<u8>)>,
    pub(super) endpoint: Option<String>,
}

impl Response {
    /// With this status, without fields, by nobody in particular.
    pub fn new(status: u16) -> Self {
        Response {
            status,
            headers: Vec::new(),
            endpoint: None,
        }
    }

    /// Adds a field.
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers
            .push((name.to_ascii_lowercase(), value.as_ref().to_vec()));
        self
    }

    /// Address of the endpoint that answered.
    pub fn endpoint(mut self, address: &str) -> Self {
        self.endpoint = Some(address.to_owned());
        self
    }

    /// Edits that were found right.
    pub(super) fn apply(&mut self, edits: &ResponseEdits) {
        self.status = edits.status.unwrap_or(self.status);
        fields::apply(&mut self.headers, &edits.headers);
    }
}

/// A filter's own answer: no endpoint gave it.
impl From<&Reply> for Response {
    fn from(reply: &Reply) -> Self {
        let fields = reply.headers.iter();
        fields.fold(Response::new(reply.status), |response, (name, value)| {
            response.header(name, value)
        })
    }
}
