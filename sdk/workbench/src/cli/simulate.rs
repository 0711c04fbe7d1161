//! `tidegate plugin simulate`.

use crate::output::Output;
use crate::simulate::{Plan, simulate};
use anyhow::Result;
use std::num::NonZeroU64;
use std::path::PathBuf;
use std::process::ExitCode;

/// Arguments of `tidegate plugin simulate`.
#[derive(clap::Args)]
#[command(after_help = "\
Ready-made workloads: burst, failures, heterogeneous, hot-keys, many-proxies, scale-1000,
scale-10000, sessions, slow-node, steady.

    tidegate plugin simulate my.wasm p2c round-robin --workload slow-node --html report.html")]
pub(super) struct Arguments {
    /// Components, and names of built-in selectors; `NAME=FILE` calls one by another name.
    #[arg(required = true, value_name = "SELECTOR")]
    selectors: Vec<String>,
    /// A file, or the name of a ready-made workload.
    #[arg(short, long)]
    workload: String,
    /// A selector's `config`: `NAME=JSON`, or JSON for all; may be repeated.
    #[arg(long)]
    config: Vec<String>,
    /// All chance follows from it [default: that of the workload].
    #[arg(long)]
    seed: Option<u64>,
    /// How many requests [default: those of the workload].
    #[arg(long)]
    requests: Option<NonZeroU64>,
    /// MiB of memory that an instance may have, as in the proxy.
    #[arg(long, value_name = "MIB", default_value_t = 16, value_parser = clap::value_parser!(u64).range(1..=4096))]
    memory: u64,
    /// Write a page with plots there.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Write each plot as a file of its own into this directory.
    #[arg(long, value_name = "DIRECTORY")]
    svg: Option<PathBuf>,
    /// With --json, also report each endpoint.
    #[arg(long)]
    endpoints: bool,
}

pub(super) fn run(arguments: &Arguments, output: Output) -> Result<ExitCode> {
    let plan = Plan {
        selectors: &arguments.selectors,
        workload: &arguments.workload,
        configs: &arguments.config,
        seed: arguments.seed,
        requests: arguments.requests,
        memory: arguments.memory << 20,
        html: arguments.html.as_deref(),
        svg: arguments.svg.as_deref(),
        endpoints: arguments.endpoints,
    };
    simulate(&plan, output)?;
    Ok(ExitCode::SUCCESS)
}
