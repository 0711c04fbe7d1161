//! How clients are met: listeners, what they may take, and whom we believe.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use http::HeaderName;
use ipnet::IpNet;
use tidegate_wire::path::Rules as PathRules;

use crate::config::problem::Place;

/// An address on which requests are accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listener {
    /// Port 0 asks the system for one.
    pub address: SocketAddr,
    /// Most connections of clients at a time: 1 to 1,000,000.
    pub max_connections: Option<u32>,
    /// The same for each client's address.
    pub max_connections_per_client: Option<u32>,
    /// How connections are encrypted; not at all if `None`.
    pub tls: Option<Tls>,
    /// Whether HTTP/2 is spoken too.
    pub http2: bool,
    /// Whether every connection begins with a header of the PROXY protocol.
    pub proxy_protocol: bool,
    /// The port of https to which requests are sent, if they are not served.
    pub redirect_to_https: Option<u16>,
    /// Where connections go that are not HTTP; they are HTTP if `None`.
    pub tcp: Option<Tcp>,
    /// Where it is written.
    pub place: Place,
}

/// Where connections go that are not HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tcp {
    /// By names that clients of TLS ask for, lower case, perhaps with `*.` before them: the first
    /// that fits. Empty where nobody looks for names.
    pub server_names: Vec<(String, String)>,
    /// Where all others go; they are closed if `None`.
    pub upstream: Option<String>,
    /// A connection on which nothing moves is closed after this.
    pub idle: Duration,
}

impl Tcp {
    /// The upstream for that name: an exact one counts more than one with `*.`.
    pub fn upstream(&self, name: Option<&str>) -> Option<&str> {
        let known = |wanted: &str| {
            let mut names = self.server_names.iter();
            names
                .find(|(name, _)| name == wanted)
                .map(|(_, upstream)| upstream.as_str())
        };
        let by_name = name.and_then(|name| {
            known(name).or_else(|| known(&format!("*.{}", name.split_once('.')?.1)))
        });
        by_name.or(self.upstream.as_deref())
    }
}

/// How connections of clients are encrypted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// At least one; the first serves those who ask for no name that is known.
    pub certificates: Vec<Certificate>,
    /// Whether TLS 1.2 is spoken.
    pub v1_2: bool,
    /// Whether TLS 1.3 is spoken; one of both is.
    pub v1_3: bool,
    /// What clients show; nothing if `None`.
    pub client_certificates: Option<ClientCertificates>,
    /// How long browsers are to use https only.
    pub hsts: Option<Duration>,
}

/// A certificate, and its key: files in PEM, not opened yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// The certificate, then those that it is signed with.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// Lower case; those of the certificate itself if `None`.
    pub names: Option<Vec<String>>,
    /// Where it is written.
    pub place: Place,
    /// Its key path.
    pub path: String,
}

/// What clients show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientCertificates {
    /// Those who sign them, PEM.
    pub ca: PathBuf,
    /// Lists of those that were revoked, PEM.
    pub crl: Option<PathBuf>,
    /// Whether one without a certificate is refused.
    pub required: bool,
    /// The field in which endpoints are told its subject.
    pub subject_in: Option<HeaderName>,
    /// Where it is written.
    pub place: Place,
}

/// What one client may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Bytes of a request's head.
    pub head: usize,
    /// Fields of a request's head.
    pub fields: usize,
    /// Bytes of a request's target.
    pub target: usize,
    /// Bytes of a request's body; a route may have another one.
    pub body: Option<u64>,
    /// From the first byte of a head to its last.
    pub head_timeout: Duration,
    /// Bytes a second that a client must give or take.
    pub min_rate: Option<u64>,
    /// Requests on one connection.
    pub requests_per_connection: u32,
    /// What holds for HTTP/2 besides.
    pub http2: Http2Bounds,
}

/// What one connection of HTTP/2 may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Http2Bounds {
    /// Requests at a time.
    pub streams: u32,
    /// Requests that the client gives up, in 10 s.
    pub resets: u32,
    /// PING frames in 10 s.
    pub pings: u32,
    /// SETTINGS frames in 10 s.
    pub settings: u32,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            head: 32 << 10,
            fields: 100,
            target: 8 << 10,
            body: None,
            head_timeout: Duration::from_secs(10),
            min_rate: Some(100),
            requests_per_connection: 10_000,
            http2: Http2Bounds {
                streams: 100,
                resets: 200,
                pings: 10_000,
                settings: 50,
            },
        }
    }
}

/// How what clients say is understood, whoever they are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reading {
    /// Whose word on who the client is counts.
    pub trusted: Vec<IpNet>,
    /// The field in which they say it.
    pub client_address_from: ClientAddressFrom,
    /// How paths are brought into one form.
    pub paths: PathRules,
}

/// The field in which proxies say who the client is. One, since a client could write the other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ClientAddressFrom {
    /// `X-Forwarded-For`.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

impl Reading {
    /// Whether that address's word on who the client is counts.
    pub fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.trusted
            .iter()
            .any(|network| network.contains(&address))
    }
}

/// How connections to endpoints are encrypted. Files in PEM, not opened yet.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UpstreamTls {
    /// The name that the certificate must have; the endpoint's own if `None`.
    pub server_name: Option<String>,
    /// Those who are trusted; the system's if `None`.
    pub ca: Option<PathBuf>,
    /// The certificate that is shown, and its key.
    pub identity: Option<(PathBuf, PathBuf)>,
    /// Whether certificates are checked at all.
    pub verify: bool,
}

/// What is spoken with endpoints.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// HTTP/1.1.
    #[default]
    Http1,
    /// HTTP/2.
    Http2,
}

/// A version of the PROXY protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProxyProtocol {
    /// A line of text.
    V1,
    /// Binary.
    V2,
}
