//! Who the client is, when proxies stand between: found once, from the right.
//!
//! Each proxy appends whom it got the request from, so that only the right end of the list is
//! to be relied on, and only as far as the proxies are trusted; what stands further left was
//! written by the client. Taking the first address instead lets anybody be anybody.
//!
//! The walk begins with the peer. As long as the address in hand is trusted, the next element
//! to the left says whom it had the request from. What is not an address (`unknown`, a name
//! made up, a typing error) ends the walk, and so does the 32nd element: the client is then
//! the last address that was found, which may be a proxy's, but never one that the client
//! could choose.
//!
//! Refuses to tell which proxies are trusted, and to believe any field otherwise.

mod element;
mod node;

#[cfg(test)]
mod tests;

use std::net::IpAddr;

/// The address of the client by `X-Forwarded-For`: the first from the right that is not
/// trusted, or the leftmost if all are. `peer` is whom the connection comes from, or the PROXY
/// protocol says so; if it is not trusted, it is the client. `hops` are the values of all the
/// field's lines, in order.
///
/// Ports are dropped. IPv4-mapped IPv6 becomes IPv4, also before `trusted` is asked.
pub fn client<'a>(
    peer: IpAddr,
    trusted: impl Fn(IpAddr) -> bool,
    hops: impl DoubleEndedIterator<Item = &'a [u8]>,
) -> IpAddr {
    walk(peer, trusted, members(hops).map(node::address))
}

/// The address of the client by `Forwarded` (RFC 7239), as in [`client`]. An element without
/// `for`, or with two, ends the walk.
///
/// Elements are taken apart from the right as well: a quote that a client leaves open cannot
/// swallow what a proxy appends. Addresses with colons need no quotes (they should have them,
/// RFC 7239 4), because many proxies forget them.
pub fn client_from_forwarded<'a>(
    peer: IpAddr,
    trusted: impl Fn(IpAddr) -> bool,
    hops: impl DoubleEndedIterator<Item = &'a [u8]>,
) -> IpAddr {
    let elements = hops.rev().flat_map(element::from_the_right);
    let addresses = elements.map(|element| node::address(element::whom(element?)?));
    walk(peer, trusted, addresses)
}

/// Goes from the peer to the left as long as it may.
fn walk(
    peer: IpAddr,
    trusted: impl Fn(IpAddr) -> bool,
    addresses: impl Iterator<Item = Option<IpAddr>>,
) -> IpAddr {
    let mut client = peer.to_canonical();
    let mut addresses = addresses.take(HOPS);
    while trusted(client)
        && let Some(Some(address)) = addresses.next()
    {
        client = address;
    }
    client
}

/// How the client speaks to the first proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// In the clear.
    Http,
    /// Over TLS.
    Https,
}

impl Scheme {
    /// As it stands in a URI.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

/// The scheme by `X-Forwarded-Proto`, if the last word is `http` or `https` exactly. Only to
/// be asked when the peer is trusted, who wrote that word or passed it on.
pub fn scheme<'a>(values: impl DoubleEndedIterator<Item = &'a [u8]>) -> Option<Scheme> {
    match last_word(values)? {
        b"http" => Some(Scheme::Http),
        b"https" => Some(Scheme::Https),
        _ => None,
    }
}

/// The last member of a list that goes over all of a field's lines.
pub fn last_word<'a>(values: impl DoubleEndedIterator<Item = &'a [u8]>) -> Option<&'a [u8]> {
    members(values).next()
}

/// The members of a list, from the right. Empty ones do not count (RFC 9110 5.6.1.2).
fn members<'a>(
    values: impl DoubleEndedIterator<Item = &'a [u8]>,
) -> impl Iterator<Item = &'a [u8]> {
    let members = values
        .rev()
        .flat_map(|value| value.rsplit(|byte| *byte == b','));
    members
        .map(<[u8]>::trim_ascii)
        .filter(|member| !member.is_empty())
}

/// So many elements are looked at. No honest chain is as long.
const HOPS: usize = 32;
