//! Plugins that fail while they serve: the request is served all the same, the fault is
//! counted and told, the instance replaced. (Invariant 1 of the architecture.)

use tidegate_e2e::client::get;
use tidegate_e2e::components::{EAT_MEMORY, LOOP, Selector};
use tidegate_e2e::{Endpoint, Line, Load, LoadPlan, Metrics, Proxy, config, directory};

const PLUGIN: &[(&str, &str)] = &[("plugin", "mine"), ("upstream", "web")];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_fails_because_a_plugin_does() {
    let endpoints = [
        Endpoint::start("a").await,
        Endpoint::start("b").await,
        Endpoint::start("c").await,
    ];
    let [a, b, c] = &endpoints;
    let text = config::web("mine", &[a, b, c]);
    let text = text.replace(
        "access_log: { format: json, path: \"-\" }",
        "access_log: off",
    );
    let proxy = with_plugin(&text, &Selector::chaos(), "deadline: 5ms").await;

    let plan = LoadPlan {
        keep_alive: 24,
        count: Some(100_000),
        ..LoadPlan::default()
    };
    let report = Load::run(proxy.address(), plan).await;
    report.assert_clean();
    println!(
        "{:.0} requests/s, 99 % below {:?}",
        report.rate(),
        report.percentile(0.99)
    );

    // Drawn with 10 % and 0.1 %: 10,000 and 100 are expected with standard deviations of
    // 95 and 10. The bounds are ten deviations away; a deadline may also strike a call that
    // merely lost its processor.
    let metrics = proxy.metrics().await;
    let faults = faults(&metrics);
    assert!((9_150.0..11_500.0).contains(&faults), "{faults} faults");
    assert!(metrics.sum("lb_plugin_calls_total", PLUGIN) >= 100_000.0);
    assert!(metrics.sum("lb_fallback_total", &[("upstream", "web")]) >= faults);
    let kinds = metrics.values_of("kind").len();
    assert!(kinds >= 2, "traps and hangs are told apart");
    assert!(metrics.sum("lb_plugin_instances", PLUGIN) >= 1.0);
    assert_eq!(endpoints.iter().map(Endpoint::hits).sum::<u64>(), 100_000);

    proxy.wait_idle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_a_call_does_the_request_is_served() {
    let out_of_memory = "(i32.store offset=4 (i32.const -8) (i32.const 0)) (i32.const 0)";
    let cases = [
        ("an index out of range", Selector::always(2)),
        (
            "the largest index",
            Selector {
                select: "(call $choose (i32.const -1))".into(),
                ..Selector::default()
            },
        ),
        ("a trap", select("unreachable")),
        ("an endless loop", select(&format!("{LOOP} unreachable"))),
        ("all memory", select(EAT_MEMORY)),
        ("a store out of its memory", select(out_of_memory)),
        ("an answer out of its memory", select("(i32.const -4)")),
        (
            "an answer that is no option",
            select("(i32.store8 (i32.const 64) (i32.const 7)) (i32.const 64)"),
        ),
        (
            "a division by zero",
            select("(call $choose (i32.div_u (i32.const 1) (i32.const 0)))"),
        ),
        (
            "an endless recursion",
            Selector {
                functions: "(func $deeper (call $deeper))".into(),
                ..select("(call $deeper) unreachable")
            },
        ),
    ];
    let (a, b) = (Endpoint::start("a").await, Endpoint::start("b").await);
    for (what, selector) in cases {
        println!("{what}");
        let beside = directory();
        std::fs::write(beside.path().join("mine.wasm"), selector.component()).expect("written");
        let text = config::with_plugin(&config::web("mine", &[&a, &b]), "mine", "mine.wasm", "");
        let proxy = Proxy::start_in(beside, &text, &[]).await;
        for _ in 0..6 {
            let answer = get(proxy.address(), "/").await;
            assert_eq!(answer.status(), 200, "{what}");
            assert!(!answer.endpoint().is_empty(), "{what}");
        }
        let metrics = proxy.metrics().await;
        assert!(faults(&metrics) >= 1.0, "{what} is counted");
        assert!(
            metrics.sum("lb_fallback_total", &[("upstream", "web")]) >= 6.0,
            "{what}"
        );
        let line = proxy.access_log.wait("a line", |_| true).await;
        assert_eq!(line.value("plugin_fault"), true, "{what}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_has_a_backtrace_with_names() {
    let trap = "(func $deliberately_failing unreachable)";
    let hang = "(func $deliberately_failing (loop $forever (br $forever)))";
    let overflow = "(func $deliberately_failing (call $deliberately_failing))";
    let a = Endpoint::start("a").await;
    for function in [trap, hang, overflow] {
        let selector = Selector {
            functions: format!("{function} (func $in_between (call $deliberately_failing))"),
            ..select("(call $in_between) unreachable")
        };
        let proxy = with_plugin(&config::web("mine", &[&a]), &selector, "").await;
        assert_eq!(get(proxy.address(), "/").await.endpoint(), "a");
        let names = |line: &Line| line.text().contains("deliberately_failing");
        let text = proxy.log.wait("the fault", names).await.text();
        // A stack that overflowed is too deep to be shown to its root.
        assert!(
            text.contains("in_between") || function == overflow,
            "{text}"
        );
        for word in ["mine", "web"] {
            assert!(text.contains(word), "the plugin and its upstream: {text}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_excluded_index_is_a_fault_and_the_retry_goes_elsewhere() {
    let (mut a, b) = (Endpoint::start("a").await, Endpoint::start("b").await);
    let proxy = with_plugin(&config::web("mine", &[&a, &b]), &Selector::always(0), "").await;
    assert_eq!(get(proxy.address(), "/").await.endpoint(), "a");
    assert_eq!(faults(&proxy.metrics().await), 0.0);
    a.stop().await;
    for _ in 0..5 {
        let answer = get(proxy.address(), "/").await;
        assert_eq!((answer.status(), answer.endpoint()), (200, "b"));
    }
    assert_eq!(faults(&proxy.metrics().await), 5.0, "it insisted each time");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_opinion_is_no_fault() {
    let (a, b) = (Endpoint::start("a").await, Endpoint::start("b").await);
    let none = select("(i32.store8 (i32.const 64) (i32.const 0)) (i32.const 64)");
    let proxy = with_plugin(&config::web("mine", &[&a, &b]), &none, "").await;
    for _ in 0..20 {
        assert_eq!(get(proxy.address(), "/").await.status(), 200);
    }
    let metrics = proxy.metrics().await;
    assert_eq!(faults(&metrics), 0.0);
    assert_eq!(
        metrics.sum("lb_fallback_total", &[("upstream", "web")]),
        20.0
    );
    assert!(a.hits() > 0 && b.hits() > 0, "the fallback shares");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_may_prefer_a_refusal() {
    let a = Endpoint::start("a").await;
    let proxy = with_plugin(
        &config::web("mine", &[&a]),
        &select("unreachable"),
        "on_fault: refuse",
    )
    .await;
    assert_eq!(get(proxy.address(), "/").await.status(), 503);
    let line = proxy.access_log.wait("a line", |_| true).await;
    assert_eq!(line.value("plugin_fault"), true);
    assert_eq!(a.hits(), 0);
}

fn select(statements: &str) -> Selector {
    Selector {
        select: statements.into(),
        ..Selector::default()
    }
}

fn faults(metrics: &Metrics) -> f64 {
    metrics.sum("lb_plugin_faults_total", PLUGIN)
}

async fn with_plugin(text: &str, selector: &Selector, keys: &str) -> Proxy {
    let beside = directory();
    std::fs::write(beside.path().join("mine.wasm"), selector.component()).expect("written");
    Proxy::start_in(
        beside,
        &config::with_plugin(text, "mine", "mine.wasm", keys),
        &[],
    )
    .await
}
