//! `memory`: resident memory of the real binary, at rest and for each thing more.

use crate::origin::Origin;
use crate::process::{self, BINARY, Process};
use crate::samples::Samples;
use crate::start::ALL;
use anyhow::Result;
use std::path::{Path, PathBuf};

/// Idle connections that are opened.
const CONNECTIONS: usize = 1_000;
/// Requests to each upstream: all threads get an instance of its selector.
const REQUESTS: usize = 200;

/// Options of `memory`.
#[derive(clap::Args)]
pub struct Arguments {
    /// The binary to measure.
    #[arg(long, default_value = BINARY)]
    binary: PathBuf,
    /// Processes that are measured.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
}

impl Arguments {
    /// The defaults with another binary.
    pub fn of(binary: &Path) -> Self {
        Self {
            binary: binary.to_owned(),
            rounds: 5,
        }
    }
}

/// Prints the table.
pub fn run(arguments: &Arguments) -> Result<()> {
    let rounds: Result<Vec<Round>> = (0..arguments.rounds)
        .map(|_| measure(&arguments.binary))
        .collect();
    let rounds = rounds?;
    let line = |what: &str, of: fn(&Round) -> f64| {
        println!("| {what} | {:.2} |", Samples::of(rounds.iter().map(of)));
    };
    println!("\n### Resident memory: median (p10–p90)\n");
    println!("| what | |\n|---|---|");
    line("at rest, one selector, before any request, MiB", |round| {
        round.rest
    });
    line("the same after some requests, MiB", |round| round.one);
    line(
        "all ten selectors, after some requests to each, MiB",
        |round| round.ten,
    );
    line("each further plugin, MiB", |round| {
        (round.ten - round.one) / 9.0
    });
    line("each further use of the same plugin, MiB", |round| {
        (round.uses - round.one) / 9.0
    });
    line("each idle connection of a client, KiB", |round| {
        round.connection
    });
    Ok(())
}

struct Round {
    rest: f64,
    one: f64,
    ten: f64,
    uses: f64,
    connection: f64,
}

fn measure(binary: &Path) -> Result<Round> {
    let origin = Origin::start()?;
    let directory = tempfile::tempdir()?;
    let started = |selectors: &[&str]| {
        let config = directory.path().join("tidegate.yaml");
        let cache = directory.path().join("cache");
        std::fs::write(&config, origin.config(selectors, &cache))?;
        // Compiled code comes from the cache, as after a deployment: compiling leaves
        // memory behind.
        Process::start(binary, &config)?.ask("/0")?;
        Process::start(binary, &config)
    };
    let used = |selectors: &[&str]| -> Result<(Process, f64)> {
        let process = started(selectors)?;
        for number in 0..selectors.len() {
            warm(&process, &format!("/{number}"))?;
        }
        let resident = mib(process.settled()?);
        Ok((process, resident))
    };
    let rest = mib(started(&ALL[..1])?.settled()?);
    let (_, ten) = used(&ALL)?;
    let (_, uses) = used(&["round-robin"; 10])?;
    let (process, one) = used(&ALL[..1])?;
    let before = process.settled()?;
    let open: Result<Vec<_>> = (0..CONNECTIONS).map(|_| process.ask("/0")).collect();
    let open = open?;
    let after = process.settled()?;
    drop(open);
    Ok(Round {
        rest,
        one,
        ten,
        uses,
        connection: after.saturating_sub(before) as f64 / CONNECTIONS as f64,
    })
}

/// Requests on several connections that are open at the same time, so that every thread
/// of the process serves some.
fn warm(process: &Process, path: &str) -> Result<()> {
    let open: Result<Vec<_>> = (0..8).map(|_| process.ask(path)).collect();
    let mut open = open?;
    for _ in 0..REQUESTS / 8 {
        for stream in &mut open {
            process::ask(stream, path)?;
        }
    }
    Ok(())
}

fn mib(kib: u64) -> f64 {
    kib as f64 / 1024.0
}
