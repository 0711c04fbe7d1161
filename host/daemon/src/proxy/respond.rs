//! Responses: the endpoint's, made fit for the client, and the host's own.

use super::exchange::Exchange;
use super::fault::Fault;
use super::{filters, forward, grpc, timing};
use bytes::Bytes;
use http::{Method, StatusCode, Version, header};
use pingora::http::ResponseHeader;
use pingora::protocols::http::HttpTask;
use pingora::proxy::{FailToProxy, Session};
use pingora::{Error, ErrorSource, ErrorType, Result};
use tidegate_runtime::Reply;

/// What is served, as far as this proxy is concerned.
const METHODS: &str = "GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH";

/// Seconds after which a client that found everything full or down may come again.
const RETRY_AFTER: &str = "1";

/// Makes the endpoint's head fit for the client, and applies the selector's edits.
pub async fn finish_head(
    session: &mut Session,
    head: &mut ResponseHeader,
    exchange: &mut Exchange,
) -> Result<()> {
    if head.status.is_informational() && head.status != StatusCode::SWITCHING_PROTOCOLS {
        return forward::prepare_interim(head);
    }
    let upgraded = session.is_upgrade_req() && head.status == StatusCode::SWITCHING_PROTOCOLS;
    forward::prepare_response(head, head.version, upgraded)?;
    if upgraded && let Some(link) = &exchange.link {
        link.clock.open_tunnel();
        exchange.tunnel = true;
    }
    insist_on_https(exchange, head)?;
    if session.req_header().version < Version::HTTP_11 {
        // RFC 9112, 6.1: such a client does not know chunks; the end of the connection
        // ends the body.
        head.remove_header(&header::TRANSFER_ENCODING);
        session.set_keepalive(None);
    }
    let edits = exchange
        .attempt
        .as_mut()
        .map(|attempt| std::mem::take(&mut attempt.response_edits));
    filters::edit_response(head, edits.into_iter().flatten())?;
    if exchange.passage.has_filters() {
        let shown = Box::pin(filters::on_response(session, exchange, head)).await;
        shown.map_err(|fault| {
            exchange.fault = Some(fault);
            exchange.passage.stop();
            Error::explain(ErrorType::InternalError, fault.as_str())
        })?;
    }
    timing::tell(exchange, head)?;
    if let Some(call) = &mut exchange.web {
        call.finish(head, session.req_header().version, false)?;
    }
    filters::begin_response_body(session, exchange, head);
    Ok(())
}

/// Tells browsers not to come without encryption again (RFC 6797, 7.1).
pub fn insist_on_https(exchange: &Exchange, head: &mut ResponseHeader) -> Result<()> {
    let Some(link) = &exchange.link else {
        return Ok(());
    };
    match &link.origin.manner.hsts {
        Some(hsts) => head.insert_header(header::STRICT_TRANSPORT_SECURITY, hsts.clone()),
        None => Ok(()),
    }
}

/// Sends a request to the same address over https. The method stays what it is (RFC 9110, 15.4.9).
pub async fn to_https(session: &mut Session, exchange: &mut Exchange, port: u16) -> Result<bool> {
    let host = forward::host_only(&exchange.authority);
    let target = session.req_header().raw_path();
    let target = String::from_utf8_lossy(if target == b"*" { b"/" } else { target });
    let location = match port {
        443 => format!("https://{host}{target}"),
        port => format!("https://{host}:{port}{target}"),
    };
    if host.is_empty() {
        return refuse(session, exchange, Fault::BadRequest).await;
    }
    let mut head = ResponseHeader::build(StatusCode::PERMANENT_REDIRECT, Some(2))?;
    head.insert_header(header::LOCATION, location)?;
    head.insert_header(header::CONTENT_LENGTH, 0)?;
    session.write_response_header(Box::new(head), true).await?;
    Ok(true)
}

/// Answers a question about this proxy.
pub async fn options(session: &mut Session, exchange: &mut Exchange) -> Result<bool> {
    let mut head = ResponseHeader::build(StatusCode::OK, Some(2))?;
    head.insert_header(header::ALLOW, METHODS)?;
    head.insert_header(header::CONTENT_LENGTH, 0)?;
    insist_on_https(exchange, &mut head)?;
    session.write_response_header(Box::new(head), true).await?;
    Ok(true)
}

/// Answers a request that goes nowhere. The connection lives on when the fault is not
/// one of framing.
pub async fn refuse(session: &mut Session, exchange: &mut Exchange, fault: Fault) -> Result<bool> {
    exchange.fault = Some(fault);
    if matches!(fault, Fault::BadRequest | Fault::TooLarge) {
        session.set_keepalive(None);
    }
    write(session, exchange, fault).await?;
    Ok(true)
}

