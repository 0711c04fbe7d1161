//! `tidegate check --probe`: does anybody listen at the endpoints?
//!
//! The same probe that Pingora's load balancing uses, once to each address, many at a
//! time. It says nothing of the future: health checks that go on are the daemon's.

use crate::config::value::Address;
use crate::config::{Config, Problem};
use crate::upstream::resolve::Resolver;
use pingora_load_balancing::Backend;
use pingora_load_balancing::health_check::{HealthCheck, TcpHealthCheck};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// Connections at a time.
const AT_ONCE: usize = 64;

/// The endpoints that accept no connection, each where it is written.
pub async fn unreachable(config: &Config, resolver: &Resolver) -> Vec<Problem> {
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut probes = JoinSet::new();
    for upstream in config.upstreams.values() {
        for (position, endpoint) in upstream.endpoints.iter().enumerate() {
            let name = &upstream.name;
            for address in addresses(&endpoint.address, resolver) {
                let (name, endpoint) = (name.clone(), endpoint.clone());
                let (places, bound) = (places.clone(), upstream.timeouts.connect);
                probes.spawn(async move {
                    let _place = places.acquire().await;
                    let mut check = TcpHealthCheck::default();
                    check.peer_template.options.connection_timeout = Some(bound);
                    let target = Backend::new(&address.to_string()).ok()?;
                    let error = check.check(&target).await.err()?;
                    let cause = error.etype().as_str();
                    Some(Problem {
                        path: format!("upstreams.{name}.endpoints[{position}]"),
                        message: format!("{address} accepts no connection: {cause}"),
                        help: None,
                        place: Some(endpoint.place),
                    })
                });
            }
        }
    }
    let mut problems: Vec<Problem> = probes.join_all().await.into_iter().flatten().collect();
    problems.sort_by_key(|problem| {
        problem
            .place
            .as_ref()
            .map(|place| (place.line, place.column))
    });
    problems
}

fn addresses(address: &Address, resolver: &Resolver) -> Vec<SocketAddr> {
    match address {
        Address::Socket(address) => vec![*address],
        Address::Name(name) => {
            let known = resolver.addresses(name);
            let found = known
                .iter()
                .map(|address| SocketAddr::new(*address, name.port));
            found.collect()
        }
    }
}
