//! A call out of a filter: one request to an upstream, chosen, admitted and judged like any
//! other, answered whole.

use super::{NoEndpoint, Picked, Upstream, View, of_status, pick};
use bytes::{Bytes, BytesMut};
use http::header;
use pingora::connectors::http::Connector;
use pingora::http::RequestHeader;
use pingora::prelude::HttpPeer;
use pingora::protocols::http::client::HttpSession;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, LazyLock};
use std::time::Instant;
use tidegate_policy::{Cause, Outcome};
use tidegate_runtime::{CalloutFailure, MAX_BODY, Outgoing, Reply};
use tokio::time::timeout_at;

/// Idle connections, kept apart from those of the proxy itself.
static CONNECTOR: LazyLock<Connector> = LazyLock::new(|| Connector::new(None));

/// Endpoints that are tried when no connection can be made.
const TRIES: usize = 2;

/// Makes the call, within its timeout.
pub async fn call(upstream: &Arc<Upstream>, request: Outgoing) -> Result<Reply, CalloutFailure> {
    let until = Instant::now() + request.timeout;
    let limited = upstream.rules.limits.is_some();
    let mut seat = match limited.then(|| upstream.group.seat()) {
        None => None,
        Some(seat) => Some(
            timeout_at(until.into(), seat)
                .await
                .map_err(|_| CalloutFailure::TimedOut)?
                .map_err(|_| CalloutFailure::Unavailable)?,
        ),
    };
    let mut tried = Vec::new();
    for _ in 0..TRIES {
        let mut picked = pick_one(upstream, &request, &tried)?;
        if let Some(seat) = &mut seat {
            seat.found();
        }
        let mut peer = upstream.endpoints[picked.position as usize].peer.clone();
        peer.options.read_timeout = None; // The whole is bounded.
        let connected = timeout_at(until.into(), CONNECTOR.get_http_session(&peer)).await;
        match connected {
            Err(_) => return Err(failed(&mut picked, Cause::ConnectTimeout)),
            Ok(Err(_)) => {
                failed(&mut picked, Cause::ConnectFailure);
                tried.push(picked.position);
            }
            Ok(Ok((session, reused))) => {
                let asked = ask(upstream, session, &peer, &mut picked, &request);
                match timeout_at(until.into(), asked).await {
                    Err(_) => return Err(failed(&mut picked, Cause::ResponseTimeout)),
                    Ok(Ok(reply)) => return Ok(reply),
                    Ok(Err(Broken::TooLarge)) => return Err(CalloutFailure::TooLarge),
                    // A connection that died while it was idle is nobody's failure, and
                    // nothing was done with what was sent on it.
                    Ok(Err(Broken::Unanswered)) if reused && repeatable(&request) => {
                        picked.permit.settle(Instant::now(), Outcome::Unknown);
                    }
                    Ok(Err(_)) => return Err(failed(&mut picked, Cause::Reset)),
                }
            }
        }
    }
    Err(CalloutFailure::Unavailable)
}

fn repeatable(request: &Outgoing) -> bool {
    request.method.is_idempotent()
}

fn pick_one(
    upstream: &Arc<Upstream>,
    request: &Outgoing,
    tried: &[u32],
) -> Result<Picked, CalloutFailure> {
    let nobody = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
    let authority: Arc<str> = upstream.name.as_str().into();
    let mut view = View::new("http", authority, nobody, "".into());
    let mut head = head(upstream, request).map_err(|_| CalloutFailure::Invalid)?;
    view.lend(&mut head);
    let (_, picked, _) = pick::endpoint(upstream, view, tried, Instant::now());
    picked.map_err(|reason| match reason {
        NoEndpoint::Full | NoEndpoint::Barred | NoEndpoint::PluginFault => {
            CalloutFailure::Unavailable
        }
    })
}

fn head(upstream: &Upstream, request: &Outgoing) -> pingora::Result<RequestHeader> {
    let target = request.target.as_str().as_bytes();
    let mut head = RequestHeader::build(request.method.clone(), target, None)?;
    for (name, value) in &request.headers {
        head.append_header(name.clone(), value.clone())?;
    }
    if !request.headers.contains_key(header::HOST) {
        head.insert_header(header::HOST, upstream.name.as_str())?;
    }
    let bare = request.body.is_empty() && request.method.is_safe();
    if !bare {
        head.insert_header(header::CONTENT_LENGTH, request.body.len())?;
    }
    Ok(head)
}

enum Broken {
    /// Before the head of a response was there.
    Unanswered,
    /// In the middle of a response.
    Cut,
    /// More than a filter may be given.
    TooLarge,
}

async fn ask(
    upstream: &Upstream,
    mut session: HttpSession,
    peer: &HttpPeer,
    picked: &mut Picked,
    request: &Outgoing,
) -> Result<Reply, Broken> {
    let unanswered = |_| Broken::Unanswered;
    let head = Box::new(head(upstream, request).map_err(unanswered)?);
    session
        .write_request_header(head)
        .await
        .map_err(unanswered)?;
    if !request.body.is_empty() {
        let body = Bytes::copy_from_slice(&request.body);
        session
            .write_request_body(body, true)
            .await
            .map_err(unanswered)?;
    }
    session.finish_request_body().await.map_err(unanswered)?;
    let head = loop {
        session.read_response_header().await.map_err(unanswered)?;
        let head = session.response_header().ok_or(Broken::Unanswered)?;
        if !head.status.is_informational() {
            break head;
        }
    };
    let (status, headers) = (head.status, head.headers.clone());
    picked.permit.answered(Instant::now(), status.as_u16());
    let mut body = BytesMut::new();
    while let Some(piece) = session
        .read_response_body()
        .await
        .map_err(|_| Broken::Cut)?
    {
        if body.len() + piece.len() > MAX_BODY {
            session.shutdown().await;
            return Err(Broken::TooLarge);
        }
        body.extend_from_slice(&piece);
    }
    picked
        .permit
        .settle(Instant::now(), of_status(status.as_u16()));
    let idle = peer.options.idle_timeout;
    CONNECTOR.release_http_session(session, peer, idle).await;
    Ok(Reply {
        status,
        headers,
        body: body.to_vec(),
    })
}

fn failed(picked: &mut Picked, cause: Cause) -> CalloutFailure {
    picked
        .permit
        .settle(Instant::now(), Outcome::Failure(cause));
    match cause {
        Cause::ConnectTimeout | Cause::ResponseTimeout => CalloutFailure::TimedOut,
        _ => CalloutFailure::Unavailable,
    }
}
