//! The self-test of `tidegate check`: a plugin that breaks each bound, run with the bounds of
//! the operator's file. What is told is what happened on this machine, not what is promised.

use crate::config::{Problem, Problems};
use crate::snapshot::Snapshot;
use std::collections::BTreeMap;
use std::future::Future;
use std::net::{IpAddr, Ipv4Addr};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};
use tidegate_runtime::{
    Ambient, Component, Exchange, FaultKind, Filter, Isolation, Limits, LoadError, NoSeries, Place,
    Sandbox, Use, Verdict, Visit,
};

/// A bound and what came of breaking it.
pub struct Held {
    /// What was bounded.
    pub bound: &'static str,
    /// What happened, in words.
    pub told: String,
}

/// Tries the bounds of every plugin that the snapshot uses, each set of bounds once; by the
/// names of the plugins that have it.
///
/// # Errors
/// A bound that did not hold.
pub fn run(sandbox: &Sandbox, snapshot: &Snapshot) -> Result<Vec<(String, Vec<Held>)>, Problems> {
    let selectors = snapshot
        .upstreams
        .values()
        .map(|upstream| &upstream.identity);
    let filters = snapshot.routes.iter().flat_map(|route| &route.filters);
    let mut sets: BTreeMap<String, (Vec<&str>, &Limits)> = BTreeMap::new();
    for identity in selectors.chain(filters.map(|filter| &filter.identity)) {
        let set = sets.entry(format!("{:?}", identity.limits));
        let (names, _) = set.or_insert((Vec::new(), &identity.limits));
        if !names.contains(&identity.plugin.as_str()) {
            names.push(&identity.plugin);
        }
    }
    let bytes = tidegate_plugins::check("limits").unwrap_or_default();
    let component = sandbox.component(bytes).map_err(broken)?;
    let sets = sets.into_values().map(|(names, limits)| {
        let names = names.join(", ");
        let held = each(sandbox, &component, limits, &names)?;
        Ok((names, held))
    });
    sets.collect()
}

fn each(
    sandbox: &Sandbox,
    component: &Component,
    limits: &Limits,
    names: &str,
) -> Result<Vec<Held>, Problems> {
    let outcome = |misdeed| attempt(sandbox, component, limits, misdeed).map_err(broken);
    let mut all = Vec::new();
    let mut held = |bound, told: Option<String>| match told {
        Some(told) => {
            all.push(Held { bound, told });
            Ok(())
        }
        None => Err(not_held(names, bound)),
    };
    let deadline = outcome("deadline")?;
    held(
        "deadline",
        ended(&deadline, FaultKind::Deadline).map(|()| {
            let after = deadline.took.as_secs_f64() * 1e3;
            format!(
                "{:?}: a loop was ended after {after:.1} ms",
                limits.deadline
            )
        }),
    )?;
    let memory = outcome("memory")?;
    held(
        "memory",
        ended(&memory, FaultKind::Memory).map(|()| {
            let (allowed, had) = (mib(limits.memory), mib(memory.memory));
            format!("{allowed:.1} MiB: refused more than {had:.1} MiB")
        }),
    )?;
    let stack = outcome("stack")?;
    held(
        "stack",
        ended(&stack, FaultKind::Trap).map(|()| {
            let message = stack
                .answer
                .as_ref()
                .err()
                .map(|(_, message)| message.as_str());
            format!(
                "an endless recursion was ended: {}",
                message.unwrap_or_default()
            )
        }),
    )?;
    let state = outcome("state")?;
    let kept = state.answer.ok().and_then(|text| text.parse::<u64>().ok());
    held(
        "state",
        kept.filter(|kept| *kept <= limits.state).map(|kept| {
            let (allowed, kept) = (mib(limits.state), mib(kept));
            format!("{allowed:.2} MiB: took {kept:.2} MiB of values and no more")
        }),
    )?;
    let log = outcome("log")?;
    held(
        "log",
        (log.dropped > 9_000)
            .then(|| format!("of 10,000 lines in one call {} were dropped", log.dropped)),
    )?;
    let callout = outcome("callout")?;
    held(
        "callouts",
        (callout.answer.as_deref() == Ok("denied"))
            .then(|| "to an upstream that is not granted: denied".to_owned()),
    )?;
    let instances = crowd(sandbox, component, limits).map_err(broken)?;
    held("instances", instances)?;
    Ok(all)
}