/// The last word on an exchange that failed: a status if the client can still get one.
pub async fn rescue(session: &mut Session, error: &Error, exchange: &mut Exchange) -> FailToProxy {
    if let Some(link) = &exchange.link {
        link.clock.set(None);
    }
    if exchange.passage.is_held()
        && let Some(hold) = exchange.passage.take_hold()
    {
        hold.give_back(session).await;
    }
    let begun = has_begun(session);
    if let Some(reply) = exchange.passage.take_instead().filter(|_| !begun) {
        return Box::pin(instead(session, exchange, reply)).await;
    }
    if exchange.fault.is_none() && exchange.is_answered() {
        return FailToProxy {
            error_code: 0,
            can_reuse_downstream: false,
        };
    }
    let fault = exchange.fault.unwrap_or_else(|| blame(error));
    exchange.fault = Some(fault);
    if !begun && fault.status().is_some() {
        session.set_keepalive(None);
        if write(session, exchange, fault).await.is_err() {
            // The client left while it was told.
            exchange.fault = Some(Fault::ClientGone);
        }
    }
    FailToProxy {
        error_code: fault.logged_status(),
        can_reuse_downstream: false,
    }
}

/// Whether the client has got the head of a response, not only interim ones (1xx).
pub fn has_begun(session: &Session) -> bool {
    session
        .response_written()
        .is_some_and(|head| !head.status.is_informational() || head.status == 101)
}

/// A filter's answer to an exchange that it has ended.
async fn instead(session: &mut Session, exchange: &mut Exchange, reply: Reply) -> FailToProxy {
    let error_code = reply.status.as_u16();
    session.set_keepalive(None);
    if filters::write_reply(session, exchange, reply)
        .await
        .is_err()
    {
        exchange.fault = Some(Fault::ClientGone);
    }
    FailToProxy {
        error_code,
        can_reuse_downstream: false,
    }
}

/// For errors that come from none of our phases.
fn blame(error: &Error) -> Fault {
    match (error.esource(), error.etype()) {
        (
            ErrorSource::Downstream,
            ErrorType::WriteError | ErrorType::ReadError | ErrorType::ConnectionClosed,
        ) => Fault::ClientGone,
        (ErrorSource::Downstream, ErrorType::ReadTimedout) => Fault::ClientTimeout,
        (ErrorSource::Downstream, _) => Fault::BadRequest,
        (ErrorSource::Upstream, _) => Fault::Reset,
        _ => Fault::Internal,
    }
}

/// What the client is told, as exactly as it is known.
fn sentence(exchange: &Exchange, fault: Fault) -> &'static str {
    let exact = exchange.wrong().map(|wrong| wrong.sentence);
    exact.unwrap_or_else(|| fault.sentence())
}

async fn write(session: &mut Session, exchange: &mut Exchange, fault: Fault) -> Result<()> {
    let Some(status) = fault.status() else {
        return Ok(());
    };
    if grpc::is_call(session.req_header()) {
        return refuse_call(session, exchange, fault, status).await;
    }
    let reason = status.canonical_reason().unwrap_or("Error");
    let body = Bytes::from(format!(
        "{} {reason}: {}\n",
        status.as_u16(),
        sentence(exchange, fault)
    ));
    let mut head = ResponseHeader::build(status, Some(4))?;
    head.insert_header(header::CONTENT_TYPE, "text/plain; charset=utf-8")?;
    head.insert_header(header::CONTENT_LENGTH, body.len())?;
    head.insert_header(header::CACHE_CONTROL, "no-store")?;
    insist_on_https(exchange, &mut head)?;
    if fault == Fault::Method {
        head.insert_header(
            header::ALLOW,
            "GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH",
        )?;
    }
    if fault.passes() {
        head.insert_header(header::RETRY_AFTER, RETRY_AFTER)?;
    }
    // A filter that fails now has nothing left to protect: the request goes nowhere.
    if exchange.passage.has_filters() {
        let _ = Box::pin(filters::on_response(session, exchange, &mut head)).await;
    }
    let bare = session.req_header().method == Method::HEAD;
    session.write_response_header(Box::new(head), bare).await?;
    if !bare {
        session.write_response_body(Some(body), true).await?;
    }
    Ok(())
}

/// A client of gRPC takes its status from the head alone ("Trailers-Only").
async fn refuse_call(
    session: &mut Session,
    exchange: &mut Exchange,
    fault: Fault,
    status: StatusCode,
) -> Result<()> {
    exchange.meant = Some(status.as_u16());
    let mut head = grpc::trailers_only(status, sentence(exchange, fault))?;
    insist_on_https(exchange, &mut head)?;
    // A filter that fails now has nothing left to protect: the request goes nowhere.
    if exchange.passage.has_filters() {
        let _ = Box::pin(filters::on_response(session, exchange, &mut head)).await;
    }
    if let Some(call) = &mut exchange.web {
        call.finish(&mut head, session.req_header().version, true)?;
    }
    // The end of the stream comes with the head, or it would not be one of these.
    let whole = vec![HttpTask::Header(Box::new(head), true)];
    session
        .downstream_session
        .response_duplex_vec(whole)
        .await?;
    Ok(())
}
