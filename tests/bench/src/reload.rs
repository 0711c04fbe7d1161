//! `reload`: the time from a file with many endpoints to its published snapshot, and what
//! requests notice of it.

use crate::requests::Requests;
use crate::samples::Samples;
use crate::world::{self, UPSTREAM, World};
use anyhow::Result;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};
use tidegate::snapshot::Current;

/// Selectors with little, and with much, to do for each endpoint of a new list.
const SELECTORS: [&str; 4] = ["round-robin", "least-connections", "weighted", "ip-hash"];

/// Options of `reload`.
#[derive(clap::Args)]
pub struct Arguments {
    /// Endpoints of the file.
    #[arg(long, default_value_t = 1_000)]
    endpoints: usize,
    /// Reloads of each kind.
    #[arg(long, default_value_t = 41)]
    rounds: usize,
}

impl Default for Arguments {
    fn default() -> Self {
        Self {
            endpoints: 1_000,
            rounds: 41,
        }
    }
}

/// Prints both tables.
pub fn run(arguments: &Arguments) -> Result<()> {
    let count = arguments.endpoints;
    println!("\n### Reload of a file with {count} endpoints: ms, median (p10–p90)\n");
    println!(
        "| selector | reading | compiling | publishing | all, nothing changed | all, one endpoint more |"
    );
    println!("|---|---|---|---|---|---|");
    for selector in SELECTORS {
        times(selector, arguments)?;
    }
    println!("\n### One choice while the file is reloaded without a pause: µs\n");
    println!(
        "| selector | reloads | choices | median | p99.9 | p99.99 | longest | longest of as many without reloads |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    for selector in SELECTORS {
        pauses(selector, arguments)?;
    }
    Ok(())
}

fn times(selector: &str, arguments: &Arguments) -> Result<()> {
    let count = arguments.endpoints;
    let world = World::new()?;
    let current = world.start(&world::file(selector, count))?;
    let mut changed = Vec::new();
    let mut same = Vec::new();
    for round in 0..arguments.rounds {
        world.write(&world::file(selector, count - 1 + round % 2))?;
        changed.push(reload(&world, &current)?);
    }
    for _ in 0..arguments.rounds {
        same.push(reload(&world, &current)?);
    }
    let part = |of: fn(&Times) -> Duration| Samples::of(changed.iter().map(|it| ms(of(it))));
    let all = |times: &[Times]| Samples::of(times.iter().map(|it| ms(it.sum())));
    println!(
        "| {selector} | {:.1} | {:.1} | {:.2} | {:.1} | {:.1} |",
        part(|it| it.read),
        part(|it| it.compile),
        part(|it| it.publish),
        all(&same),
        all(&changed),
    );
    Ok(())
}

struct Times {
    read: Duration,
    compile: Duration,
    publish: Duration,
}

impl Times {
    fn sum(&self) -> Duration {
        self.read + self.compile + self.publish
    }
}

fn reload(world: &World, current: &Current) -> Result<Times> {
    let began = Instant::now();
    let config = world.load()?;
    let read = began.elapsed();
    let next = world.compile(&config, Some(&current.load()))?;
    let compile = began.elapsed() - read;
    current.publish(next);
    let publish = began.elapsed() - read - compile;
    Ok(Times {
        read,
        compile,
        publish,
    })
}

/// Choices go on in a thread of their own, each on the snapshot that is current then.
fn pauses(selector: &str, arguments: &Arguments) -> Result<()> {
    let count = arguments.endpoints;
    let world = World::new()?;
    let current = world.start(&world::file(selector, count))?;
    let began = Instant::now();
    let during = choose_while(&current, || {
        for round in 0..arguments.rounds {
            world.write(&world::file(selector, count - 1 + round % 2))?;
            reload(&world, &current)?;
        }
        Ok(())
    })?;
    let length = began.elapsed();
    // The other processor is kept busy here too, as by a reload.
    let quiet = choose_while(&current, || {
        let began = Instant::now();
        while began.elapsed() < length {
            world.load()?;
        }
        Ok(())
    })?;
    println!(
        "| {selector} | {} | {} | {:.2} | {:.2} | {:.1} | {:.1} | {:.1} |",
        arguments.rounds,
        during.len(),
        at(&during, 0.5),
        at(&during, 0.999),
        at(&during, 0.9999),
        at(&during, 1.0),
        at(&quiet, 1.0),
    );
    Ok(())
}

/// Sorted nanoseconds of the choices that were made while `work` ran.
fn choose_while(current: &Arc<Current>, work: impl FnOnce() -> Result<()>) -> Result<Vec<u64>> {
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let choosing = scope.spawn(|| {
            let mut requests = Requests::new(0)?;
            let mut times = Vec::with_capacity(1 << 24);
            while !done.load(Relaxed) {
                let began = Instant::now();
                let snapshot = current.load();
                requests.serve(&snapshot.upstreams[UPSTREAM]);
                drop(snapshot);
                times.push(u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX));
            }
            times.sort_unstable();
            Ok(times)
        });
        let worked = work();
        done.store(true, Relaxed);
        let times = choosing.join();
        worked?;
        times.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// Microseconds below which that part of the sorted nanoseconds lies.
fn at(sorted: &[u64], part: f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    let index = (last as f64 * part).round() as usize;
    sorted.get(index).map_or(0.0, |&nanos| nanos as f64 / 1e3)
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
