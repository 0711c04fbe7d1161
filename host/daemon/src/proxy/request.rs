//! The request: understood once, forwarded at each attempt.

use super::exchange::Exchange;
use super::fault::Fault;
use super::filters::Passage;
use super::forward;
use crate::upstream::View;
use pingora::Result;
use pingora::http::RequestHeader;
use pingora::proxy::Session;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

/// Time that a client has to take or give what is left when its exchange has ended.
const DRAIN: Duration = Duration::from_secs(10);

/// Checks the request, finds its route, and sets the bounds of the exchange.
pub fn receive(session: &mut Session, exchange: &mut Exchange) -> Result<(), Fault> {
    session.set_pipelining_enabled(true);
    session.set_total_drain_timeout(Some(DRAIN));
    keep_alive(session, exchange);
    forward::end_at_the_door(session.req_header_mut()).map_err(|_| Fault::BadRequest)?;
    let head = session.req_header();
    let authority = forward::effective_authority(head).map_err(|_| Fault::BadRequest)?;
    let authority: Arc<str> = lower(authority);
    exchange.authority = authority.clone();
    let host = forward::host_only(&authority);
    let route = exchange
        .snapshot
        .router
        .find(&host, head.uri.path(), &head.method, &head.headers)
        .ok_or(Fault::NoRoute)?;
    exchange.route = Some(route);
    let route = &exchange.snapshot.routes[route];
    session.set_read_timeout(Some(route.upstream.timeouts.idle));
    exchange.deadline = route.timeout.map(|timeout| exchange.began + timeout);
    let client = client(session);
    let mut view = View::new("http", authority, client, route.name.clone());
    let timed = route.times_for(client);
    if timed || !route.filters.is_empty() {
        let mut passage = Passage::new(route);
        if timed {
            passage.time();
        }
        view.set_callouts(exchange.snapshot.callouts.clone(), exchange.deadline);
        exchange.passage = passage.into();
    }
    exchange.view = Some(view);
    exchange.end_waits_at(None);
    Ok(())
}

/// Makes the head that goes to the endpoint out of the client's.
pub fn forward(
    session: &mut Session,
    head: &mut RequestHeader,
    exchange: &mut Exchange,
) -> Result<()> {
    let origin = forward::Origin {
        client: client(session),
        scheme: "http",
        authority: &exchange.authority,
        received: session.req_header().version,
        upgrade: session.is_upgrade_req(),
    };
    forward::prepare_request(head, &origin)?;
    if exchange.passage.streams_request() {
        // Filters may change the length.
        head.remove_header(&http::header::CONTENT_LENGTH);
        head.insert_header(http::header::TRANSFER_ENCODING, "chunked")?;
    }
    Ok(())
}

/// The client's address: the peer of the connection.
pub fn client(session: &Session) -> IpAddr {
    let address = session.client_addr().and_then(|address| address.as_inet());
    address.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |address| {
        address.ip().to_canonical()
    })
}

/// Pingora keeps a connection for 60 seconds unless told otherwise; a connection that
/// it is about to close (the proxy drains, the client asked) stays so.
fn keep_alive(session: &mut Session, exchange: &Exchange) {
    if session.get_keepalive().is_some() {
        session.set_keepalive(Some(exchange.snapshot.keep_alive));
    }
}

fn lower(authority: &str) -> Arc<str> {
    if authority.bytes().any(|byte| byte.is_ascii_uppercase()) {
        authority.to_ascii_lowercase().into()
    } else {
        authority.into()
    }
}
