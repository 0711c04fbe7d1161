//! `tidegate plugin inspect`.

use std::process::ExitCode;

use anyhow::Result;

use crate::inspect::{Import, Report, inspect};
use crate::output::{Output, bytes, progress};
use crate::source::Source;

/// Arguments of `tidegate plugin inspect`.
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The component, or the name of a built-in plugin.
    file: String,
    /// The `config` section to start it with, as JSON.
    #[arg(long, default_value = "{}")]
    config: String,
}

pub(super) fn run(arguments: &Arguments, output: Output) -> Result<ExitCode> {
    let source = Source::find(&arguments.file)?;
    let compiling = progress(&format!("compiling {}", source.name));
    let report = inspect(&source, &arguments.config);
    compiling.finish_and_clear();
    let report = report?;
    if output.json {
        println!("{:#}", serde_json::to_value(&report)?);
    } else {
        show(&report, output);
    }
    let taken = report.refused.is_none();
    Ok(if taken {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn show(report: &Report, output: Output) {
    let line = |what: &str, text: String| println!("{:<12}{text}", what);
    println!("{}", output.strong(&report.name));
    match (report.kind, &report.refused) {
        (Some(kind), _) => line("kind", output.good(kind)),
        (None, refused) => {
            let why = refused.as_deref().unwrap_or_default();
            line("kind", output.bad(format!("not a plugin: {why}")));
        }
    }
    if let Some(version) = &report.contract {
        line("contract", format!("tidegate:plugin@{version}"));
    }
    line("size", bytes(report.size));
    line("digest", format!("sha256:{}", report.digest));
    line(
        "compiles in",
        format!("{:.0} ms", report.compile_seconds * 1e3),
    );
    match (report.instance_memory, &report.not_started) {
        (Some(memory), _) => line("memory", format!("{} an instance, started", bytes(memory))),
        (None, Some(problem)) => line(
            "memory",
            output.doubtful(format!("not started: {problem} (give `--config JSON`?)")),
        ),
        (None, None) => {}
    }
    println!("imports");
    imports(report, output);
    println!("exports");
    report.exports.iter().for_each(|name| println!("  {name}"));
    for warning in &report.warnings {
        println!("{} {warning}", output.doubtful("warning:"));
    }
}

/// One line for each interface of the contract; what every toolchain brings along of WASI is one.
fn imports(report: &Report, output: Output) {
    let refused = |import: &Import| import.needs.starts_with("NOT");
    let locked = |import: &&Import| import.name.starts_with("wasi:") && !refused(import);
    let wasi = report.imports.iter().filter(locked).count();
    let others = || report.imports.iter().filter(|import| !locked(import));
    let width = others().map(|import| import.name.len()).max().unwrap_or(0);
    for import in others() {
        let needs = if refused(import) {
            output.bad(&import.needs)
        } else if import.needs.starts_with('`') {
            output.doubtful(&import.needs)
        } else {
            output.faint(&import.needs)
        };
        println!("  {:<width$}  needs {needs}", import.name);
    }
    if wasi > 0 {
        let text = "no files, no network, no environment (`--json` names them)";
        println!(
            "  {wasi} interfaces of WASI, locked down: {}",
            output.faint(text)
        );
    }
}
