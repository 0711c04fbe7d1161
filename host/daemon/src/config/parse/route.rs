//! Routes: what they match, and where they go.

use http::HeaderName;
use ipnet::IpNet;

use super::plugin::Plugins;
use super::upstream::Upstreams;
use super::{Unique, bounds, check_any, check_name, filter, optional, reference, retry, time};
use crate::config::pattern::{HeaderPattern, HostPattern, Match, PathPattern};
use crate::config::problem::{Report, quote};
use crate::config::read::checked::Checked;
use crate::config::scalar::http::{HeaderValue, MethodName};
use crate::config::scalar::network::Network;
use crate::config::value::{Protocol, Route, Upstream};
use crate::config::written;

pub(super) fn parse(
    written: Checked<Vec<Checked<written::Route>>>,
    upstreams: Option<&Upstreams>,
    plugins: Option<&Plugins>,
    max_body: Option<u64>,
    report: &Report,
) -> Vec<Route> {
    let Some(items) = written.value else {
        return Vec::new();
    };
    check_any(Some(items.len()), "route", &written.spot, report);
    let (mut names, mut matches) = (Unique::new(), Unique::new());
    let mut routes = Vec::with_capacity(items.len());
    for (index, Checked { value, spot }) in items.into_iter().enumerate() {
        let Some(written) = value else { continue };
        let (name, at) = match written.name {
            Some(Checked {
                value: Some(name),
                spot,
            }) => (name, spot),
            _ => (format!("route-{}", index + 1), spot.clone()),
        };
        check_name(&name, "a route", &at, report);
        if let Some(line) = names.earlier(name.clone(), &at) {
            report.refuse(
                &at,
                format!("the route in line {line} is named {} already", quote(&name)),
                "give every route a name of its own",
            );
        }
        let intact = intact(written.matches.as_ref());
        let found = self::matches(optional(written.matches).unwrap_or_default(), report);
        if intact && let Some(line) = matches.earlier(identity(&found), &spot) {
            report.refuse(
                &spot,
                format!("the route in line {line} matches the same requests"),
                "remove one of the two, or make one of them more specific",
            );
        }
        let timeout = time(written.timeout);
        let retry = optional(written.retry).map(|retry| retry::parse(retry, timeout, report));
        let filters = filter::parse(written.filters, plugins, report);
        let server_timing = networks(written.server_timing, report);
        let upgrades = upgrades(written.upgrades, report);
        let web = written.grpc_web;
        let Some(upstream) = reference::upstream(written.upstream, upstreams, report) else {
            continue;
        };
        let grpc_web = grpc_web(web, known(upstreams, &upstream), report);
        routes.push(Route {
            name,
            matches: found,
            filters,
            upstream,
            retry: retry.unwrap_or_default(),
            timeout,
            max_body: bounds::body(written.max_body, max_body),
            upgrades,
            grpc_web,
            server_timing,
            place: report.place(&spot),
        });
    }
    routes
}

fn known<'a>(upstreams: Option<&'a Upstreams>, name: &str) -> Option<&'a Upstream> {
    upstreams?.get(name)?.as_ref()
}

/// Whether calls of gRPC-Web are translated, for an upstream that can take them.
fn grpc_web(written: Option<Checked<bool>>, upstream: Option<&Upstream>, report: &Report) -> bool {
    let Some(Checked { value, spot }) = written else {
        return false;
    };
    let on = value.unwrap_or(false);
    if on && upstream.is_some_and(|upstream| upstream.protocol != Protocol::Http2) {
        report.refuse(
            &spot,
            "calls of gRPC need HTTP/2, and the upstream does not speak it",
            "write `protocol: http2` there",
        );
    }
    on
}

/// What a match is compared by, where the order of methods and headers makes no difference:
/// two routes of one identity could not be told apart.
type Identity = (
    Option<HostPattern>,
    Option<PathPattern>,
    Vec<String>,
    Vec<(String, HeaderPattern)>,
);

fn identity(found: &Match) -> Identity {
    let mut methods: Vec<_> = found.methods.iter().map(ToString::to_string).collect();
    methods.sort_unstable();
    let headers = found.headers.iter();
    let mut headers: Vec<_> = headers
        .map(|(name, v)| (name.to_string(), v.clone()))
        .collect();
    headers.sort_unstable();
    (found.host.clone(), found.path.clone(), methods, headers)
}

