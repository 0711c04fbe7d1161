//! The numbers that the project promises, measured on the real host path and on the real
//! binary; printed as the tables of `README.md`.
//!
//! Nothing here is a test: nothing fails when a number is bad, because no machine that
//! runs tests is quiet. Comparisons with other proxies are in `peers/`.

mod baseline;
mod filter;
mod machine;
mod memory;
mod origin;
mod process;
mod reload;
mod requests;
mod samples;
mod select;
mod start;
mod upkeep;
mod world;

use clap::Parser;
use std::path::PathBuf;

// The product's allocator, so that its allocations cost here what they cost there.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Measures Tidegate.
#[derive(Parser)]
enum Command {
    /// One choice through the host: every selector, 10 to 1,000 endpoints.
    Select(select::Arguments),
    /// One call of a filter: reused and one per request, heads and bodies.
    Filter(filter::Arguments),
    /// A reload with 1,000 endpoints, and the requests that go on meanwhile.
    Reload(reload::Arguments),
    /// From the start of the process to its first proxied answer.
    Start(start::Arguments),
    /// Resident memory: at rest, for each plugin, for each idle connection.
    Memory(memory::Arguments),
    /// Looks at the endpoints, and probes of ten thousand of them.
    Upkeep(upkeep::Arguments),
    /// All of them.
    All {
        /// The binary to measure.
        #[arg(long, default_value = process::BINARY)]
        binary: PathBuf,
    },
}

fn main() -> anyhow::Result<()> {
    let command = Command::parse();
    println!("{}", machine::describe());
    match command {
        Command::Select(arguments) => select::run(&arguments),
        Command::Filter(arguments) => filter::run(&arguments),
        Command::Reload(arguments) => reload::run(&arguments),
        Command::Start(arguments) => start::run(&arguments),
        Command::Memory(arguments) => memory::run(&arguments),
        Command::Upkeep(arguments) => upkeep::run(&arguments),
        Command::All { binary } => {
            select::run(&select::Arguments::default())?;
            filter::run(&filter::Arguments::default())?;
            reload::run(&reload::Arguments::default())?;
            start::run(&start::Arguments::of(&binary))?;
            memory::run(&memory::Arguments::of(&binary))?;
            upkeep::run(&upkeep::Arguments::of(&binary))
        }
    }
}
