//! Single things that a simulation must show.

mod support;

use support::{Kind, play, workload};

/// Two selectors face the same requests: what differs is the selectors' doing.
#[test]
fn every_selector_faces_the_same_requests() {
    let text = "
requests: 20000
arrivals: { poisson: { rate: 1000 } }
endpoints: [{ count: 1, concurrency: 20, service: { exponential: { mean: 10ms } } }]
";
    let told = |kind| {
        let mut report = play(&workload(text), kind);
        report.attempts = Default::default();
        serde_json::to_string(&report).expect("it can be told")
    };
    // With one endpoint there is nothing to choose.
    assert_eq!(told(Kind::Random), told(Kind::Least));
}

#[test]
fn a_cookie_comes_back_and_its_client_stays() {
    let text = "
requests: 20000
arrivals: { poisson: { rate: 1000 } }
clients: { number: 500 }
endpoints:
  - { count: 9, concurrency: 20, service: { exponential: { mean: 10ms } } }
  - { count: 1, concurrency: 20, service: { exponential: { mean: 10ms } }, leaves: 10s }
";
    let sticky = play(&workload(text), Kind::Sticky).sessions;
    let random = play(&workload(text), Kind::Random).sessions;
    assert!(sticky.returning > 19_000, "{sticky:?}");
    // Those of the one that leaves, and who sent a second request before the first was answered.
    assert!((0.001..0.01).contains(&sticky.moved), "{sticky:?}");
    assert!(sticky.moved_freely < sticky.moved / 2.0, "{sticky:?}");
    // A tenth finds its place again by chance.
    assert!((0.88..0.92).contains(&random.moved), "{random:?}");
}

#[test]
fn an_endpoint_that_is_gone_fails_nobody_where_attempts_are_repeated() {
    let text = "
requests: 30000
arrivals: { poisson: { rate: 1000 } }
endpoints:
  - { name: gone, count: 1, concurrency: 8, service: { exponential: { mean: 5ms } }, down: [{ from: 5s, until: 15s }] }
  - { count: 4, concurrency: 8, service: { exponential: { mean: 5ms } } }
policies: { retry: { on: { reset: true } } }
";
    let report = play(&workload(text), Kind::RoundRobin);
    assert_eq!(report.requests.failed, 0, "{:?}", report.requests.failures);
    // Five open the breaker; each cooldown ends with one more.
    assert!(
        (5..40).contains(&report.attempts.retries),
        "{:?}",
        report.attempts
    );
    assert!(report.updates >= 2, "it left the list and came back");
    let during = report
        .moments
        .iter()
        .find(|it| it.at > 10.0)
        .expect("there is one");
    assert!(during.in_flight[0] < 0.01, "{during:?}");
    let after = report.moments.last().expect("there is one");
    assert!(after.in_flight[0] > 0.5, "{after:?}");
}

#[test]
fn failing_fast_looks_like_being_idle() {
    let text = |breaker: &str| {
        format!(
            "
requests: 30000
arrivals: {{ poisson: {{ rate: 1000 }} }}
endpoints:
  - {{ count: 1, concurrency: 8, service: {{ exponential: {{ mean: 20ms }} }}, fails: [{{ share: 100%, after: 1ms, from: 10s }}] }}
  - {{ count: 4, concurrency: 8, service: {{ exponential: {{ mean: 20ms }} }} }}
policies: {{ breaker: {breaker} }}
"
        )
    };
    let open = play(&workload(&text("off")), Kind::Least).requests.failed;
    let guarded = play(&workload(&text("{}")), Kind::Least).requests.failed;
    let turns = play(&workload(&text("off")), Kind::RoundRobin)
        .requests
        .failed;
    // A fifth of the last two thirds by turns, and more where the idle one is preferred.
    assert!((3_800..4_200).contains(&turns), "{turns}");
    assert!(open > 3 * turns, "{open} of {turns}");
    assert!(guarded < 100, "{guarded}");
}

#[test]
fn what_does_not_fit_waits_in_line_or_is_refused() {
    let text = |limits: &str| {
        format!(
            "
requests: 20000
arrivals: {{ bursts: {{ rate: 100, burst: 4000, every: 2s, lasts: 500ms }} }}
endpoints: [{{ count: 4, concurrency: 5, service: {{ constant: {{ mean: 10ms }} }} }}]
policies: {{ {limits} }}
"
        )
    };
    let free = play(&workload(&text("panic_threshold: off")), Kind::Least);
    assert_eq!(free.requests.failed, 0);
    assert!(free.peak_in_flight > 100);
    let bound = "limits: { max_in_flight: 20, queue: 100, queue_timeout: 1s }";
    let bounded = play(&workload(&text(bound)), Kind::Least);
    let requests = bounded.requests;
    assert_eq!(requests.failed, requests.failures.full);
    assert!(requests.failed > 1_000);
    assert!(bounded.peak_in_flight <= 20);
    // Twenty at a time in 10 ms each are 2,000 a second: who is let in last waits for 100.
    assert!(bounded.latency_ms.max <= 61.0, "{:?}", bounded.latency_ms);
}

#[test]
fn a_selector_that_fails_costs_no_request() {
    let text = "
requests: 20000
arrivals: { poisson: { rate: 1000 } }
endpoints: [{ count: 4, concurrency: 8, service: { exponential: { mean: 10ms } } }]
";
    let report = play(&workload(text), Kind::Careless);
    assert_eq!(report.requests.failed, 0);
    assert!(report.attempts.faults >= 10, "{:?}", report.attempts);
    assert!(
        report.attempts.asked < 19_000,
        "it is set aside: {:?}",
        report.attempts
    );
}

#[test]
fn what_cannot_be_meant_is_refused() {
    let text = "
duration: 1s
warmup: 2s
arrivals: { bursts: { rate: 1, burst: 2, every: 1s, lasts: 2s } }
clients: { skew: -1 }
proxy: { number: 1000 }
endpoints:
  - { count: 70000, service: { constant: { mean: 0ms } }, joins: 2s, leaves: 1s }
  - { count: 1, service: { pareto: { min: 2s, max: 1s, shape: 1 } }, slow: [{ factor: 2, endpoints: 2 }], fails: [{ share: 1%, status: 404 }], joins: 1s }
";
    let problems = workload(text).problems();
    for about in [
        "duration:",
        "arrivals.bursts.lasts:",
        "clients.skew:",
        "proxy:",
        "endpoints:",
        "endpoints[0].service:",
        "endpoints[0].leaves:",
        "endpoints[1].service.pareto:",
        "endpoints[1].slow:",
        "endpoints[1].fails:",
        "endpoints: nobody",
    ] {
        let found = problems.iter().any(|problem| problem.starts_with(about));
        assert!(found, "{about} is not in {problems:#?}");
    }
}
