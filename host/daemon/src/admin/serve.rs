//! Connections to the admin listener. Heads are read as strictly as those of traffic, and the
//! wait for them is bounded in the same way.
//!
//! Pingora's own server for applications is not used: it logs whole heads at the level `trace`, and
//! they have the token in them.

use super::Admin;
use crate::proxy::{Arrived, Clock, Downstream, Limits, Socket};
use crate::server::Door;
use bytes::BytesMut;
use http::Method;
use pingora::protocols::http::ServerSession;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tidegate_wire::http1::Limits as HeadLimits;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsAcceptor;

/// For a handshake, and for a head.
const PATIENCE: Duration = Duration::from_secs(10);
/// Between two requests.
const IDLE: Duration = Duration::from_secs(60);
/// Rest after an accept that failed.
const REST: Duration = Duration::from_millis(100);

const LIMITS: Limits = Limits {
    head: HeadLimits {
        head: 32 << 10,
        target: 8 << 10,
        fields: 100,
    },
    head_timeout: PATIENCE,
    idle: IDLE,
    min_rate: None,
    http2: None,
};

const BAD: &[u8] = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// Accepts until the process ends.
pub async fn serve(socket: Arc<TcpListener>, door: Arc<Door>, admin: Arc<Admin>) {
    loop {
        match socket.accept().await {
            Ok((stream, peer)) => {
                let _ = stream.set_nodelay(true);
                tokio::spawn(connection(stream, peer, door.clone(), admin.clone()));
            }
            Err(error) => {
                tracing::warn!(%error, "the admin listener cannot accept");
                tokio::time::sleep(REST).await;
            }
        }
    }
}

async fn connection(stream: TcpStream, peer: SocketAddr, door: Arc<Door>, admin: Arc<Admin>) {
    let socket = match door.access().tls() {
        None => Socket::Plain(stream),
        Some(tls) => {
            let accepting = TlsAcceptor::from(tls.clone()).accept(stream);
            match timeout(PATIENCE, accepting).await {
                Ok(Ok(stream)) => Socket::Tls(Box::new(stream)),
                Ok(Err(error)) => {
                    tracing::debug!(%peer, %error, "no TLS on the admin listener");
                    return;
                }
                Err(_) => return,
            }
        }
    };
    let clock = Arc::<Clock>::default();
    let mut stream = Downstream::new(socket, peer, BytesMut::new(), clock.clone());
    loop {
        let kept_open = match stream.next(&LIMITS).await {
            Ok(Arrived::Head(head)) if !head.is_connect => head.keep_alive,
            Ok(Arrived::Head(_) | Arrived::Bad(_)) => {
                // Nobody is left to be told of an error.
                let _ = stream.write_all(BAD).await;
                let _ = stream.shutdown().await;
                return;
            }
            Ok(Arrived::Http2 | Arrived::Flood(_) | Arrived::Nothing | Arrived::Late) | Err(_) => {
                return;
            }
        };
        match exchange(stream, kept_open, &clock, &door, &admin).await {
            Some(kept) => stream = kept,
            None => return,
        }
    }
}

/// One request, and the stream if it can have another.
async fn exchange(
    stream: Downstream,
    kept_open: bool,
    clock: &Clock,
    door: &Door,
    admin: &Admin,
) -> Option<Downstream> {
    let mut session = ServerSession::new_http1(Box::new(stream));
    if !session.read_request().await.ok()? {
        return None;
    }
    session.set_keepalive(kept_open.then_some(IDLE.as_secs()));
    let head = session.req_header();
    let (method, path) = (head.method.clone(), head.uri.path().to_owned());
    let response = if super::is_for_all(&path) || door.access().permits(&head.headers) {
        admin.answer(&method, &path).await
    } else {
        super::unauthorized()
    };
    // A client that does not take its answer is not waited for.
    clock.set(Some(Instant::now() + IDLE));
    let (head, body) = response.into_parts();
    session
        .write_response_header(Box::new(head.into()))
        .await
        .ok()?;
    if !body.is_empty() && method != Method::HEAD {
        session.write_response_body(body.into(), true).await.ok()?;
    }
    // Nothing behind the message was shown: there is no beginning of a next one.
    let (kept, _) = session.finish().await.ok()??.into_parts();
    let kept = kept.into_any().downcast::<Downstream>().ok()?;
    Some(*kept)
}
