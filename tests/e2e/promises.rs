//! What the host promises for an upstream, whatever its selector does: one story for each
//! promise.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use hyper::Method;
use serde_json::Value;
use tidegate_e2e::client::{Request, get};
use tidegate_e2e::{Endpoint, Line, Proxy, config, eventually};

const HEALTH: &str =
    "health: { http: { path: /health }, interval: 100ms, timeout: 90ms, rise: 2, fall: 2 }";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endpoint_that_is_ill_gets_no_requests_until_it_is_well() {
    let endpoints = abc().await;
    let proxy = start(&endpoints, HEALTH, "").await;
    endpoints[1].set_healthy(false);
    let line = proxy
        .log
        .wait("that it is down", |line| {
            line.message() == "endpoint is down"
        })
        .await;
    assert!(line.text().contains("503"), "{}", line.text());
    left_by(&proxy, "b").await;
    assert_eq!(keys(&ask(&proxy, 30).await), ["a", "c"]);

    let row = endpoint(&proxy, &endpoints[1]).await;
    assert_eq!(row["eligible"], false);
    assert_eq!(row["health"], "down");
    assert!(
        row["why"][0]
            .as_str()
            .is_some_and(|why| why.contains("503")),
        "{row}"
    );
    let backend = endpoints[1].address().to_string();
    let health = async |proxy: &Proxy| {
        let metrics = proxy.metrics().await;
        metrics.sum("lb_backend_health_status", &[("backend", &backend)])
    };
    assert_eq!(health(&proxy).await, 0.0);

    endpoints[1].set_healthy(true);
    joined_by(&proxy, "b").await;
    assert_eq!(health(&proxy).await, 1.0);
    let said = |word: &str| {
        let lines = proxy.log.lines(0);
        lines.iter().filter(|line| line.message() == word).count()
    };
    assert_eq!((said("endpoint is down"), said("endpoint is up")), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endpoint_that_starts_as_down_is_proven_first() {
    let endpoints = abc().await;
    endpoints[0].set_healthy(false);
    let health = HEALTH.replace("fall: 2", "fall: 2, initial: down");
    let proxy = start(
        &endpoints,
        &format!("{health}\n    panic_threshold: off"),
        "",
    )
    .await;
    joined_by(&proxy, "b").await;
    joined_by(&proxy, "c").await;
    for _ in 0..30 {
        let answer = get(proxy.address(), "/").await;
        assert_ne!(answer.endpoint(), "a", "it was never well");
    }
    endpoints[0].set_healthy(true);
    joined_by(&proxy, "a").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reload_keeps_what_the_probes_found() {
    let endpoints = abc().await;
    let text = text(&endpoints, HEALTH, "");
    let proxy = Proxy::start(&text).await;
    endpoints[1].set_healthy(false);
    left_by(&proxy, "b").await;
    for round in 0..5 {
        let other = text.replace("rise: 2", &format!("rise: {}", 3 + round));
        proxy.reload_with(&other).await.expect("a good file");
        let names = ask(&proxy, 10).await;
        assert!(!names.contains_key("b"), "round {round}: {names:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn upstreams_that_share_an_endpoint_share_its_probes() {
    let (shared, alone) = (
        Endpoint::start("shared").await,
        Endpoint::start("alone").await,
    );
    let upstream = |name: &str, endpoints: &[&Endpoint]| {
        let addresses: Vec<String> = endpoints.iter().map(|e| e.address().to_string()).collect();
        format!(
            "  {name}:\n    endpoints: [{}]\n    {HEALTH}\n",
            quoted(&addresses)
        )
    };
    let text = format!(
        "{}upstreams:\n{}{}{}routes: [{{ upstream: one }}]\n",
        config::FRONT,
        upstream("one", &[&shared, &alone]),
        upstream("two", &[&shared]),
        upstream("three", &[&shared]),
    );
    let _proxy = Proxy::start(&text).await;
    eventually("twenty probes", async || (alone.hits() >= 20).then_some(())).await;
    let hits = shared.hits();
    assert!(
        hits <= 30,
        "{hits} probes of the shared one, 20 of the other"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_too_few_are_fit_all_are_used() {
    let endpoints = abc().await;
    let proxy = start(
        &endpoints,
        &format!("{HEALTH}\n    panic_threshold: 50%"),
        "",
    )
    .await;
    endpoints[0].set_healthy(false);
    left_by(&proxy, "a").await;
    endpoints[1].set_healthy(false);
    proxy
        .log
        .wait("panic", |line| line.message().starts_with("panic"))
        .await;
    assert_eq!(ask(&proxy, 30).await.len(), 3, "spread over all");
    assert_eq!(proxy.metrics().await.sum("lb_panic", &[]), 1.0);

    // Without a threshold the one that is left carries it all.
    let off = text(
        &endpoints,
        &format!("{HEALTH}\n    panic_threshold: off"),
        "",
    );
    proxy.reload_with(&off).await.expect("a good file");
    assert_eq!(keys(&ask(&proxy, 30).await), ["c"]);
    assert_eq!(proxy.metrics().await.sum("lb_panic", &[]), 0.0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn backups_are_used_when_the_better_ones_are_too_few() {
    let endpoints = abc().await;
    let rows = [
        config::endpoint(&endpoints[0], "priority: 0"),
        config::endpoint(&endpoints[1], "priority: 0"),
        config::endpoint(&endpoints[2], "priority: 1"),
    ];
    let text = config::with_upstream_key(&config::web_of("round-robin", &rows), HEALTH);
    let proxy = Proxy::start(&text).await;
    assert_eq!(keys(&ask(&proxy, 30).await), ["a", "b"]);
    let row = endpoint(&proxy, &endpoints[2]).await;
    assert_eq!(row["why"][0], "priority 1 is not needed now");

    endpoints[0].set_healthy(false);
    joined_by(&proxy, "c").await;
    assert_eq!(keys(&ask(&proxy, 30).await), ["b", "c"]);
    assert_eq!(proxy.metrics().await.sum("lb_spilled", &[]), 1.0);
    endpoints[0].set_healthy(true);
    left_by(&proxy, "c").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endpoint_is_drained_by_hand_and_a_reload_does_not_forget_it() {
    let endpoints = abc().await;
    let proxy = start(&endpoints, "", "").await;
    let address = endpoints[1].address();
    let drain = async |verb: &str| {
        let path = format!("/upstreams/web/endpoints/{address}/{verb}");
        proxy.ask_admin(Method::POST, &path).await.status()
    };
    assert_eq!(drain("drain").await, 200);
    left_by(&proxy, "b").await;
    proxy.reload().await.expect("the same file");
    assert_eq!(keys(&ask(&proxy, 30).await), ["a", "c"]);
    let row = endpoint(&proxy, &endpoints[1]).await;
    assert_eq!(row["draining"], true);
    assert!(
        row["why"][0]
            .as_str()
            .is_some_and(|why| why.contains("by hand")),
        "{row}"
    );

    assert_eq!(drain("undrain").await, 200);
    joined_by(&proxy, "b").await;
    let nowhere = "/upstreams/web/endpoints/127.0.0.1:1/drain";
    assert_eq!(proxy.ask_admin(Method::POST, nowhere).await.status(), 404);
    assert_eq!(
        proxy
            .ask_admin(Method::GET, "/upstreams/web")
            .await
            .status(),
        200
    );
    assert_eq!(
        proxy
            .ask_admin(Method::GET, "/upstreams/nope")
            .await
            .status(),
        404
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_comes_back_gets_its_share_slowly() {
    let endpoints = abc().await;
    let rules = format!("{HEALTH}\n    slow_start: 3s");
    let text = text(&endpoints, &rules, "").replace("selector: round-robin", "selector: weighted");
    let proxy = Proxy::start(&text).await;
    let weights = async || {
        let document = upstream(&proxy).await;
        let rows = document["endpoints"].as_array().expect("endpoints").clone();
        rows.iter()
            .map(|row| row["effective_weight"].as_u64())
            .collect::<Vec<_>>()
    };
    // Ten times what is configured, always: who ramps up changes nobody else's weight.
    assert_eq!(
        weights().await,
        [Some(10), Some(10), Some(10)],
        "nobody is new at the start"
    );
    endpoints[1].set_healthy(false);
    left_by(&proxy, "b").await;
    assert_eq!(weights().await, [Some(10), None, Some(10)]);
    endpoints[1].set_healthy(true);
    let first = eventually("its return", async || weights().await[1]).await;
    assert!(first <= 3, "it begins with little: {first}");
    assert_eq!(
        weights().await[0],
        Some(10),
        "the others have all of theirs"
    );
    eventually("its whole share", async || {
        (weights().await == [Some(10), Some(10), Some(10)]).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_full_lets_others_wait_in_line() {
    let endpoint = Endpoint::start("a").await;
    let rows = [config::endpoint(&endpoint, "max_in_flight: 1")];
    let text = config::web_of("round-robin", &rows);
    let text = config::with_upstream_key(&text, "limits: { queue: 2, queue_timeout: 20s }");
    let proxy = Proxy::start(&text).await;
    endpoint.freeze();
    let address = proxy.address();
    let ask = |id: u32| tokio::spawn(async move { get(address, &format!("/?x-id={id}")).await });
    let first = ask(1);
    endpoint.in_flight().until(|n| n == 1).await;
    let second = ask(2);
    waiting(&proxy, 1.0).await;
    let third = ask(3);
    waiting(&proxy, 2.0).await;

    let refused = get(address, "/?x-id=4").await;
    assert_eq!(refused.status(), 503);
    assert_eq!(refused.header("retry-after"), Some("1"));
    endpoint.thaw();
    for answer in [first, second, third] {
        assert_eq!(answer.await.expect("no panic").status(), 200);
    }
    waiting(&proxy, 0.0).await;
    let metrics = proxy.metrics().await;
    assert_eq!(
        metrics.sum("lb_queue_refused_total", &[("reason", "full")]),
        1.0
    );
    assert_eq!(metrics.sum("lb_queue_wait_seconds_count", &[]), 2.0);
    proxy.wait_idle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wait_in_line_is_bounded_and_its_end_is_503() {
    let endpoint = Endpoint::start("a").await;
    let text = config::with_upstream_key(
        &config::web("round-robin", &[&endpoint]),
        "limits: { max_in_flight: 1, queue: 5, queue_timeout: 200ms }",
    );
    let proxy = Proxy::start(&text).await;
    endpoint.freeze();
    let address = proxy.address();
    let first = tokio::spawn(async move { get(address, "/").await });
    endpoint.in_flight().until(|n| n == 1).await;
    let began = Instant::now();
    let late = get(address, "/").await;
    assert_eq!(late.status(), 503);
    assert!(began.elapsed() >= Duration::from_millis(200));
    endpoint.thaw();
    assert_eq!(first.await.expect("no panic").status(), 200);
    let timeouts = [("reason", "timeout")];
    let metrics = proxy.metrics().await;
    assert_eq!(metrics.sum("lb_queue_refused_total", &timeouts), 1.0);
    assert_eq!(get(address, "/").await.status(), 200);
    proxy.wait_idle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_status_is_retried_elsewhere_and_the_last_one_passes_untouched() {
    let endpoints = abc().await;
    let retry = "retry: { attempts: 3, on: [500, 502-504], backoff: { base: 1ms, max: 2ms } }";
    let proxy = start(&endpoints, "breaker: off", retry).await;
    endpoints[0].fail_every(1);
    for _ in 0..9 {
        let answer = get(proxy.address(), "/").await;
        assert_eq!(answer.status(), 200);
        assert_ne!(answer.endpoint(), "a");
    }
    assert!(
        endpoints[0].hits() > 0,
        "it was asked, and its answer put aside"
    );

    // All of them answer 503: each is asked once, and the last answer is the client's.
    let before: u64 = endpoints.iter().map(Endpoint::hits).sum();
    endpoints[0].fail_every(0);
    let answer = get(proxy.address(), "/?status=503&size=3000&header=x-why:ill").await;
    assert_eq!(answer.status(), 503);
    assert_eq!(answer.header("x-why"), Some("ill"));
    assert_eq!(answer.text().len(), 3_000, "with its own body");
    let after: u64 = endpoints.iter().map(Endpoint::hits).sum();
    assert_eq!(after - before, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_may_not_be_repeated_passes_as_it_is() {
    let endpoints = abc().await;
    let retry = "retry: { on: [503], backoff: { base: 1ms, max: 2ms } }";
    let proxy = start(&endpoints, "breaker: off", retry).await;
    let hits = || endpoints.iter().map(Endpoint::hits).sum::<u64>();
    let refused = async |reason: &str| {
        let metrics = proxy.metrics().await;
        metrics.sum("lb_retries_refused_total", &[("reason", reason)])
    };
    let post = Request::post("/?status=503&size=100", "once");
    let answer = post.clone().send(proxy.address()).await.expect("an answer");
    assert_eq!(
        (answer.status(), answer.text().len(), hits()),
        (503, 100, 1)
    );
    assert_eq!(refused("not_idempotent").await, 1.0);

    let mut put = Request::post("/?status=503&size=100", vec![b'x'; 100 << 10]);
    put.method = Method::PUT;
    let answer = put.send(proxy.address()).await.expect("an answer");
    assert_eq!(
        (answer.status(), answer.text().len(), hits()),
        (503, 100, 2)
    );
    assert_eq!(refused("not_replayable").await, 1.0);

    // The route may say that its POSTs do no harm twice.
    let twice = retry.replace("on: [503]", "on: [503], non_idempotent: true");
    let twice = text(&endpoints, "breaker: off", &twice);
    proxy.reload_with(&twice).await.expect("a good file");
    let answer = post.send(proxy.address()).await.expect("an answer");
    assert_eq!((answer.status(), hits()), (503, 5));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn retries_stay_within_their_budget() {
    let endpoints = abc().await;
    let retry = "retry: { attempts: 3, on: [503], backoff: { base: 1ms, max: 2ms } }";
    let rules = "breaker: off\n    retry_budget: { share: 0%, floor: 4 }";
    let proxy = start(&endpoints, rules, retry).await;
    for _ in 0..20 {
        assert_eq!(get(proxy.address(), "/?status=503").await.status(), 503);
    }
    let hits: u64 = endpoints.iter().map(Endpoint::hits).sum();
    assert_eq!(hits, 24, "twenty requests and four retries");
    let metrics = proxy.metrics().await;
    let refused = metrics.sum("lb_retries_refused_total", &[("reason", "budget")]);
    assert!(refused >= 16.0, "{refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_attempt_has_its_own_bound_and_the_next_one_goes_elsewhere() {
    let endpoints = abc().await;
    let retry = "retry: { on: [timeout], per_attempt: 200ms }, timeout: 20s";
    let proxy = start(&endpoints, "", retry).await;
    endpoints[0].freeze();
    let began = Instant::now();
    for _ in 0..3 {
        let answer = get(proxy.address(), "/").await;
        assert_eq!(answer.status(), 200);
        assert_ne!(answer.endpoint(), "a");
    }
    assert!(
        began.elapsed() >= Duration::from_millis(200),
        "one of them was caught"
    );
    assert!(
        began.elapsed() < Duration::from_secs(10),
        "{:?}",
        began.elapsed()
    );
    endpoints[0].thaw();
    proxy.wait_idle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_breaker_opens_probes_and_closes() {
    let endpoint = Endpoint::start("a").await;
    let rules = "breaker: { consecutive_failures: 3, cooldown: 300ms, probes: 1 }";
    let text = config::with_upstream_key(&config::web("round-robin", &[&endpoint]), rules);
    let proxy = Proxy::start(&text).await;
    for _ in 0..3 {
        assert_eq!(
            get(proxy.address(), "/?status=503&size=7")
                .await
                .text()
                .len(),
            7
        );
    }
    let answer = get(proxy.address(), "/").await;
    assert_eq!(
        (answer.status(), answer.header("retry-after")),
        (503, Some("1"))
    );
    assert_eq!(endpoint.hits(), 3, "it is left in peace");
    assert_eq!(upstream(&proxy).await["endpoints"][0]["breaker"], "open");
    let unavailable = |line: &Line| line.field("fault") == Some("unavailable");
    proxy.access_log.wait("the reason", unavailable).await;

    eventually("a probe that closes it", async || {
        (get(proxy.address(), "/").await.status() == 200).then_some(())
    })
    .await;
    assert_eq!(upstream(&proxy).await["endpoints"][0]["breaker"], "closed");
    let opened = proxy
        .metrics()
        .await
        .sum("lb_circuit_breaker_opened_total", &[]);
    assert_eq!(opened, 1.0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gateway_failures_in_a_row_eject_but_never_the_last() {
    let endpoints = abc().await;
    let rules =
        "breaker: off\n    outlier: { gateway_failures: 3, eject_for: 1s, max_ejected: 100% }";
    let proxy = start(&endpoints, rules, "").await;
    for _ in 0..60 {
        assert_eq!(
            get(proxy.address(), "/?status=502").await.status(),
            502,
            "its own answer"
        );
    }
    let document = upstream(&proxy).await;
    assert_eq!(document["eligible"], 1, "one is always left: {document}");
    let ejections = proxy.metrics().await;
    let ejections = ejections.sum(
        "lb_outlier_ejections_total",
        &[("reason", "gateway_failures")],
    );
    assert_eq!(ejections, 2.0);
    eventually("the end of the ejections", async || {
        (upstream(&proxy).await["eligible"] == 3).then_some(())
    })
    .await;
}

async fn abc() -> [Endpoint; 3] {
    [
        Endpoint::start("a").await,
        Endpoint::start("b").await,
        Endpoint::start("c").await,
    ]
}

fn text(endpoints: &[Endpoint], rules: &str, retry: &str) -> String {
    let endpoints: Vec<&Endpoint> = endpoints.iter().collect();
    let text = config::web("round-robin", &endpoints);
    let text = if rules.is_empty() {
        text
    } else {
        config::with_upstream_key(&text, rules)
    };
    if retry.is_empty() {
        text
    } else {
        text.replace(
            "{ upstream: web }",
            &format!("{{ upstream: web, {retry} }}"),
        )
    }
}

async fn start(endpoints: &[Endpoint], rules: &str, retry: &str) -> Proxy {
    Proxy::start(&text(endpoints, rules, retry)).await
}

fn quoted(addresses: &[String]) -> String {
    let quoted: Vec<String> = addresses.iter().map(|a| format!("\"{a}\"")).collect();
    quoted.join(", ")
}

/// Good answers of so many requests by endpoint.
async fn ask(proxy: &Proxy, requests: usize) -> BTreeMap<String, usize> {
    let mut names = BTreeMap::new();
    for _ in 0..requests {
        let answer = get(proxy.address(), "/").await;
        assert_eq!(answer.status(), 200);
        *names.entry(answer.endpoint().to_owned()).or_default() += 1;
    }
    names
}

fn keys(names: &BTreeMap<String, usize>) -> Vec<&str> {
    names.keys().map(String::as_str).collect()
}

/// Until an endpoint takes part.
async fn joined_by(proxy: &Proxy, name: &str) {
    eventually("an endpoint's return", async || {
        let mut names = Vec::new();
        for _ in 0..6 {
            names.push(get(proxy.address(), "/").await.endpoint().to_owned());
        }
        names.iter().any(|seen| seen == name).then_some(())
    })
    .await;
}

/// Until an endpoint takes no more part.
async fn left_by(proxy: &Proxy, name: &str) {
    eventually("an endpoint's absence", async || {
        (!ask(proxy, 9).await.contains_key(name)).then_some(())
    })
    .await;
}

async fn upstream(proxy: &Proxy) -> Value {
    let answer = proxy.ask_admin(Method::GET, "/upstreams").await;
    assert_eq!(answer.status(), 200);
    answer.json()["upstreams"]["web"].clone()
}

async fn endpoint(proxy: &Proxy, endpoint: &Endpoint) -> Value {
    let document = upstream(proxy).await;
    let rows = document["endpoints"].as_array().expect("endpoints").clone();
    let address = endpoint.address().to_string();
    let mut rows = rows.into_iter();
    rows.find(|row| row["address"] == address).expect("its row")
}

async fn waiting(proxy: &Proxy, count: f64) {
    eventually("the length of the line", async || {
        let metrics = proxy.metrics().await;
        (metrics.sum("lb_queue_length", &[]) == count).then_some(())
    })
    .await;
}
