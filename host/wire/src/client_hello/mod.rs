//! What a TLS client asks for, read off its first bytes without taking part in TLS.
//!
//! A connection that is passed through is routed by the name in its ClientHello (RFC 8446
//! 4.1.2, RFC 6066 3), and by the protocols it offers (RFC 7301). The bytes are looked at and
//! go on unchanged to whoever has the key. So the reader is strict: what it takes for one name
//! must not be another for the endpoint. Lengths must come out even, and no extension that is
//! read may come twice.
//!
//! With Encrypted ClientHello the name seen is the outer one, which is the public name of the
//! provider. Refuses to verify anything: a name is only where somebody says they want to go.

mod hello;
mod name;
mod records;

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

/// What stands in a ClientHello.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Hello {
    /// The host name, in lower case; `None` if there is none, or an IP address instead, which
    /// some clients send although RFC 6066 3 forbids it.
    pub server_name: Option<String>,
    /// The protocols offered by ALPN, the preferred one first. No word is empty.
    pub alpn: Vec<Vec<u8>>,
}

/// Why this is no ClientHello.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HelloFault {
    /// It begins with something else than a handshake over TLS.
    NotTls,
    /// A TLS record of a length that it cannot have.
    Record,
    /// The handshake begins with another message.
    NotClientHello,
    /// It does not end within [`MAX_HELLO`].
    TooLong,
    /// A part does not fit the length it is said to have, or one that it may have.
    Malformed,
    /// The name or the protocols are given twice.
    Duplicate,
    /// The name is no host name.
    ServerName,
}

impl HelloFault {
    /// A short constant word for metrics and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotTls => "not_tls",
            Self::Record => "record",
            Self::NotClientHello => "not_client_hello",
            Self::TooLong => "too_long",
            Self::Malformed => "malformed",
            Self::Duplicate => "duplicate",
            Self::ServerName => "server_name",
        }
    }
}

/// The ClientHello at the beginning of `bytes`, which may be spread over several records;
/// what follows it is not looked at. `None` if more bytes are needed. Each call begins anew:
/// it is to be made with all the bytes so far.
pub fn read(bytes: &[u8]) -> Result<Option<Hello>, HelloFault> {
    match records::message(bytes)? {
        Some(message) => hello::parse(&message).map(Some),
        None => Ok(None),
    }
}

/// No more bytes are looked at, headers of records included. With keys of post-quantum
/// cryptography a ClientHello has some 1800.
pub const MAX_HELLO: usize = 16 * 1024;
