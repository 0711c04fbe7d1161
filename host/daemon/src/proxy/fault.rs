//! The one table from what went wrong to what the client is told.

use http::StatusCode;
use tidegate_wire::http1::Violation;

/// Why an exchange did not get an endpoint's response, or not all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The request is not one that may be forwarded.
    BadRequest,
    /// The method is none that is served.
    Method,
    /// The request's target is longer than it may be.
    TargetTooLong,
    /// The request's head has more fields than it may have.
    HeadTooLarge,
    /// No route matches.
    NoRoute,
    /// Every endpoint, or the upstream, has as many requests as it may have, and so has
    /// the line before it.
    Full,
    /// There is no endpoint that may be used: all are down, or rest after failures.
    Unavailable,
    /// The wait for a place in the upstream was too long.
    QueueTimeout,
    /// The selector failed and its upstream wants no other choice.
    Plugin,
    /// A filter failed, and its operator wants no exchange to go on without it.
    Filter,
    /// The request's body is larger than it may be, or than a filter of its route may hold.
    TooLarge,
    /// The response's body is larger than a filter of its route may hold.
    ResponseTooLarge,
    /// No connection could be made.
    ConnectFailure,
    /// No connection was made in time.
    ConnectTimeout,
    /// The endpoint closed or reset the connection before its response was whole.
    Reset,
    /// The endpoint's answer is not HTTP.
    BadResponse,
    /// The response head, or the rest of the response, did not come in time.
    ResponseTimeout,
    /// The route's time for the whole is over.
    Deadline,
    /// The client did not send its request in time.
    ClientTimeout,
    /// The client left.
    ClientGone,
    /// A mistake of ours.
    Internal,
}

/// What exactly is wrong with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// A word for the log.
    pub word: &'static str,
    /// A sentence for whoever sent it.
    pub sentence: &'static str,
}

impl From<Violation> for Wrong {
    fn from(violation: Violation) -> Self {
        Self {
            word: violation.as_str(),
            sentence: violation.sentence(),
        }
    }
}

impl Fault {
    /// The status that the client gets; none when nobody is there to get one.
    ///
    /// RFC 9110, 15.6.3 to 15.6.5: 502 for an answer that is invalid or missing, 503
    /// for overload, 504 for an answer that is late.
    pub fn status(self) -> Option<StatusCode> {
        Some(match self {
            Self::BadRequest => StatusCode::BAD_REQUEST,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::TargetTooLong => StatusCode::URI_TOO_LONG,
            Self::HeadTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::NoRoute => StatusCode::NOT_FOUND,
            Self::Full | Self::Unavailable | Self::QueueTimeout | Self::Plugin | Self::Filter => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::ConnectFailure | Self::Reset | Self::BadResponse | Self::ResponseTooLarge => {
                StatusCode::BAD_GATEWAY
            }
            Self::ConnectTimeout | Self::ResponseTimeout | Self::Deadline => {
                StatusCode::GATEWAY_TIMEOUT
            }
            Self::ClientTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::ClientGone => return None,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        })
    }

    /// The status for the log and the metrics: 499 stands for a client that left, as
    /// readers of other proxies' logs expect.
    pub fn logged_status(self) -> u16 {
        self.status().map_or(499, |status| status.as_u16())
    }

    /// Whether the client may come again in a moment.
    pub fn passes(self) -> bool {
        matches!(self, Self::Full | Self::Unavailable | Self::QueueTimeout)
    }

    /// One word for the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BadRequest => "bad_request",
            Self::Method => "method",
            Self::TargetTooLong => "target_too_long",
            Self::HeadTooLarge => "head_too_large",
            Self::NoRoute => "no_route",
            Self::Full => "full",
            Self::Unavailable => "unavailable",
            Self::QueueTimeout => "queue_timeout",
            Self::Plugin => "plugin",
            Self::Filter => "filter",
            Self::TooLarge => "too_large",
            Self::ResponseTooLarge => "response_too_large",
            Self::ConnectFailure => "connect_failure",
            Self::ConnectTimeout => "connect_timeout",
            Self::Reset => "reset",
            Self::BadResponse => "bad_response",
            Self::ResponseTimeout => "response_timeout",
            Self::Deadline => "deadline",
            Self::ClientTimeout => "client_timeout",
            Self::ClientGone => "client_gone",
            Self::Internal => "internal",
        }
    }

    /// One sentence for the client, which says nothing of what is behind us.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::BadRequest => "the request is malformed",
            Self::Method => "this method is not served here",
            Self::TargetTooLong => "the request target is too long",
            Self::HeadTooLarge => "the request has too many fields",
            Self::NoRoute => "there is nothing at this address",
            Self::Full | Self::QueueTimeout => "the service is busy; try again in a moment",
            Self::Unavailable => "no server can take the request now; try again in a moment",
            Self::Plugin => "the service cannot choose a server now",
            Self::Filter => "the service cannot check the request now",
            Self::TooLarge => "the body is too large",
            Self::ResponseTooLarge => "the service answered more than may be passed on",
            Self::ConnectFailure => "the service cannot be reached",
            Self::ConnectTimeout => "the service cannot be reached in time",
            Self::Reset => "the service broke off",
            Self::BadResponse => "the service answered nonsense",
            Self::ResponseTimeout | Self::Deadline => "the service did not answer in time",
            Self::ClientTimeout => "the request did not arrive in time",
            Self::ClientGone => "the client left",
            Self::Internal => "the proxy made a mistake",
        }
    }
}
