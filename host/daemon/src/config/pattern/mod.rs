//! What a route asks of a request: patterns for host, path and fields, parsed or refused.
//!
//! A pattern that parsed is in one canonical form, so two that mean the same are equal, and
//! the router can refuse routes that nothing tells apart. Refuses regular expressions: their
//! specificity cannot be compared, so the order in the file would decide again.

mod header;
mod host;
mod path;

pub use header::HeaderPattern;
pub use host::HostPattern;
pub use path::{Glob, PathPattern, Segment};

use http::{HeaderName, Method};

/// The `match` section of a route. What is left out matches everything; what is given must
/// all hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Match {
    /// The host that was asked for, without port.
    pub host: Option<HostPattern>,
    /// The path, without query, as it stands on the wire.
    pub path: Option<PathPattern>,
    /// One of these methods. Empty: any.
    pub methods: Vec<Method>,
    /// All of these fields. When a field has several lines, one that fits is enough.
    pub headers: Vec<(HeaderName, HeaderPattern)>,
}
