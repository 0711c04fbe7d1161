//! One try at one endpoint: begun, sent, answered, or broken.

use super::downstream::Ended;
use super::exchange::Exchange;
use super::fault::Fault;
use super::{place, respond};
use crate::config::value::ProxyProtocol;
use crate::telemetry::{RetryReason, RetryRefusal};
use crate::upstream::dial::Dial;
use crate::upstream::{Upstream, pick};
use pingora::http::ResponseHeader;
use pingora::prelude::HttpPeer;
use pingora::proxy::Session;
use pingora::{Error, ErrorSource, ErrorType, Result};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tidegate_policy::{Cause, Decision, Facts, Outcome, Refusal, decide};
use tidegate_wire::http1::response;

/// Waits out the backoff before a repeated attempt.
pub async fn pause(exchange: &mut Exchange) {
    let pause = std::mem::take(&mut exchange.pause);
    if !pause.is_zero() {
        tokio::time::sleep(pause).await;
    }
}

/// Interim responses of one attempt; more of them are a way to keep somebody busy.
const MOST_INTERIM: u32 = 16;

/// Picks an endpoint and makes the recipe for its connection.
pub async fn begin(session: &mut Session, exchange: &mut Exchange) -> Result<Box<HttpPeer>> {
    let upstream = exchange
        .upstream()
        .cloned()
        .ok_or_else(|| fail(exchange, Fault::Internal))?;
    if exchange.is_over() {
        return Err(fail(exchange, Fault::Deadline));
    }
    // A stale connection is no reason to leave an endpoint: its permit is kept.
    let same = exchange
        .attempt
        .as_mut()
        .is_some_and(|attempt| std::mem::take(&mut attempt.stale));
    if !same {
        exchange.attempt = None;
        let picked = place::endpoint(session, exchange, &upstream).await;
        picked.map_err(|fault| fail(exchange, fault))?;
    }
    if exchange.attempts == 0 {
        upstream.group.request(exchange.began);
    }
    exchange.attempts += 1;
    exchange.interim = 0;
    exchange.fault = None;
    let endpoint = exchange.endpoint().expect("an attempt has begun");
    let mut peer = Box::new(endpoint.peer.clone());
    if !session.is_body_done() {
        // It would run while the client takes its time to send; the clock does not.
        peer.options.read_timeout = None;
    }
    let per_attempt = exchange.route().and_then(|route| route.retry.per_attempt);
    let bounds = [
        peer.options.connection_timeout,
        exchange.remaining(),
        per_attempt,
    ];
    let connecting = bounds.into_iter().flatten().min();
    peer.options.connection_timeout = connecting;
    let introduction = introduction(session, exchange, &upstream);
    if introduction.is_some() || session.is_upgrade_req() {
        // Such a connection serves this exchange alone.
        peer.options.idle_timeout = Some(Duration::ZERO);
        peer.group_key = fastrand::u64(..);
        peer.options.custom_l4 = Some(Arc::new(Dial {
            timeout: connecting.unwrap_or(upstream.timeouts.connect),
            introduction,
        }));
    }
    Ok(peer)
}

/// What the connection tells the endpoint of the client, where its upstream wants that.
fn introduction(
    session: &Session,
    exchange: &Exchange,
    upstream: &Upstream,
) -> Option<(ProxyProtocol, SocketAddr, SocketAddr)> {
    let version = upstream.proxy_protocol?;
    let port = exchange
        .link
        .as_ref()
        .map_or(0, |link| link.origin.peer.port());
    let source = SocketAddr::new(exchange.client, port);
    let ours = session
        .server_addr()
        .and_then(|address| address.as_inet().copied());
    Some((version, source, ours.unwrap_or(source)))
}

