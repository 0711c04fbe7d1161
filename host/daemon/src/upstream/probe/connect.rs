//! A connection for one probe.

use super::answer::{Failure, words};
use rustix::io::Errno;
use std::io;
use std::net::SocketAddr;
use tokio::net::TcpStream;

/// Connects, or says whose fault it is that we could not.
pub(super) async fn connect(address: SocketAddr) -> Result<TcpStream, Failure> {
    let stream = match TcpStream::connect(address).await {
        Ok(stream) => stream,
        Err(error) if is_ours(&error) => return Err(Failure::Ours(words(&error))),
        Err(error) => return Err(error.into()),
    };
    // A port that is closed and in the range of those that the system gives to clients
    // may be given to this very connection, which TCP then makes with itself. The
    // endpoint is not up for that.
    if address.ip().is_loopback() && stream.local_addr()? == address {
        return Err(Failure::Endpoint("connection refused".into()));
    }
    Ok(stream)
}

/// Whether this system has run out of something. If that counted, all endpoints would go
/// down when the proxy has too many files open.
fn is_ours(error: &io::Error) -> bool {
    matches!(
        Errno::from_io_error(error),
        Some(Errno::MFILE | Errno::NFILE | Errno::NOBUFS | Errno::NOMEM)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_we_lack_is_our_failure() {
        let ours = |errno: Errno| is_ours(&io::Error::from(errno));
        assert!(ours(Errno::MFILE) && ours(Errno::NOBUFS));
        assert!(!ours(Errno::CONNREFUSED) && !ours(Errno::HOSTUNREACH));
        assert!(!is_ours(&io::Error::other("no number")));
    }
}
