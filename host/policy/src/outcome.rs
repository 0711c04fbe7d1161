//! What became of an attempt, in the words that every policy shares.
//!
//! Refuses to judge: whether a cause is worth a retry is for [`crate::decide`], whether it
//! counts against the endpoint is for the policy that is told of it. So every status from
//! 500 is reported as one, and each rule names those that it minds.

/// What an attempt died of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cause {
    /// No connection came about: refused, unreachable, or its handshake failed.
    ConnectFailure,
    /// The connection was not there in time.
    ConnectTimeout,
    /// The connection broke before the response was complete.
    Reset,
    /// The response, or the next part of it, did not come in time.
    ResponseTimeout,
    /// The endpoint answered with this status, 500 or above. To a rule that does not name it
    /// this is no failure.
    Status(u16),
}

impl Cause {
    /// Whether the attempt ended before there was a connection to send anything on.
    pub fn is_connect(self) -> bool {
        matches!(self, Self::ConnectFailure | Self::ConnectTimeout)
    }

    /// A short constant word for metrics and logs. The number of a status is left out: label
    /// values must not come from the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ConnectFailure => "connect_failure",
            Self::ConnectTimeout => "connect_timeout",
            Self::Reset => "reset",
            Self::ResponseTimeout => "timeout",
            Self::Status(_) => "status",
        }
    }
}

/// How an admitted attempt ended, as its permit reports it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The endpoint did what was asked of it.
    Success,
    /// The endpoint failed, or answered with a status that some rule may mind.
    Failure(Cause),
    /// Nobody can tell, and nobody may be blamed: the client left, a pooled connection had
    /// gone stale, or the permit was dropped unreported.
    Unknown,
}