/// Whether nothing is missing from a match: one that is wrong in part is compared with no
/// other, and so a mistake is reported once.
fn intact(written: Option<&Checked<written::Match>>) -> bool {
    let Some(written) = written else { return true };
    let Some(found) = &written.value else {
        return false;
    };
    let methods = |list: &Vec<Checked<MethodName>>| {
        !list.is_empty() && list.iter().all(|method| method.value.is_some())
    };
    found.host.as_ref().is_none_or(|host| host.value.is_some())
        && found.path.as_ref().is_none_or(|path| path.value.is_some())
        && found
            .methods
            .as_ref()
            .is_none_or(|list| list.value.as_ref().is_some_and(methods))
        && found.headers.as_ref().is_none_or(|headers| {
            headers
                .value
                .as_ref()
                .is_some_and(|map| map.values().all(|v| v.value.is_some()))
        })
}

fn matches(written: written::Match, report: &Report) -> Match {
    let mut methods = Vec::new();
    if let Some(Checked {
        value: Some(items),
        spot,
    }) = written.methods
    {
        if items.is_empty() {
            report.refuse(
                &spot,
                "an empty list of methods matches no request",
                "remove the key to match every method",
            );
        }
        let mut unique = Unique::new();
        for Checked { value, spot } in items {
            let Some(MethodName(method)) = value else {
                continue;
            };
            if unique.earlier(method.clone(), &spot).is_some() {
                report.refuse(
                    &spot,
                    format!("{method} is written twice"),
                    "remove one of the two",
                );
            }
            methods.push(method);
        }
    }
    let mut headers = Vec::new();
    let mut unique = Unique::new();
    for (name, Checked { value, spot }) in optional(written.headers).unwrap_or_default() {
        let Ok(header) = HeaderName::from_bytes(name.as_bytes()) else {
            let message = format!("{} is not a header name", quote(&name));
            report.refuse(&spot, message, "write a name such as x-beta");
            continue;
        };
        if unique.earlier(header.clone(), &spot).is_some() {
            report.refuse(
                &spot,
                format!("the header {} is written twice", quote(header.as_str())),
                "remove one of the two: upper and lower case mean the same here",
            );
        }
        headers.extend(value.map(|HeaderValue(value)| (header, value)));
    }
    Match {
        host: optional(written.host).map(|host| host.0),
        path: optional(written.path).map(|path| path.0),
        methods,
        headers,
    }
}

/// Tokens, lower case (RFC 9110, 7.8). HTTP/2 is not reached in this way any more (RFC 9113, 3.1).
fn upgrades(written: Option<Checked<Vec<Checked<String>>>>, report: &Report) -> Vec<String> {
    let Some(items) = optional(written) else {
        return vec!["websocket".to_owned()];
    };
    let mut unique = Unique::new();
    let mut tokens = Vec::new();
    for Checked { value, spot } in items {
        let Some(text) = value else { continue };
        let token = text.to_ascii_lowercase();
        let is_token = |text: &str| HeaderName::from_bytes(text.as_bytes()).is_ok();
        if !token.split('/').all(is_token) || token.split('/').count() > 2 {
            report.refuse(
                &spot,
                format!("{} is not the name of a protocol", quote(&text)),
                "write a name such as `websocket`",
            );
        } else if matches!(&*token, "h2c" | "h2" | "http/2.0") {
            report.refuse(
                &spot,
                "HTTP/2 is not reached by an upgrade any more (RFC 9113, 3.1)",
                "remove it: listeners speak HTTP/2 by themselves",
            );
        } else if let Some(line) = unique.earlier(token.clone(), &spot) {
            report.refuse(
                &spot,
                format!("`{token}` is in line {line} already"),
                "remove one of the two",
            );
        } else {
            tokens.push(token);
        }
    }
    tokens
}

pub(super) fn networks(
    written: Option<Checked<Vec<Checked<Network>>>>,
    report: &Report,
) -> Vec<IpNet> {
    let mut unique = Unique::new();
    let mut networks = Vec::new();
    for Checked { value, spot } in optional(written).unwrap_or_default() {
        let Some(Network(network)) = value else {
            continue;
        };
        if let Some(line) = unique.earlier(network, &spot) {
            report.refuse(
                &spot,
                format!("the network `{network}` is in line {line} already"),
                "remove one of the two",
            );
        }
        networks.push(network);
    }
    networks
}
