//! What a message must lose and gain on its way through an intermediary (RFC 9110, 7.6).
//!
//! [`prepare_request`] runs on the copy that goes to the endpoint, for each attempt;
//! [`prepare_response`] on the head that goes to the client. Both work on a request as the
//! client sent it and on one that Pingora has already cleaned, so nothing depends on which
//! policy a peer carries.
//!
//! Refuses to touch framing: `Content-Length` and `Transfer-Encoding` are Pingora's. It
//! removes and adds them around these calls, and decides from what it finds how the body is
//! written. Refuses to trust the client: unless it is a trusted proxy, what it says about
//! forwarding is replaced.

mod authority;
mod forwarded;
mod hop_by_hop;
mod hops;
mod normal;
mod target;
#[cfg(test)]
mod tests;
mod upgrade;

pub use authority::{effective_authority, host_only};
pub use forwarded::tell_subject;
pub use hops::left as hops_left;
pub use normal::normalise;
pub use upgrade::permit as permit_upgrade;

use http::Version;
use http::header::HOST;
use pingora::http::{RequestHeader, ResponseHeader};
use std::net::IpAddr;

/// Where a request came from and what for, as the host has established it.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// The peer of the client's connection.
    pub client: IpAddr,
    /// Whether the peer is a trusted proxy, to whose list of addresses its own is appended.
    pub appended: bool,
    /// `http` or `https`, of the client's connection to the first proxy that is trusted.
    pub scheme: &'static str,
    /// The [`effective_authority`]. May be empty for HTTP/1.0: then an empty `Host` is sent
    /// (RFC 9112, 3.2).
    pub authority: &'a str,
    /// The version in which the client sent the request. The copy for the endpoint carries
    /// the endpoint's.
    pub received: Version,
    /// Whether an upgrade may pass. [`permit_upgrade`] has left only those that the route names.
    pub upgrade: bool,
    /// Whether the client takes trailers. What Pingora has cleaned does not say so any more.
    pub trailers: bool,
}

/// Whether the client takes trailers (RFC 9110, 10.1.4).
pub fn takes_trailers(head: &RequestHeader) -> bool {
    hop_by_hop::asks_for_trailers(&head.headers)
}

/// Ends what the client's `Connection` names (RFC 9110, 7.6.1), before routes and filters look
/// at the request. What they add is not the client's to remove.
///
/// # Errors
///
/// Never for a request that Pingora has parsed.
pub fn end_at_the_door(head: &mut RequestHeader) -> pingora::Result<()> {
    hop_by_hop::end_at_the_door(head)
}

/// Makes the request one that this host sends.
///
/// - The target is in origin-form (RFC 9112, 3.2.1), and `Host` is the effective authority.
/// - Hop-by-hop fields are gone, and fields that `Connection` names. `TE: trailers` is kept
///   towards HTTP/2 alone, where trailers are carried. `Proxy-Authorization` is dropped: it
///   is for the proxy that asked (RFC 9110, 11.7.2), none did, and it is nothing for an
///   endpoint to see.
/// - `X-Forwarded-For`, `-Proto` and `-Host` say what the host saw; whatever the client sent
///   of them, of `X-Forwarded-Port`, `X-Real-IP` and `Forwarded` is gone.
/// - `Via` has one more member (RFC 9110, 7.6.3).
///
/// # Errors
///
/// Only when a field or the target cannot be represented, which a request that passed
/// [`effective_authority`] does not meet.
pub fn prepare_request(up: &mut RequestHeader, origin: &Origin<'_>) -> pingora::Result<()> {
    target::make_origin_form(up)?;
    hop_by_hop::strip_request(up, origin.upgrade, origin.trailers)?;
    set_host(up, origin.authority)?;
    forwarded::replace(up, origin)?;
    up.append_header("Via", forwarded::via(origin.received))?;
    hops::count(up)
}

/// Takes what concerns one connection out of an interim response (RFC 9110, 15.2), which has no
/// content either.
///
/// # Errors
///
/// Never.
pub fn prepare_interim(down: &mut ResponseHeader) -> pingora::Result<()> {
    hop_by_hop::strip_response(down, false)?;
    down.remove_header(&http::header::CONTENT_LENGTH);
    down.remove_header(&http::header::TRANSFER_ENCODING);
    Ok(())
}

/// Makes the response one that this host sends. `received` is the version the endpoint
/// answered in; `upgraded` whether this is the 101 of an upgrade that was asked for.
///
/// Hop-by-hop fields are gone, and fields that `Connection` names, so call this before adding
/// fields of one's own. `Proxy-Authenticate` is dropped: an endpoint is no proxy of the
/// client's, and a browser would ask its user for a password (RFC 9110, 11.7.1).
///
/// # Errors
///
/// Only when there is no room for one more field.
pub fn prepare_response(
    down: &mut ResponseHeader,
    received: Version,
    upgraded: bool,
) -> pingora::Result<()> {
    hop_by_hop::strip_response(down, upgraded)?;
    if down.status == http::StatusCode::NO_CONTENT {
        // RFC 9110, 8.6.
        down.remove_header(&http::header::CONTENT_LENGTH);
    }
    down.append_header("Via", forwarded::via(received))?;
    Ok(())
}

/// Leaves the field alone when it is right, which it nearly always is.
fn set_host(up: &mut RequestHeader, authority: &str) -> pingora::Result<()> {
    let mut hosts = up.headers.get_all(HOST).iter();
    if hosts.next().is_some_and(|host| host == authority) && hosts.next().is_none() {
        return Ok(());
    }
    up.insert_header("Host", authority)
}