/// The request, or its last piece, is on its way: the wait for the head begins.
pub fn sent(exchange: &mut Exchange, end: bool) {
    let answered = |attempt: &super::exchange::Attempt| attempt.answered.is_some();
    if exchange.tunnel || exchange.attempt.as_ref().is_some_and(answered) {
        // The client goes on while it is answered: it is not the endpoint that is silent.
        await_more(exchange);
    }
    let waits = exchange
        .attempt
        .as_ref()
        .is_some_and(|attempt| attempt.answered.is_none());
    if end
        && waits
        && let Some(upstream) = exchange.upstream()
    {
        let per_attempt = exchange.route().and_then(|route| route.retry.per_attempt);
        let longest = upstream.timeouts.response_header;
        let longest = per_attempt.map_or(longest, |per_attempt| per_attempt.min(longest));
        exchange.end_waits_at(Some(Instant::now() + longest));
    }
}

/// A response head has come. Interim responses (1xx) are not the answer. A status that
/// the route says to retry is put aside when another attempt is certain to follow;
/// otherwise it passes as it is, with its body.
pub fn answered(
    session: &mut Session,
    head: &ResponseHeader,
    exchange: &mut Exchange,
) -> Result<()> {
    judge(session, head, exchange)?;
    if head.status.is_informational() && head.status != http::StatusCode::SWITCHING_PROTOCOLS {
        return Ok(());
    }
    let status = head.status.as_u16();
    if let Some(attempt) = &mut exchange.attempt {
        let took = attempt.permit.answered(Instant::now(), status);
        attempt.answered = Some(took);
        if let Some(upstream) = exchange.upstream() {
            upstream.series.attempt_took(took);
        }
    }
    await_more(exchange);
    let failure = Failure {
        cause: Cause::Status(status),
        fault: Fault::Reset,
        sent: true,
        stale: false,
    };
    let names = exchange
        .route()
        .is_some_and(|route| route.retry.on.statuses.contains(status));
    let wanted = names
        && exchange
            .upstream()
            .is_some_and(|upstream| pick::possible(upstream, Instant::now()));
    if !wanted || !repeats(session, exchange, &failure) {
        return Ok(());
    }
    exchange.put_aside = true;
    exchange.end_waits_at(None);
    let mut error = Error::new(ErrorType::HTTPStatus(status)).into_up();
    error.set_retry(true);
    Err(error)
}

/// An answer that could be read in two ways is none (RFC 9112, 6.3), nor is one that nobody has
/// asked for.
fn judge(session: &Session, head: &ResponseHeader, exchange: &mut Exchange) -> Result<()> {
    let request = session.req_header();
    let fields = |name| {
        head.headers
            .get_all(name)
            .iter()
            .map(|value| value.as_bytes())
    };
    let minor = u8::from(head.version != http::Version::HTTP_10);
    let judged = response::judge(
        head.status.as_u16(),
        request.method == http::Method::HEAD,
        request.method == http::Method::CONNECT,
        fields(http::header::CONTENT_LENGTH),
        fields(http::header::TRANSFER_ENCODING),
        minor,
    );
    let wrong = match judged {
        Err(violation) => Some(violation.as_str()),
        Ok(()) if head.status == http::StatusCode::SWITCHING_PROTOCOLS => {
            (!session.is_upgrade_req()).then_some("unsolicited_101")
        }
        Ok(()) if head.status.is_informational() => {
            exchange.interim += 1;
            (exchange.interim > MOST_INTERIM).then_some("too_many_1xx")
        }
        Ok(()) => None,
    };
    match wrong {
        None => Ok(()),
        Some(wrong) => Err(Error::explain(ErrorType::InvalidHTTPHeader, wrong).into_up()),
    }
}

/// The rest of the response may take its time, but each piece only so long.
pub fn await_more(exchange: &Exchange) {
    if let Some(upstream) = exchange.upstream() {
        exchange.end_waits_at(Some(Instant::now() + upstream.timeouts.idle));
    }
}

