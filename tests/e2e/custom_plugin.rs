//! A selector that is not built in: the example, built as its README says, from its file.

use tidegate_e2e::client::{Request, get};
use tidegate_e2e::{Endpoint, Load, LoadPlan, Proxy, config, directory, plugin};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_header_decides() {
    let endpoints = [
        Endpoint::start("a").await,
        Endpoint::start("b").await,
        Endpoint::start("new").await,
    ];
    let [a, b, new] = &endpoints;
    let labelled = [
        config::endpoint(a, "labels: { version: stable }"),
        config::endpoint(b, "labels: { version: stable }"),
        config::endpoint(new, "labels: { version: canary }"),
    ];
    let selector = "{ plugin: canary, config: { header: x-canary, value: \"1\", label: { version: canary } } }";
    let text = config::with_plugin(
        &config::web_of(selector, &labelled),
        "canary",
        "canary.wasm",
        "",
    );
    let beside = directory();
    std::fs::copy(plugin("header-canary"), beside.path().join("canary.wasm")).expect("copied");
    let proxy = Proxy::start_in(beside, &text, &[]).await;

    for _ in 0..10 {
        let request = Request::get("/").header("x-canary", "1");
        let answer = request.send(proxy.address()).await.expect("an answer");
        assert_eq!((answer.status(), answer.endpoint()), (200, "new"));
    }
    let other = Request::get("/").header("x-canary", "2");
    assert_ne!(
        other
            .send(proxy.address())
            .await
            .expect("an answer")
            .endpoint(),
        "new"
    );
    assert_ne!(get(proxy.address(), "/").await.endpoint(), "new");

    let plan = LoadPlan {
        count: Some(1000),
        ..LoadPlan::default()
    };
    Load::run(proxy.address(), plan).await.assert_clean();
    assert_eq!(new.hits(), 10, "nobody else is sent there");
    assert!(
        a.hits() > 300 && b.hits() > 300,
        "{} and {}",
        a.hits(),
        b.hits()
    );
    let metrics = proxy.metrics().await;
    assert_eq!(
        metrics.sum("lb_plugin_faults_total", &[("plugin", "canary")]),
        0.0
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_its_config_does_not_say_is_refused() {
    let a = Endpoint::start("a").await;
    let beside = directory();
    std::fs::copy(plugin("header-canary"), beside.path().join("canary.wasm")).expect("copied");
    let proxy = Proxy::start_in(beside, &config::web("round-robin", &[&a]), &[]).await;
    let text = config::web("{ plugin: canary, config: { haeder: x-canary } }", &[&a]);
    let refused = proxy
        .reload_with(&config::with_plugin(&text, "canary", "canary.wasm", ""))
        .await;
    assert!(
        refused
            .expect_err("a misspelt key")
            .mentions("upstreams.web.selector", "haeder")
    );
    assert!(get(proxy.address(), "/").await.is_ok());
}
