//! `tidegate plugin test`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use serde_json::json;

use crate::output::{Output, progress};
use crate::scenario::Suite;
use crate::scenario::run::{self, Outcome};
use crate::source::Source;

/// Arguments of `tidegate plugin test`.
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The component, or the name of a built-in plugin.
    file: String,
    /// Files of scenarios.
    #[arg(required_unless_present = "conformance")]
    scenarios: Vec<PathBuf>,
    /// Try the duties of the contract, without a file; one can ask for it with `conformance:`.
    #[arg(long)]
    conformance: bool,
    /// The `config` section for that, as JSON.
    #[arg(long, requires = "conformance", default_value = "{}")]
    config: String,
    /// Only scenarios whose name contains this text.
    #[arg(long)]
    only: Option<String>,
}

pub(super) fn run(arguments: &Arguments, output: Output) -> Result<ExitCode> {
    let source = Source::find(&arguments.file)?;
    // All files are read before anything runs.
    let mut suites = Vec::new();
    for path in &arguments.scenarios {
        let mut suite = Suite::read(path)?;
        if let Some(only) = &arguments.only {
            suite
                .scenarios
                .retain(|scenario| scenario.value.name.contains(only));
        }
        suites.push((path, suite));
    }
    let here = PathBuf::from("conformance");
    if arguments.conformance {
        let section = serde_json::from_str(&arguments.config).context("--config")?;
        suites.push((&here, Suite::only_conformance(section)));
    }
    let component = source.component();
    let compiling = progress(&format!("compiling {}", source.name));
    component.world().with_context(|| source.name.clone())?;
    compiling.finish_and_clear();
    let began = Instant::now();
    let mut all = Vec::new();
    for (path, suite) in suites {
        let outcomes = run::run(&component, &suite).with_context(|| source.name.clone())?;
        if !output.json {
            outcomes
                .iter()
                .for_each(|outcome| show(outcome, path, output));
        }
        all.push((path, outcomes));
    }
    let took = began.elapsed();
    let outcomes = || all.iter().flat_map(|(_, outcomes)| outcomes);
    let failed = outcomes().filter(|outcome| !outcome.passed()).count();
    let (total, steps) = (
        outcomes().count(),
        outcomes().map(|outcome| outcome.steps.len()).sum::<usize>(),
    );
    if output.json {
        let files: Vec<_> = all
            .iter()
            .map(|(path, outcomes)| json!({ "file": path, "scenarios": outcomes }))
            .collect();
        let summary = json!({ "passed": total - failed, "failed": failed, "steps": steps,
            "seconds": took.as_secs_f64(), "files": files });
        println!("{summary:#}");
    } else {
        let verdict = match (failed, total) {
            (_, 0) => output.bad("no scenario ran"),
            (0, _) => output.good(format!("{total} passed")),
            _ => output.bad(format!("{failed} of {total} failed")),
        };
        println!("\n{verdict}, {steps} steps in {took:.2?}");
    }
    let fine = failed == 0 && total > 0;
    Ok(if fine {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn show(outcome: &Outcome, path: &std::path::Path, output: Output) {
    let mark = |fine: bool| {
        if fine {
            output.good("ok  ")
        } else {
            output.bad("FAIL")
        }
    };
    println!(
        "{} {}",
        mark(outcome.passed()),
        output.strong(&outcome.name)
    );
    if let Some(problem) = &outcome.problem {
        say(path, outcome.line, problem);
    }
    let width = outcome
        .steps
        .iter()
        .map(|step| step.name.chars().count())
        .max()
        .unwrap_or(0);
    for step in &outcome.steps {
        let median = Duration::from_nanos(step.median_ns);
        let padding = " ".repeat(width - step.name.chars().count());
        let calls = match step.calls {
            0 => String::new(),
            1 => output.faint(format!("{median:.1?}")),
            calls => output.faint(format!("{median:.1?}, {calls} calls")),
        };
        println!(
            "  {} {}{padding}  {calls}",
            mark(step.failures.is_empty()),
            step.name
        );
        for failure in &step.failures {
            say(path, step.line, failure);
        }
        for line in &step.log {
            println!("       {}", output.faint(format!("it logged {line}")));
        }
    }
}

fn say(path: &std::path::Path, line: u64, text: &str) {
    let mut lines = text.lines();
    println!(
        "       {}:{line}: {}",
        path.display(),
        lines.next().unwrap_or_default()
    );
    lines.for_each(|line| println!("       {line}"));
}
