//! What holds whatever the workload: nothing is lost, nothing stays, and a seed is an answer.

mod support;

use proptest::prelude::*;
use support::{Kind, play, workload};
use tidegate_simulator::Workload;

/// Everything at once: trouble of all kinds, limits, retries, several proxies.
fn stormy(seed: u64, knobs: (u32, u32, u32, bool, bool)) -> Workload {
    let (rate, endpoints, proxies, bounded, timed) = knobs;
    let limits = match bounded {
        true => "limits: { max_in_flight: 20, queue: 10, queue_timeout: 100ms }",
        false => "retry_budget: { percent: 50 }",
    };
    let timeout = if timed {
        "timeout: 200ms"
    } else {
        "slow_start: 2s"
    };
    workload(&format!(
        "
seed: {seed}
requests: 3000
arrivals: {{ bursts: {{ rate: {rate}, burst: {}, every: 1s, lasts: 200ms }} }}
clients: {{ number: 100, skew: 1, idempotent: 80% }}
proxy: {{ number: {proxies}, threads: 2 }}
endpoints:
  - count: {endpoints}
    max_in_flight: 4
    concurrency: 2
    service: {{ lognormal: {{ mean: 10ms, sigma: 1 }} }}
    slow: [{{ endpoints: 1, factor: 50, from: 500ms, until: 2s }}]
    fails: [{{ endpoints: 1, share: 50%, after: 1ms, from: 1s, until: 3s }}]
    down: [{{ endpoints: 1, from: 2s, until: 4s }}]
  - {{ count: 2, service: {{ exponential: {{ mean: 5ms }} }}, joins: 1s, leaves: 4s }}
  - {{ count: 1, service: {{ exponential: {{ mean: 5ms }} }}, drains: 1s, down: [{{ from: 3s, until: 4s, silent: true }}] }}
policies:
  {limits}
  {timeout}
  outlier: {{ eject_for: 1s, interval: 500ms }}
  health: {{ interval: 500ms }}
  timeouts: {{ connect: 100ms, response_header: 1s }}
  retry: {{ on: {{ reset: true, timeout: true, gateway_errors: true }}, per_attempt: 300ms }}
",
        rate * 4
    ))
}

fn kind() -> impl Strategy<Value = Kind> {
    prop_oneof![
        Just(Kind::Random),
        Just(Kind::RoundRobin),
        Just(Kind::P2c),
        Just(Kind::Least),
        Just(Kind::Sticky),
        Just(Kind::Careless),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    /// Catches: a request that is lost or counted twice; an attempt that is never settled (`run`
    /// itself looks at that); numbers that no fraction can have.
    #[test]
    fn what_arrives_is_answered_or_fails(
        seed in any::<u64>(),
        kind in kind(),
        rate in 50u32..600,
        endpoints in 1u32..6,
        proxies in 1u32..4,
        bounded in any::<bool>(),
        timed in any::<bool>(),
    ) {
        let stormy = stormy(seed, (rate, endpoints, proxies, bounded, timed));
        let report = play(&stormy, kind);
        let requests = report.requests;
        prop_assert_eq!(requests.arrived, 3000);
        prop_assert_eq!(requests.arrived, requests.completed + requests.failed);
        let f = requests.failures;
        let sum = f.status + f.connect + f.reset + f.timeout + f.deadline + f.unavailable + f.full;
        prop_assert_eq!(requests.failed, sum);
        let answered: u64 = report.endpoints.iter().map(|it| it.answered).sum();
        prop_assert_eq!(requests.completed, answered);
        prop_assert!(report.utilisation <= report.utilisation_max + 1e-9);
        prop_assert!(report.utilisation_max <= 1.0 + 1e-9);
        prop_assert!(report.sessions.moved_freely <= report.sessions.moved);
        prop_assert!(report.occupancy.is_sorted_by(|more, less| more >= less));
        prop_assert!(timed || f.deadline == 0);
    }

    /// Catches: whatever depends on an address, a map's order or the clock.
    #[test]
    fn the_same_seed_is_the_same_report(seed in any::<u64>(), kind in kind()) {
        let stormy = stormy(seed, (300, 4, 2, true, true));
        let told = |workload: &Workload| {
            serde_json::to_string(&play(workload, kind)).expect("it can be told")
        };
        let first = told(&stormy);
        prop_assert_eq!(&first, &told(&stormy));
        let other = Workload { seed: seed ^ 1, ..stormy };
        prop_assert_ne!(first, told(&other));
    }
}
