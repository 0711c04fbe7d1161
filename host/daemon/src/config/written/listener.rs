//! Listeners: where connections are accepted, and what they are spoken.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

use super::List;
use crate::config::read::checked::{Checked, OffOr};
use crate::config::scalar::address::ListenAddress;
use crate::config::scalar::duration::{DAY, Time, YEARS};
use crate::config::scalar::http::{FieldName, ServerName};
use crate::config::scalar::whole::Whole;

/// An address on which requests are accepted.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct Listener {
    /// IP:PORT; port 0 lets the system choose one.
    pub(in crate::config) address: Checked<ListenAddress>,
    /// At most so many connections of clients at a time. Default: no bound.
    pub(in crate::config) max_connections: Option<Checked<Whole<1, 1_000_000>>>,
    /// At most so many of them from one address. Default: no bound.
    pub(in crate::config) max_connections_per_client: Option<Checked<Whole<1, 1_000_000>>>,
    /// Connections are encrypted, with these certificates. Default: they are not.
    pub(in crate::config) tls: Option<Checked<Tls>>,
    /// Whether HTTP/2 is spoken too: negotiated over TLS, by prior knowledge without. Default:
    /// true.
    pub(in crate::config) http2: Option<Checked<bool>>,
    /// Every connection begins with a header of the PROXY protocol, version 1 or 2, which says
    /// who the client is. Only those of `trusted_proxies` may connect. Default: false.
    pub(in crate::config) proxy_protocol: Option<Checked<bool>>,
    /// Requests are not served but sent to https, at this port of the same host.
    pub(in crate::config) redirect_to_https: Option<Checked<Whole<1, 65_535>>>,
    /// What is spoken: `http`, or `tcp` for anything else, whose connections go to an upstream as
    /// they are. Default: http.
    pub(in crate::config) mode: Option<Checked<Mode>>,
    /// With `mode: tcp`: the upstream of connections that `server_names` sends nowhere.
    pub(in crate::config) upstream: Option<Checked<String>>,
    /// With `mode: tcp`: upstreams by the name that a client of TLS asks for, which stays encrypted.
    pub(in crate::config) server_names: Option<Checked<List<ServerNames>>>,
    /// With `mode: tcp`: a connection on which nothing moves is closed after this. Default: 10m.
    pub(in crate::config) idle_timeout: Option<Checked<Time<100, { 7 * DAY }>>>,
}

/// What is spoken on a listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::config) enum Mode {
    /// HTTP/1.1 and HTTP/2.
    Http,
    /// Anything: connections are passed on, not requests.
    Tcp,
}

/// Names that clients of TLS ask for, and where they go.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct ServerNames {
    /// `example.com`, or `*.example.com` for the names one level below it.
    pub(in crate::config) names: Checked<List<String>>,
    /// The name of an upstream.
    pub(in crate::config) upstream: Checked<String>,
}

/// What is needed to encrypt connections of clients.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct Tls {
    /// Certificates and their keys. A client gets the one for the name that it asks for, or the
    /// first one. The files are watched, and read again when they change.
    pub(in crate::config) certificates: Checked<List<Certificate>>,
    /// The oldest version that is spoken. Default: 1.2.
    pub(in crate::config) min_version: Option<Checked<TlsVersion>>,
    /// The newest version that is spoken. Default: 1.3.
    pub(in crate::config) max_version: Option<Checked<TlsVersion>>,
    /// Clients show certificates too. Default: they are not asked for any.
    pub(in crate::config) client_certificates: Option<Checked<ClientCertificates>>,
    /// How long browsers are to use https only for this host (RFC 6797), or `off`. Default: off.
    pub(in crate::config) hsts: Option<Checked<OffOr<Time<1_000, YEARS>>>>,
}

/// A certificate, and its key.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct Certificate {
    /// A PEM file: the certificate, then those that it is signed with.
    pub(in crate::config) certificate: Checked<PathBuf>,
    /// A PEM file: its private key. May be the same file.
    pub(in crate::config) key: Checked<PathBuf>,
    /// The names that it is served for: `example.com`, `*.example.com`. Default: those that it
    /// has itself.
    pub(in crate::config) names: Option<Checked<List<String>>>,
}

/// A version of TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
pub(in crate::config) enum TlsVersion {
    /// RFC 5246.
    #[serde(rename = "1.2")]
    V1_2,
    /// RFC 8446.
    #[serde(rename = "1.3")]
    V1_3,
}

/// Clients show certificates too.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct ClientCertificates {
    /// A PEM file: those who sign the certificates of clients.
    pub(in crate::config) ca: Checked<PathBuf>,
    /// A PEM file: lists of certificates that were revoked (RFC 5280), one of each who signs. Default:
    /// none was.
    pub(in crate::config) crl: Option<Checked<PathBuf>>,
    /// Whether one without a certificate is refused. Default: true.
    pub(in crate::config) required: Option<Checked<bool>>,
    /// The field in which endpoints are told the subject of the client's certificate: O=Acme, CN=one. A client's
    /// own field of that name is removed. Default: they are not told.
    pub(in crate::config) subject_in: Option<Checked<FieldName>>,
}

/// How connections to endpoints are encrypted.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct UpstreamTls {
    /// The name that is asked for and that the certificate must have. Default: the endpoint's own name or
    /// address.
    pub(in crate::config) server_name: Option<Checked<ServerName>>,
    /// A PEM file: those who are trusted to sign certificates. Default: those that this system
    /// trusts.
    pub(in crate::config) ca: Option<Checked<PathBuf>>,
    /// A PEM file: the certificate that is shown to endpoints. Default: none.
    pub(in crate::config) certificate: Option<Checked<PathBuf>>,
    /// A PEM file: its private key.
    pub(in crate::config) key: Option<Checked<PathBuf>>,
    /// Whether certificates are checked at all. Default: true.
    pub(in crate::config) verify: Option<Checked<bool>>,
}

/// What is spoken with endpoints.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::config) enum Protocol {
    /// HTTP/1.1.
    Http1,
    /// HTTP/2: negotiated over TLS, by prior knowledge without.
    Http2,
}

/// A version of the PROXY protocol.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::config) enum ProxyProtocol {
    /// A line of text.
    V1,
    /// Binary.
    V2,
}
