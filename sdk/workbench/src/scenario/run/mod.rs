//! Running scenarios in the sandbox.

mod callouts;
mod check;
mod filter;
mod request;
mod selector;
mod timing;

use std::time::Duration;

use serde::Serialize;
use tidegate_testkit::{Component, Conformance, Host, LoadError, World};

use super::written::{Scenario, Step, Suite};

/// Where the wall clock of a scenario begins: 2026-01-01T00:00:00Z.
const NEW_YEAR: Duration = Duration::from_secs(1_767_225_600);

/// What came of one scenario.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// Its name.
    pub name: String,
    /// The line of the file that it begins at.
    pub line: u64,
    /// Why the plugin could not be started, or was started though it was to refuse.
    pub problem: Option<String>,
    /// What came of its steps.
    pub steps: Vec<StepOutcome>,
}

/// What came of one step.
#[derive(Clone, Debug, Serialize)]
pub struct StepOutcome {
    /// Its name.
    pub name: String,
    /// The line of the file that it begins at.
    pub line: u64,
    /// Calls of the plugin.
    pub calls: usize,
    /// Median of the time that a call took, in nanoseconds, what the host does included.
    pub median_ns: u64,
    /// Expectations that were not met.
    pub failures: Vec<String>,
    /// What the plugin logged or printed in a step that failed.
    pub log: Vec<String>,
}

impl Outcome {
    /// Whether everything was as expected.
    pub fn passed(&self) -> bool {
        self.problem.is_none() && self.steps.iter().all(|step| step.failures.is_empty())
    }
}

/// Runs every scenario of a file with a fresh plugin, in a host of its own.
///
/// # Errors
/// When the component is none that the sandbox takes. What a scenario refuses or misses is in
/// its outcome.
pub fn run(component: &Component, suite: &Suite) -> Result<Vec<Outcome>, LoadError> {
    let world = component.world()?;
    let mut outcomes = Vec::new();
    if let Some(kit) = suite.conformance() {
        outcomes.push(conformance(component, &kit));
    }
    let scenarios = suite.scenarios.iter();
    let scenarios = scenarios.map(|spanned| {
        let (problem, steps) = scenario(component, world, &spanned.value);
        Outcome {
            name: spanned.value.name.clone(),
            line: spanned.referenced.line(),
            problem,
            steps,
        }
    });
    outcomes.extend(scenarios);
    Ok(outcomes)
}

/// The duties of the contract as the steps of a scenario.
fn conformance(component: &Component, kit: &Conformance) -> Outcome {
    let (problem, findings) = match kit.check(component) {
        Ok(findings) => (None, findings),
        Err(error) => (Some(explain(&error)), Vec::new()),
    };
    let steps = findings.into_iter().map(|finding| StepOutcome {
        name: finding.duty.to_owned(),
        line: 1,
        calls: 0,
        median_ns: 0,
        failures: finding.broken.into_iter().collect(),
        log: Vec::new(),
    });
    Outcome {
        name: "keeps the contract".to_owned(),
        line: 1,
        problem,
        steps: steps.collect(),
    }
}

fn scenario(
    component: &Component,
    world: World,
    scenario: &Scenario,
) -> (Option<String>, Vec<StepOutcome>) {
    let host = Host::simulated(NEW_YEAR, scenario.seed.unwrap_or(1));
    if let Some(limits) = &scenario.limits {
        host.limits(limits.limits());
    }
    let started = match world {
        World::Selector => selector::Stage::start(&host, component, scenario).map(Stage::Selector),
        World::Filter => filter::Stage::start(&host, component, scenario).map(Stage::Filter),
    };
    let mut stage = match (started, &scenario.refused) {
        (Ok(_), Some(text)) => {
            let problem = format!("was to be refused with `{text}`, and was taken");
            return (Some(problem), Vec::new());
        }
        (Err(error), Some(text)) => {
            let message = error.to_string();
            let wrong = !message.contains(text.as_str());
            let problem = wrong.then(|| format!("was to be refused with `{text}`: {message}"));
            return (problem, Vec::new());
        }
        (Err(error), None) => return (Some(explain(&error)), Vec::new()),
        (Ok(stage), None) => stage,
    };
    let mut number = 0;
    let steps = scenario.steps.iter().map(|spanned| {
        number += 1;
        let step = &spanned.value;
        let mut outcome = StepOutcome {
            name: step
                .name
                .clone()
                .unwrap_or_else(|| format!("step {number}")),
            line: spanned.referenced.line(),
            calls: 0,
            median_ns: 0,
            failures: Vec::new(),
            log: Vec::new(),
        };
        let foreign = step.foreign(world);
        if let Some(key) = foreign {
            let (is, other) = match world {
                World::Selector => ("a selector", "filters"),
                World::Filter => ("a filter", "selectors"),
            };
            outcome
                .failures
                .push(format!("`{key}` is for {other}, and this is {is}"));
        } else {
            if let Some(time) = step.advance {
                host.advance(time.0);
            }
            match &mut stage {
                Stage::Selector(stage) => stage.step(&host, step, &mut outcome),
                Stage::Filter(stage) => stage.step(&host, step, &mut outcome),
            }
        }
        outcome
    });
    (None, steps.collect())
}

enum Stage<'a> {
    Selector(selector::Stage<'a>),
    Filter(filter::Stage<'a>),
}

/// What the operator would read, and what the author can do where it is a bound of the sandbox.
pub(crate) fn explain(error: &LoadError) -> String {
    let text = error.to_string();
    let hint = if text.contains("memory") {
        "; languages with a runtime need more: `limits: { memory: 64MiB }` here, `memory` of the plugin in the proxy's file"
    } else if text.contains("deadline") {
        "; a slow start needs more: `limits: { deadline: 20ms }` here, `deadline` of the plugin in the proxy's file"
    } else {
        ""
    };
    format!("{text}{hint}")
}

impl Step {
    /// A key that a plugin of that world has no use for.
    fn foreign(&self, world: World) -> Option<&'static str> {
        let expect = &self.expect;
        let keys = match world {
            World::Filter => [
                ("endpoints", self.endpoints.is_some()),
                ("in_flight", self.in_flight.is_some()),
                ("latency", self.latency.is_some()),
                ("excluded", !self.excluded.is_empty()),
                ("expect.choice", expect.choice.is_some()),
                ("expect.same", expect.same.is_some()),
                ("expect.distribution", expect.distribution.is_some()),
                ("expect.edits", expect.edits.is_some()),
            ],
            World::Selector => [
                ("response", self.response.is_some()),
                ("expect.verdict", expect.verdict.is_some()),
                ("expect.answer", expect.answer.is_some()),
                ("expect.request", expect.request.is_some()),
                ("expect.response", expect.response.is_some()),
                ("expect.callouts", expect.callouts.is_some()),
                ("", false),
                ("", false),
            ],
        };
        keys.into_iter()
            .find(|(_, there)| *there)
            .map(|(key, _)| key)
    }
}
