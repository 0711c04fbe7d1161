//! The request: understood once, forwarded at each attempt.

use super::exchange::Exchange;
use super::fault::{Fault, Wrong};
use super::filters::Passage;
use super::grpc_web::Web;
use super::{forward, http2};
use crate::config::value::{ClientAddressFrom, Reading};
use crate::upstream::View;
use bytes::Bytes;
use http::{HeaderMap, Method, Version, header};
use pingora::Result;
use pingora::http::RequestHeader;
use pingora::proxy::Session;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;
use tidegate_wire::forwarded::{self as chain, Scheme};

/// Time that a client has to take or give what is left when its exchange has ended.
const DRAIN: Duration = Duration::from_secs(10);

/// Understands the request, in one way, before anybody else looks at it: who it is from, what
/// it asks for, and that it is within its bounds. Whatever is rewritten is rewritten here.
pub fn understand(session: &mut Session, exchange: &mut Exchange) -> Result<(), Fault> {
    session.set_total_drain_timeout(Some(DRAIN));
    keep_alive(session, exchange);
    let named = identify(session, exchange);
    let bounds = exchange.snapshot.bounds;
    let head = session.req_header_mut();
    match head.version {
        // Of HTTP/1 nothing that is not right has come as far as this.
        Version::HTTP_2 => http2::check(head, &bounds).map_err(|(fault, wrong)| {
            exchange.malformed = wrong;
            fault
        })?,
        Version::HTTP_10 => {
            // RFC 9110, 10.1.1: not for clients that do not know it.
            head.remove_header(&header::EXPECT);
        }
        _ => {}
    }
    if [Method::TRACE, Method::CONNECT].contains(&head.method) {
        return Err(Fault::Method);
    }
    forward::end_at_the_door(head).map_err(|_| Fault::BadRequest)?;
    named?;
    if exchange.authority.is_empty()
        && let Some(ours) = ours(session)
    {
        // HTTP/1.0 without Host: the best guess is where it came to (RFC 9112, 3.3).
        exchange.authority = ours;
    }
    let head = session.req_header_mut();
    let rules = exchange.snapshot.reading.paths;
    exchange.original_target = forward::normalise(head, &rules).map_err(|wrong| {
        exchange.malformed = Some(Wrong {
            word: wrong.as_str(),
            sentence: wrong.sentence(),
        });
        Fault::BadRequest
    })?;
    Ok(())
}

/// Who asks, and for which host: found first, so that the log knows also of those who are
/// refused.
///
/// # Errors
/// When it cannot be said for which host the request is.
fn identify(session: &Session, exchange: &mut Exchange) -> Result<(), Fault> {
    let peer = peer(session, exchange);
    let head = session.req_header();
    let secure = exchange
        .link
        .as_ref()
        .map_or("http", |link| link.origin.scheme());
    let reading = &exchange.snapshot.reading;
    exchange.trusted = reading.trusts(peer);
    (exchange.client, exchange.scheme) = if exchange.trusted {
        let scheme = chain::scheme(values(&head.headers, "x-forwarded-proto"));
        let scheme = scheme.map_or(secure, Scheme::as_str);
        (client(peer, &head.headers, reading), scheme)
    } else {
        (peer, secure)
    };
    exchange.peer = peer;
    let authority = forward::effective_authority(head).map_err(|wrong| {
        exchange.malformed = Some(Wrong {
            word: wrong.as_str(),
            sentence: wrong.sentence(),
        });
        Fault::BadRequest
    })?;
    exchange.authority = lower(authority);
    Ok(())
}

