//! The command line.

mod ask;
mod check;
mod demo;
mod pipe;
mod probe;
mod reload;
mod run;
mod self_test;
mod signals;

use crate::telemetry::{self, Format};
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;
use std::process::ExitCode;

/// A programmable HTTP reverse proxy whose decisions are WebAssembly components.
#[derive(Parser)]
#[command(name = "tidegate", version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// How the log is written.
    #[arg(long, value_enum, default_value_t = LogFormat::Text, global = true)]
    log_format: LogFormat,
    /// off, error, warn, info, debug or trace; or a list like `info,plugin=debug`
    /// [default: info; for `plugin`, which shows what matters itself: off].
    #[arg(long, global = true)]
    log_level: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

#[derive(Subcommand)]
enum Command {
    /// Serve what a configuration file says.
    Run(RunArguments),
    /// Do all that a reload does short of publishing, and say what is wrong.
    Check {
        /// The configuration file.
        #[arg(short, long)]
        config: PathBuf,
        /// Print problems as JSON.
        #[arg(long)]
        json: bool,
        /// Also connect to every endpoint.
        #[arg(long)]
        probe: bool,
    },
    /// Tell the running process to load its file again, and wait for the outcome.
    Reload {
        /// The configuration file of the process; names its admin address.
        #[arg(short, long)]
        config: PathBuf,
        /// Send a signal to the process in this file instead; its log has the outcome.
        #[arg(long)]
        pid_file: Option<PathBuf>,
        #[command(flatten)]
        ask: ask::AskArguments,
    },
    /// Make, build, test, measure and simulate plugins.
    Plugin(tidegate_workbench::Command),
    /// Print the JSON Schema of the configuration file.
    Schema,
    /// Serve a small example with three endpoints inside this process.
    Demo {
        /// Where to listen on 127.0.0.1; 0 takes any free port.
        #[arg(long, default_value_t = 8080)]
        port: u16,
    },
}

#[derive(Args, Clone)]
struct RunArguments {
    /// The configuration file.
    #[arg(short, long)]
    config: PathBuf,
    /// Go to the background once it serves.
    #[arg(short, long)]
    daemon: bool,
    /// In the background, append the log to this file.
    #[arg(long, requires = "daemon")]
    log_file: Option<PathBuf>,
    /// Take the listening sockets over from the running process when it gets SIGQUIT.
    #[arg(long)]
    upgrade: bool,
    /// Where the two processes of an upgrade meet [default: beside the pid file, or in
    /// the user's runtime directory].
    #[arg(long)]
    upgrade_sock: Option<PathBuf>,
    /// Write the process id there.
    #[arg(long)]
    pid_file: Option<PathBuf>,
    /// This is the process in the background.
    #[arg(long, hide = true)]
    background: bool,
}

/// Runs the program. Exit codes: 0 fine, 1 refused or failed, 2 usage.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Command::Run(run) = &arguments.command
        && run.daemon
        && !run.background
    {
        return finish(
            crate::server::process::start_in_background(run.log_file.as_deref())
                .map_err(Into::into),
        );
    }
    let format = match arguments.log_format {
        LogFormat::Text => Format::Text,
        LogFormat::Json => Format::Json,
    };
    let usual = match arguments.command {
        Command::Plugin(_) => "off",
        _ => "info",
    };
    let level = arguments.log_level.as_deref().unwrap_or(usual);
    if let Err(problem) = telemetry::tracing::init(format, level) {
        eprintln!("tidegate: {problem}");
        return ExitCode::from(2);
    }
    if !matches!(arguments.command, Command::Run(_)) {
        pipe::end_quietly();
    }
    match arguments.command {
        Command::Run(arguments) => finish(run::run(arguments)),
        Command::Check {
            config,
            json,
            probe,
        } => check::check(&config, json, probe),
        Command::Reload {
            config,
            pid_file,
            ask,
        } => finish(reload::reload(&config, pid_file.as_deref(), &ask)),
        Command::Plugin(command) => command.run(allocated),
        Command::Schema => {
            println!("{:#}", crate::config::schema());
            ExitCode::SUCCESS
        }
        Command::Demo { port } => finish(demo::demo(port)),
    }
}

/// Bytes that this thread has allocated so far, as the program's allocator counts them.
fn allocated() -> Option<u64> {
    tikv_jemalloc_ctl::thread::allocatedp::read()
        .ok()
        .map(|counted| counted.get())
}

fn finish(result: anyhow::Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            for line in format!("{error:#}").lines() {
                eprintln!("tidegate: {line}");
            }
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The unit file of systemd, with the arguments that this version has.
    #[test]
    fn the_unit_file_starts_this_program() {
        let unit = include_str!("../../../../config/systemd/tidegate.service");
        let commands = unit.lines().filter_map(|line| {
            let (key, command) = line.split_once('=')?;
            (key.starts_with("Exec") && command.contains("tidegate")).then_some(command)
        });
        let commands: Vec<&str> = commands.collect();
        assert_eq!(commands.len(), 1, "{commands:?}");
        for command in commands {
            let arguments = Arguments::try_parse_from(command.split_whitespace());
            let arguments = arguments.unwrap_or_else(|error| panic!("{command}: {error}"));
            assert!(matches!(arguments.command, Command::Run(_)), "{command}");
        }
        for line in ["Type=notify", "ExecReload=/bin/kill -HUP $MAINPID"] {
            assert!(unit.lines().any(|found| found == line), "{line}");
        }
    }
}
