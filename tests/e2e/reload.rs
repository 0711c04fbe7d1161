//! Reload: by every way there is, and never half.

use tidegate_e2e::client::get;
use tidegate_e2e::components::Selector;
use tidegate_e2e::{Endpoint, Proxy, Signal, config, directory};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_admin_reloads_serves_at_once() {
    let (a, b) = (Endpoint::start("a").await, Endpoint::start("b").await);
    let proxy = Proxy::start(&config::web("round-robin", &[&a])).await;
    assert_eq!(get(proxy.address(), "/").await.endpoint(), "a");
    let before = proxy.status().await["generation"]
        .as_u64()
        .expect("a generation");

    let generation = proxy
        .reload_with(&config::web("round-robin", &[&b]))
        .await
        .expect("a good file");
    assert!(generation > before);
    for _ in 0..10 {
        assert_eq!(get(proxy.address(), "/").await.endpoint(), "b");
    }
    assert_eq!(proxy.status().await["generation"], generation);
    let metrics = proxy.metrics().await;
    assert_eq!(metrics.sum("lb_config_generation", &[]), generation as f64);
    assert_eq!(metrics.sum("lb_config_last_reload_successful", &[]), 1.0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_file_changes_nothing_and_every_problem_has_its_place() {
    let a = Endpoint::start("a").await;
    let proxy = Proxy::start(&config::web("round-robin", &[&a])).await;
    let before = proxy.status().await["generation"].clone();

    let bad = format!(
        "{}upstreams:\n  web:\n    endpoints: [{{ address: \"{}\", weight: 0 }}]\n    selector: round-rubin\n    timeoust: {{}}\nroutes: [{{ upstream: wbe }}]\n",
        config::FRONT,
        a.address(),
    );
    let refused = proxy.reload_with(&bad).await.expect_err("a bad file");
    assert!(
        refused.mentions("upstreams.web.endpoints[0].weight", ""),
        "{refused:?}"
    );
    assert!(
        refused.mentions("upstreams.web.selector", "round-rubin"),
        "{refused:?}"
    );
    assert!(refused.mentions("timeoust", ""), "{refused:?}");
    assert!(refused.mentions("routes[0].upstream", "wbe"), "{refused:?}");
    for problem in &refused.0 {
        assert!(
            problem["file"]
                .as_str()
                .is_some_and(|f| f.ends_with("tidegate.yaml")),
            "{problem}"
        );
        let line = problem["line"].as_u64().expect("a line");
        assert!(
            (5..=11).contains(&line) && problem["column"].as_u64() >= Some(1),
            "{problem}"
        );
    }

    assert_eq!(get(proxy.address(), "/").await.endpoint(), "a");
    assert_eq!(proxy.status().await["generation"], before);
    let metrics = proxy.metrics().await;
    assert_eq!(metrics.sum("lb_config_last_reload_successful", &[]), 0.0);
    assert_eq!(
        metrics.sum("lb_config_reloads_total", &[("result", "refused")]),
        1.0
    );

    proxy
        .reload_with(&config::web("round-robin", &[&a]))
        .await
        .expect("mended");
    assert_eq!(
        proxy
            .metrics()
            .await
            .sum("lb_config_last_reload_successful", &[]),
        1.0
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_yaml_is_refused_with_its_place() {
    let a = Endpoint::start("a").await;
    let proxy = Proxy::start(&config::web("round-robin", &[&a])).await;
    let refused = proxy
        .reload_with("listeners: [\nupstreams: }\n")
        .await
        .expect_err("no YAML");
    assert!(refused.0[0]["line"].as_u64() >= Some(1), "{refused:?}");
    assert_eq!(get(proxy.address(), "/").await.endpoint(), "a");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hangup_reloads() {
    let (a, b) = (Endpoint::start("a").await, Endpoint::start("b").await);
    let proxy = Proxy::start(&config::web("round-robin", &[&a])).await;
    proxy.write_config(&config::web("round-robin", &[&b]));
    proxy.signal(Signal::HUP);
    proxy
        .log
        .wait("reloaded", |line| line.message() == "reloaded")
        .await;
    assert_eq!(get(proxy.address(), "/").await.endpoint(), "b");

    proxy.write_config("nonsense");
    proxy.signal(Signal::HUP);
    proxy
        .log
        .wait("reload refused", |line| {
            line.message().starts_with("reload refused")
        })
        .await;
    assert_eq!(get(proxy.address(), "/").await.endpoint(), "b");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_settled_change_of_a_file_reloads() {
    let (a, b) = (Endpoint::start("a").await, Endpoint::start("b").await);
    let watching = |text: String| {
        let text = config::with_plugin(&text, "mine", "mine.wasm", "");
        text.replace("watch: off", "watch: 100ms")
    };
    let beside = directory();
    let plugin = beside.path().join("mine.wasm");
    std::fs::write(&plugin, Selector::always(0).component()).expect("written");
    let proxy = Proxy::start_in(beside, &watching(config::web("mine", &[&a, &b])), &[]).await;
    assert_eq!(get(proxy.address(), "/").await.endpoint(), "a");

    // The configuration.
    let mark = proxy.log.len();
    proxy.write_config(&watching(config::web("mine", &[&b, &a])));
    proxy
        .log
        .wait_after(mark, "reloaded", |line| line.message() == "reloaded")
        .await;
    assert_eq!(get(proxy.address(), "/").await.endpoint(), "b");

    // A plugin that it names.
    let mark = proxy.log.len();
    proxy.write("mine.wasm", &Selector::always(1).component());
    proxy
        .log
        .wait_after(mark, "reloaded", |line| line.message() == "reloaded")
        .await;
    assert_eq!(get(proxy.address(), "/").await.endpoint(), "a");

    // A bad one changes nothing, and the next good one is noticed.
    let mark = proxy.log.len();
    proxy.write("mine.wasm", b"not a component");
    proxy
        .log
        .wait_after(mark, "refusal", |line| {
            line.message().starts_with("reload refused")
        })
        .await;
    assert_eq!(get(proxy.address(), "/").await.endpoint(), "a");
    let mark = proxy.log.len();
    proxy.write("mine.wasm", &Selector::always(0).component());
    proxy
        .log
        .wait_after(mark, "reloaded", |line| line.message() == "reloaded")
        .await;
    assert_eq!(get(proxy.address(), "/").await.endpoint(), "b");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_that_was_loaded_is_not_loaded_again() {
    let (a, b) = (Endpoint::start("a").await, Endpoint::start("b").await);
    let watching = |endpoint| {
        let text = config::web("round-robin", &[endpoint]);
        text.replace("watch: off", "watch: 100ms")
    };
    let proxy = Proxy::start(&watching(&a)).await;
    let mut generation = 1;
    for endpoint in [&b, &a, &b] {
        let now = proxy
            .reload_with(&watching(endpoint))
            .await
            .expect("a good file");
        assert!(now > generation);
        generation = now;
        // Nothing tells that nothing happened: the watcher gets the time for many looks.
        tokio::time::sleep(std::time::Duration::from_millis(700)).await;
        assert_eq!(proxy.status().await["generation"], generation);
    }

    // It looks all the same.
    let mark = proxy.log.len();
    proxy.write_config(&watching(&a));
    let line = proxy
        .log
        .wait_after(mark, "reloaded", |line| line.message() == "reloaded")
        .await;
    assert_eq!(line.value("generation"), generation + 1);
    assert_eq!(get(proxy.address(), "/").await.endpoint(), "a");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_ends_where_it_began() {
    let (a, b) = (Endpoint::start("a").await, Endpoint::start("b").await);
    let proxy = Proxy::start(&config::web("round-robin", &[&a])).await;
    a.freeze();
    let address = proxy.address();
    let slow = tokio::spawn(async move { get(address, "/").await });
    a.in_flight().until(|n| n == 1).await;

    proxy
        .reload_with(&config::web("round-robin", &[&b]))
        .await
        .expect("a good file");
    assert_eq!(get(address, "/").await.endpoint(), "b");
    a.thaw();
    let answer = slow.await.expect("no panic");
    assert_eq!((answer.status(), answer.endpoint()), (200, "a"));
    proxy.wait_idle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endpoint_that_stays_keeps_its_count() {
    let (a, b) = (Endpoint::start("a").await, Endpoint::start("b").await);
    let proxy = Proxy::start(&config::web("least-connections", &[&a])).await;
    a.freeze();
    let address = proxy.address();
    let slow = tokio::spawn(async move { get(address, "/").await });
    a.in_flight().until(|n| n == 1).await;

    proxy
        .reload_with(&config::web("least-connections", &[&a, &b]))
        .await
        .expect("a good file");
    let status = proxy.status().await;
    assert_eq!(
        status["upstreams"]["web"]["endpoints"][0]["in_flight"], 1,
        "{status}"
    );
    for _ in 0..5 {
        assert_eq!(
            get(address, "/").await.endpoint(),
            "b",
            "a is busy, and that is remembered"
        );
        proxy.wait_idle_at(&b).await;
    }
    a.thaw();
    slow.await.expect("no panic");
    proxy.wait_idle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn state_survives_the_replacement_of_its_plugin() {
    let endpoints = [
        Endpoint::start("a").await,
        Endpoint::start("b").await,
        Endpoint::start("c").await,
    ];
    let [a, b, c] = &endpoints;
    let text = config::with_plugin(&config::web("mine", &[a, b, c]), "mine", "mine.wasm", "");
    let beside = directory();
    std::fs::write(
        beside.path().join("mine.wasm"),
        Selector::counting(0).component(),
    )
    .expect("written");
    let proxy = Proxy::start_in(beside, &text, &[]).await;
    let mut chosen = String::new();
    for version in 1..=4 {
        for _ in 0..4 {
            chosen += get(proxy.address(), "/").await.endpoint();
        }
        proxy.write("mine.wasm", &Selector::counting(version).component());
        proxy.reload().await.expect("a good plugin");
    }
    assert_eq!(chosen, "abcabcabcabcabca");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reload_without_a_change_disturbs_nothing() {
    let (a, b) = (Endpoint::start("a").await, Endpoint::start("b").await);
    let proxy = Proxy::start(&config::web("round-robin", &[&a, &b])).await;
    let mut chosen = String::new();
    for _ in 0..6 {
        chosen += get(proxy.address(), "/").await.endpoint();
        proxy.reload().await.expect("the same file");
    }
    assert_eq!(chosen, "ababab");
}
