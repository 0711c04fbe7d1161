//! What the operator sees of the proxy: metrics, the access log and the log.
//!
//! - [`Metrics`] counts. A request counts through handles that the snapshot resolved
//!   when it was compiled, so counting is an addition, not a lookup by text.
//! - [`AccessLog`] writes one line for each exchange, from a thread of its own.
//! - [`tracing::init`] sends the log of the process to stderr.
//!
//! Refused here: to slow a request down (what cannot be taken in time is dropped and
//! counted), to fail one (no function here reports an error to an exchange), and label
//! values that a client may choose.
//!
//! Nothing here knows of snapshots, routes or Pingora: callers hand over names and
//! numbers, so every other layer may use this one.

pub mod access_log;
pub mod metrics;
pub mod tracing;

pub use access_log::{AccessLog, Record, Sink};
pub use metrics::{
    AttemptOutcome, Connection, Deed, Ejection, EndpointSeries, FallbackReason, ListenerSeries,
    Metrics, OwnSeries, Phase, PluginSeries, QueueRefusal, RetryReason, RetryRefusal, RouteSeries,
    UpstreamSeries,
};

/// How a log is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// For people: one line, the most important first.
    #[default]
    Text,
    /// For machines: one JSON object a line.
    Json,
}
