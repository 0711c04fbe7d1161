//! Upstreams: their endpoints and their selector.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use super::plugin::Plugins;
use super::{Unique, check_any, check_name, number, optional, time, time_or_off};
use crate::config::BUILT_IN_SELECTORS;
use crate::config::nearest::nearest;
use crate::config::problem::{Report, Spot, quote};
use crate::config::read::checked::{Checked, Either};
use crate::config::scalar::address::EndpointAddress;
use crate::config::value::{Endpoint, Selector, Timeouts, Upstream};
use crate::config::written;

/// The upstreams by name. A name whose upstream is wrong is kept, so that a route that refers
/// to it is not blamed. Nothing at all if the names could not be read.
pub(super) type Upstreams = BTreeMap<String, Option<Upstream>>;

/// An endpoint's index must fit in 16 bits, and a file of more should be two upstreams.
const MOST_ENDPOINTS: usize = 65_536;

pub(super) fn parse(
    written: Checked<BTreeMap<String, Checked<written::Upstream>>>,
    plugins: Option<&Plugins>,
    report: &Report,
) -> Option<Upstreams> {
    let upstreams = written.value?;
    check_any(Some(upstreams.len()), "upstream", &written.spot, report);
    let parse = |(name, Checked { value, spot }): (String, Checked<written::Upstream>)| {
        check_name(&name, "an upstream", &spot, report);
        let upstream = value.and_then(|value| upstream(&name, value, &spot, plugins, report));
        (name, upstream)
    };
    Some(upstreams.into_iter().map(parse).collect())
}

fn upstream(
    name: &str,
    written: written::Upstream,
    spot: &Spot,
    plugins: Option<&Plugins>,
    report: &Report,
) -> Option<Upstream> {
    let endpoints = endpoints(written.endpoints, report);
    let selector = match written.selector {
        Some(written) => selector(written, plugins, report),
        None => Some(Selector {
            plugin: "round-robin".to_owned(),
            config: serde_json::Value::Object(serde_json::Map::new()),
            place: report.place(spot),
        }),
    };
    Some(Upstream {
        name: name.to_owned(),
        endpoints: endpoints?,
        selector: selector?,
        timeouts: timeouts(optional(written.timeouts)),
        keep_alive: time_or_off(written.keep_alive, Duration::from_secs(60)),
        place: report.place(spot),
    })
}

fn endpoints(
    written: Checked<Vec<Checked<Either<EndpointAddress, written::Endpoint>>>>,
    report: &Report,
) -> Option<Vec<Endpoint>> {
    let items = written.value?;
    check_any(Some(items.len()), "endpoint", &written.spot, report);
    if items.len() > MOST_ENDPOINTS {
        report.refuse(
            &written.spot,
            format!("{} endpoints are too many for one upstream", items.len()),
            format!("at most {MOST_ENDPOINTS}: make it two upstreams"),
        );
    }
    let mut unique = Unique::new();
    let endpoints = items.into_iter().filter_map(|Checked { value, spot }| {
        let (address, at, endpoint) = match value? {
            Either::Short(address) => (address.0, spot.clone(), None),
            Either::Full(endpoint) => (
                endpoint.address.value?.0,
                endpoint.address.spot.clone(),
                Some(endpoint),
            ),
        };
        if let Some(line) = unique.earlier(address, &at) {
            report.refuse(
                &at,
                format!("the endpoint `{address}` is in line {line} already"),
                "write it once, with the weight that it should have",
            );
        }
        Some(self::endpoint(address, endpoint, &spot, report))
    });
    Some(endpoints.collect())
}

fn endpoint(
    address: SocketAddr,
    written: Option<written::Endpoint>,
    spot: &Spot,
    report: &Report,
) -> Endpoint {
    let place = report.place(spot);
    let Some(written) = written else {
        return Endpoint {
            address,
            weight: 1,
            zone: None,
            labels: BTreeMap::new(),
            draining: false,
            max_in_flight: None,
            place,
        };
    };
    Endpoint {
        address,
        weight: number(written.weight).unwrap_or(1),
        zone: optional(written.zone),
        labels: optional(written.labels)
            .unwrap_or_default()
            .into_iter()
            .filter_map(|(key, value)| Some((key, value.value?)))
            .collect(),
        draining: optional(written.draining).unwrap_or(false),
        max_in_flight: number(written.max_in_flight),
        place,
    }
}

fn selector(
    written: Checked<Either<String, written::Selector>>,
    plugins: Option<&Plugins>,
    report: &Report,
) -> Option<Selector> {
    let (plugin, at, config) = match written.value? {
        Either::Short(name) => (name, written.spot.clone(), None),
        Either::Full(full) => (full.plugin.value?, full.plugin.spot, optional(full.config)),
    };
    if let Some(plugins) = plugins
        && !plugins.contains_key(&plugin)
        && !BUILT_IN_SELECTORS.contains(&plugin.as_str())
    {
        let declared = plugins.keys().map(String::as_str);
        let help = match nearest(&plugin, declared.chain(BUILT_IN_SELECTORS)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!(
                "declare it under `plugins`, or use {}",
                BUILT_IN_SELECTORS.join(", ")
            ),
        };
        report.refuse(
            &at,
            format!("there is no selector {}", quote(&plugin)),
            help,
        );
    }
    Some(Selector {
        plugin,
        config: serde_json::Value::Object(config.unwrap_or_default()),
        place: report.place(&written.spot),
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
