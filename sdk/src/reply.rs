//! Making a [`Reply`] for the client, and reading one that an upstream gave.

use crate::Reply;

/// Whole responses: `Reply::new(403).header("x-why", "too late").text("closed at night\n")`.
///
/// The host writes the framing. A status that is not 200 to 599, a field that is refused, more than
/// 64 fields or 16 KiB of them, or a body over 1 MiB make the call a fault.
///
/// ```
/// use tidegate_sdk::{Reply, Verdict};
///
/// let reply = Reply::new(429).header("retry-after", "2").text("slow down\n");
/// assert_eq!(reply.field("Content-Type"), Some(&b"text/plain; charset=utf-8"[..]));
/// assert!(!reply.is_success());
/// assert!(matches!(reply.into(), Verdict::Answer(_)));
///
/// let page = Reply::new(200).header("content-type", "application/json").body("{}");
/// assert_eq!(page.body, b"{}");
/// ```
impl Reply {
    /// A reply with this status, without fields and without a body.
    pub fn new(status: u16) -> Self {
        Reply {
            status,
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// Adds a field.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The body, of a type that a `content-type` field is to tell.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// The body, as text, and the `content-type` that says so.
    pub fn text(self, body: impl Into<String>) -> Self {
        self.header("content-type", "text/plain; charset=utf-8")
            .body(body.into())
    }

    /// First value of a field; names are compared without regard to case.
    pub fn field(&self, name: &str) -> Option<&[u8]> {
        self.headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_slice())
    }

    /// Whether the status is one of 200 to 299.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}
