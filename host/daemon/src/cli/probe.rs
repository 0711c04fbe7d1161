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

/// The endpoints that accept no connection, each where it is written: those of the
/// configuration first, then list by list.
pub async fn unreachable(config: &Config, resolver: &Resolver) -> Vec<Problem> {
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut probes = JoinSet::new();
    for upstream in config.upstreams.values() {
        for endpoint in &upstream.endpoints {
            for address in addresses(&endpoint.address, resolver) {
                let endpoint = endpoint.clone();
                let (places, bound) = (places.clone(), upstream.timeouts.connect);
                probes.spawn(async move {
                    let _place = places.acquire().await;
                    let mut check = TcpHealthCheck::default();
                    check.peer_template.options.connection_timeout = Some(bound);
                    let target = Backend::new(&address.to_string()).ok()?;
                    let error = check.check(&target).await.err()?;
                    let cause = error.etype().as_str();
                    Some(Problem {
                        path: endpoint.path,
                        message: format!("{address} accepts no connection: {cause}"),
                        help: None,
                        place: Some(endpoint.place),
                    })
                });
            }
        }
    }
    let mut problems: Vec<Problem> = probes.join_all().await.into_iter().flatten().collect();
    problems.sort_by_cached_key(|problem| {
        let place = problem.place.as_ref().map(|place| {
            let list = (*place.file != *config.file).then(|| place.file.clone());
            (list, place.line, place.column)
        });
        (place, problem.message.clone())
    });
    // A list that serves several upstreams was asked for each of them.
    problems.dedup();
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

#[cfg(test)]
mod tests {
    use super::unreachable;
    use crate::config;
    use crate::upstream::resolve::Resolver;

    /// Nobody listens at port 1.
    const TEXT: &str = "\
listeners: [{ address: 127.0.0.1:8080 }]
upstreams:
  api: { endpoints_from: list.yaml }
  web:
    endpoints: [127.0.0.1:1, { address: 127.0.0.2:1 }]
    endpoints_from: list.yaml
routes: [{ upstream: web }]
";

    #[tokio::test]
    async fn an_endpoint_is_named_where_it_is_written() {
        let alive = std::net::TcpListener::bind("127.0.0.1:0").expect("a listener");
        let listens = alive.local_addr().expect("an address");
        let beside = tempfile::tempdir().expect("a directory");
        let file = beside.path().join("t.yaml");
        let list = format!("- {listens}\n- address: 127.0.0.3:1\n");
        std::fs::write(&file, TEXT).expect("written");
        std::fs::write(beside.path().join("list.yaml"), list).expect("written");

        let config = config::load(&file, &|_| None).expect("a configuration");
        let resolver = Resolver::new(&config.resolver).expect("a resolver");
        let problems = unreachable(&config, &resolver).await;
        let told: Vec<_> = problems
            .iter()
            .map(|problem| {
                let place = problem.place.as_ref().expect("a place");
                let file = place.file.file_name().expect("a name").to_string_lossy();
                let address = problem.message.split(' ').next().unwrap_or_default();
                format!("{file}:{}: {}: {address}", place.line, problem.path)
            })
            .collect();
        // The list serves two upstreams and is named once.
        assert_eq!(
            told,
            [
                "t.yaml:5: upstreams.web.endpoints[0]: 127.0.0.1:1",
                "t.yaml:5: upstreams.web.endpoints[1]: 127.0.0.2:1",
                "list.yaml:2: [1]: 127.0.0.3:1",
            ]
        );
    }
}
