//! `start`: from the start of the process to its first proxied answer.

use crate::origin::Origin;
use crate::process::{BINARY, Process};
use crate::samples::Samples;
use anyhow::Result;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Every built-in selector, once.
pub const ALL: [&str; 10] = [
    "round-robin",
    "weighted",
    "weighted-random",
    "random",
    "least-connections",
    "p2c",
    "peak-ewma",
    "ip-hash",
    "{ plugin: consistent-hash, config: { key: path } }",
    "sticky",
];

/// Options of `start`.
#[derive(clap::Args)]
pub struct Arguments {
    /// The binary to measure.
    #[arg(long, default_value = BINARY)]
    binary: PathBuf,
    /// Starts of each kind.
    #[arg(long, default_value_t = 11)]
    rounds: usize,
}

impl Arguments {
    /// The defaults with another binary.
    pub fn of(binary: &Path) -> Self {
        Self {
            binary: binary.to_owned(),
            rounds: 11,
        }
    }
}

/// Prints the table.
pub fn run(arguments: &Arguments) -> Result<()> {
    println!("\n### Start to the first proxied answer: ms, median (p10–p90)\n");
    println!("| configuration | warm compile cache | cold |");
    println!("|---|---|---|");
    let origin = Origin::start()?;
    for (name, selectors) in [("one selector", &ALL[..1]), ("all ten selectors", &ALL[..])] {
        let directory = tempfile::tempdir()?;
        let (mut warm, mut cold) = (Vec::new(), Vec::new());
        for round in 0..arguments.rounds {
            let cache = directory.path().join(format!("cache{round}"));
            let config = directory.path().join("tidegate.yaml");
            std::fs::write(&config, origin.config(selectors, &cache))?;
            cold.push(first_answer(&arguments.binary, &config)?);
            warm.push(first_answer(&arguments.binary, &config)?);
        }
        println!(
            "| {name} | {:.0} | {:.0} |",
            Samples::of(warm),
            Samples::of(cold)
        );
    }
    Ok(())
}

fn first_answer(binary: &Path, config: &Path) -> Result<f64> {
    let began = Instant::now();
    let process = Process::start(binary, config)?;
    process.ask("/0")?;
    Ok(began.elapsed().as_secs_f64() * 1e3)
}
