//! The addresses to accept on, the operator's included.

use std::net::SocketAddr;
use std::path::Path;

use super::upstream::Upstreams;
use super::{Unique, check_any, number, optional, tcp, tls};
use crate::config::problem::{Report, Spot};
use crate::config::read::checked::Checked;
use crate::config::scalar::address::ListenAddress;
use crate::config::value::Listener;
use crate::config::written;

/// `trusting` says whether anybody's word on who the client is counts.
pub(super) fn parse(
    written: Checked<Vec<Checked<written::Listener>>>,
    admin: Option<&Checked<written::Admin>>,
    trusting: bool,
    upstreams: Option<&Upstreams>,
    directory: &Path,
    report: &Report,
) -> Vec<Listener> {
    let mut unique = Unique::new();
    let mut check = |address: SocketAddr, spot: &Spot| {
        // Port 0 is another port each time.
        if address.port() != 0
            && let Some(line) = unique.earlier(address, spot)
        {
            report.refuse(
                spot,
                format!("line {line} listens on `{address}` already"),
                "every listener needs an address of its own",
            );
        }
    };
    let Checked { value, spot } = written;
    check_any(value.as_ref().map(Vec::len), "listener", &spot, report);
    let mut listeners = Vec::new();
    for item in value.into_iter().flatten() {
        if let Some(written) = item.value {
            if let Some(ListenAddress(address)) = written.address.value {
                check(address, &written.address.spot);
            }
            listeners.extend(listener(
                written, &item.spot, trusting, upstreams, directory, report,
            ));
        }
    }
    if let Some(Checked {
        value: Some(admin), ..
    }) = admin
        && let Some(ListenAddress(address)) = admin.address.value
    {
        check(address, &admin.address.spot);
    }
    listeners
}

fn listener(
    mut written: written::Listener,
    spot: &Spot,
    trusting: bool,
    upstreams: Option<&Upstreams>,
    directory: &Path,
    report: &Report,
) -> Option<Listener> {
    if let Some(Checked {
        value: Some(true),
        spot,
    }) = &written.proxy_protocol
        && !trusting
    {
        report.refuse(
            spot,
            "nobody's word on who the client is counts: every connection would be refused",
            "list the proxies before this one in `trusted_proxies`",
        );
    }
    if let (
        Some(Checked { spot, .. }),
        Some(Checked {
            value: Some(true), ..
        }),
    ) = (&written.max_connections_per_client, &written.proxy_protocol)
    {
        report.refuse(
            spot,
            "connections come from the proxy before this one, whoever the client is",
            "bound them there, or with `max_connections`",
        );
    }
    if let (Some(Checked { spot, .. }), Some(_)) = (&written.redirect_to_https, &written.tls) {
        report.refuse(
            spot,
            "this listener speaks https itself",
            "remove `tls`, or `redirect_to_https`",
        );
    }
    let tcp = tcp::parse(&mut written, spot, upstreams, report);
    Some(Listener {
        tcp,
        address: written.address.value?.0,
        max_connections: number(written.max_connections),
        max_connections_per_client: number(written.max_connections_per_client),
        tls: written
            .tls
            .and_then(|written| tls::listener(written.value?, directory, report)),
        http2: optional(written.http2).unwrap_or(true),
        proxy_protocol: optional(written.proxy_protocol).unwrap_or(false),
        redirect_to_https: number(written.redirect_to_https).map(|port| port as u16),
        place: report.place(spot),
    })
}
