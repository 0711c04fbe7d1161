//! What probes cost. Ignored: they take half a minute, and their result is for reading.
//!
//! `cargo test --workspace --lib probe::tests::measured -- --ignored --nocapture --test-threads 1`

use super::*;
use pingora_load_balancing::Backend;
use pingora_load_balancing::health_check::{HealthCheck, TcpHealthCheck};
use rustix::time::{ClockId, clock_gettime};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Instant;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpSocket;

const TARGETS: usize = 10_000;

/// Processor time of this thread, which does all the probing: user and system.
fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// What this process has in memory.
fn mebibytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: u64 = status.split(' ').nth(1).unwrap().parse().unwrap();
    pages * rustix::param::page_size() as u64 / (1024 * 1024)
}

/// A server on all addresses of the loopback, in a thread of its own.
fn server() -> (u16, Arc<AtomicU64>) {
    let (tell, port) = std::sync::mpsc::channel();
    let count = Arc::new(AtomicU64::new(0));
    let accepted = count.clone();
    let thread = std::thread::Builder::new().name("server".to_owned());
    let serve = move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let socket = TcpSocket::new_v4().unwrap();
            socket.bind(([0, 0, 0, 0], 0).into()).unwrap();
            let listener = socket.listen(4096).unwrap();
            tell.send(listener.local_addr().unwrap().port()).unwrap();
            while let Ok((mut stream, _)) = listener.accept().await {
                accepted.fetch_add(1, Relaxed);
                tokio::spawn(async move {
                    let mut head = [0; 1024];
                    if matches!(stream.read(&mut head).await, Ok(read) if read > 0) {
                        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
                        let _ = stream.write_all(answer).await;
                    }
                });
            }
        });
    };
    thread.spawn(serve).unwrap();
    (port.recv().unwrap(), count)
}

#[tokio::test]
#[ignore = "measures for half a minute"]
async fn ten_thousand_targets() {
    let text = HttpCheck {
        body: Some("ok".to_owned()),
        ..get()
    };
    for (name, check) in [
        ("TCP", Check::Tcp),
        ("HTTP", Check::Http(get())),
        ("HTTP with a text", Check::Http(text)),
    ] {
        let (port, accepted) = server();
        let mut check = health(check);
        check.timeout = Duration::from_secs(1);
        check.rule.interval = Duration::from_secs(5);
        check.rule.down_interval = Duration::from_secs(5);
        check.rule.initial = Verdict::Up;
        let before = mebibytes();
        let prober = Prober::new();
        let targets: Vec<_> = (0..TARGETS)
            .map(|n| ([127, 0, (n / 250) as u8, (n % 250 + 1) as u8], port).into())
            .map(|address| (target(&prober, &check, address), Ear::new("web").1))
            .collect();
        let all: Vec<_> = targets.iter().map(|(target, _)| target.clone()).collect();
        prober.follow(targets);
        // The first round, in which memory is first used.
        while all.iter().any(|target| target.last().is_none()) {
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        let (began, probes, used) = (Instant::now(), accepted.load(Relaxed), cpu());
        tokio::time::sleep(Duration::from_secs(10)).await;
        let (took, used) = (began.elapsed(), cpu() - used);
        let probes = accepted.load(Relaxed) - probes;
        let down = all.iter().filter(|each| each.verdict() == Verdict::Down);
        println!(
            "{name}: {:.0} probes/s, {:.1} % of a core, {:.1} µs each; \
             {before} MiB before, {} MiB with {TARGETS} targets; {} down",
            probes as f64 / took.as_secs_f64(),
            100.0 * used.as_secs_f64() / took.as_secs_f64(),
            used.as_secs_f64() * 1e6 / probes as f64,
            mebibytes(),
            down.count(),
        );
    }
}

#[tokio::test]
#[ignore = "measures for some seconds"]
async fn one_probe_after_the_other() {
    let (port, accepted) = server();
    let address = |n: usize| SocketAddr::from(([127, 0, 1, (n % 250 + 1) as u8], port));
    let pingora = TcpHealthCheck::default();
    let prober = Prober::new();
    let targets = |check: Check| {
        let checker = prober.checker(&Arc::new(health(check))).unwrap();
        let targets = (0..250).map(|n| prober.target(address(n), &checker, None));
        targets.collect::<Vec<_>>()
    };
    let (tcp, http) = (targets(Check::Tcp), targets(Check::Http(get())));
    let future = size_of_val(&tcp[0].probe(Instant::now()));
    println!("the future of a probe: {future} bytes");
    for _ in 0..2 {
        let cost = each(&accepted, async |n| {
            let backend = Backend::new(&address(n).to_string()).unwrap();
            pingora.check(&backend).await.unwrap();
        });
        println!("TCP of Pingora: {:?} each", cost.await);
        let cost = each(&accepted, async |n| {
            tcp[n % 250].probe(Instant::now()).await
        });
        println!("our TCP: {:?} each", cost.await);
        let cost = each(&accepted, async |n| {
            http[n % 250].probe(Instant::now()).await
        });
        println!("our HTTP: {:?} each", cost.await);
    }
}

/// The processor time of one probe.
async fn each(accepted: &AtomicU64, probe: impl AsyncFn(usize)) -> Duration {
    let mut used = Duration::ZERO;
    for round in 0..100 {
        let (before, from) = (accepted.load(Relaxed), cpu());
        for n in 0..200 {
            probe(200 * round + n).await;
        }
        used += cpu() - from;
        while accepted.load(Relaxed) < before + 200 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    used / 20_000
}