/// Finds the request's route, and sets the bounds of the exchange.
pub fn route(session: &mut Session, exchange: &mut Exchange) -> Result<(), Fault> {
    let head = session.req_header();
    let host = forward::host_only(&exchange.authority);
    let route = exchange
        .snapshot
        .router
        .find(&host, head.uri.path(), &head.method, &head.headers)
        .ok_or(Fault::NoRoute)?;
    exchange.route = Some(route);
    let route = &exchange.snapshot.routes[route];
    exchange.deadline = route.timeout.map(|timeout| exchange.began + timeout);
    exchange.max_body = route.max_body;
    let announced = head.headers.get(header::CONTENT_LENGTH);
    let announced = announced.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if let (Some(announced), Some(most)) = (announced, route.max_body)
        && announced > most
    {
        return Err(Fault::TooLarge);
    }
    session.set_read_timeout(Some(route.upstream.timeouts.idle));
    forward::permit_upgrade(session.req_header_mut(), &route.upgrades);
    if route.grpc_web {
        exchange.web = Web::open(session.req_header_mut());
    }
    let (authority, client) = (exchange.authority.clone(), exchange.client);
    let mut view = View::new(exchange.scheme, authority, client, route.name.clone());
    if let Some(link) = &exchange.link {
        link.origin.introduce(&mut view);
    }
    if let Some(target) = &exchange.original_target {
        view.tell(
            "request.original-target",
            String::from_utf8_lossy(target).into(),
        );
    }
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
        client: exchange.peer,
        appended: exchange.trusted,
        scheme: exchange.scheme,
        authority: &exchange.authority,
        received: session.req_header().version,
        upgrade: session.is_upgrade_req(),
        trailers: forward::takes_trailers(session.req_header()),
    };
    forward::prepare_request(head, &origin)?;
    if let Some(link) = &exchange.link
        && let Some(name) = &link.origin.manner.subject_in
    {
        forward::tell_subject(head, name, link.origin.subject())?;
    }
    if exchange.passage.streams_request() {
        // Filters may change the length.
        head.remove_header(&header::CONTENT_LENGTH);
        head.insert_header(header::TRANSFER_ENCODING, "chunked")?;
    }
    Ok(())
}

/// Ends an exchange whose body is larger than it may be. What has come so far counts.
pub fn bound_body(session: &Session, exchange: &mut Exchange) -> Result<()> {
    match exchange.max_body {
        Some(most) if session.body_bytes_read() as u64 > most => {
            exchange.fault = Some(Fault::TooLarge);
            exchange.passage.stop();
            let error = pingora::ErrorType::HTTPStatus(413);
            Err(pingora::Error::explain(error, Fault::TooLarge.as_str()))
        }
        _ => Ok(()),
    }
}

/// Pingora ends a chunked body twice when its last piece is nothing, on a connection that is
/// kept. Before the end nothing must stay what it is: no piece at all would be the end.
pub fn no_empty_end(body: &mut Option<Bytes>, end: bool) {
    if end && body.as_ref().is_some_and(Bytes::is_empty) {
        *body = None;
    }
}

/// Whether the request asks about this proxy, not about what is behind it (RFC 9110, 7.6.2).
pub fn is_for_us(session: &Session) -> bool {
    let head = session.req_header();
    head.method == Method::OPTIONS && forward::hops_left(head) == Some(0)
}

/// Where the client has connected to.
fn ours(session: &Session) -> Option<Arc<str>> {
    let address = session.server_addr()?.as_inet()?;
    Some(address.to_string().into())
}

/// Who the connection is from: the peer, or whom the PROXY protocol names.
fn peer(session: &Session, exchange: &Exchange) -> IpAddr {
    let address = match &exchange.link {
        Some(link) => Some(link.origin.peer.ip()),
        None => session
            .client_addr()
            .and_then(|address| Some(address.as_inet()?.ip())),
    };
    address.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |address| {
        address.to_canonical()
    })
}

/// Who the client is, by the word of those that are trusted.
fn client(peer: IpAddr, headers: &HeaderMap, reading: &Reading) -> IpAddr {
    let trusted = |address| reading.trusts(address);
    match reading.client_address_from {
        ClientAddressFrom::XForwardedFor => {
            chain::client(peer, trusted, values(headers, "x-forwarded-for"))
        }
        ClientAddressFrom::Forwarded => {
            chain::client_from_forwarded(peer, trusted, values(headers, "forwarded"))
        }
    }
}

fn values<'a>(
    headers: &'a HeaderMap,
    name: &'static str,
) -> impl DoubleEndedIterator<Item = &'a [u8]> {
    headers.get_all(name).iter().map(|value| value.as_bytes())
}

/// Pingora keeps a connection for 60 seconds unless told otherwise; a connection that
/// it is about to close (the proxy drains, the client asked) stays so.
fn keep_alive(session: &mut Session, exchange: &Exchange) {
    let link = exchange.link.as_ref();
    if link.is_some_and(|link| link.clock.is_last()) {
        session.set_keepalive(None);
    } else if session.get_keepalive().is_some() {
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
