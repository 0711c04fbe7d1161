//! `tidegate plugin bench`.

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use tidegate_runtime::{Limits, World};
use tidegate_testkit::sandbox;

use crate::bench::{self, Allocated, Report};
use crate::output::{Output, bytes, progress};
use crate::scenario::scalar::{Size, Time};
use crate::source::Source;

/// Arguments of `tidegate plugin bench`.
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The component, or the name of a built-in plugin.
    file: String,
    /// The `config` section, as JSON.
    #[arg(long, default_value = "{}")]
    config: String,
    /// Lengths of the list that a selector chooses from.
    #[arg(long, value_delimiter = ',', default_value = "10,100,1000",
        value_parser = clap::value_parser!(u32).range(1..=65_536))]
    endpoints: Vec<u32>,
    /// Upstreams that a filter may call; each answers 200 at once.
    #[arg(long, value_name = "UPSTREAM")]
    grant: Vec<String>,
    /// The plugin's bound of time, as in the proxy's file.
    #[arg(long, default_value = "2ms")]
    deadline: Time,
    /// The plugin's bound of memory, as in the proxy's file.
    #[arg(long, default_value = "16MiB")]
    memory: Size,
}

pub(super) fn run(arguments: &Arguments, allocated: Allocated, output: Output) -> Result<ExitCode> {
    let source = Source::find(&arguments.file)?;
    let mut limits = Limits {
        deadline: arguments.deadline.0,
        memory: arguments.memory.0,
        http: arguments.grant.clone(),
        ..Limits::default()
    };
    limits.setup_deadline = limits.setup_deadline.max(limits.deadline * 100);
    let working = progress(&format!("measuring {}", source.name));
    let component = sandbox().component(&source.bytes);
    let component = component.with_context(|| source.name.clone())?;
    let (config, sizes) = (&arguments.config, &arguments.endpoints);
    let report = match component.world() {
        World::Selector => bench::selector(&component, config, &limits, sizes, allocated),
        World::Filter => bench::filter(&component, config, &limits, allocated),
    };
    working.finish_and_clear();
    let report = report.with_context(|| source.name.clone())?;
    if output.json {
        println!("{:#}", serde_json::to_value(&report)?);
    } else {
        show(&source.name, &report, output);
    }
    Ok(ExitCode::SUCCESS)
}

fn show(name: &str, report: &Report, output: Output) {
    println!("{}", output.strong(name));
    let width = report
        .rows
        .iter()
        .map(|row| row.call.len())
        .max()
        .unwrap_or(0);
    println!(
        "{:<width$}  {:>10}  {:>19}  {:>11}",
        "", "median", "p10 to p90", "allocated"
    );
    for row in &report.rows {
        let spread = format!("{:.0} to {:.0} ns", row.spread.p10, row.spread.p90);
        let host = row
            .host_bytes
            .map_or_else(|| "?".to_owned(), |bytes| format!("{bytes:.0} B"));
        let median = format!("{:.0} ns", row.spread.median);
        println!(
            "{:<width$}  {median:>10}  {:>19}  {host:>11}",
            row.call, spread
        );
    }
    println!(
        "memory of an instance: {} when started, {} after {} calls",
        bytes(report.memory_started),
        bytes(report.memory_ended),
        report.calls,
    );
    println!("{}", output.faint("with the deadline, the checks and the lending of the request that the proxy has; allocated: by the host, for one call"));
}
