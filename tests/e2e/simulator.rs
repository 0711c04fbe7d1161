//! The simulator against the real proxy, on the same requests: five fast endpoints and a slow one,
//! and 1,200 requests whose times are drawn from a seed and written down. The simulator plays the
//! record, and here they are sent at those times through the real binary to real endpoints.
//!
//! What is compared is where requests went. Turns are exact. Where a selector draws lots, or
//! breaks ties by whoever asked before, the two differ by chance: a count that is a sum of N
//! choices, each of which goes there with probability p, has at most the standard deviation
//! √(N p (1 − p)) (a selector that evens out has less), the difference of two such counts √2
//! times as much, and the bound is six of those. Times are of 100 ms and 500 ms, so that the few
//! milliseconds by which a busy machine is late do not matter.

use std::time::Duration;

use serde_json::Value;
use tidegate_e2e::client::Request;
use tidegate_e2e::{Endpoint, Proxy, config, directory, run};
use tokio::time::{Instant, sleep_until};

const REQUESTS: usize = 1_200;
const RATE: f64 = 100.0;
const FAST: Duration = Duration::from_millis(100);
const SLOW: Duration = Duration::from_millis(500);
const FAST_ONES: usize = 5;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn turns_are_the_same() {
    let (real, simulated) = both("round-robin").await;
    assert_eq!(real, [REQUESTS as u64 / 6; 6]);
    assert_eq!(real, simulated);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_choices_go_where_they_were_told_to() {
    let (real, simulated) = both("p2c").await;
    assert_alike(&real, &simulated);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_fewest_connections_go_where_they_were_told_to() {
    let (real, simulated) = both("least-connections").await;
    assert_alike(&real, &simulated);
}

/// How many requests each endpoint got, the slow one last.
async fn both(selector: &str) -> ([u64; 6], [u64; 6]) {
    let times = times(11);
    let (real, simulated) = tokio::join!(real(selector, &times), simulated(selector, &times));
    println!("{selector}: real {real:?}, simulated {simulated:?}");
    (real, simulated)
}

fn assert_alike(real: &[u64; 6], simulated: &[u64; 6]) {
    let bound = |simulated: u64| {
        let (all, here) = (REQUESTS as f64, simulated as f64);
        6.0 * (2.0 * here * (1.0 - here / all)).sqrt()
    };
    for (real, simulated) in real.iter().zip(simulated) {
        let off = real.abs_diff(*simulated) as f64;
        assert!(off <= bound(*simulated), "{real} and not {simulated}");
    }
    // The fast ones are alike, so what they have together is as good as certain of the selector.
    let together = |counts: &[u64; 6]| counts[..FAST_ONES].iter().sum::<u64>();
    let (real_fast, simulated_fast) = (together(real), together(simulated));
    let off = real_fast.abs_diff(simulated_fast) as f64;
    assert!(
        off <= bound(simulated[FAST_ONES]),
        "{real_fast} and not {simulated_fast}"
    );
    let imbalance = |counts: &[u64; 6]| {
        let most = counts.iter().max().copied().unwrap_or(0);
        most as f64 * 6.0 / REQUESTS as f64
    };
    // Six standard deviations of one count, as a part of the mean.
    let bound = bound(REQUESTS as u64 / 6) / (REQUESTS as f64 / 6.0);
    let (real, simulated) = (imbalance(real), imbalance(simulated));
    println!("max/mean: real {real:.3}, simulated {simulated:.3}, bound {bound:.3}");
    assert!(
        (real - simulated).abs() <= bound,
        "{real} and not {simulated}"
    );
}

async fn real(selector: &str, times: &[Duration]) -> [u64; 6] {
    let mut endpoints = Vec::new();
    for name in ["a", "b", "c", "d", "e", "slow"] {
        endpoints.push(Endpoint::start(name).await);
        let delay = if name == "slow" { SLOW } else { FAST };
        endpoints[endpoints.len() - 1].set_delay(delay);
    }
    let all: Vec<&Endpoint> = endpoints.iter().collect();
    let proxy = Proxy::start(&config::web(selector, &all)).await;
    let (address, start) = (proxy.address(), Instant::now());
    let mut answers = Vec::new();
    for time in times {
        // The pace is the workload.
        sleep_until(start + *time).await;
        answers.push(tokio::spawn(Request::get("/").send(address)));
    }
    for answer in answers {
        let answer = answer.await.expect("no panic").expect("an answer");
        assert!(answer.is_ok(), "{}", answer.text());
    }
    let mut hits = endpoints.iter().map(Endpoint::hits);
    std::array::from_fn(|_| hits.next().expect("six endpoints"))
}

async fn simulated(selector: &str, times: &[Duration]) -> [u64; 6] {
    let beside = directory();
    let line = |time: &Duration| format!("{{\"at\":{}}}\n", time.as_secs_f64());
    let log: String = times.iter().map(line).collect();
    let workload = format!(
        "
arrivals: {{ recorded: {{ file: log.jsonl }} }}
endpoints:
  - {{ count: {FAST_ONES}, concurrency: 1000, service: {{ constant: {{ mean: 100ms }} }} }}
  - {{ count: 1, concurrency: 1000, service: {{ constant: {{ mean: 500ms }} }} }}
"
    );
    std::fs::write(beside.path().join("log.jsonl"), log).expect("written");
    std::fs::write(beside.path().join("w.yaml"), workload).expect("written");
    let arguments = [
        "plugin",
        "simulate",
        selector,
        "-w",
        "w.yaml",
        "--json",
        "--endpoints",
    ];
    let output = run(beside.path(), &arguments).await;
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let json: Value = serde_json::from_slice(&output.stdout).expect("JSON on stdout");
    let rows = json["selectors"][0]["report"]["endpoints"]
        .as_array()
        .expect("a list");
    assert_eq!(rows.len(), 6);
    std::array::from_fn(|n| rows[n]["attempts"].as_u64().expect("a count"))
}

/// A Poisson process by a seed (SplitMix64).
fn times(seed: u64) -> Vec<Duration> {
    let (mut state, mut at) = (seed, 0.0);
    let next = |_| {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let n = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        // In (0, 1].
        let drawn = (((n ^ (n >> 31)) >> 11) + 1) as f64 / (1_u64 << 53) as f64;
        at -= drawn.ln() / RATE;
        Duration::from_secs_f64(at)
    };
    (0..REQUESTS).map(next).collect()
}
