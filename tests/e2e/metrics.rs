//! The metrics: families and labels that dashboards rely on, and counts that are right.

use hyper::Method;
use tidegate_e2e::client::{Request, get};
use tidegate_e2e::{Endpoint, Load, LoadPlan, Proxy, config, soon};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn families_have_their_kind_and_labels() {
    let (a, b) = (Endpoint::start("a").await, Endpoint::start("b").await);
    let proxy = Proxy::start(&config::web("round-robin", &[&a, &b])).await;
    get(proxy.address(), "/").await;
    proxy
        .access_log
        .wait("the line of the request", |_| true)
        .await;
    let metrics = proxy.metrics().await;
    for (family, kind, labels) in [
        (
            "lb_requests_total",
            "counter",
            &["backend", "method", "route", "status", "upstream"][..],
        ),
        (
            "lb_request_duration_seconds",
            "histogram",
            &["route", "upstream"],
        ),
        ("lb_active_connections", "gauge", &["backend", "upstream"]),
        (
            "lb_attempts_total",
            "counter",
            &["backend", "outcome", "upstream"],
        ),
        ("lb_connections", "gauge", &["listener"]),
        ("lb_connections_total", "counter", &["listener"]),
        (
            "lb_plugin_calls_total",
            "counter",
            &["phase", "plugin", "route", "upstream"],
        ),
        (
            "lb_plugin_call_seconds",
            "histogram",
            &["phase", "plugin", "route", "upstream"],
        ),
        (
            "lb_plugin_instances",
            "gauge",
            &["plugin", "route", "upstream"],
        ),
        (
            "lb_plugin_generation",
            "gauge",
            &["plugin", "route", "upstream"],
        ),
        ("lb_config_generation", "gauge", &[]),
        ("lb_config_last_reload_successful", "gauge", &[]),
    ] {
        assert_eq!(metrics.kind(family), Some(kind), "{family}");
        let sample = if kind == "histogram" {
            format!("{family}_bucket")
        } else {
            family.to_owned()
        };
        assert_eq!(metrics.labels_of(&sample), labels, "{family}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counts_are_exact_and_gauges_come_back() {
    let (a, b) = (Endpoint::start("a").await, Endpoint::start("b").await);
    let proxy = Proxy::start(&config::web("round-robin", &[&a, &b])).await;
    let plan = LoadPlan {
        keep_alive: 6,
        fresh: 2,
        count: Some(400),
        ..LoadPlan::default()
    };
    Load::run(proxy.address(), plan).await.assert_clean();
    let request = Request::get("/?status=503");
    assert_eq!(
        request
            .send(proxy.address())
            .await
            .expect("an answer")
            .status(),
        503
    );
    proxy.wait_idle().await;
    tidegate_e2e::eventually("all requests counted", async || {
        (proxy.metrics().await.sum("lb_requests_total", &[]) == 401.0).then_some(())
    })
    .await;

    let metrics = proxy.metrics().await;
    let (a, b) = (a.address().to_string(), b.address().to_string());
    let ok = |address: &str| {
        metrics.sum(
            "lb_requests_total",
            &[("backend", address), ("method", "GET"), ("status", "200")],
        )
    };
    assert_eq!((ok(&a), ok(&b)), (200.0, 200.0));
    assert_eq!(
        metrics.sum(
            "lb_requests_total",
            &[("status", "503"), ("upstream", "web")]
        ),
        1.0
    );
    assert_eq!(
        metrics.sum("lb_request_duration_seconds_count", &[("upstream", "web")]),
        401.0
    );
    assert_eq!(
        metrics.sum("lb_attempts_total", &[("upstream", "web")]),
        401.0
    );
    assert!(metrics.sum("lb_plugin_calls_total", &[("plugin", "round-robin")]) >= 401.0);
    assert_eq!(metrics.sum("lb_plugin_faults_total", &[]), 0.0);
    tidegate_e2e::eventually("no connections", async || {
        (proxy.metrics().await.sum("lb_connections", &[]) == 0.0).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_choice_that_is_full_is_counted_and_another_serves() {
    let endpoints = [
        Endpoint::start("a").await,
        Endpoint::start("b").await,
        Endpoint::start("c").await,
        Endpoint::start("d").await,
    ];
    let listed = endpoints
        .each_ref()
        .map(|e| config::endpoint(e, "max_in_flight: 1"));
    let proxy = Proxy::start(&config::web_of("round-robin", &listed)).await;
    let address = proxy.address();
    let full = async || {
        let labels = [("upstream", "web"), ("reason", "full")];
        proxy.metrics().await.sum("lb_fallback_total", &labels)
    };

    // One after the other, so that each takes its turn: a, b, c.
    let mut waiting = Vec::new();
    for endpoint in &endpoints[..3] {
        endpoint.freeze();
        waiting.push(tokio::spawn(get(address, "/")));
        soon(endpoint.name(), endpoint.in_flight().until(|n| n == 1)).await;
    }
    assert_eq!(get(address, "/").await.endpoint(), "d");
    assert_eq!(full().await, 0.0, "everyone was free in its turn");
    proxy.wait_idle_at(&endpoints[3]).await;

    // Now it is the turn of three that are full: the plugin is asked no fourth time.
    assert_eq!(get(address, "/").await.endpoint(), "d");
    assert_eq!(full().await, 1.0);

    endpoints.iter().for_each(Endpoint::thaw);
    for request in waiting {
        assert_eq!(request.await.expect("no panic").status(), 200);
    }
    proxy.wait_idle().await;
    assert_eq!(full().await, 1.0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_label_comes_from_a_request() {
    let a = Endpoint::start("a").await;
    let text = config::web("round-robin", &[&a]).replace(
        "{ upstream: web }",
        "{ name: only, match: { path: /in/* }, upstream: web }",
    );
    let proxy = Proxy::start(&text).await;
    for n in 0..5 {
        let method = Method::from_bytes(format!("EVIL{n}").as_bytes()).expect("a token");
        for path in ["/in/evil", "/evil"] {
            let request = Request {
                method: method.clone(),
                ..Request::get(path)
            };
            let request = request.header("host", &format!("evil{n}.example"));
            request.send(proxy.address()).await.expect("an answer");
        }
    }
    tidegate_e2e::eventually("all requests counted", async || {
        (proxy.metrics().await.sum("lb_requests_total", &[]) == 10.0).then_some(())
    })
    .await;
    let metrics = proxy.metrics().await;
    assert_eq!(metrics.values_of("method"), ["other"]);
    let page = proxy.ask_admin(Method::GET, "/metrics").await.text();
    assert!(!page.to_lowercase().contains("evil"), "{page}");
    let address = a.address().to_string();
    assert_eq!(
        metrics.sum(
            "lb_requests_total",
            &[("backend", &address), ("route", "only")]
        ),
        5.0
    );
    assert_eq!(
        metrics.sum("lb_requests_total", &[("backend", ""), ("status", "404")]),
        5.0
    );
}
