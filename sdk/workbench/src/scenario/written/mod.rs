//! Scenarios as they are written: the keys, their short forms, their defaults.

mod endpoints;
mod exchange;
mod expect;

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;
use serde_yaml::Spanned;
use tidegate_runtime::{Isolation, Limits};
use tidegate_testkit::Conformance;

use super::place::{self, Problem};
use super::scalar::{Size, Time};
use super::shape::Column;
pub use endpoints::Endpoints;
pub(crate) use exchange::Scheme;
pub use exchange::{Answer, Request, Upstream};
pub use expect::{Callout, Expect, Message, Onward, Pick, Verdict};

/// A file of scenarios. What stands above `scenarios` holds for all that do not say otherwise.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Suite {
    #[serde(default)]
    config: Option<Value>,
    #[serde(default)]
    limits: Option<Bounds>,
    #[serde(default)]
    seed: Option<u64>,
    #[serde(default)]
    endpoints: Option<Endpoints>,
    #[serde(default)]
    upstreams: Option<BTreeMap<String, Upstream>>,
    /// The duties of the contract are tried too.
    #[serde(default)]
    conformance: Option<Duties>,
    /// In the order of the file, which is the order in which they run.
    #[serde(default)]
    pub scenarios: Vec<Spanned<Scenario>>,
}

/// What the conformance kit is told of the plugin.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Duties {
    /// A request stays with its endpoint, in any order of the list and on any instance.
    stable: bool,
    /// Endpoints of the longest list; 65,536 unless written.
    longest: Option<u32>,
}

/// One life of a plugin.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What is shown.
    pub name: String,
    /// The plugin's `config` section.
    #[serde(default)]
    pub config: Option<Value>,
    /// The bounds that the operator sets.
    #[serde(default)]
    pub limits: Option<Bounds>,
    /// Of the random numbers; 1 unless written.
    #[serde(default)]
    pub seed: Option<u64>,
    /// The list that a selector begins with; three unless written.
    #[serde(default)]
    pub endpoints: Option<Endpoints>,
    /// What a filter may call, and what it is answered.
    #[serde(default)]
    pub upstreams: Option<BTreeMap<String, Upstream>>,
    /// The plugin must refuse its `config`, with this text in its message.
    #[serde(default)]
    pub refused: Option<String>,
    /// What happens.
    #[serde(default)]
    pub steps: Vec<Spanned<Step>>,
}

/// One call of a selector, or one exchange through a filter.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Step {
    /// What is shown; the number of the step unless written.
    pub name: Option<String>,
    /// The clock moves so far before anything else.
    pub advance: Option<Time>,
    /// The plugin is replaced by itself with another `config`; its state survives.
    pub config: Option<Value>,
    /// A new list.
    pub endpoints: Option<Endpoints>,
    /// Requests in flight at the endpoints.
    pub in_flight: Option<Column<u32>>,
    /// Latency of the endpoints.
    pub latency: Option<Column<Time>>,
    /// Positions that this exchange must not use.
    pub excluded: Vec<u32>,
    /// What the client sends.
    pub request: Option<Request>,
    /// What the endpoint answers, if the filter lets the request pass.
    pub response: Option<Answer>,
    /// The step happens that many times; once unless written.
    pub repeat: Option<u32>,
    /// What must come of it.
    pub expect: Expect,
}

/// Bounds of a plugin, as in the proxy's configuration.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Bounds {
    deadline: Option<Time>,
    memory: Option<Size>,
    state: Option<Size>,
    body: Option<Size>,
    isolation: Option<Kept>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kept {
    Reuse,
    PerRequest,
}

impl Bounds {
    /// The host's own, with those that are written.
    pub fn limits(&self) -> Limits {
        let mut limits = Limits::default();
        if let Some(Time(deadline)) = self.deadline {
            limits.deadline = deadline;
            // As in the proxy's configuration.
            limits.setup_deadline = limits.setup_deadline.max(deadline * 100);
        }
        limits.memory = self.memory.map_or(limits.memory, |size| size.0);
        limits.state = self.state.map_or(limits.state, |size| size.0);
        limits.body = self.body.map_or(limits.body, |size| size.0);
        limits.isolation = match self.isolation {
            Some(Kept::PerRequest) => Isolation::PerRequest,
            Some(Kept::Reuse) | None => Isolation::Reuse,
        };
        limits
    }
}

impl Suite {
    /// Reads a file, and gives each scenario what holds for all.
    ///
    /// # Errors
    /// The first thing in it that is not understood.
    pub fn read(path: &Path) -> Result<Self, Problem> {
        let mut suite: Self = place::read(path)?;
        let problem = |line, column, message: &str| Problem {
            file: path.to_owned(),
            place: Some((line, column)),
            message: message.to_owned(),
        };
        if suite.scenarios.is_empty() && suite.conformance.is_none() {
            let message = "neither `scenarios` nor `conformance`: nothing would be tested";
            return Err(problem(1, 1, message));
        }
        for spanned in &mut suite.scenarios {
            let at = spanned.referenced;
            let scenario = &mut spanned.value;
            scenario.config = scenario.config.take().or_else(|| suite.config.clone());
            scenario.limits = scenario.limits.take().or_else(|| suite.limits.clone());
            scenario.seed = scenario.seed.or(suite.seed);
            scenario.endpoints = scenario
                .endpoints
                .take()
                .or_else(|| suite.endpoints.clone());
            scenario.upstreams = scenario
                .upstreams
                .take()
                .or_else(|| suite.upstreams.clone());
            if scenario.steps.is_empty() == scenario.refused.is_none() {
                let message = "a scenario has either `steps` or `refused`";
                return Err(problem(at.line(), at.column(), message));
            }
            let never = |step: &&Spanned<Step>| step.value.repeat == Some(0);
            if let Some(step) = scenario.steps.iter().find(never) {
                let at = step.referenced;
                let message = "`repeat: 0`: the step would not happen, and its expectations hold";
                return Err(problem(at.line(), at.column(), message));
            }
        }
        Ok(suite)
    }
}

impl Suite {
    /// The conformance kit, if the file asks for it.
    pub fn conformance(&self) -> Option<Conformance> {
        let duties = self.conformance.as_ref()?;
        let limits = self.limits.as_ref().map(Bounds::limits);
        let usual = Conformance::default();
        let mut limits = limits.unwrap_or_default();
        limits.http = self
            .upstreams
            .iter()
            .flatten()
            .map(|(name, _)| name.clone())
            .collect();
        Some(Conformance {
            config: config(self.config.as_ref()),
            limits,
            stable: duties.stable,
            longest: duties.longest.unwrap_or(usual.longest),
            seed: self.seed.unwrap_or(usual.seed),
        })
    }

    /// Nothing but the duties of the contract, with that `config`.
    pub fn only_conformance(section: Value) -> Self {
        Self {
            config: Some(section),
            limits: None,
            seed: None,
            endpoints: None,
            upstreams: None,
            conformance: Some(Duties::default()),
            scenarios: Vec::new(),
        }
    }
}

impl Scenario {
    /// The `config` section as the host hands it over.
    pub fn config(&self) -> String {
        config(self.config.as_ref())
    }
}

/// A `config` section as JSON; an absent one is empty.
pub(crate) fn config(section: Option<&Value>) -> String {
    section.map_or_else(|| "{}".to_owned(), Value::to_string)
}
