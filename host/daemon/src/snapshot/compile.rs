//! From a configuration to a snapshot, taking over what the previous one has learnt.
//!
//! Everything that can fail happens here, before anything is published: plugins are
//! compiled, configured and given their endpoints. A refusal leaves no trace.

use super::library::{Finder, Library};
use super::router::Router;
use super::{Route, Snapshot};
use crate::config::value::{Endpoint as EndpointConfig, Upstream as UpstreamConfig};
use crate::config::{Config, Place, Problem, Problems};
use crate::telemetry::{AccessLog, Metrics};
use crate::upstream::load::{Block, Cell, Columns};
use crate::upstream::{Endpoint, EndpointState, Identity, Upstream};
use pingora::prelude::HttpPeer;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::time::Duration;
use tidegate_runtime::{Endpoints, LoadError, Sandbox, Selector, Use};

/// What compiling needs besides the configuration.
pub struct Compiled<'a> {
    /// Where plugins run.
    pub sandbox: &'a Sandbox,
    /// Where they are counted.
    pub metrics: &'a Metrics,
    /// Where exchanges are written down.
    pub access_log: Option<Arc<AccessLog>>,
    /// The snapshot that runs now.
    pub previous: Option<&'a Snapshot>,
}

/// Compiles. Runs guests and the compiler: not for a thread that serves requests.
///
/// # Errors
/// Every problem, each with its place in the file.
pub fn compile(config: &Config, with: Compiled<'_>) -> Result<Snapshot, Problems> {
    let empty = Library::default();
    let previous = with.previous;
    let mut finder = Finder::new(
        with.sandbox,
        config,
        previous.map_or(&empty, |previous| &previous.library),
    );
    let mut problems = Vec::new();
    // Also those that no upstream uses: a plugin that would be refused tomorrow is
    // better refused today.
    for (name, plugin) in &config.plugins {
        if let Err(message) = finder.find(name) {
            problems.push(problem(&plugin.place, format!("plugins.{name}"), message));
        }
    }
    let mut upstreams = BTreeMap::new();
    for (name, upstream) in &config.upstreams {
        let before = previous
            .and_then(|previous| previous.upstreams.get(name))
            .map(Arc::as_ref);
        let place = |message: String| {
            problem(
                &upstream.selector.place,
                format!("upstreams.{name}.selector"),
                message,
            )
        };
        match compile_upstream(upstream, before, &mut finder, &with) {
            Ok(upstream) => {
                upstreams.insert(name.clone(), Arc::new(upstream));
            }
            // A plugin that was not found is reported already, where it is declared.
            Err(message) if finder.has(&upstream.selector.plugin) => problems.push(place(message)),
            Err(_) => {}
        }
    }
    let router = Router::build(config.routes.iter().map(|route| &route.matches).collect());
    let router = match router {
        Ok(router) if problems.is_empty() => router,
        Ok(_) => return Err(Problems(problems)),
        Err(conflicts) => {
            problems.extend(conflicts.iter().map(|conflict| {
                let (first, second) = (
                    &config.routes[conflict.first],
                    &config.routes[conflict.second],
                );
                let message = format!("matches the same requests as the route `{}`", first.name);
                problem(
                    &second.place,
                    format!("routes[{}]", conflict.second),
                    message,
                )
            }));
            return Err(Problems(problems));
        }
    };
    let routes = config.routes.iter().map(|route| Route {
        name: route.name.as_str().into(),
        upstream: upstreams[&route.upstream].clone(),
        retry: route.retry,
        timeout: route.timeout,
        series: with.metrics.route(&route.upstream, &route.name),
    });
    Ok(Snapshot {
        generation: previous.map_or(1, |previous| previous.generation + 1),
        routes: routes.collect(),
        unrouted: with.metrics.route("", ""),
        router,
        library: finder.into_library(),
        keep_alive: config.keep_alive.downstream.as_secs().max(1),
        access_log: with.access_log,
        nothing: "".into(),
        upstreams,
    })
}

fn problem(place: &Place, path: String, message: String) -> Problem {
    Problem {
        place: Some(place.clone()),
        path,
        message,
        help: None,
    }
}

