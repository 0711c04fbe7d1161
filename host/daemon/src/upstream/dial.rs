//! Connections that Pingora does not make by itself: those that tell the endpoint who the
//! client is, and those whose protocol is going to change.
//!
//! Pingora ends a tunnel whose 101 it reads before it has noticed that the request was sent
//! ([issue 946](https://github.com/cloudflare/pingora/issues/946)). Here the first read after each
//! write waits one turn of the task, in which it notices.

use crate::config::value::ProxyProtocol;
use async_trait::async_trait;
use pingora::connectors::L4Connect;
use pingora::protocols::l4::socket::SocketAddr as PingoraAddress;
use pingora::protocols::l4::stream::Stream;
use pingora::protocols::l4::virt::{VirtualSockOpt, VirtualSocket, VirtualSocketStream};
use pingora::{Error, ErrorType, OrErr, Result};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tidegate_wire::proxy_protocol;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How one connection is made. It serves one exchange.
#[derive(Debug)]
pub struct Dial {
    /// Bound of connecting.
    pub timeout: Duration,
    /// What the connection begins with: who the client is, and where it connected to.
    pub introduction: Option<(ProxyProtocol, SocketAddr, SocketAddr)>,
}

impl Dial {
    /// Connects, and introduces the client.
    ///
    /// # Errors
    /// When the endpoint cannot be reached in time.
    pub async fn connect(&self, address: SocketAddr) -> Result<TcpStream> {
        let connecting = async {
            let mut stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            if let Some((version, source, destination)) = self.introduction {
                let mut header = Vec::with_capacity(64);
                match version {
                    ProxyProtocol::V1 => proxy_protocol::write_v1(source, destination, &mut header),
                    ProxyProtocol::V2 => proxy_protocol::write_v2(source, destination, &mut header),
                }
                stream.write_all(&header).await?;
            }
            Ok::<_, io::Error>(stream)
        };
        timeout(self.timeout, connecting)
            .await
            .or_err(ErrorType::ConnectTimedout, "connecting to an endpoint")?
            .or_err(ErrorType::ConnectError, "connecting to an endpoint")
    }
}

#[async_trait]
impl L4Connect for Dial {
    async fn connect(&self, address: &PingoraAddress) -> Result<Stream> {
        let Some(address) = address.as_inet() else {
            return Error::e_explain(ErrorType::ConnectError, "endpoints have IP addresses");
        };
        let socket = Turning {
            stream: Dial::connect(self, *address).await?,
            written: false,
        };
        Ok(Stream::from(VirtualSocketStream::new(Box::new(socket))))
    }
}

/// A socket whose first read after each write waits one turn.
#[derive(Debug)]
struct Turning {
    stream: TcpStream,
    written: bool,
}

impl VirtualSocket for Turning {
    /// Options are set when the connection is made.
    fn set_socket_option(&self, _: VirtualSockOpt) -> io::Result<()> {
        Ok(())
    }
}

impl AsyncRead for Turning {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if std::mem::take(&mut self.written) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Turning {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.written = true;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
