//! Where an attempt goes: a place in the upstream, then an endpoint, waiting in line for
//! either where there are limits.

use super::exchange::{Attempt, Exchange};
use super::fault::Fault;
use crate::telemetry::QueueRefusal;
use crate::upstream::{NoEndpoint, Seat, Upstream, pick};
use pingora::proxy::Session;
use std::time::Instant;

/// Begins an attempt at an endpoint that admits it.
pub async fn endpoint(
    session: &mut Session,
    exchange: &mut Exchange,
    upstream: &Upstream,
) -> Result<(), Fault> {
    // The first attempt begins with the exchange: one look at the clock less.
    let now = if exchange.attempts == 0 {
        exchange.began
    } else {
        Instant::now()
    };
    if upstream.rules.limits.is_none() {
        return choose(session, exchange, upstream, now).map_err(fault);
    }
    wait_for(session, exchange, upstream, now).await
}

/// The same where there are limits. `since` is when it began to wait.
async fn wait_for(
    session: &mut Session,
    exchange: &mut Exchange,
    upstream: &Upstream,
    since: Instant,
) -> Result<(), Fault> {
    let mut seat = match exchange.seat.take() {
        Some(seat) => seat,
        None => within(exchange, upstream.group.seat()).await?,
    };
    loop {
        let moves = upstream.group.line().moves();
        match choose(session, exchange, upstream, Instant::now()) {
            Ok(()) => {
                seat.found();
                exchange.seat = Some(seat);
                return Ok(());
            }
            Err(NoEndpoint::Full) => seat = within(exchange, seat.again(since, moves)).await?,
            Err(other) => return Err(fault(other)),
        }
    }
}

/// Waits in line, but not beyond the exchange's own deadline.
async fn within(
    exchange: &Exchange,
    wait: impl Future<Output = Result<Seat, QueueRefusal>>,
) -> Result<Seat, Fault> {
    let waited = match exchange.deadline {
        None => wait.await,
        Some(deadline) => tokio::time::timeout_at(deadline.into(), wait)
            .await
            .map_err(|_| Fault::Deadline)?,
    };
    waited.map_err(|refusal| match refusal {
        QueueRefusal::Full => Fault::Full,
        QueueRefusal::Timeout => Fault::QueueTimeout,
    })
}

fn choose(
    session: &mut Session,
    exchange: &mut Exchange,
    upstream: &Upstream,
    now: Instant,
) -> Result<(), NoEndpoint> {
    // Taken only here, and put back below.
    let mut view = exchange.view.take().ok_or(NoEndpoint::Barred)?;
    view.set_attempt(exchange.attempts);
    view.lend(session.req_header_mut());
    let (mut view, picked, plugin_fault) = pick::endpoint(upstream, view, &exchange.tried, now);
    view.give_back(session.req_header_mut());
    exchange.view = Some(view);
    exchange.plugin_fault |= plugin_fault;
    let picked = picked?;
    exchange.attempt = Some(Attempt {
        position: picked.position,
        permit: picked.permit,
        response_edits: picked.response_edits,
        answered: None,
        stale: false,
    });
    Ok(())
}

fn fault(reason: NoEndpoint) -> Fault {
    match reason {
        NoEndpoint::Full => Fault::Full,
        NoEndpoint::Barred => Fault::Unavailable,
        NoEndpoint::PluginFault => Fault::Plugin,
    }
}
