//! Upstreams: their endpoints, their selector, and what only both together can tell.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::files::Files;
use super::plugin::Plugins;
use super::{breaker, check_any, check_name, endpoint, health, limits, outlier, reference, tls};
use super::{optional, time, time_or_off};
use crate::config::built_in::World;
use crate::config::problem::{Report, Spot};
use crate::config::read::checked::Checked;
use crate::config::value::{Keys, Protocol, ProxyProtocol, Selector, Timeouts, Upstream};
use crate::config::written::{self, PluginItem};

/// The upstreams by name. A name whose upstream is wrong is kept, so that a route that refers
/// to it is not blamed. Nothing at all if the names could not be read.
pub(super) type Upstreams = BTreeMap<String, Option<Upstream>>;

pub(super) fn parse(
    written: Checked<BTreeMap<String, Checked<written::Upstream>>>,
    plugins: Option<&Plugins>,
    files: &mut Files<'_>,
    report: &Report,
) -> Option<Upstreams> {
    let upstreams = written.value?;
    check_any(Some(upstreams.len()), "upstream", &written.spot, report);
    let parse = |(name, Checked { value, spot }): (String, Checked<written::Upstream>)| {
        check_name(&name, "an upstream", &spot, report);
        let upstream =
            value.and_then(|value| upstream(&name, value, &spot, plugins, files, report));
        (name, upstream)
    };
    Some(upstreams.into_iter().map(parse).collect())
}

fn upstream(
    name: &str,
    written: written::Upstream,
    spot: &Spot,
    plugins: Option<&Plugins>,
    files: &mut Files<'_>,
    report: &Report,
) -> Option<Upstream> {
    let directory = files.directory();
    let endpoints = endpoint::parse(
        written.endpoints,
        written.endpoints_from,
        spot,
        files,
        report,
    );
    let selector = match written.selector {
        Some(written) => selector(written, plugins, report),
        None => Some(Selector {
            plugin: "round-robin".to_owned(),
            config: serde_json::Value::Object(serde_json::Map::new()),
            keys: Keys::default(),
            place: report.place(spot),
        }),
    };
    let outlier_spot = written.outlier.as_ref().map(|outlier| outlier.spot.clone());
    let outlier = outlier::parse(written.outlier, report);
    if let (Some(_), Some(spot)) = (&outlier, &outlier_spot)
        && let ([_], true, false) = (&*endpoints.list, endpoints.complete, endpoints.dynamic)
    {
        report.refuse(
            spot,
            "there is one endpoint: nobody to compare it with, and the last one is never ejected",
            "remove it, or add an endpoint",
        );
    }
    let full = endpoints
        .list
        .iter()
        .any(|endpoint| endpoint.max_in_flight.is_some());
    Some(Upstream {
        name: name.to_owned(),
        selector: selector?,
        health: health::parse(written.health, directory, report).map(Arc::new),
        breaker: breaker::parse(written.breaker, report),
        outlier,
        limits: limits::parse(written.limits, full || !endpoints.complete, report),
        slow_start: time(written.slow_start),
        panic_percent: limits::panic(written.panic_threshold),
        retry_budget: limits::budget(written.retry_budget),
        timeouts: timeouts(optional(written.timeouts)),
        keep_alive: time_or_off(written.keep_alive, Duration::from_secs(60)),
        tls: written.tls.and_then(|written| {
            let written = written.value?;
            Some(tls::upstream(written, directory, report))
        }),
        protocol: match optional(written.protocol) {
            Some(written::Protocol::Http2) => Protocol::Http2,
            Some(written::Protocol::Http1) | None => Protocol::Http1,
        },
        proxy_protocol: optional(written.proxy_protocol).map(|version| match version {
            written::ProxyProtocol::V1 => ProxyProtocol::V1,
            written::ProxyProtocol::V2 => ProxyProtocol::V2,
        }),
        endpoints: endpoints.list,
        place: report.place(spot),
    })
}

fn selector(
    written: Checked<PluginItem>,
    plugins: Option<&Plugins>,
    report: &Report,
) -> Option<Selector> {
    let used = reference::plugin(written, World::Selector, plugins, report)?;
    Some(Selector {
        plugin: used.plugin,
        config: used.config,
        keys: used.keys,
        place: used.place,
    })
}

fn timeouts(written: Option<written::Timeouts>) -> Timeouts {
    let default = Timeouts::default();
    let Some(written) = written else {
        return default;
    };
    Timeouts {
        connect: time(written.connect).unwrap_or(default.connect),
        response_header: time(written.response_header).unwrap_or(default.response_header),
        idle: time(written.idle).unwrap_or(default.idle),
    }
}
