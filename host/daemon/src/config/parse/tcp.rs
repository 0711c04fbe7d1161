//! Listeners whose connections are not HTTP.

use std::time::Duration;

use super::upstream::Upstreams;
use super::{Unique, check_any, optional, reference, time, tls};
use crate::config::problem::{Report, Spot};
use crate::config::read::checked::Checked;
use crate::config::value::{Protocol, Tcp};
use crate::config::written::{self, Mode};

/// Takes what belongs to `mode: tcp` out of the listener; none if it is another mode.
pub(super) fn parse(
    written: &mut written::Listener,
    spot: &Spot,
    upstreams: Option<&Upstreams>,
    report: &Report,
) -> Option<Tcp> {
    let (upstream, names) = (written.upstream.take(), written.server_names.take());
    let idle = written.idle_timeout.take();
    if written.mode.as_ref().and_then(|mode| mode.value) != Some(Mode::Tcp) {
        let of_tcp = [
            upstream.map(|written| written.spot),
            names.map(|written| written.spot),
            idle.map(|written| written.spot),
        ];
        for spot in of_tcp.into_iter().flatten() {
            report.refuse(
                &spot,
                "requests of HTTP go where `routes` sends them",
                "remove it, or write `mode: tcp`",
            );
        }
        return None;
    }
    let of_http = [
        written
            .redirect_to_https
            .as_ref()
            .map(|written| &written.spot),
        written.http2.as_ref().map(|written| &written.spot),
    ];
    for spot in of_http.into_iter().flatten() {
        report.refuse(spot, "this is for HTTP, and the mode is tcp", "remove it");
    }
    let hsts = written
        .tls
        .as_ref()
        .and_then(|tls| tls.value.as_ref()?.hsts.as_ref());
    if let Some(Checked { spot, .. }) = hsts {
        report.refuse(spot, "this is for HTTP, and the mode is tcp", "remove it");
    }
    if upstream.is_none() && names.is_none() {
        report.refuse(
            spot,
            "connections go nowhere",
            "write `upstream`, or `server_names` for TLS",
        );
    }
    if let (Some(names), Some(_)) = (&names, &written.tls) {
        report.refuse(
            &names.spot,
            "with `tls` connections are decrypted here, and names choose certificates",
            "remove `tls`, or `server_names`",
        );
    }
    Some(Tcp {
        server_names: server_names(names, upstreams, report),
        upstream: upstream.and_then(|written| known(written, upstreams, report)),
        idle: time(idle).unwrap_or(Duration::from_secs(600)),
    })
}

/// An upstream that speaks in the clear: what passes here is not ours to encrypt.
fn known(
    written: Checked<String>,
    upstreams: Option<&Upstreams>,
    report: &Report,
) -> Option<String> {
    let spot = written.spot.clone();
    let name = reference::upstream(written, upstreams, report)?;
    let upstream = upstreams.and_then(|known| known.get(&name)?.as_ref());
    if upstream.is_some_and(|upstream| upstream.protocol == Protocol::Http2) {
        report.refuse(
            &spot,
            format!("`{name}` has a `protocol` of HTTP, and the mode is tcp"),
            "remove `protocol` there, or name another upstream",
        );
    }
    if upstream.is_some_and(|upstream| upstream.tls.is_some()) {
        report.refuse(
            &spot,
            format!("connections to `{name}` are encrypted, which is for HTTP alone"),
            "send them to an upstream without `tls`: what is encrypted passes as it is",
        );
    }
    Some(name)
}

fn server_names(
    written: Option<Checked<Vec<Checked<written::ServerNames>>>>,
    upstreams: Option<&Upstreams>,
    report: &Report,
) -> Vec<(String, String)> {
    if let Some(list) = &written {
        check_any(
            list.value.as_ref().map(Vec::len),
            "name",
            &list.spot,
            report,
        );
    }
    let (mut unique, mut names) = (Unique::new(), Vec::new());
    for item in optional(written).into_iter().flatten() {
        let Some(written) = item.value else { continue };
        let Some(upstream) = known(written.upstream, upstreams, report) else {
            continue;
        };
        let list = written.names;
        check_any(
            list.value.as_ref().map(Vec::len),
            "name",
            &list.spot,
            report,
        );
        for Checked { value, spot } in list.value.into_iter().flatten() {
            let Some(name) = value.and_then(|text| tls::name(&text, &spot, report)) else {
                continue;
            };
            if let Some(line) = unique.earlier(name.clone(), &spot) {
                report.refuse(
                    &spot,
                    format!("the name `{name}` is in line {line} already"),
                    "remove one of the two",
                );
            }
            names.push((name, upstream.clone()));
        }
    }
    names
}
