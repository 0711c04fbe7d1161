//! `GET /upstreams`: of each endpoint, whether it may be chosen, and if not, why not.
//! `POST /upstreams/NAME/endpoints/ADDRESS/drain` and `…/undrain`.

use crate::snapshot::Snapshot;
use crate::upstream::roster::Found;
use crate::upstream::{Endpoint, Roster, Upstream};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tidegate_policy::levels::Standing;
use tidegate_policy::{BreakerState, Verdict};

/// Every upstream.
pub fn all(snapshot: &Snapshot) -> Value {
    let upstreams: serde_json::Map<String, Value> = snapshot
        .upstreams
        .iter()
        .map(|(name, each)| (name.clone(), upstream(each)))
        .collect();
    json!({ "upstreams": upstreams })
}

/// One upstream.
pub fn upstream(upstream: &Upstream) -> Value {
    let now = Instant::now();
    let roster = upstream.roster();
    let found = upstream.look(now);
    let endpoints: Vec<Value> = upstream
        .endpoints
        .iter()
        .zip(&found)
        .enumerate()
        .map(|(position, (endpoint, found))| row(position, endpoint, found, &roster, now))
        .collect();
    json!({
        "selector": upstream.selector.plugin(),
        "eligible": endpoints.iter().filter(|row| row["eligible"] == true).count(),
        "panic": roster.panic,
        "spilled": roster.spilled,
        "in_flight": upstream.group.total(),
        "waiting": upstream.group.line().waiting(),
        "endpoints": endpoints,
    })
}

fn row(
    position: usize,
    endpoint: &Endpoint,
    found: &Found,
    roster: &Roster,
    now: Instant,
) -> Value {
    let place = u32::try_from(position).ok();
    let place = place.and_then(|place| roster.members.binary_search(&place).ok());
    let listed = roster.list.as_ref().zip(place);
    let effective = listed.map(|(list, place)| list.list()[place].weight);
    let why = why(endpoint, found, place.is_some(), now);
    json!({
        "address": &*endpoint.name,
        "eligible": why.is_empty() && place.is_some(),
        "chosen_from": place.is_some(),
        "why": why,
        "health": endpoint.probed.as_ref().map(|_| found.verdict.as_str()),
        "last_probe": endpoint.probed.as_ref().and_then(|target| target.last()).map(|last| json!({
            "passed": last.passed,
            "said": last.said,
            "took_ms": last.took.as_secs_f64() * 1e3,
            "seconds_ago": now.saturating_duration_since(last.at).as_secs_f64(),
        })),
        "breaker": found.breaker.as_str(),
        "ejected_for_seconds": found.ejected.map(|until| left(until, now)),
        "draining": found.draining,
        "slow_start": (found.tenths < 10).then(|| format!("{}%", found.tenths * 10)),
        "priority": endpoint.priority,
        "weight": endpoint.weight,
        "effective_weight": effective,
        "in_flight": endpoint.state.cell().in_flight(),
        "max_in_flight": endpoint.max_in_flight,
        "latency_us": endpoint.state.cell().latency(),
    })
}

/// Why it gets no new requests, in the words of an operator. Empty when it does.
fn why(endpoint: &Endpoint, found: &Found, listed: bool, now: Instant) -> Vec<String> {
    let mut why = Vec::new();
    if endpoint.state.address().is_none() {
        why.push("its name has no address".into());
    }
    if found.verdict == Verdict::Down {
        let last = endpoint.probed.as_ref().and_then(|target| target.last());
        let said = last.map_or_else(|| "not proven yet".into(), |last| last.said);
        why.push(format!("health checks fail: {said}"));
    }
    match found.breaker {
        BreakerState::Open => why.push("its breaker is open after failures".into()),
        BreakerState::HalfOpen => {}
        BreakerState::Closed => {}
    }
    if let Some(until) = found.ejected {
        why.push(format!(
            "ejected as an outlier for {:.1} s more",
            left(until, now)
        ));
    }
    if found.draining {
        let hand = if endpoint.state.drained() {
            " by hand"
        } else {
            ""
        };
        why.push(format!(
            "draining{hand}: it keeps its sessions and gets no new ones"
        ));
    }
    if !endpoint.state.has_room() {
        why.push("full: it has as many requests as it may have".into());
    }
    if !listed && why.is_empty() && found.standing == Standing::Eligible {
        why.push(format!("priority {} is not needed now", endpoint.priority));
    }
    why
}

fn left(until: Instant, now: Instant) -> f64 {
    until
        .saturating_duration_since(now)
        .max(Duration::ZERO)
        .as_secs_f64()
}

/// What was asked of an endpoint.
pub struct Drain<'a> {
    /// Name of the upstream.
    pub upstream: &'a str,
    /// Address of the endpoint.
    pub endpoint: &'a str,
    /// Whether it drains from now on.
    pub drains: bool,
}

/// Reads `/upstreams/NAME/endpoints/ADDRESS/drain`.
pub fn parse(path: &str) -> Option<Drain<'_>> {
    let mut parts = path.strip_prefix("/upstreams/")?.split('/');
    let (upstream, word) = (parts.next()?, parts.next()?);
    let (endpoint, verb) = (parts.next()?, parts.next()?);
    let drains = match verb {
        "drain" => true,
        "undrain" => false,
        _ => return None,
    };
    (word == "endpoints" && parts.next().is_none()).then_some(Drain {
        upstream,
        endpoint,
        drains,
    })
}

/// Drains an endpoint, or ends that.
///
/// # Errors
/// There is no such endpoint.
pub fn drain(snapshot: &Snapshot, drain: &Drain<'_>) -> Result<Value, String> {
    let upstream = snapshot.upstreams.get(drain.upstream);
    let upstream = upstream.ok_or_else(|| format!("there is no upstream {}", drain.upstream))?;
    let mut endpoints = upstream.endpoints.iter();
    let endpoint = endpoints
        .find(|endpoint| *endpoint.name == *drain.endpoint)
        .ok_or_else(|| format!("{} has no endpoint {}", drain.upstream, drain.endpoint))?;
    endpoint.state.drain(drain.drains);
    Ok(json!({ "endpoint": drain.endpoint, "draining": drain.drains || endpoint.draining }))
}
