//! A port that is taken and refuses connections until its owner listens on it.

use std::io;
use std::net::SocketAddr;

use tokio::net::TcpSocket;

/// A socket that is bound and never listens. Whoever sets `SO_REUSEADDR` may listen on its
/// address; nobody who asks for a free port gets it.
pub struct Reserved {
    address: SocketAddr,
    _socket: TcpSocket,
}

impl Reserved {
    /// A free port of 127.0.0.1.
    ///
    /// # Panics
    /// When there is no free port: nothing could be tested then.
    #[expect(
        clippy::new_without_default,
        reason = "it takes a port, which is no default"
    )]
    pub fn new() -> Self {
        Self::at(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a free port on 127.0.0.1")
    }

    /// The given address; port 0 takes a free one.
    ///
    /// # Errors
    /// The address is not of this machine, or someone listens on it.
    pub fn at(address: SocketAddr) -> io::Result<Self> {
        let socket = reusable(address)?;
        Ok(Self {
            address: socket.local_addr()?,
            _socket: socket,
        })
    }

    /// What is reserved.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

/// Several such sockets may be bound to one port as long as at most one of them listens.
pub(crate) fn reusable(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}