/// As many exchanges as may have an instance of their own, and one more.
fn crowd(
    sandbox: &Sandbox,
    component: &Component,
    limits: &Limits,
) -> Result<Option<String>, LoadError> {
    let most = limits.instances.min(MOST_INSTANCES);
    let filter = start(sandbox, component, limits, "callout", most)?;
    let mut answered = |_| {
        let mut visit = Visit::new(filter.clone());
        let (_, verdict) = quietly(|| visit.on_response_body(nobody(), b"", true));
        (visit, verdict.map_err(|fault| fault.kind))
    };
    let given: Vec<_> = (0..most).map(&mut answered).collect();
    let all = given.iter().all(|(_, verdict)| verdict.is_ok());
    let (_, one_more) = answered(most);
    let held = all && one_more.err() == Some(FaultKind::Busy);
    Ok(held.then(|| format!("{most} exchanges had one of their own, and the next had none")))
}

/// What the pool of the sandbox has room for beside others.
const MOST_INSTANCES: u32 = 64;

struct Outcome {
    /// What the plugin answered, or what it was ended for.
    answer: Result<String, (FaultKind, String)>,
    took: Duration,
    memory: u64,
    dropped: u64,
}

fn ended(outcome: &Outcome, kind: FaultKind) -> Option<()> {
    let ended = outcome.answer.as_ref().err();
    ended.is_some_and(|(found, _)| *found == kind).then_some(())
}

fn attempt(
    sandbox: &Sandbox,
    component: &Component,
    limits: &Limits,
    misdeed: &str,
) -> Result<Outcome, LoadError> {
    let filter = start(sandbox, component, limits, misdeed, limits.instances)?;
    let began = Instant::now();
    let mut visit = Visit::new(filter.clone());
    let (_, verdict) = quietly(|| at_once(visit.on_request(nobody())));
    let answer = match verdict {
        Ok(Verdict::Answer(reply)) => Ok(String::from_utf8_lossy(&reply.body).into_owned()),
        Ok(_) => Ok(String::new()),
        Err(fault) => Err((fault.kind, fault.message)),
    };
    Ok(Outcome {
        answer,
        took: began.elapsed(),
        memory: filter.memory(),
        dropped: filter.dropped_lines(),
    })
}

/// The plugin, about to do that, each exchange with an instance of its own.
fn start(
    sandbox: &Sandbox,
    component: &Component,
    limits: &Limits,
    misdeed: &str,
    instances: u32,
) -> Result<Arc<Filter>, LoadError> {
    let purpose = Use {
        plugin: "limits".into(),
        place: Place::Route(format!("self-test {misdeed}"), 0),
        config: format!(r#"{{"misdeed":"{misdeed}"}}"#),
        limits: Limits {
            isolation: Isolation::PerRequest,
            instances,
            // Granted nothing: that is tried too.
            http: Vec::new(),
            // Time for one thing to be bounded by its own bound, on a slow machine too.
            deadline: match misdeed {
                "deadline" => limits.deadline,
                _ => limits.deadline.max(Duration::from_secs(1)),
            },
            ..limits.clone()
        },
        series: Box::new(NoSeries),
        warm: 1,
        ambient: Ambient::Real,
    };
    sandbox.filter(component, purpose).map(Arc::new)
}

/// Lines are wanted, so that they are written and counted, and nobody is to read them.
fn quietly<T>(run: impl FnOnce() -> T) -> T {
    let quiet = tracing_subscriber::fmt()
        .with_writer(std::io::sink)
        .finish();
    tracing::subscriber::with_default(quiet, run)
}

fn nobody() -> Box<dyn Exchange> {
    Box::new(Nobody(http::Request::new(()).into_parts().0))
}

/// The plugin's only call out is denied at once, and an instance is free.
fn at_once<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("a call that waits for nothing is ready"),
    }
}

/// A request of nobody.
struct Nobody(http::request::Parts);

impl Exchange for Nobody {
    fn head(&self) -> &http::request::Parts {
        &self.0
    }
    fn scheme(&self) -> &str {
        "http"
    }
    fn authority(&self) -> &str {
        ""
    }
    fn client(&self) -> IpAddr {
        Ipv4Addr::LOCALHOST.into()
    }
    fn attribute(&self, _: &str) -> Option<&str> {
        None
    }
    fn route(&self) -> &str {
        ""
    }
    fn attempt(&self) -> u32 {
        0
    }
    fn excluded(&self) -> &[u32] {
        &[]
    }
}

fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

fn not_held(names: &str, bound: &str) -> Problems {
    Problems(vec![Problem {
        place: None,
        path: "plugins".into(),
        message: format!("the sandbox did not hold the bound `{bound}` of {names} on this machine"),
        help: Some("do not run plugins that you do not trust here, and report this".into()),
    }])
}

fn broken(error: LoadError) -> Problems {
    super::run::whole(format!("the self-test of the sandbox failed: {error}"))
}
