//! `tidegate plugin …`: the arguments of each command, and what it prints.
//!
//! Exit codes: 0 fine, 1 a test failed or the work could not be done, 2 usage.

mod bench;
mod build;
mod inspect;
mod new;
mod replay;
mod simulate;
mod test;

use crate::bench::Allocated;
use crate::output::Output;
use clap::{Args, Subcommand};
use std::process::ExitCode;

/// The commands of plugin authors.
#[derive(Args)]
pub struct Command {
    #[command(subcommand)]
    task: Task,
    /// Print JSON, for machines.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Subcommand)]
enum Task {
    /// Make a project that builds, is tested and runs.
    New(new::Arguments),
    /// Build a project with its language's toolchain.
    Build(build::Arguments),
    /// Tell what a component is, needs and costs.
    Inspect(inspect::Arguments),
    /// Run a component in the real sandbox against scenarios.
    Test(test::Arguments),
    /// Measure what a call costs.
    Bench(bench::Arguments),
    /// Simulate an upstream that the very component chooses for.
    Simulate(simulate::Arguments),
    /// Make a scenario or a workload of an access log or a fault record.
    Replay(replay::Arguments),
}

impl Command {
    /// Does it. `allocated` reads how many bytes this thread has allocated so far.
    pub fn run(self, allocated: Allocated) -> ExitCode {
        let output = Output::new(self.json);
        let result = match self.task {
            Task::New(arguments) => new::run(&arguments, output),
            Task::Build(arguments) => build::run(&arguments, output),
            Task::Inspect(arguments) => inspect::run(&arguments, output),
            Task::Test(arguments) => test::run(&arguments, output),
            Task::Bench(arguments) => bench::run(&arguments, allocated, output),
            Task::Simulate(arguments) => simulate::run(&arguments, output),
            Task::Replay(arguments) => replay::run(&arguments, output),
        };
        result.unwrap_or_else(|error| {
            for line in format!("{error:#}").lines() {
                eprintln!("tidegate: {line}");
            }
            ExitCode::FAILURE
        })
    }
}
