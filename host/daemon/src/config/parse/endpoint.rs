//! The endpoints of an upstream: where they are written, and that each is there once.

use std::collections::HashMap;
use std::time::Duration;

use super::files::Files;
use super::{check_any, number, optional, span};
use crate::config::problem::{Place, Report, Spot};
use crate::config::read::checked::{Checked, Either};
use crate::config::scalar::address::EndpointAddress;
use crate::config::scalar::whole::Weight;
use crate::config::value::{Address, Endpoint, Family, Name, Resolve};
use crate::config::written::{self, EndpointItem};

/// An endpoint's index must fit in 16 bits, and a file of more should be two upstreams.
const MOST: usize = 65_536;

/// The endpoints of one upstream.
pub(super) struct Endpoints {
    pub(super) list: Vec<Endpoint>,
    /// Whether they are all that the upstream is meant to have: only then may something be
    /// missed. What is wrong with one of them has been reported.
    pub(super) complete: bool,
    /// Whether their number may change without a change of the configuration.
    pub(super) dynamic: bool,
}

/// What one list holds.
#[derive(Default)]
pub(super) struct Found {
    endpoints: Vec<Item>,
    complete: bool,
}

#[derive(Clone)]
struct Item {
    endpoint: Endpoint,
    /// The address itself.
    place: Place,
    path: String,
}

pub(super) fn parse(
    written: Option<Checked<Vec<Checked<EndpointItem>>>>,
    from: Option<Checked<std::path::PathBuf>>,
    upstream: &Spot,
    files: &mut Files<'_>,
    report: &Report,
) -> Endpoints {
    let dynamic = from.is_some();
    let spots = [
        &written.as_ref().map(|list| &list.spot),
        &from.as_ref().map(|path| &path.spot),
    ];
    let spot = spots.into_iter().flatten().next().copied().cloned();
    let spot = spot.unwrap_or_else(|| {
        let spot = Spot {
            path: upstream.key("endpoints"),
            ..upstream.clone()
        };
        report.refuse(
            &spot,
            "this key is required",
            "add `endpoints:` or `endpoints_from:`",
        );
        spot
    });
    let mut complete = written.is_some() || dynamic;
    let mut items = Vec::new();
    if let Some(written) = written {
        let found = found(written, report);
        complete &= found.complete;
        items.extend(found.endpoints);
    }
    if let Some(from) = from {
        match files.endpoints(from, report) {
            Some(found) => {
                complete &= found.complete;
                items.extend(found.endpoints.iter().cloned());
            }
            None => complete = false,
        }
    }
    if items.len() > MOST {
        report.refuse(
            &spot,
            format!("{} endpoints are too many for one upstream", items.len()),
            format!("at most {MOST}: make it two upstreams"),
        );
    }
    check_unique(&items, report);
    let list: Vec<_> = items.into_iter().map(|item| item.endpoint).collect();
    if complete && !list.is_empty() && list.iter().all(|endpoint| endpoint.draining) {
        report.refuse(
            &spot,
            "every endpoint is draining: nobody takes a new session",
            "remove `draining` from one, or add an endpoint",
        );
    }
    Endpoints {
        dynamic: dynamic
            || list
                .iter()
                .any(|endpoint| matches!(endpoint.address, Address::Name(_))),
        list,
        complete,
    }
}

/// By the address as it is written: two names may well lead to one place.
fn check_unique(items: &[Item], report: &Report) {
    let mut seen: HashMap<String, &Place> = HashMap::with_capacity(items.len());
    for item in items {
        let address = item.endpoint.address.to_string();
        if let Some(first) = seen.get(&address) {
            let file = if first.file == item.place.file {
                String::new()
            } else {
                format!(" of {}", first.file.display())
            };
            report.refuse_at(
                &item.place,
                &item.path,
                format!(
                    "the endpoint `{address}` is in line {}{file} already",
                    first.line
                ),
                "write it once, with the weight that it should have",
            );
        } else {
            seen.insert(address, &item.place);
        }
    }
}

/// The endpoints of one list.
pub(super) fn found(written: Checked<Vec<Checked<EndpointItem>>>, report: &Report) -> Found {
    let Some(items) = written.value else {
        return Found::default();
    };
    check_any(Some(items.len()), "endpoint", &written.spot, report);
    let count = items.len();
    let items = items.into_iter().filter_map(|Checked { value, spot }| {
        let (address, at, written) = match value? {
            Either::Short(address) => (address, spot.clone(), None),
            Either::Full(endpoint) => {
                let Checked { value, spot } = &endpoint.address;
                (value.clone()?, spot.clone(), Some(endpoint))
            }
        };
        Some(Item {
            endpoint: endpoint(address, written, spot, report),
            place: report.place(&at),
            path: at.path,
        })
    });
    let endpoints: Vec<_> = items.collect();
    Found {
        complete: endpoints.len() == count,
        endpoints,
    }
}

fn endpoint(
    address: EndpointAddress,
    written: Option<written::Endpoint>,
    spot: Spot,
    report: &Report,
) -> Endpoint {
    let place = report.place(&spot);
    let Some(written) = written else {
        return Endpoint {
            address: self::address(address, None, report),
            weight: 1,
            priority: 0,
            zone: None,
            labels: Default::default(),
            draining: false,
            max_in_flight: None,
            place,
            path: spot.path,
        };
    };
    Endpoint {
        address: self::address(address, written.resolve, report),
        weight: optional(written.weight).map_or(1, |Weight(weight)| weight),
        priority: number(written.priority).unwrap_or(0),
        zone: optional(written.zone),
        labels: optional(written.labels)
            .unwrap_or_default()
            .into_iter()
            .filter_map(|(key, value)| Some((key, value.value?)))
            .collect(),
        draining: optional(written.draining).unwrap_or(false),
        max_in_flight: number(written.max_in_flight),
        place,
        path: spot.path,
    }
}

fn address(
    address: EndpointAddress,
    written: Option<Checked<written::Resolve>>,
    report: &Report,
) -> Address {
    match address {
        EndpointAddress::Socket(address) => {
            if let Some(Checked { spot, .. }) = written {
                report.refuse(
                    &spot,
                    format!("`{address}` is no name: there is nothing to resolve"),
                    "remove `resolve`, or write a name",
                );
            }
            Address::Socket(address)
        }
        EndpointAddress::Name { host, port } => Address::Name(Name {
            host,
            port,
            resolve: resolve(optional(written), report),
        }),
    }
}

fn resolve(written: Option<written::Resolve>, report: &Report) -> Resolve {
    let default = [Duration::from_secs(5), Duration::from_secs(60)];
    let Some(written) = written else {
        let [floor, ceiling] = default;
        let family = Family::Any;
        return Resolve {
            floor,
            ceiling,
            family,
        };
    };
    let names = ["min_ttl", "max_ttl"];
    let [floor, ceiling] = span(names, written.min_ttl, written.max_ttl, default, report);
    let family = match optional(written.family) {
        Some(written::Family::V4) => Family::V4,
        Some(written::Family::V6) => Family::V6,
        Some(written::Family::Any) | None => Family::Any,
    };
    Resolve {
        floor,
        ceiling,
        family,
    }
}
