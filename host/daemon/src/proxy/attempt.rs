//! One try at one endpoint: begun, sent, answered, or broken.

use super::downstream::Wait;
use super::exchange::{Attempt, Exchange};
use super::fault::Fault;
use crate::telemetry::RetryReason;
use crate::upstream::{NoEndpoint, Upstream, pick};
use pingora::http::ResponseHeader;
use pingora::prelude::HttpPeer;
use pingora::proxy::Session;
use pingora::{Error, ErrorSource, ErrorType, Result};
use std::sync::Arc;
use std::time::Instant;
use tidegate_policy::{Cause, Decision, Facts, Outcome, decide};

/// Waits out the backoff before a repeated attempt.
pub async fn pause(exchange: &mut Exchange) {
    let pause = std::mem::take(&mut exchange.pause);
    if !pause.is_zero() {
        tokio::time::sleep(pause).await;
    }
}

/// Picks an endpoint and makes the recipe for its connection.
pub fn begin(session: &mut Session, exchange: &mut Exchange) -> Result<Box<HttpPeer>> {
    let upstream = exchange
        .upstream()
        .cloned()
        .ok_or_else(|| fail(exchange, Fault::Internal))?;
    if exchange
        .remaining()
        .is_some_and(|remaining| remaining.is_zero())
    {
        return Err(fail(exchange, Fault::Deadline));
    }
    // A stale connection is no reason to leave an endpoint: its permit is kept.
    let same = exchange
        .attempt
        .as_mut()
        .is_some_and(|attempt| std::mem::take(&mut attempt.stale));
    if !same {
        exchange.attempt = None;
        choose(session, exchange, &upstream)?;
    }
    exchange.attempts += 1;
    exchange.fault = None;
    let endpoint = exchange.endpoint().expect("an attempt has begun");
    let mut peer = Box::new(endpoint.peer.clone());
    if !session.is_body_done() {
        // It would run while the client takes its time to send; the clock does not.
        peer.options.read_timeout = None;
    }
    if let Some(remaining) = exchange.remaining() {
        let connect = &mut peer.options.connection_timeout;
        *connect = connect.map(|connect| connect.min(remaining));
    }
    Ok(peer)
}

fn choose(session: &mut Session, exchange: &mut Exchange, upstream: &Arc<Upstream>) -> Result<()> {
    let mut view = exchange
        .view
        .take()
        .ok_or_else(|| fail(exchange, Fault::Internal))?;
    view.set_attempt(exchange.attempts);
    view.lend(session.req_header_mut());
    let (mut view, picked, plugin_fault) = pick::endpoint(upstream, view);
    view.give_back(session.req_header_mut());
    exchange.plugin_fault |= plugin_fault;
    let result = match picked {
        Ok(picked) => {
            exchange.attempt = Some(Attempt {
                position: picked.position,
                permit: picked.permit,
                response_edits: picked.response_edits,
                answered: None,
                stale: false,
            });
            Ok(())
        }
        Err(NoEndpoint::Full) => Err(Fault::Full),
        Err(NoEndpoint::PluginFault) => Err(Fault::Plugin),
    };
    exchange.view = Some(view);
    result.map_err(|fault| fail(exchange, fault))
}

/// The request, or its last piece, is on its way: the wait for the head begins.
pub fn sent(exchange: &mut Exchange, end: bool) {
    let waits = exchange
        .attempt
        .as_ref()
        .is_some_and(|attempt| attempt.answered.is_none());
    if end
        && waits
        && let Some(upstream) = exchange.upstream()
    {
        exchange.end_waits_at(Some(Instant::now() + upstream.timeouts.response_header));
    }
}

/// A response head has come. Interim responses (1xx) are not the answer.
pub fn answered(head: &ResponseHeader, exchange: &mut Exchange) {
    if head.status.is_informational() && head.status != http::StatusCode::SWITCHING_PROTOCOLS {
        return;
    }
    if let Some(attempt) = &mut exchange.attempt {
        attempt.answered = Some(attempt.permit.answered(Instant::now()));
    }
    await_more(exchange);
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
    let expired = exchange
        .clock
        .as_ref()
        .and_then(|clock| clock.take_expired());
    let answered = exchange
        .attempt
        .as_ref()
        .is_some_and(|attempt| attempt.answered.is_some());
    let over = exchange
        .remaining()
        .is_some_and(|remaining| remaining.is_zero());
    let (cause, fault) = match (error.esource(), error.etype()) {
        _ if expired == Some(Wait::Client) => {
            return lost(exchange, error, Fault::ClientTimeout);
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
    let facts = Facts {
        attempt: exchange.attempts,
        cause: failure.cause,
        sent: failure.sent,
        idempotent: session.req_header().method.is_idempotent(),
        replayable: !session.as_ref().retry_buffer_truncated(),
        response_started: session.response_written().is_some(),
        stale_reuse: failure.stale,
        remaining: exchange.remaining(),
    };
    let Some(route) = exchange.route() else {
        return error;
    };
    let decision = decide(&route.retry, &facts, fastrand::u64(..));
    let (retry, same) = match decision {
        Decision::Retry {
            after,
            same_endpoint,
        } => {
            route.upstream.series.retry(reason(&failure));
            exchange.pause = after;
            (true, same_endpoint)
        }
        Decision::GiveUp(_) => (false, false),
    };
    if same {
        if let Some(attempt) = &mut exchange.attempt {
            attempt.stale = true;
        }
    } else {
        if let (Some(view), Some(attempt)) = (&mut exchange.view, &exchange.attempt) {
            view.exclude(attempt.position);
        }
        // A connection that died while it was idle is nobody's failure.
        let outcome = if failure.stale {
            Outcome::Unknown
        } else {
            Outcome::Failure(failure.cause)
        };
        settle(exchange, outcome);
    }
    error.set_retry(retry);
    error
}

/// Not the endpoint's fault, and nobody to repeat it for.
fn lost(exchange: &mut Exchange, mut error: Box<Error>, fault: Fault) -> Box<Error> {
    exchange.fault = Some(fault);
    settle(exchange, Outcome::Unknown);
    error.set_retry(false);
    error
}

/// Ends the attempt under way, keeping what the log needs of it.
pub fn settle(exchange: &mut Exchange, outcome: Outcome) {
    if let Some(attempt) = &mut exchange.attempt {
        attempt.permit.settle(outcome);
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
