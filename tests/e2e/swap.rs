//! Hot swap under load: whatever is replaced, nobody notices.

use tidegate_e2e::client::get;
use tidegate_e2e::components::Selector;
use tidegate_e2e::{Endpoint, Load, LoadPlan, Proxy, config, directory};

/// Plugin file, plugin configuration, endpoints and selector are each swapped so often.
const ROUNDS: u32 = 6;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_fails_while_everything_is_swapped() {
    let endpoints = [
        Endpoint::start("a").await,
        Endpoint::start("b").await,
        Endpoint::start("c").await,
        Endpoint::start("d").await,
    ];
    let [a, b, c, d] = &endpoints;
    let text = |selector: &str, endpoints: &[&Endpoint]| {
        let text = config::web(selector, endpoints);
        let text = text.replace(
            "access_log: { format: json, path: \"-\" }",
            "access_log: off",
        );
        config::with_plugin(&text, "mine", "mine.wasm", "")
    };
    let beside = directory();
    std::fs::write(
        beside.path().join("mine.wasm"),
        Selector::turning(0).component(),
    )
    .expect("written");
    let proxy = Proxy::start_in(beside, &text("mine", &[a, b, c]), &[]).await;

    let plan = LoadPlan {
        keep_alive: 10,
        fresh: 4,
        rate: Some(2400),
        ..LoadPlan::default()
    };
    let load = Load::start(proxy.address(), plan);
    load.progress(1000).await;
    let mut generations = Vec::new();
    let mut swap = async |config: &str| {
        generations.push(proxy.reload_with(config).await.expect("a good swap"));
        load.progress(150).await;
    };
    for round in 1..=ROUNDS {
        // The plugin's file.
        proxy.write("mine.wasm", &Selector::turning(round).component());
        swap(&text("mine", &[a, b, c])).await;
        // The plugin's configuration.
        let selector = format!("{{ plugin: mine, config: {{ round: {round} }} }}");
        swap(&text(&selector, &[a, b, c])).await;
        // Endpoints, added and removed.
        let newcomer = [a, d][round as usize % 2];
        swap(&text("mine", &[c, b])).await;
        let before = newcomer.hits();
        swap(&text("mine", &[newcomer, b])).await;
        assert!(newcomer.hits() > before, "the swap took effect");
        // The selector, to one that shows at once that it is the one that chooses.
        proxy.write("mine.wasm", &Selector::always(round % 2).component());
        swap(&text("mine", &[c, d])).await;
        let expected = [c, d][round as usize % 2].name();
        for _ in 0..5 {
            assert_eq!(get(proxy.address(), "/").await.endpoint(), expected);
        }
        // A bad one in between.
        proxy.write("mine.wasm", b"\0asm but not really");
        proxy.reload().await.expect_err("a bad plugin");
        proxy.write("mine.wasm", &Selector::always(0).component());
        // And a built-in one.
        swap(&text("least-connections", &[a, b, c, d])).await;
    }
    load.progress(500).await;
    let report = load.stop().await;
    report.assert_clean();
    assert!(
        generations.len() >= 20 && generations.is_sorted_by(|a, b| a < b),
        "{generations:?}"
    );
    assert!(
        report.rate() >= 2000.0,
        "only {:.0} requests/s were offered",
        report.rate()
    );
    println!(
        "{} requests, {:.0}/s, 99 % below {:?}",
        report.sent,
        report.rate(),
        report.percentile(0.99)
    );
    proxy.wait_idle().await;
    for endpoint in &endpoints {
        endpoint.in_flight().until(|n| n == 0).await;
    }
}
