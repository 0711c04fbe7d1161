//! The admin listener: what the operator asks, and that traffic cannot.

use hyper::Method;
use tidegate_e2e::client::get;
use tidegate_e2e::{Endpoint, Proxy, config};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_status_says_what_runs() {
    let (a, b) = (Endpoint::start("a").await, Endpoint::start("b").await);
    let endpoints = [
        config::endpoint(&a, "weight: 3"),
        config::endpoint(&b, "draining: true"),
    ];
    let proxy = Proxy::start(&config::web_of("weighted", &endpoints)).await;
    get(proxy.address(), "/").await;
    let status = proxy.status().await;
    assert_eq!(status["pid"], proxy.pid().as_raw_nonzero().get());
    assert!(
        status["version"]
            .as_str()
            .is_some_and(|version| version.contains('.')),
        "{status}"
    );
    assert!(status["generation"].as_u64() >= Some(1), "{status}");
    assert!(!status["started"].is_null(), "{status}");
    assert_eq!(status["listeners"][0]["listener"], "127.0.0.1:0");
    assert_eq!(
        status["listeners"][0]["address"],
        proxy.address().to_string()
    );
    let web = &status["upstreams"]["web"];
    assert_eq!(web["selector"], "weighted");
    let [first, second] = [&web["endpoints"][0], &web["endpoints"][1]];
    assert_eq!(first["address"], a.address().to_string());
    assert_eq!(
        (first["weight"].as_u64(), first["draining"].as_bool()),
        (Some(3), Some(false))
    );
    assert_eq!(
        (second["weight"].as_u64(), second["draining"].as_bool()),
        (Some(1), Some(true))
    );
    assert!(first["latency_us"].as_u64() > Some(0), "{status}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_in_flight_are_shown() {
    let a = Endpoint::start("a").await;
    let proxy = Proxy::start(&config::web("round-robin", &[&a])).await;
    a.freeze();
    let address = proxy.address();
    let waiting = tokio::spawn(async move { get(address, "/").await });
    a.in_flight().until(|n| n == 1).await;
    assert_eq!(
        proxy.status().await["upstreams"]["web"]["endpoints"][0]["in_flight"],
        1
    );
    assert_eq!(
        proxy
            .metrics()
            .await
            .sum("lb_active_connections", &[("upstream", "web")]),
        1.0
    );
    a.thaw();
    waiting.await.expect("no panic");
    proxy.wait_idle().await;
    assert_eq!(
        proxy.status().await["upstreams"]["web"]["endpoints"][0]["in_flight"],
        0
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_healthy_and_strict() {
    let a = Endpoint::start("a").await;
    let proxy = Proxy::start(&config::web("round-robin", &[&a])).await;
    for (method, path, status) in [
        (Method::GET, "/healthz", 200),
        (Method::GET, "/readyz", 200),
        (Method::GET, "/nothing", 404),
        (Method::GET, "/reload", 405),
        (Method::POST, "/metrics", 405),
    ] {
        let answer = proxy.ask_admin(method.clone(), path).await;
        assert_eq!(answer.status(), status, "{method} {path}");
    }
    let generation = proxy.status().await["generation"].clone();
    assert_eq!(generation, 1, "a GET reloads nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn traffic_does_not_reach_it() {
    let a = Endpoint::start("a").await;
    let proxy = Proxy::start(&config::web("round-robin", &[&a])).await;
    for path in ["/metrics", "/status", "/reload", "/readyz"] {
        assert_eq!(get(proxy.address(), path).await.endpoint(), "a", "{path}");
    }
    assert_eq!(a.hits(), 4);
}