fn compile_upstream(
    config: &UpstreamConfig,
    before: Option<&Upstream>,
    finder: &mut Finder<'_>,
    with: &Compiled<'_>,
) -> Result<Upstream, String> {
    let found = finder.find(&config.selector.plugin)?;
    let total = before.map_or_else(Arc::default, |before| before.total.clone());
    let endpoints = endpoints(config, before, &total, with.metrics);
    let list = list(config, before, &endpoints, &total).ok_or("there are no endpoints")?;
    let identity = Identity {
        plugin: config.selector.plugin.clone(),
        hash: *found.component.hash(),
        config: config.selector.config.to_string(),
        limits: found.limits.clone(),
    };
    let (selector, selector_generation) = match before.filter(|before| before.identity == identity)
    {
        Some(before) => {
            if !Arc::ptr_eq(&before.list, &list) {
                before
                    .selector
                    .stage(&list)
                    .map_err(|error| explain(&identity.plugin, &error))?;
            }
            (before.selector.clone(), before.selector_generation)
        }
        None => {
            let purpose = Use {
                plugin: identity.plugin.clone(),
                upstream: config.name.clone(),
                config: identity.config.clone(),
                limits: identity.limits.clone(),
                series: Box::new(with.metrics.own(&identity.plugin, &config.name)),
                warm: before.map_or(1, |before| before.selector.instances()),
            };
            let selector = with.sandbox.selector(&found.component, purpose, &list);
            let selector: Selector = selector.map_err(|error| explain(&identity.plugin, &error))?;
            (
                Arc::new(selector),
                before.map_or(1, |before| before.selector_generation + 1),
            )
        }
    };
    Ok(Upstream {
        name: config.name.clone(),
        plugin: with.metrics.plugin(&identity.plugin, &config.name),
        series: with.metrics.upstream(&config.name),
        on_fault: found.on_fault,
        timeouts: config.timeouts,
        endpoints,
        list,
        total,
        selector,
        identity,
        selector_generation,
    })
}

fn explain(plugin: &str, error: &LoadError) -> String {
    format!("the plugin `{plugin}` is refused: {error}")
}

/// Endpoints by position; states that were there are taken over, new ones share a
/// block.
fn endpoints(
    config: &UpstreamConfig,
    before: Option<&Upstream>,
    total: &Arc<AtomicU32>,
    metrics: &Metrics,
) -> Vec<Endpoint> {
    let known: HashMap<SocketAddr, &Arc<EndpointState>> = before
        .iter()
        .flat_map(|before| &before.endpoints)
        .map(|endpoint| (endpoint.state.address(), &endpoint.state))
        .collect();
    let new = config
        .endpoints
        .iter()
        .filter(|endpoint| !known.contains_key(&endpoint.address))
        .count();
    let block = Block::new(new);
    let mut next = 0..new;
    let state = |endpoint: &EndpointConfig, name: &str| match known.get(&endpoint.address) {
        Some(state) => (*state).clone(),
        None => {
            let cell = Cell::new(&block, next.next().unwrap_or_default());
            EndpointState::new(
                endpoint.address,
                cell,
                total.clone(),
                metrics.endpoint(&config.name, name),
            )
        }
    };
    let mut state = state;
    config
        .endpoints
        .iter()
        .map(|endpoint| {
            let name: Arc<str> = endpoint.address.to_string().into();
            Endpoint {
                state: state(endpoint, &name),
                peer: peer(config, endpoint.address),
                weight: endpoint.weight,
                draining: endpoint.draining,
                max_in_flight: endpoint.max_in_flight,
                name,
            }
        })
        .collect()
}

fn peer(config: &UpstreamConfig, address: SocketAddr) -> HttpPeer {
    let mut peer = HttpPeer::new(address, false, String::new());
    peer.options.connection_timeout = Some(config.timeouts.connect);
    // The exchange's clock ends these waits; this is for when Pingora does not look.
    let longest = config.timeouts.idle.max(config.timeouts.response_header);
    peer.options.read_timeout = Some(longest + Duration::from_secs(1));
    peer.options.write_timeout = Some(config.timeouts.idle);
    // None would keep a connection for ever; zero keeps none.
    peer.options.idle_timeout = Some(config.keep_alive.unwrap_or(Duration::ZERO));
    peer
}

/// The list for the selector: the very same one when nothing in it has changed, so
/// that its instances need not be told.
fn list(
    config: &UpstreamConfig,
    before: Option<&Upstream>,
    endpoints: &[Endpoint],
    total: &Arc<AtomicU32>,
) -> Option<Arc<Endpoints>> {
    let rows: Vec<_> = config
        .endpoints
        .iter()
        .map(|endpoint| row(&config.name, endpoint))
        .collect();
    if let Some(before) = before.filter(|before| before.list.list() == rows) {
        return Some(before.list.clone());
    }
    let cells = endpoints
        .iter()
        .map(|endpoint| endpoint.state.cell().clone())
        .collect();
    Endpoints::new(rows, Arc::new(Columns::new(cells, total.clone())))
}

fn row(upstream: &str, endpoint: &EndpointConfig) -> tidegate_runtime::Endpoint {
    let address = endpoint.address.to_string();
    tidegate_runtime::Endpoint {
        id: identifier(upstream, &address),
        address,
        weight: endpoint.weight,
        zone: endpoint.zone.clone(),
        labels: endpoint
            .labels
            .iter()
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect(),
        draining: endpoint.draining,
    }
}

/// The endpoint's id: the first eight bytes of a hash of the upstream's name and the
/// address, so the same in every process that knows it by these.
fn identifier(upstream: &str, address: &str) -> u64 {
    let digest = Sha256::new()
        .chain_update(upstream)
        .chain_update([0])
        .chain_update(address)
        .finalize();
    digest
        .iter()
        .take(8)
        .fold(0, |id, byte| id << 8 | u64::from(*byte))
}
