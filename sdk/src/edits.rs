//! Making edits: of one field, of a request, of a response.

use crate::{HeaderEdit, RequestEdits, ResponseEdits};

/// The host refuses invalid names and values, framing fields and hop-by-hop fields; one refused
/// edit makes the whole call a fault.
///
/// ```
/// use tidegate_sdk::HeaderEdit;
///
/// let edits = [
///     HeaderEdit::set("cache-control", "no-store"),
///     HeaderEdit::append("vary", "origin"),
///     HeaderEdit::remove("server"),
/// ];
/// assert_eq!(edits[2], HeaderEdit::Remove("server".to_owned()));
/// ```
impl HeaderEdit {
    /// Replaces every value of the field by this one.
    pub fn set(name: impl Into<String>, value: impl Into<Vec<u8>>) -> Self {
        HeaderEdit::Set((name.into(), value.into()))
    }

    /// Adds one more value to the field.
    pub fn append(name: impl Into<String>, value: impl Into<Vec<u8>>) -> Self {
        HeaderEdit::Append((name.into(), value.into()))
    }

    /// Removes the field.
    pub fn remove(name: impl Into<String>) -> Self {
        HeaderEdit::Remove(name.into())
    }
}

/// `RequestEdits::new().set("x-user", "7").remove("cookie").attribute("user", "7").into()` is a
/// [`Verdict`](crate::Verdict). All of them are applied, or the call is a fault.
///
/// ```
/// use tidegate_sdk::{HeaderEdit, RequestEdits, Verdict};
///
/// let edits = RequestEdits::new()
///     .set("x-user", "7")
///     .append("via", "1.1 gate")
///     .remove("cookie")
///     .edit(HeaderEdit::remove("x-debug"))
///     .path("/v2/cart?id=1")
///     .upstream("v2")
///     .attribute("user", "7");
/// assert_eq!(edits.headers.len(), 4);
/// assert_eq!(edits.path_and_query.as_deref(), Some("/v2/cart?id=1"));
/// assert!(matches!(edits.into(), Verdict::Edit(_)));
/// ```
impl RequestEdits {
    /// Changes nothing.
    pub fn new() -> Self {
        RequestEdits {
            headers: Vec::new(),
            path_and_query: None,
            upstream: None,
            attributes: Vec::new(),
        }
    }

    /// Replaces every value of a field by this one.
    pub fn set(self, name: impl Into<String>, value: impl Into<Vec<u8>>) -> Self {
        self.edit(HeaderEdit::set(name, value))
    }

    /// Adds one more value to a field.
    pub fn append(self, name: impl Into<String>, value: impl Into<Vec<u8>>) -> Self {
        self.edit(HeaderEdit::append(name, value))
    }

    /// Removes a field.
    pub fn remove(self, name: impl Into<String>) -> Self {
        self.edit(HeaderEdit::remove(name))
    }

    /// One more change of a field. At most 64, 16 KiB together, applied in this order.
    pub fn edit(mut self, edit: HeaderEdit) -> Self {
        self.headers.push(edit);
        self
    }

    /// The path and query in place of the request's: begins with a slash. The route that has
    /// matched stays.
    pub fn path(mut self, path_and_query: impl Into<String>) -> Self {
        self.path_and_query = Some(path_and_query.into());
        self
    }

    /// Sends the request to this upstream of the configuration in place of the route's.
    pub fn upstream(mut self, name: impl Into<String>) -> Self {
        self.upstream = Some(name.into());
        self
    }

    /// Leaves a value for later filters, selectors and the access log: at most 32 names, 8 KiB
    /// together over the exchange. A name that is there is replaced.
    pub fn attribute(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.attributes.push((name.into(), value.into()));
        self
    }
}

impl Default for RequestEdits {
    fn default() -> Self {
        RequestEdits::new()
    }
}

/// `Some(ResponseEdits::new().status(404).remove("server"))` is the answer of `on_response`. All of
/// them are applied, or the call is a fault.
///
/// ```
/// use tidegate_sdk::{HeaderEdit, ResponseEdits};
///
/// let edits = ResponseEdits::new()
///     .status(404)
///     .set("cache-control", "no-store")
///     .append("vary", "origin")
///     .remove("server")
///     .edit(HeaderEdit::remove("x-powered-by"));
/// assert_eq!((edits.status, edits.headers.len()), (Some(404), 4));
/// ```
impl ResponseEdits {
    /// Changes nothing.
    pub fn new() -> Self {
        ResponseEdits {
            status: None,
            headers: Vec::new(),
        }
    }

    /// Another status: 200 to 599.
    pub fn status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// Replaces every value of a field by this one.
    pub fn set(self, name: impl Into<String>, value: impl Into<Vec<u8>>) -> Self {
        self.edit(HeaderEdit::set(name, value))
    }

    /// Adds one more value to a field.
    pub fn append(self, name: impl Into<String>, value: impl Into<Vec<u8>>) -> Self {
        self.edit(HeaderEdit::append(name, value))
    }

    /// Removes a field.
    pub fn remove(self, name: impl Into<String>) -> Self {
        self.edit(HeaderEdit::remove(name))
    }

    /// One more change of a field. At most 64, 16 KiB together, applied in this order.
    pub fn edit(mut self, edit: HeaderEdit) -> Self {
        self.headers.push(edit);
        self
    }
}

impl Default for ResponseEdits {
    fn default() -> Self {
        ResponseEdits::new()
    }
}