/// No connection: nothing was sent.
pub fn refused(session: &mut Session, exchange: &mut Exchange, error: Box<Error>) -> Box<Error> {
    use ErrorType::{ConnectTimedout, TLSHandshakeTimedout};
    let (cause, fault) = match error.etype() {
        ConnectTimedout | TLSHandshakeTimedout => (Cause::ConnectTimeout, Fault::ConnectTimeout),
        _ => (Cause::ConnectFailure, Fault::ConnectFailure),
    };
    conclude(
        session,
        exchange,
        error,
        Failure {
            cause,
            fault,
            sent: false,
            stale: false,
        },
    )
}

/// The exchange broke after a connection was there. Always decides the retry: Pingora
/// panics on an undecided one.
pub fn broken(
    session: &mut Session,
    exchange: &mut Exchange,
    mut error: Box<Error>,
    reused: bool,
) -> Box<Error> {
    if std::mem::take(&mut exchange.put_aside) {
        return error;
    }
    if exchange.passage.is_stopped() {
        settle(exchange, Instant::now(), Outcome::Unknown);
        error.set_retry(false);
        return error;
    }
    if error.esource() == &ErrorSource::Downstream && exchange.is_answered() {
        error.set_retry(false);
        return error;
    }
    let expired = exchange
        .link
        .as_ref()
        .and_then(|link| link.clock.take_ended());
    let answered = exchange
        .attempt
        .as_ref()
        .is_some_and(|attempt| attempt.answered.is_some());
    let over = exchange.is_over();
    let (cause, fault) = match (error.esource(), error.etype()) {
        _ if expired == Some(Ended::Client) => {
            return lost(exchange, error, Fault::ClientTimeout);
        }
        _ if expired == Some(Ended::Malformed) => {
            return lost(exchange, error, Fault::BadRequest);
        }
        _ if expired.is_some() && over && !had_its_time(exchange) => {
            return lost(exchange, error, Fault::Deadline);
        }
        _ if expired.is_some() && over => (Cause::ResponseTimeout, Fault::Deadline),
        _ if expired.is_some() => (Cause::ResponseTimeout, Fault::ResponseTimeout),
        (ErrorSource::Downstream, ErrorType::ReadTimedout) => {
            return lost(exchange, error, Fault::ClientTimeout);
        }
        (ErrorSource::Downstream, ErrorType::InvalidHTTPHeader | ErrorType::ConnectError) => {
            return lost(exchange, error, Fault::BadRequest);
        }
        (ErrorSource::Downstream, _) => return lost(exchange, error, Fault::ClientGone),
        (ErrorSource::Upstream, ErrorType::ReadTimedout | ErrorType::WriteTimedout) => {
            (Cause::ResponseTimeout, Fault::ResponseTimeout)
        }
        (ErrorSource::Upstream, ErrorType::InvalidHTTPHeader) => (Cause::Reset, Fault::BadResponse),
        (ErrorSource::Upstream, _) => (Cause::Reset, Fault::Reset),
        _ => return lost(exchange, error, Fault::Internal),
    };
    let closed = matches!(
        error.etype(),
        ErrorType::ConnectionClosed | ErrorType::ReadError | ErrorType::WriteError
    );
    let stale = reused && closed && !answered && expired.is_none();
    error.set_retry(false);
    conclude(
        session,
        exchange,
        error,
        Failure {
            cause,
            fault,
            sent: true,
            stale,
        },
    )
}

/// Whether the attempt under way had at least half of the whole time for itself: an
/// endpoint that came late, after others had used the time up, is not to blame.
fn had_its_time(exchange: &Exchange) -> bool {
    let whole = exchange.route().and_then(|route| route.timeout);
    let attempt = exchange.attempt.as_ref();
    attempt
        .zip(whole)
        .is_none_or(|(attempt, whole)| attempt.permit.began().elapsed() * 2 >= whole)
}

struct Failure {
    cause: Cause,
    fault: Fault,
    sent: bool,
    stale: bool,
}

/// Decides whether the failed attempt is repeated, and settles it.
fn conclude(
    session: &mut Session,
    exchange: &mut Exchange,
    mut error: Box<Error>,
    failure: Failure,
) -> Box<Error> {
    exchange.fault = Some(failure.fault);
    let retry = repeats(session, exchange, &failure);
    error.set_retry(retry);
    if !retry {
        settle(exchange, Instant::now(), failure.outcome());
    }
    error
}

