//! Bytes in, bytes out: for what a well-behaved client would not send or would not show.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use crate::soon;

/// A plain connection.
pub struct Raw {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Raw {
    /// Connects.
    ///
    /// # Panics
    /// When the connection is refused.
    pub async fn open(address: SocketAddr) -> Self {
        Self::over(TcpStream::connect(address).await.expect("a connection"))
    }

    /// Connects with a receive buffer of about that many bytes: more than the buffers on
    /// the way hold is not taken off the peer before it is read here.
    ///
    /// # Panics
    /// When the connection is refused.
    pub async fn open_narrow(address: SocketAddr, buffer: u32) -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket
            .set_recv_buffer_size(buffer)
            .expect("an option of every TCP socket");
        Self::over(socket.connect(address).await.expect("a connection"))
    }

    fn over(stream: TcpStream) -> Self {
        stream
            .set_nodelay(true)
            .expect("an option of every TCP socket");
        Self {
            stream,
            read: Vec::new(),
        }
    }

    /// Writes these bytes.
    ///
    /// # Panics
    /// When the peer closed already.
    pub async fn write(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream
            .write_all(bytes.as_ref())
            .await
            .expect("written");
    }

    /// Reads one head, up to and with its empty line.
    ///
    /// # Panics
    /// When the connection ends first.
    pub async fn head(&mut self) -> String {
        let end = soon("a head", async {
            loop {
                if let Some(at) = self.read.windows(4).position(|four| four == b"\r\n\r\n") {
                    return at + 4;
                }
                let n = self
                    .stream
                    .read_buf(&mut self.read)
                    .await
                    .expect("more of the head");
                assert_ne!(
                    n,
                    0,
                    "closed within a head: {}",
                    String::from_utf8_lossy(&self.read)
                );
            }
        })
        .await;
        let head: Vec<u8> = self.read.drain(..end).collect();
        String::from_utf8(head).expect("a head in ASCII")
    }

    /// Reads exactly that many bytes.
    ///
    /// # Panics
    /// When the connection ends first.
    pub async fn bytes(&mut self, length: usize) -> Vec<u8> {
        soon("the bytes", async {
            while self.read.len() < length {
                let n = self
                    .stream
                    .read_buf(&mut self.read)
                    .await
                    .expect("more bytes");
                assert_ne!(n, 0, "closed after {} of {length} bytes", self.read.len());
            }
        })
        .await;
        self.read.drain(..length).collect()
    }

    /// Reads until the peer closes; a reset ends it as well.
    ///
    /// # Panics
    /// When it stays open.
    pub async fn rest(&mut self) -> String {
        soon("the end of the connection", async {
            while matches!(self.stream.read_buf(&mut self.read).await, Ok(n) if n > 0) {}
        })
        .await;
        String::from_utf8_lossy(&std::mem::take(&mut self.read)).into_owned()
    }
}

/// One request on a connection of its own, read until the peer closes (so it should say
/// `connection: close`).
///
/// # Panics
/// When the connection is refused or stays open.
pub async fn exchange(address: SocketAddr, request: &str) -> String {
    let mut raw = Raw::open(address).await;
    raw.write(request).await;
    raw.rest().await
}
