//! Before the first request: who the connection is from, and how it is encrypted.

use super::{Service, clock};
use crate::proxy::{Clock, Downstream, Origin, Secure, Socket};
use crate::server::listeners::Meeting;
use crate::server::tls;
use bytes::BytesMut;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use tidegate_wire::proxy_protocol::{self, Header};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

/// A connection on which HTTP can begin.
pub(super) struct Opened {
    pub stream: Downstream,
    pub origin: Arc<Origin>,
    pub clock: Arc<Clock>,
    /// What was agreed on, if there was anything to agree on.
    pub negotiated: Option<Negotiated>,
}

/// What a client of TLS wants to speak (RFC 7301).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Negotiated {
    Http1,
    Http2,
}

/// The bytes of a header that say how long it is.
const SIGNATURE: usize = 12;
const FIXED: usize = 16;

impl Service {
    /// None when the connection is not one: it is closed then, and the log knows why.
    pub(super) async fn open(
        &self,
        mut stream: TcpStream,
        peer: SocketAddr,
        meeting: &Meeting,
    ) -> Option<Opened> {
        let bound = self.current.load().bounds.head_timeout;
        let peer = if meeting.proxy_protocol {
            match timeout(bound, self.introduced(&mut stream, peer)).await {
                Ok(Ok(client)) => client,
                Ok(Err(error)) => {
                    tracing::debug!(%peer, %error, "no header of the PROXY protocol");
                    return None;
                }
                Err(_) => return None,
            }
        } else {
            peer
        };
        let (socket, secure, negotiated) = match &meeting.tls {
            None => (Socket::Plain(stream), None, None),
            Some(config) => {
                let accepting = TlsAcceptor::from(config.clone()).accept(stream);
                match timeout(bound, accepting).await {
                    Ok(Ok(stream)) => {
                        let (secure, negotiated) = agreed(&stream);
                        (
                            Socket::Tls(Box::new(stream)),
                            Some(secure),
                            Some(negotiated),
                        )
                    }
                    Ok(Err(error)) => {
                        meeting.series.handshake_failed();
                        tracing::debug!(%peer, %error, "no TLS");
                        return None;
                    }
                    Err(_) => {
                        meeting.series.handshake_failed();
                        return None;
                    }
                }
            }
        };
        let clock = clock();
        Some(Opened {
            stream: Downstream::new(socket, peer, BytesMut::new(), clock.clone()),
            origin: Arc::new(Origin {
                peer,
                secure,
                manner: meeting.manner.clone(),
            }),
            clock,
            negotiated,
        })
    }

    /// Whom the proxy before us says that the connection is from.
    async fn introduced(&self, stream: &mut TcpStream, peer: SocketAddr) -> io::Result<SocketAddr> {
        if !self.current.load().reading.trusts(peer.ip()) {
            let why = "the peer is not one of `trusted_proxies`";
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, why));
        }
        let mut bytes = Vec::with_capacity(64);
        loop {
            let read = proxy_protocol::read(&bytes);
            match read
                .map_err(|fault| io::Error::new(io::ErrorKind::InvalidData, fault.as_str()))?
            {
                Some((Header::Local, _)) => return Ok(peer),
                Some((Header::Proxied { source, .. }, _)) => return Ok(source),
                None => {}
            }
            // Not a byte more than the header has: what follows it may be TLS.
            let missing = match bytes.len() {
                length if length < SIGNATURE => SIGNATURE - length,
                _ if bytes.starts_with(b"PROXY ") => 1,
                length if length < FIXED => FIXED - length,
                length => {
                    let rest = u16::from_be_bytes([bytes[14], bytes[15]]);
                    (FIXED + usize::from(rest)).saturating_sub(length).max(1)
                }
            };
            let at = bytes.len();
            bytes.resize(at + missing, 0);
            stream.read_exact(&mut bytes[at..]).await?;
        }
    }
}

fn agreed(stream: &tokio_rustls::server::TlsStream<TcpStream>) -> (Secure, Negotiated) {
    let (_, connection) = stream.get_ref();
    let negotiated = match connection.alpn_protocol() {
        Some(b"h2") => Negotiated::Http2,
        _ => Negotiated::Http1,
    };
    let certificates = connection.peer_certificates();
    let secure = Secure {
        version: tls::version(connection.protocol_version()),
        server_name: connection.server_name().map(Arc::from),
        subject: certificates.and_then(|chain| Some(tls::subject(chain.first()?)?.into())),
    };
    (secure, negotiated)
}
