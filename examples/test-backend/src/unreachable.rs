//! An address on the loopback whose connections neither complete nor fail.
//!
//! A listener that accepts nothing and whose accept queue is full: Linux drops further
//! SYNs, so that `connect` waits as it does for a host behind a silent firewall
//! (`tcp_abort_on_overflow` left at its default, 0).

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};

use crate::reserved::reusable;

/// A connection on the loopback that takes longer than this is not coming.
const PATIENCE: Duration = Duration::from_millis(200);
/// The queue of a listener with backlog 0 is full after one; more means another kernel.
const ATTEMPTS: usize = 16;

/// Holds the full queue. Dropping it makes the address refuse connections.
pub struct Unreachable {
    address: SocketAddr,
    _listener: TcpListener,
    _queued: Vec<TcpStream>,
}

impl Unreachable {
    /// Returns once a connection was seen not to complete.
    ///
    /// # Errors
    /// There is no free port, or this kernel completes every connection.
    pub async fn start() -> io::Result<Self> {
        let listener = reusable(SocketAddr::from(([127, 0, 0, 1], 0)))?.listen(0)?;
        let address = listener.local_addr()?;
        let mut queued = Vec::new();
        for _ in 0..ATTEMPTS {
            match tokio::time::timeout(PATIENCE, TcpStream::connect(address)).await {
                Ok(stream) => queued.push(stream?),
                Err(_) => {
                    return Ok(Self {
                        address,
                        _listener: listener,
                        _queued: queued,
                    });
                }
            }
        }
        Err(io::Error::other("the accept queue does not fill up"))
    }

    /// The address that cannot be reached.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}
