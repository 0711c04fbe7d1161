//! `upkeep`: what it costs to know who may be chosen: one look at all endpoints, and the
//! probes of ten thousand.

use crate::process::{BINARY, Process};
use crate::samples::Samples;
use crate::world::{self, UPSTREAM, World};
use anyhow::Result;
use std::fmt::Write as _;
use std::io::{Read, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Endpoints that are probed.
const PROBED: usize = 10_000;

/// Options of `upkeep`.
#[derive(clap::Args)]
pub struct Arguments {
    /// The binary to measure.
    #[arg(long, default_value = BINARY)]
    binary: PathBuf,
    /// Seconds for which probes are counted.
    #[arg(long, default_value_t = 20)]
    seconds: u64,
}

impl Arguments {
    /// The defaults with another binary.
    pub fn of(binary: &Path) -> Self {
        Self {
            binary: binary.to_owned(),
            seconds: 20,
        }
    }
}

/// Prints both tables.
pub fn run(arguments: &Arguments) -> Result<()> {
    println!("\n### One look at all endpoints, off the requests: µs, median (p10–p90)\n");
    println!("| endpoints | nothing has changed | one endpoint has, and the selector is told |");
    println!("|---|---|---|");
    for count in [10, 1_000, 10_000] {
        look(count)?;
    }
    println!("\n### {PROBED} endpoints, each probed every 5 s\n");
    println!("| probes | CPU, ms each second | resident, MiB | probes each second |");
    println!("|---|---|---|---|");
    let origin = Healthy::start()?;
    for (name, health) in [
        ("none", String::new()),
        ("TCP", "health: { tcp: {}, interval: 5s }".into()),
        (
            "HTTP",
            "health: { http: { path: /health }, interval: 5s }".into(),
        ),
    ] {
        let directory = tempfile::tempdir()?;
        let config = directory.path().join("tidegate.yaml");
        std::fs::write(&config, file(origin.address, &health, directory.path()))?;
        let process = Process::start(&arguments.binary, &config)?;
        // One round of probes, so that every endpoint has been met.
        std::thread::sleep(Duration::from_secs(6));
        let (before, probes) = (process.cpu()?, origin.accepted());
        let began = Instant::now();
        std::thread::sleep(Duration::from_secs(arguments.seconds));
        let took = began.elapsed().as_secs_f64();
        let used = (process.cpu()? - before).as_secs_f64() * 1e3 / took;
        let rate = (origin.accepted() - probes) as f64 / took;
        let resident = process.resident()? as f64 / 1024.0;
        println!("| {name} | {used:.1} | {resident:.1} | {rate:.0} |");
    }
    Ok(())
}

fn look(count: usize) -> Result<()> {
    let world = World::new()?;
    let current = world.start(&world::file("least-connections", count))?;
    let upstream = current.load().upstreams[UPSTREAM].clone();
    let micros = |mut step: Box<dyn FnMut() + '_>| {
        Samples::of((0..21).map(|_| {
            let began = Instant::now();
            step();
            began.elapsed().as_secs_f64() * 1e6
        }))
    };
    let same = micros(Box::new(|| {
        upstream.refresh(Instant::now());
    }));
    let mut drained = false;
    let other = micros(Box::new(|| {
        drained = !drained;
        upstream.endpoints[0].state.drain(drained);
        upstream.refresh(Instant::now());
    }));
    println!("| {count} | {same:.0} | {other:.0} |");
    Ok(())
}

/// One server that is well, on every address of 127.0.0.0/8.
struct Healthy {
    address: SocketAddr,
    accepted: std::sync::Arc<std::sync::atomic::AtomicU64>,
}

impl Healthy {
    fn start() -> Result<Self> {
        let listener = TcpListener::bind("0.0.0.0:0")?;
        let address = listener.local_addr()?;
        let accepted = std::sync::Arc::<std::sync::atomic::AtomicU64>::default();
        let count = accepted.clone();
        // It ends with the process.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                answer(stream);
            }
        });
        Ok(Self { address, accepted })
    }

    fn accepted(&self) -> u64 {
        self.accepted.load(std::sync::atomic::Ordering::Relaxed)
    }
}

/// A probe that only connects sends nothing: its connection is closed at once.
fn answer(mut stream: TcpStream) {
    let _ = stream.set_read_timeout(Some(Duration::from_millis(50)));
    let mut head = [0; 1_024];
    if let Ok(1..) = stream.read(&mut head) {
        let well = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        let _ = stream.write_all(well);
    }
}

fn file(origin: SocketAddr, health: &str, directory: &Path) -> String {
    let cache = directory.join("cache");
    let mut text = format!(
        "listeners: [{{ address: 127.0.0.1:0 }}]\naccess_log: off\ncache: {}\nupstreams:\n  web:\n    {health}\n    endpoints:\n",
        cache.display()
    );
    for number in 0..PROBED {
        let (high, low) = (number / 250 % 250, number % 250 + 1);
        // Writing into a string does not fail.
        let _ = writeln!(
            text,
            "      - 127.{}.{high}.{low}:{}",
            1 + number / 62_500,
            origin.port()
        );
    }
    text + "routes: [{ upstream: web }]\n"
}
