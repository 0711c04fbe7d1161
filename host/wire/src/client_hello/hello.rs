//! The ClientHello message (RFC 8446 4.1.2), part by part.

use super::{Hello, HelloFault, name};

/// Reads a whole message. Every part must end where it says, and the message with the last.
pub(super) fn parse(message: &[u8]) -> Result<Hello, HelloFault> {
    let mut parts = Parts(message);
    let version = parts.take(2)?;
    parts.take(RANDOM)?;
    let session = parts.vector8()?;
    let ciphers = parts.vector16()?;
    let compressions = parts.vector8()?;
    let fits = version[0] == 3
        && session.len() <= 32
        && !ciphers.is_empty()
        && ciphers.len() % 2 == 0
        && !compressions.is_empty();
    if !fits {
        return Err(HelloFault::Malformed);
    }
    let mut hello = Hello::default();
    // Before TLS 1.3 there need not be any (RFC 5246 7.4.1.2).
    if !parts.is_empty() {
        extensions(parts.vector16()?, &mut hello)?;
    }
    parts.end()?;
    Ok(hello)
}

fn extensions(bytes: &[u8], hello: &mut Hello) -> Result<(), HelloFault> {
    let mut parts = Parts(bytes);
    let (mut named, mut offered) = (false, false);
    while !parts.is_empty() {
        let (kind, data) = (parts.take(2)?, parts.vector16()?);
        let seen = match kind {
            SERVER_NAME => std::mem::replace(&mut named, true),
            ALPN => std::mem::replace(&mut offered, true),
            _ => continue,
        };
        match kind {
            _ if seen => return Err(HelloFault::Duplicate),
            SERVER_NAME => hello.server_name = server_name(data)?,
            _ => hello.alpn = protocols(data)?,
        }
    }
    Ok(())
}

/// The list of names (RFC 6066 3) has one of each type, and host names are the only type.
fn server_name(data: &[u8]) -> Result<Option<String>, HelloFault> {
    let mut parts = Parts(data);
    let mut names = Parts(parts.vector16()?);
    parts.end()?;
    if names.take(1)? != HOST_NAME {
        return Err(HelloFault::ServerName);
    }
    let host = names.vector16()?;
    names.end()?;
    name::host(host)
}

/// The list of protocols (RFC 7301 3.1).
fn protocols(data: &[u8]) -> Result<Vec<Vec<u8>>, HelloFault> {
    let mut parts = Parts(data);
    let mut names = Parts(parts.vector16()?);
    parts.end()?;
    let mut protocols = Vec::new();
    while !names.is_empty() {
        protocols.push(names.vector8()?.to_vec());
    }
    match protocols.is_empty() || protocols.iter().any(Vec::is_empty) {
        true => Err(HelloFault::Malformed),
        false => Ok(protocols),
    }
}

/// What is left to be read.
struct Parts<'a>(&'a [u8]);

impl<'a> Parts<'a> {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn end(&self) -> Result<(), HelloFault> {
        match self.is_empty() {
            true => Ok(()),
            false => Err(HelloFault::Malformed),
        }
    }

    fn take(&mut self, size: usize) -> Result<&'a [u8], HelloFault> {
        let (taken, rest) = self.0.split_at_checked(size).ok_or(HelloFault::Malformed)?;
        self.0 = rest;
        Ok(taken)
    }

    /// Bytes after one that says how many.
    fn vector8(&mut self) -> Result<&'a [u8], HelloFault> {
        let size = self.take(1)?;
        self.take(usize::from(size[0]))
    }

    /// Bytes after two that say how many.
    fn vector16(&mut self) -> Result<&'a [u8], HelloFault> {
        let size = self.take(2)?;
        self.take(usize::from(size[0]) << 8 | usize::from(size[1]))
    }
}

const RANDOM: usize = 32;
const SERVER_NAME: &[u8] = &[0, 0];
const ALPN: &[u8] = &[0, 16];
const HOST_NAME: &[u8] = &[0];
