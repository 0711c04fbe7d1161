//! Saying what a filter wants to see.

use crate::{BodyMode, Interest};

/// Begin with one of the constants and add to it:
/// `Interest::REQUEST.response().request_body(BodyMode::Buffered)`.
///
/// ```
/// use tidegate_sdk::{BodyMode, Interest};
///
/// let wanted = Interest::RESPONSE.request().request_body(BodyMode::Buffered);
/// assert_eq!(wanted, Interest::REQUEST.response().request_body(BodyMode::Buffered));
/// assert_eq!(wanted.response_body, BodyMode::Skip);
///
/// let bodies = Interest::NOTHING.response_body(BodyMode::Streamed);
/// assert!(!bodies.request && !bodies.response);
/// ```
impl Interest {
    /// Nothing. To begin with, for a filter that wants bodies alone.
    pub const NOTHING: Interest = Interest {
        request: false,
        response: false,
        request_body: BodyMode::Skip,
        response_body: BodyMode::Skip,
    };

    /// `on_request` alone: the default.
    pub const REQUEST: Interest = Interest::NOTHING.request();

    /// `on_response` alone.
    pub const RESPONSE: Interest = Interest::NOTHING.response();

    /// And `on_request`.
    pub const fn request(self) -> Self {
        Interest {
            request: true,
            ..self
        }
    }

    /// And `on_response`.
    pub const fn response(self) -> Self {
        Interest {
            response: true,
            ..self
        }
    }

    /// And `on_request_body`. With [`BodyMode::Buffered`] the request waits, head and body, until
    /// the filter has seen all of it. With [`BodyMode::Streamed`] a request that has a body is not
    /// repeated when an endpoint fails.
    pub const fn request_body(self, mode: BodyMode) -> Self {
        Interest {
            request_body: mode,
            ..self
        }
    }

    /// And `on_response_body`. With [`BodyMode::Buffered`] the client waits for all of it.
    pub const fn response_body(self, mode: BodyMode) -> Self {
        Interest {
            response_body: mode,
            ..self
        }
    }
}
