//! `select`: the time of one choice through the host, for every built-in selector.
//!
//! Every endpoint has requests in flight, differently many, and has answered: otherwise a
//! search for the least loaded one ends at the first that it looks at.

use crate::baseline::Turns;
use crate::requests::Requests;
use crate::samples::{SAMPLES, Samples};
use crate::world::{self, UPSTREAM, World};
use anyhow::Result;
use std::sync::{Arc, Barrier};
use std::time::Duration;
use tidegate::upstream::{Permit, Upstream};

const HASH_BY_HEADER: &str = "{ plugin: consistent-hash, config: { key: { header: x-user } } }";
const HASH_BOUNDED: &str =
    "{ plugin: consistent-hash, config: { key: { header: x-user }, bounded_load: 1.25 } }";

/// What is measured: a name, a selector, and whether clients come with its cookie.
const CASES: [(&str, &str, bool); 13] = [
    ("a plugin that does nothing", world::IDLE, false),
    ("round-robin", "round-robin", false),
    ("weighted", "weighted", false),
    ("weighted-random", "weighted-random", false),
    ("random", "random", false),
    ("least-connections", "least-connections", false),
    ("p2c", "p2c", false),
    ("peak-ewma", "peak-ewma", false),
    ("ip-hash", "ip-hash", false),
    ("consistent-hash, header", HASH_BY_HEADER, false),
    ("consistent-hash, header, bounded load", HASH_BOUNDED, false),
    ("sticky, valid cookie", "sticky", true),
    ("sticky, new client", "sticky", false),
];

/// Options of `select`.
#[derive(clap::Args)]
pub struct Arguments {
    /// Only cases whose name contains this.
    #[arg(long, default_value = "")]
    only: String,
    /// Numbers of endpoints.
    #[arg(long, value_delimiter = ',', default_value = "10,100,1000")]
    endpoints: Vec<usize>,
    /// Numbers of threads that choose at the same time.
    #[arg(long, value_delimiter = ',', default_value = "1,2")]
    threads: Vec<usize>,
    /// Samples of each thread.
    #[arg(long, default_value_t = SAMPLES)]
    samples: usize,
}

impl Default for Arguments {
    fn default() -> Self {
        Self {
            only: String::new(),
            endpoints: vec![10, 100, 1_000],
            threads: vec![1, 2],
            samples: SAMPLES,
        }
    }
}

/// Prints one table for each number of threads.
pub fn run(arguments: &Arguments) -> Result<()> {
    let world = World::new()?;
    for &threads in &arguments.threads {
        println!("\n### One choice with {threads} thread(s): ns, median (p10–p90)\n");
        let sizes = arguments.endpoints.iter();
        let columns: Vec<String> = sizes.map(|count| format!("{count} endpoints")).collect();
        println!("| selector | {} |", columns.join(" | "));
        println!("|---|{}", "---|".repeat(columns.len()));
        row("chosen natively, by a counter", arguments, |count| {
            native(&world, count, threads, arguments.samples)
        })?;
        for (name, selector, cookie) in CASES {
            row(name, arguments, |count| {
                plugin(&world, selector, cookie, count, threads, arguments.samples)
            })?;
        }
    }
    Ok(())
}

fn row(
    name: &str,
    arguments: &Arguments,
    measure: impl Fn(usize) -> Result<Samples>,
) -> Result<()> {
    if !name.contains(&arguments.only) {
        return Ok(());
    }
    let cells: Result<Vec<String>> = arguments
        .endpoints
        .iter()
        .map(|&count| Ok(measure(count)?.to_string()))
        .collect();
    println!("| {name} | {} |", cells?.join(" | "));
    Ok(())
}

fn plugin(
    world: &World,
    selector: &str,
    cookie: bool,
    endpoints: usize,
    threads: usize,
    samples: usize,
) -> Result<Samples> {
    let busy = Busy::start(world, selector, endpoints)?;
    let upstream = &*busy.upstream;
    together(
        threads,
        |first| {
            let mut requests = Requests::new(first)?;
            if cookie {
                requests.keep_cookies(upstream)?;
            }
            Ok(requests)
        },
        |requests| Samples::take(samples, || requests.serve(upstream)),
    )
}

fn native(world: &World, endpoints: usize, threads: usize, samples: usize) -> Result<Samples> {
    let busy = Busy::start(world, "random", endpoints)?;
    let (upstream, turns) = (&*busy.upstream, &Turns::default());
    together(threads, Requests::new, |requests| {
        Samples::take(samples, || {
            requests.serve_natively(|view, now| turns.pick(upstream, view, now));
        })
    })
}

/// Each thread prepares, waits for the others, and measures.
fn together(
    threads: usize,
    prepare: impl Fn(usize) -> Result<Requests> + Sync,
    measure: impl Fn(&mut Requests) -> Samples + Sync,
) -> Result<Samples> {
    let barrier = Barrier::new(threads);
    let work = |number: usize| {
        let requests = prepare(number * 1_000);
        barrier.wait();
        Ok(measure(&mut requests?))
    };
    let all: Result<Vec<Samples>> = std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads)
            .map(|number| scope.spawn(move || work(number)))
            .collect();
        let joined = running.into_iter().map(|thread| thread.join());
        joined
            .map(|result| result.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    Ok(Samples::join(all?))
}

/// An upstream whose endpoints have something to do.
struct Busy {
    upstream: Arc<Upstream>,
    _held: Vec<Permit>,
}

impl Busy {
    fn start(world: &World, selector: &str, endpoints: usize) -> Result<Self> {
        let current = world.start(&world::file(selector, endpoints))?;
        let upstream = current.load().upstreams[UPSTREAM].clone();
        let mut held = Vec::new();
        for (position, endpoint) in upstream.endpoints.iter().enumerate() {
            for _ in 0..1 + position * 7 % 8 {
                let mut permit = endpoint
                    .state
                    .admit(std::time::Instant::now())
                    .expect("there is no bound");
                let took = Duration::from_micros(2_000 + position as u64 * 37 % 9_000);
                permit.answered(permit.began() + took, 200);
                held.push(permit);
            }
        }
        Ok(Self {
            upstream,
            _held: held,
        })
    }
}
