//! The PROXY protocol: how a balancer in front tells whom a connection comes from.
//!
//! The header stands before everything else on the connection, as a line of text (version 1)
//! or as bytes (version 2). The specification is HAProxy's `proxy-protocol.txt`. Anybody can
//! write such a header: it is only to be read from peers that are trusted, and from those it
//! is required, since a connection without one would otherwise pass for the balancer's own.
//!
//! What cannot become a header is refused as soon as it is seen, so that a connection that
//! begins with anything else does not wait. Type-length-values of version 2 are jumped over,
//! the checksum (`PP2_TYPE_CRC32C`) among them: TCP has its own. Datagrams are refused, for
//! nothing here is served over them.

mod v1;
mod v2;
mod write;

#[cfg(test)]
mod tests;

pub use write::{write_v1, write_v2};

use std::net::SocketAddr;

/// What the header says about the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Header {
    /// Nothing: the balancer speaks for itself, as in health checks, or does not know, or its
    /// client comes by a Unix socket. The connection's own addresses hold.
    Local,
    /// The balancer passes a connection on.
    Proxied {
        /// Whom the connection comes from.
        source: SocketAddr,
        /// Where it was going.
        destination: SocketAddr,
    },
}

/// Why this is no header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProxyFault {
    /// It begins otherwise than either version does.
    Signature,
    /// The line of version 1 is not made as it should be, or has more than 107 bytes.
    Line,
    /// An address in the line is none.
    Address,
    /// A port in the line is none.
    Port,
    /// The version of the binary header is not 2.
    Version,
    /// Neither LOCAL nor PROXY.
    Command,
    /// A family or transport that is not known.
    Family,
    /// A datagram, where only streams are served.
    Datagram,
    /// The binary header is too short for its addresses, or has more than 552 bytes.
    Length,
}

impl ProxyFault {
    /// A short constant word for metrics and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Signature => "signature",
            Self::Line => "line",
            Self::Address => "address",
            Self::Port => "port",
            Self::Version => "version",
            Self::Command => "command",
            Self::Family => "family",
            Self::Datagram => "datagram",
            Self::Length => "length",
        }
    }
}

/// The header at the beginning of `bytes`, and how many bytes it has; the connection proper
/// follows. `None` if more bytes are needed, of which there are never more than
/// [`MAX_HEADER`]. The addresses are as they were sent: an IPv4-mapped one stays mapped.
pub fn read(bytes: &[u8]) -> Result<Option<(Header, usize)>, ProxyFault> {
    let begins = |signature: &[u8]| {
        let length = signature.len().min(bytes.len());
        bytes[..length] == signature[..length]
    };
    if begins(v2::SIGNATURE) {
        v2::read(bytes)
    } else if begins(v1::SIGNATURE) {
        v1::read(bytes)
    } else {
        Err(ProxyFault::Signature)
    }
}

/// No header has more bytes.
pub const MAX_HEADER: usize = v2::FIXED + v2::MAX_REST;
