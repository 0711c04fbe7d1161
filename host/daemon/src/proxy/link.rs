//! What an exchange knows of the connection that it came on.

use super::downstream::Clock;
use crate::upstream::View;
use http::{HeaderName, HeaderValue};
use std::net::SocketAddr;
use std::sync::Arc;

tokio::task_local! {
    /// That of the exchange which the current task serves.
    pub static LINK: Link;
}

/// A connection, and the clock of one exchange on it.
#[derive(Clone, Debug)]
pub struct Link {
    /// The connection.
    pub origin: Arc<Origin>,
    /// What ends waits of this exchange.
    pub clock: Arc<Clock>,
}

/// A client's connection.
#[derive(Debug)]
pub struct Origin {
    /// Who is at its other end: the peer, or whom the PROXY protocol names.
    pub peer: SocketAddr,
    /// How it is encrypted, if it is.
    pub secure: Option<Secure>,
    /// What its listener does to every exchange.
    pub manner: Arc<Manner>,
}

/// How a connection is encrypted.
#[derive(Debug)]
pub struct Secure {
    /// `TLSv1.2` or `TLSv1.3`.
    pub version: &'static str,
    /// The name that the client asked for.
    pub server_name: Option<Arc<str>>,
    /// The subject of its certificate, which was checked.
    pub subject: Option<Arc<str>>,
}

/// What a listener does to every exchange.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Manner {
    /// Requests are sent to https, at this port.
    pub redirect_to_https: Option<u16>,
    /// Responses tell browsers to use https only (RFC 6797, 6.1).
    pub hsts: Option<HeaderValue>,
    /// Endpoints are told the subject of the client's certificate in this field.
    pub subject_in: Option<HeaderName>,
}

impl Origin {
    /// The subject of the client's certificate, which was checked.
    pub fn subject(&self) -> Option<&str> {
        self.secure.as_ref()?.subject.as_deref()
    }

    /// Tells plugins how the connection is encrypted.
    pub fn introduce(&self, view: &mut View) {
        let Some(secure) = &self.secure else { return };
        view.tell("tls.version", secure.version.into());
        if let Some(name) = &secure.server_name {
            view.tell("tls.server-name", name.clone());
        }
        if let Some(subject) = &secure.subject {
            view.tell("tls.client-subject", subject.clone());
        }
    }

    /// `http` or `https`.
    pub fn scheme(&self) -> &'static str {
        if self.secure.is_some() {
            "https"
        } else {
            "http"
        }
    }
}
