//! What clients may do, and how what they send is read.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::config::read::checked::{Checked, OffOr};
use crate::config::scalar::duration::{HOUR, Time};
use crate::config::scalar::size::{GIB, KIB, MIB, Size};
use crate::config::scalar::whole::Whole;

/// What one client may take.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct Bounds {
    /// Bytes of a request's head; more is answered with 431. Default: 32KiB.
    pub(in crate::config) head: Option<Checked<Size<512, { MIB - 1 }>>>,
    /// Fields of a request's head; more is answered with 431. Default: 100.
    pub(in crate::config) fields: Option<Checked<Whole<1, 250>>>,
    /// Bytes of a request's target; more is answered with 414. Default: 8KiB.
    pub(in crate::config) target: Option<Checked<Size<64, { 512 * KIB }>>>,
    /// Bytes of a request's body, or `off`; more is answered with 413. Default: off.
    pub(in crate::config) body: Option<Checked<OffOr<Size<0, { 1024 * GIB }>>>>,
    /// From the first byte of a request's head to its last; longer is answered with 408. Also
    /// the bound of a TLS handshake. Default: 10s.
    pub(in crate::config) head_timeout: Option<Checked<Time<10, HOUR>>>,
    /// Bytes a second that a client must give of a body, or take of a response that waits for it,
    /// measured over 10 s at least; or `off`. Default: 100B.
    pub(in crate::config) min_rate: Option<Checked<OffOr<Size<1, GIB>>>>,
    /// Requests on one connection, after which it is closed. Default: 10000.
    pub(in crate::config) requests_per_connection: Option<Checked<Whole<1, 1_000_000_000>>>,
    /// What holds for HTTP/2 besides.
    pub(in crate::config) http2: Option<Checked<Http2>>,
}

/// What one connection of HTTP/2 may take. The counts are those of 10 s.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct Http2 {
    /// Requests at a time. Default: 100.
    pub(in crate::config) streams: Option<Checked<Whole<1, 10_000>>>,
    /// Requests that the client gives up. Default: 200.
    pub(in crate::config) resets: Option<Checked<Whole<1, 1_000_000>>>,
    /// PING frames; gRPC sends many. Default: 10000.
    pub(in crate::config) pings: Option<Checked<Whole<1, 1_000_000>>>,
    /// SETTINGS frames. Default: 50.
    pub(in crate::config) settings: Option<Checked<Whole<1, 1_000_000>>>,
}

/// How paths are brought into one form, before anybody looks at them.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct Paths {
    /// `/a/./b` and `/a/../b` become `/a/b` and `/b`. Default: true.
    pub(in crate::config) dot_segments: Option<Checked<bool>>,
    /// `//` becomes `/`. Default: true.
    pub(in crate::config) merge_slashes: Option<Checked<bool>>,
    /// `%41` becomes `A` where that makes no difference (RFC 3986, 6.2.2.2). Default: true.
    pub(in crate::config) unreserved: Option<Checked<bool>>,
    /// What happens to `%2F` and `%5C`. Default: keep.
    pub(in crate::config) encoded_slashes: Option<Checked<EncodedSlashes>>,
}

/// What happens to an encoded slash.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::config) enum EncodedSlashes {
    /// It stays as it is and separates nothing.
    Keep,
    /// The request is answered with 400.
    Refuse,
}

/// The field in which proxies say who the client is.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::config) enum ClientAddressFrom {
    /// `X-Forwarded-For`.
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}