/// Whether the failed attempt is repeated. If so it is settled, and the next one is
/// prepared: its wait, and what it must avoid.
fn repeats(session: &mut Session, exchange: &mut Exchange, failure: &Failure) -> bool {
    let passage = &exchange.passage;
    let streamed = passage.streams_request() && passage.body_met();
    let facts = Facts {
        attempt: exchange.attempts,
        cause: failure.cause,
        sent: failure.sent,
        idempotent: session.req_header().method.is_idempotent(),
        replayable: !session.as_ref().retry_buffer_truncated() && !streamed,
        response_started: respond::has_begun(session),
        stale_reuse: failure.stale,
        remaining: exchange.remaining(),
    };
    let (Some(route), Some(upstream)) = (exchange.route(), exchange.upstream().cloned()) else {
        return false;
    };
    let (after, same_endpoint) = match decide(&route.retry, &facts, fastrand::u64(..)) {
        Decision::Retry {
            after,
            same_endpoint,
        } => (after, same_endpoint),
        Decision::GiveUp(refusal) => {
            if let Some(reason) = counted(refusal) {
                upstream.series.retry_refused(reason);
            }
            return false;
        }
    };
    // A stale connection is no failure, and its remedy no load on the endpoints.
    if !failure.stale && !upstream.group.afford_retry(Instant::now()) {
        upstream.series.retry_refused(RetryRefusal::Budget);
        return false;
    }
    upstream.series.retry(reason(failure));
    exchange.pause = after;
    match &mut exchange.attempt {
        Some(attempt) if same_endpoint => attempt.stale = true,
        Some(attempt) => {
            let position = attempt.position;
            if !exchange.tried.contains(&position) {
                exchange.tried.push(position);
            }
            settle(exchange, Instant::now(), failure.outcome());
        }
        None => {}
    }
    true
}

impl Failure {
    /// A connection that died while it was idle is nobody's failure.
    fn outcome(&self) -> Outcome {
        if self.stale {
            Outcome::Unknown
        } else {
            Outcome::Failure(self.cause)
        }
    }
}

/// Refusals that an operator wants to know of: a retry was asked for and not made.
fn counted(refusal: Refusal) -> Option<RetryRefusal> {
    match refusal {
        Refusal::ResponseStarted | Refusal::NotAsked => None,
        Refusal::Deadline => Some(RetryRefusal::Deadline),
        Refusal::Exhausted => Some(RetryRefusal::Exhausted),
        Refusal::NotIdempotent => Some(RetryRefusal::NotIdempotent),
        Refusal::NotReplayable => Some(RetryRefusal::NotReplayable),
    }
}

/// Not the endpoint's fault, and nobody to repeat it for.
fn lost(exchange: &mut Exchange, mut error: Box<Error>, fault: Fault) -> Box<Error> {
    exchange.fault = Some(fault);
    settle(exchange, Instant::now(), Outcome::Unknown);
    error.set_retry(false);
    error
}

/// Ends the attempt under way, keeping what the log needs of it.
pub fn settle(exchange: &mut Exchange, now: Instant, outcome: Outcome) {
    if let Some(attempt) = &mut exchange.attempt {
        attempt.permit.settle(now, outcome);
    }
}

fn reason(failure: &Failure) -> RetryReason {
    match failure.cause {
        _ if failure.stale => RetryReason::StaleConnection,
        Cause::ConnectFailure => RetryReason::ConnectFailure,
        Cause::ConnectTimeout => RetryReason::ConnectTimeout,
        Cause::Reset => RetryReason::Reset,
        Cause::ResponseTimeout => RetryReason::ResponseTimeout,
        Cause::Status(_) => RetryReason::Status,
    }
}

fn fail(exchange: &mut Exchange, fault: Fault) -> Box<Error> {
    exchange.fault = Some(fault);
    Error::explain(ErrorType::InternalError, fault.as_str())
}
