//! From a configuration to a snapshot, taking over what the previous one has learnt.
//!
//! Everything that can fail happens here, before anything is published: plugins are
//! compiled, configured and given their endpoints. A refusal leaves no trace.

use super::filters::{self, Outward};
use super::library::{Finder, Library};
use super::router::Router;
use super::secured::Secured;
use super::{Route, Snapshot, endpoints};
use crate::config::value::{Keys, Name, Upstream as UpstreamConfig};
use crate::config::{Config, Place, Problem, Problems};
use crate::plugin::Warden;
use crate::telemetry::{AccessLog, Metrics};
use crate::upstream::probe::Prober;
use crate::upstream::roster::{self, Effect};
use crate::upstream::{Group, Identity, Rules, Upstream};
use arc_swap::ArcSwap;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;
use tidegate_runtime::{Ambient, LoadError, Place as UsedIn, Sandbox, Selector, Use};

/// What compiling needs besides the configuration.
pub struct Compiled<'a> {
    /// Where plugins run.
    pub sandbox: &'a Sandbox,
    /// Where they are counted.
    pub metrics: &'a Arc<Metrics>,
    /// Where exchanges are written down.
    pub access_log: Option<Arc<AccessLog>>,
    /// What probes endpoints.
    pub prober: &'a Prober,
    /// The addresses of a name, as far as they are known.
    pub addresses: &'a (dyn Fn(&Name) -> Arc<[IpAddr]> + Sync),
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
            Err(_) if !finder.has(&upstream.selector.plugin) => {}
            Err(Refusal::Here(message)) => problems.push(place(message)),
            Err(Refusal::There(problem)) => problems.push(problem),
        }
    }
    let mut filters = Vec::new();
    for (position, route) in config.routes.iter().enumerate() {
        let before = previous.and_then(|previous| previous.route(&route.name));
        match filters::compile(route, position, before, &mut finder, &with) {
            Ok(compiled) => filters.push(compiled),
            Err(found) => problems.extend(found),
        }
    }
    problems.dedup();
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
    let routes = config.routes.iter().zip(filters);
    let routes = routes.map(|(route, filters)| Route {
        name: route.name.as_str().into(),
        upstream: upstreams[&route.upstream].clone(),
        filters,
        server_timing: route.server_timing.clone(),
        retry: route.retry,
        timeout: route.timeout,
        max_body: route.max_body,
        upgrades: route.upgrades.clone(),
        grpc_web: route.grpc_web,
        series: with.metrics.route(&route.upstream, &route.name),
        rerouted: previous
            .and_then(|previous| previous.route(&route.name))
            .map(|before| before.rerouted.clone())
            .unwrap_or_default(),
    });
    Ok(Snapshot {
        generation: previous.map_or(1, |previous| previous.generation + 1),
        routes: routes.collect(),
        unrouted: with.metrics.route("", ""),
        router,
        library: finder.into_library(),
        keep_alive: config.keep_alive.downstream.as_secs().max(1),
        bounds: config.bounds,
        reading: config.reading.clone(),
        access_log: with.access_log,
        metrics: with.metrics.clone(),
        callouts: Arc::new(Outward(upstreams.clone())),
        nothing: "".into(),
        upstreams,
    })
}

/// A plugin that was refused: reported at the key of its `config` that it names, if it names one.
pub(super) fn refused(plugin: &str, keys: &Keys, error: &LoadError) -> Result<Problem, String> {
    if let LoadError::Refused(said) = error
        && let Some(key) = keys.of(said)
    {
        let message = format!("the plugin `{plugin}` refuses this: {}", key.message);
        return Ok(problem(key.place, key.path.to_owned(), message));
    }
    Err(format!("the plugin `{plugin}` is refused: {error}"))
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
) -> Result<Upstream, Refusal> {
    let found = finder.find(&config.selector.plugin)?;
    let on_fault = found.selector_fault().map_err(Refusal::There)?;
    let place = UsedIn::Upstream(config.name.clone());
    let group = before.map_or_else(
        || Group::new(&config.name, with.metrics.upstream(&config.name)),
        |before| before.group.clone(),
    );
    let secured = Secured::load(config).map_err(|message| {
        let path = format!("upstreams.{}.tls", config.name);
        Refusal::There(problem(&config.place, path, message))
    })?;
    let endpoints = endpoints::compile(config, before, &group, &secured, with)?;
    let rules = Rules {
        breaker: config.breaker,
        outlier: config.outlier,
        limits: config.limits,
        slow_start: config.slow_start,
        panic_percent: config.panic_percent,
        budget: config.retry_budget,
    };
    let running = before.map(Upstream::roster);
    let running = running.as_deref().map(Arc::as_ref);
    let look = roster::look(
        &endpoints,
        &rules,
        &group,
        running,
        Instant::now(),
        Effect::None,
    );
    let identity = Identity {
        plugin: config.selector.plugin.clone(),
        hash: *found.component.hash(),
        config: config.selector.config.to_string(),
        limits: found.limits.clone(),
    };
    // A plugin is tried with a list even when there is nobody to choose yet.
    let trial = look.roster.list.clone();
    let trial = trial
        .or_else(|| roster::everybody(&endpoints, &group))
        .ok_or_else(|| "there are no endpoints".to_owned())?;
    let refuse = |error: LoadError| {
        let refused = refused(&config.selector.plugin, &config.selector.keys, &error);
        refused.map_or_else(Refusal::Here, Refusal::There)
    };
    let (selector, selector_generation) = match before.filter(|before| before.identity == identity)
    {
        Some(before) => {
            let known = running.and_then(|running| running.list.as_ref());
            if known.is_none_or(|known| !Arc::ptr_eq(known, &trial)) {
                before.selector.stage(&trial).map_err(refuse)?;
            }
            (before.selector.clone(), before.selector_generation)
        }
        None => {
            let purpose = Use {
                plugin: identity.plugin.clone(),
                place: place.clone(),
                config: identity.config.clone(),
                limits: identity.limits.clone(),
                series: Box::new(with.metrics.own(&identity.plugin, &place)),
                warm: before.map_or(1, |before| before.selector.instances()),
                ambient: Ambient::Real,
            };
            let selector = with.sandbox.selector(&found.component, purpose, &trial);
            let selector: Selector = selector.map_err(refuse)?;
            (
                Arc::new(selector),
                before.map_or(1, |before| before.selector_generation + 1),
            )
        }
    };
    Ok(Upstream {
        name: config.name.clone(),
        warden: before
            .filter(|before| before.identity.plugin == identity.plugin)
            .map_or_else(
                || {
                    let series = with.metrics.plugin(&identity.plugin, &place);
                    Warden::new(&identity.plugin, place, series)
                },
                |before| before.warden.clone(),
            ),
        series: group.series().clone(),
        on_fault,
        timeouts: config.timeouts,
        protocol: config.protocol,
        proxy_protocol: config.proxy_protocol,
        endpoints,
        group,
        roster: ArcSwap::from_pointee(look.roster),
        selector,
        identity,
        selector_generation,
        rules,
    })
}

/// Why an upstream cannot be.
enum Refusal {
    /// To be reported where it names its selector.
    Here(String),
    /// To be reported as it is.
    There(Problem),
}

impl From<String> for Refusal {
    fn from(message: String) -> Self {
        Self::Here(message)
    }
}
