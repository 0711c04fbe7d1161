//! The endpoints of one upstream: names become addresses, and states that were there are
//! taken over.

use super::compile::Compiled;
use super::secured::Secured;
use crate::config::value::{Address, Endpoint as EndpointConfig, Upstream as UpstreamConfig};
use crate::upstream::load::{Block, Cell};
use crate::upstream::{Endpoint, EndpointState, Group, Identified, Upstream};
use pingora::prelude::HttpPeer;
use sha2::{Digest, Sha256};
use std::collections::{HashMap, HashSet};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Endpoints by position, in the order of the file; a name with several addresses is
/// several, a name with none is one that takes no requests.
///
/// # Errors
/// A sentence for the operator: what probes them cannot be made.
pub(super) fn compile(
    config: &UpstreamConfig,
    before: Option<&Upstream>,
    group: &Arc<Group>,
    secured: &Secured,
    with: &Compiled<'_>,
) -> Result<Vec<Endpoint>, String> {
    let checker = config
        .health
        .as_ref()
        .map(|health| with.prober.checker(health));
    let checker = checker.transpose()?;
    let known: HashMap<&str, &Endpoint> = before
        .iter()
        .flat_map(|before| &before.endpoints)
        .map(|endpoint| (&*endpoint.name, endpoint))
        .collect();
    let found = addressed(config, with);
    let new = found
        .iter()
        .filter(|(_, name, _)| !known.contains_key(&**name))
        .count();
    let came = before.map(|_| Instant::now());
    let (block, mut next) = (Block::new(new), 0..new);
    let endpoint = |(written, name, address): (&EndpointConfig, Arc<str>, Option<SocketAddr>)| {
        let known = known.get(&*name);
        let row = row(&config.name, written, &name);
        let state = known.map(|known| known.state.clone());
        let state = state.unwrap_or_else(|| {
            let identified = Identified {
                name: name.clone(),
                id: row.id,
                address,
            };
            EndpointState::new(
                identified,
                Cell::new(&block, next.next().unwrap_or_default()),
                group.clone(),
                with.metrics.endpoint(&config.name, &name),
                came,
            )
        });
        let before = known.and_then(|known| known.probed.as_ref());
        let probed = checker.as_ref().zip(address).map(|(checker, address)| {
            let inherited = before.filter(|target| target.proven());
            let inherited = inherited.map(|target| target.verdict());
            with.prober.target(address, checker, inherited)
        });
        Endpoint {
            state,
            probed,
            peer: peer(config, secured.peer(written, address.unwrap_or(NOWHERE))),
            row,
            weight: written.weight,
            priority: written.priority,
            draining: written.draining,
            max_in_flight: written.max_in_flight,
            name,
        }
    };
    Ok(found.into_iter().map(endpoint).collect())
}

/// Never connected to: an endpoint without an address admits nobody.
const NOWHERE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);

/// Each address once: of two names with the same one, the first in the file counts.
fn addressed<'a>(
    config: &'a UpstreamConfig,
    with: &Compiled<'_>,
) -> Vec<(&'a EndpointConfig, Arc<str>, Option<SocketAddr>)> {
    let (mut found, mut seen) = (Vec::with_capacity(config.endpoints.len()), HashSet::new());
    let mut add = |endpoint, address: SocketAddr| {
        if seen.insert(address) {
            found.push((endpoint, address.to_string().into(), Some(address)));
        }
    };
    let mut nameless = Vec::new();
    for endpoint in &config.endpoints {
        match &endpoint.address {
            Address::Socket(address) => add(endpoint, *address),
            Address::Name(name) => {
                let addresses = (with.addresses)(name);
                for address in &*addresses {
                    add(endpoint, SocketAddr::new(*address, name.port));
                }
                if addresses.is_empty() {
                    nameless.push((endpoint, name.to_string().into(), None));
                }
            }
        }
    }
    found.extend(nameless);
    found
}

fn peer(config: &UpstreamConfig, mut peer: HttpPeer) -> HttpPeer {
    peer.options.connection_timeout = Some(config.timeouts.connect);
    // The exchange's clock ends these waits; this is for when Pingora does not look.
    let longest = config.timeouts.idle.max(config.timeouts.response_header);
    peer.options.read_timeout = Some(longest + Duration::from_secs(1));
    peer.options.write_timeout = Some(config.timeouts.idle);
    // None would keep a connection for ever; zero keeps none. A connection that says who the
    // client is serves nobody else.
    let kept = config
        .keep_alive
        .filter(|_| config.proxy_protocol.is_none());
    peer.options.idle_timeout = Some(kept.unwrap_or(Duration::ZERO));
    peer
}

fn row(upstream: &str, endpoint: &EndpointConfig, name: &str) -> tidegate_runtime::Endpoint {
    tidegate_runtime::Endpoint {
        id: identifier(upstream, name),
        address: name.to_owned(),
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
