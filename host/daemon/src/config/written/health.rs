//! How endpoints are probed.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

use super::List;
use crate::config::read::checked::Checked;
use crate::config::scalar::duration::{HOUR, Time};
use crate::config::scalar::http::{HostField, MethodName, ProbePath, ServerName};
use crate::config::scalar::status::Statuses;
use crate::config::scalar::whole::Whole;

/// How endpoints are probed: exactly one of `tcp`, `http`, `https` and `grpc`, and how often.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct Health {
    /// Whether a connection is accepted.
    pub(in crate::config) tcp: Option<Checked<TcpCheck>>,
    /// A request over HTTP/1.1, and the answer that passes.
    pub(in crate::config) http: Option<Checked<HttpCheck>>,
    /// The same over TLS.
    pub(in crate::config) https: Option<Checked<HttpsCheck>>,
    /// The question of the gRPC health protocol.
    pub(in crate::config) grpc: Option<Checked<GrpcCheck>>,
    /// Another port than the one that serves. Default: the endpoint's.
    pub(in crate::config) port: Option<Checked<Whole<1, 65_535>>>,
    /// From one probe to the next. Default: 5s.
    pub(in crate::config) interval: Option<Checked<Time<100, HOUR>>>,
    /// The same while the endpoint is down. Default: 1s, or `interval` if that is shorter.
    pub(in crate::config) down_interval: Option<Checked<Time<100, HOUR>>>,
    /// Bound of one probe as a whole. Default: 1s, or `interval` if that is shorter.
    pub(in crate::config) timeout: Option<Checked<Time<10, 60_000>>>,
    /// Probes in a row that must pass before an endpoint that is down comes up. Default: 2.
    pub(in crate::config) rise: Option<Checked<Whole<1, 100>>>,
    /// Probes in a row that must fail before an endpoint that is up goes down. Default: 3.
    pub(in crate::config) fall: Option<Checked<Whole<1, 100>>>,
    /// What an endpoint is before its first probe. Default: up.
    pub(in crate::config) initial: Option<Checked<Initial>>,
}

/// What an endpoint is before its first probe.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::config) enum Initial {
    /// It serves until probes fail.
    Up,
    /// It waits for the first probe that passes.
    Down,
}

/// Whether a connection is accepted.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct TcpCheck {}

/// A request over HTTP/1.1, and the answer that passes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct HttpCheck {
    /// Path and query. Default: /.
    pub(in crate::config) path: Option<Checked<ProbePath>>,
    /// Default: GET.
    pub(in crate::config) method: Option<Checked<MethodName>>,
    /// The Host field. Default: the endpoint's address.
    pub(in crate::config) host: Option<Checked<HostField>>,
    /// Statuses that pass. Default: [200-299].
    pub(in crate::config) status: Option<Checked<List<Statuses<200, 599>>>>,
    /// What must occur in the first 64 KiB of the body. Default: anything.
    pub(in crate::config) body: Option<Checked<String>>,
}

/// A request over HTTP/1.1 and TLS, and the answer that passes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct HttpsCheck {
    /// Path and query. Default: /.
    pub(in crate::config) path: Option<Checked<ProbePath>>,
    /// Default: GET.
    pub(in crate::config) method: Option<Checked<MethodName>>,
    /// The Host field. Default: the endpoint's address.
    pub(in crate::config) host: Option<Checked<HostField>>,
    /// Statuses that pass. Default: [200-299].
    pub(in crate::config) status: Option<Checked<List<Statuses<200, 599>>>>,
    /// What must occur in the first 64 KiB of the body. Default: anything.
    pub(in crate::config) body: Option<Checked<String>>,
    /// The name that the certificate must have. Default: `host`, or else the address.
    pub(in crate::config) server_name: Option<Checked<ServerName>>,
    /// Certificates of those who are trusted, a PEM file. Default: the system's.
    pub(in crate::config) ca: Option<Checked<PathBuf>>,
    /// Whether the certificate is checked at all. Default: true.
    pub(in crate::config) verify: Option<Checked<bool>>,
}

/// The question of the gRPC health protocol, `grpc.health.v1.Health/Check`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct GrpcCheck {
    /// The service asked for. Default: the server as a whole.
    pub(in crate::config) service: Option<Checked<String>>,
    /// The `:authority` field. Default: the endpoint's address.
    pub(in crate::config) authority: Option<Checked<HostField>>,
    /// Over TLS; `{}` for the defaults. Default: in plain text.
    pub(in crate::config) tls: Option<Checked<CheckTls>>,
}

/// How a probe trusts the other side.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct CheckTls {
    /// The name that the certificate must have. Default: `authority`, or else the address.
    pub(in crate::config) server_name: Option<Checked<ServerName>>,
    /// Certificates of those who are trusted, a PEM file. Default: the system's.
    pub(in crate::config) ca: Option<Checked<PathBuf>>,
    /// Whether the certificate is checked at all. Default: true.
    pub(in crate::config) verify: Option<Checked<bool>>,
}
