//! The end of an exchange: settled, counted, written down.

use super::attempt;
use super::exchange::Exchange;
use crate::telemetry::Record;
use crate::upstream::of_status;
use http::{Version, header};
use pingora::proxy::Session;
use std::fmt::Write;
use std::time::{Duration, Instant, SystemTime};
use tidegate_policy::Outcome;

/// Called once for every exchange that has begun.
pub async fn finish(session: &mut Session, exchange: &mut Exchange) {
    if exchange.passage.is_held()
        && let Some(hold) = exchange.passage.take_hold()
    {
        hold.give_back(session).await;
    }
    if let Some(hold) = exchange.hold.take() {
        hold.give_back(session).await;
    }
    let status = session.response_written().map(|head| head.status.as_u16());
    let status = exchange.meant.or(status);
    let now = Instant::now();
    let took = now.saturating_duration_since(exchange.began);
    let told = status.or_else(|| exchange.fault.map(|fault| fault.logged_status()));
    let answered = exchange
        .attempt
        .as_ref()
        .is_some_and(|attempt| attempt.answered.is_some());
    let endpoint = exchange
        .endpoint()
        .filter(|_| answered)
        .map(|endpoint| endpoint.state.series());
    let method = &session.req_header().method;
    exchange.count(|series| series.observe(endpoint, method, told, took));
    // After it was counted: who sees nothing in flight any more finds all of it counted.
    attempt::settle(exchange, now, outcome(exchange, status));
    exchange.seat = None;
    if let Some(log) = exchange.snapshot.access_log.clone() {
        write(session, exchange, told, took, &log);
    }
}

/// A response that came to its end is judged by its status; one that the client cut
/// short by nothing.
fn outcome(exchange: &Exchange, status: Option<u16>) -> Outcome {
    let answered = exchange
        .attempt
        .as_ref()
        .is_some_and(|attempt| attempt.answered.is_some());
    match status {
        Some(status) if answered && exchange.fault.is_none() => of_status(status),
        _ => Outcome::Unknown,
    }
}

fn write(
    session: &Session,
    exchange: &Exchange,
    status: Option<u16>,
    took: Duration,
    log: &crate::telemetry::AccessLog,
) {
    let head = session.req_header();
    let mut client = String::with_capacity(40);
    // Writing into a string does not fail.
    let _ = write!(client, "{}", exchange.client);
    let rewritten = exchange.original_target.as_deref();
    let rewritten = rewritten.or_else(|| exchange.passage.original_target());
    let target = rewritten.unwrap_or_else(|| head.raw_path());
    log.write(&Record {
        time: SystemTime::now() - took,
        client: &client,
        method: head.method.as_str(),
        host: exchange.authority.as_bytes(),
        path: target,
        protocol: protocol(head.version),
        status,
        bytes_in: session.body_bytes_read() as u64,
        bytes_out: session.body_bytes_sent() as u64,
        duration: took,
        route: exchange.route().map(|route| &*route.name),
        upstream: exchange.upstream().map(|upstream| upstream.name.as_str()),
        endpoint: exchange.endpoint().map(|endpoint| &*endpoint.name),
        attempts: exchange.attempts,
        upstream_time: exchange
            .attempt
            .as_ref()
            .and_then(|attempt| attempt.answered),
        fault: exchange
            .wrong()
            .map(|wrong| wrong.word)
            .or_else(|| exchange.fault.map(|fault| fault.as_str())),
        user_agent: head
            .headers
            .get(header::USER_AGENT)
            .map(|value| value.as_bytes()),
        plugin_fault: exchange.plugin_fault,
        answered_by: exchange.passage.answered_by(),
        attributes: exchange.view.as_ref().map_or(&[], |view| view.attributes()),
    });
}

fn protocol(version: Version) -> &'static str {
    match version {
        Version::HTTP_09 => "HTTP/0.9",
        Version::HTTP_10 => "HTTP/1.0",
        Version::HTTP_2 => "HTTP/2",
        Version::HTTP_3 => "HTTP/3",
        _ => "HTTP/1.1",
    }
}
