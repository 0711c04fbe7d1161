//! HTTP clients: one request on a connection of its own, or many on one connection.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use anyhow::Context;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::Method;
use hyper::client::conn::http1;
use hyper::header::HOST;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpSocket, TcpStream};

use crate::PATIENCE;
pub use crate::answer::Answer;
use crate::tls::ClientTls;

/// A request to be sent.
#[derive(Clone, Debug)]
pub struct Request {
    /// GET unless said otherwise.
    pub method: Method,
    /// Path and query.
    pub target: String,
    /// Sent as they are, after `host: test`; a `host` here replaces that one.
    pub headers: Vec<(String, String)>,
    /// Sent with its length; none for an empty body of a GET.
    pub body: Bytes,
}

impl Request {
    /// A GET.
    pub fn get(target: &str) -> Self {
        let (headers, body) = (Vec::new(), Bytes::new());
        Self {
            method: Method::GET,
            target: target.to_owned(),
            headers,
            body,
        }
    }

    /// A POST of these bytes.
    pub fn post(target: &str, body: impl Into<Bytes>) -> Self {
        Self {
            method: Method::POST,
            body: body.into(),
            ..Self::get(target)
        }
    }

    /// The same with one more header field.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sends it on a connection of its own.
    ///
    /// # Errors
    /// No connection, or no complete answer.
    pub async fn send(self, address: SocketAddr) -> anyhow::Result<Answer> {
        Connection::open(address).await?.send(self).await
    }

    /// Sends it on a connection of its own whose client end has the given address: on
    /// Linux all of 127.0.0.0/8 is the loopback.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn send_from(self, from: Ipv4Addr, address: SocketAddr) -> anyhow::Result<Answer> {
        Connection::open_from(from.into(), address)
            .await?
            .send(self)
            .await
    }

    fn build(self) -> anyhow::Result<hyper::Request<Full<Bytes>>> {
        let mut request = hyper::Request::builder()
            .method(self.method)
            .uri(self.target);
        if !self
            .headers
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case("host"))
        {
            request = request.header(HOST, "test");
        }
        for (name, value) in self.headers {
            request = request.header(name, value);
        }
        Ok(request.body(Full::new(self.body))?)
    }
}

/// A GET on a connection of its own.
///
/// # Panics
/// When there is no complete answer.
pub async fn get(address: SocketAddr, target: &str) -> Answer {
    Request::get(target).send(address).await.expect("an answer")
}

/// A keep-alive connection.
pub struct Connection {
    sender: http1::SendRequest<Full<Bytes>>,
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// The connection is refused or reset.
    pub async fn open(address: SocketAddr) -> anyhow::Result<Self> {
        Self::over(TcpStream::connect(address).await.context("connect")?).await
    }

    /// Connects from a given address.
    ///
    /// # Errors
    /// The address is not of this machine, or the connection is refused or reset.
    pub async fn open_from(from: IpAddr, address: SocketAddr) -> anyhow::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::new(from, 0)).context("bind")?;
        Self::over(socket.connect(address).await.context("connect")?).await
    }

    /// Connects, and speaks TLS.
    ///
    /// # Errors
    /// As [`ClientTls::connect`].
    pub async fn open_tls(address: SocketAddr, tls: &ClientTls) -> anyhow::Result<Self> {
        let stream = tls.connect(address).await?;
        stream.get_ref().0.set_nodelay(true)?;
        Self::with(stream).await
    }

    async fn over(stream: TcpStream) -> anyhow::Result<Self> {
        stream.set_nodelay(true)?;
        Self::with(stream).await
    }

    async fn with(
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    ) -> anyhow::Result<Self> {
        let (sender, driver) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(async move {
            // Its error is the one that the request reports.
            let _ = driver.await;
        });
        Ok(Self { sender })
    }

    /// Whether the connection can take another request; waits until it knows.
    pub async fn is_usable(&mut self) -> bool {
        self.sender.ready().await.is_ok()
    }

    /// Sends a request and reads the whole answer.
    ///
    /// # Errors
    /// The connection broke off, or the answer is incomplete or took longer than
    /// [`PATIENCE`].
    pub async fn send(&mut self, request: Request) -> anyhow::Result<Answer> {
        let request = request.build()?;
        let exchange = async {
            self.sender
                .ready()
                .await
                .context("waiting for the connection")?;
            let response = self.sender.send_request(request).await.context("head")?;
            let (head, body) = response.into_parts();
            let body = body.collect().await.context("body")?.to_bytes();
            Ok(Answer { head, body })
        };
        tokio::time::timeout(PATIENCE, exchange)
            .await
            .context("an answer in time")?
    }

    /// Sends a request and waits for the head alone; dropping what it returns together
    /// with the connection is a client that gives up.
    ///
    /// # Errors
    /// The connection broke off.
    pub async fn head(
        &mut self,
        request: Request,
    ) -> anyhow::Result<hyper::Response<hyper::body::Incoming>> {
        let request = request.build()?;
        self.sender
            .ready()
            .await
            .context("waiting for the connection")?;
        self.sender.send_request(request).await.context("head")
    }
}
