//! What `wit/filter.wit` and `http-client` promise and only the whole host can keep: who is called
//! when, in which order, and what is never done twice.

use tidegate_e2e::client::{Request, get};
use tidegate_e2e::components::Filter;
use tidegate_e2e::{Endpoint, Proxy, Unreachable, config, directory};

const STREAMED: u8 = 1;
const BUFFERED: u8 = 2;

fn trap() -> String {
    "(unreachable)".into()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_not_asked_for_is_not_called() {
    let a = Endpoint::start("a").await;
    let idle = Filter {
        interest: [0, 0, 0, 0],
        on_request: trap(),
        on_request_body: trap(),
        on_response: trap(),
        on_response_body: trap(),
        ..Filter::default()
    };
    let proxy = start(&[&a], &["idle"], "", &[("idle", &idle)]).await;
    let request = Request::post("/echo", "a body");
    let answer = request.send(proxy.address()).await.unwrap();
    assert_eq!(answer.json()["body"], "a body");
    let metrics = proxy.metrics().await;
    let calls = metrics.sum("lb_plugin_calls_total", &[("plugin", "idle")]);
    assert_eq!(calls, 0.0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn filters_run_in_order_and_responses_pass_in_reverse() {
    let a = Endpoint::start("a").await;
    let marking = |mark: &str| {
        let mut filter = Filter::default();
        let (name, value) = (filter.literal("x-order"), filter.literal(mark));
        let append = format!("(call $append {name} {value})");
        filter.on_request = format!("{append} (call $edit)");
        filter.on_response = format!("{append} (call $edit_response (i32.const 0))");
        filter
    };
    let (one, two, three) = (marking("1"), marking("2"), marking("3"));
    let filters = [("one", &one), ("two", &two), ("three", &three)];
    let proxy = start(&[&a], &["one", "two", "three"], "", &filters).await;
    let answer = get(proxy.address(), "/echo").await;
    assert_eq!(answer.echoed("x-order"), ["1", "2", "3"]);
    let values = answer.headers().get_all("x-order").iter();
    let values: Vec<&str> = values.map(|value| value.to_str().unwrap()).collect();
    assert_eq!(values, ["3", "2", "1"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_bad_edit_leaves_nothing_of_the_good_ones() {
    let a = Endpoint::start("a").await;
    let mut filter = Filter::default();
    let (good, bad) = (filter.set("x-good", "1"), filter.set("content-length", "1"));
    let path = filter.literal("/echo/elsewhere");
    filter.on_request =
        format!("{good}{bad} (drop (call $edit)) (call $path {path}) (i32.const 1024)");
    let mut response = Filter {
        interest: [0, 1, 0, 0],
        ..Filter::default()
    };
    let (good, bad) = (
        response.set("x-good", "1"),
        response.set("content-length", "1"),
    );
    response.on_response = format!("{good}{bad} (call $edit_response (i32.const 404))");
    let filters = [("request", &filter), ("response", &response)];
    let proxy = start(&[&a], &["request", "response"], "on_fault: skip", &filters).await;
    let answer = get(proxy.address(), "/echo").await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.json()["path"], "/echo");
    assert_eq!(answer.echoed("x-good"), [""; 0]);
    assert_eq!(answer.header("x-good"), None);
    let metrics = proxy.metrics().await;
    for name in ["request", "response"] {
        let faults = [("plugin", name), ("kind", "edit")];
        assert_eq!(
            metrics.sum("lb_plugin_faults_total", &faults),
            1.0,
            "{name}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_response_is_for_those_who_let_the_request_go_on_or_did_not_ask() {
    let a = Endpoint::start("a").await;
    let filter = |request: u8, statements: &str| {
        let mut filter = Filter {
            interest: [request, 1, 0, 0],
            on_request: statements.into(),
            ..Filter::default()
        };
        let (name, value) = (filter.literal("x-seen"), filter.literal("yes"));
        filter.on_response =
            format!("(call $append {name} {value}) (call $edit_response (i32.const 0))");
        filter
    };
    for (what, filter, seen) in [
        ("passes", filter(1, "(call $pass)"), 1),
        ("did not ask", filter(0, "(unreachable)"), 1),
        ("answers", filter(1, "(call $abort (i32.const 403))"), 0),
        (
            "fails, and is skipped: as if it had passed",
            filter(1, "(unreachable)"),
            1,
        ),
    ] {
        let proxy = start(&[&a], &["mine"], "on_fault: skip", &[("mine", &filter)]).await;
        let answer = get(proxy.address(), "/").await;
        let values = answer.headers().get_all("x-seen").iter().count();
        assert_eq!(values, seen, "one that {what}");
    }
}

/// Sets the attribute of that name to so many bytes.
fn attribute(name: &str, bytes: u32) -> Filter {
    let mut filter = Filter::default();
    let name = filter.literal(name);
    let (pointer, length) = name.split_once(") ").unwrap();
    filter.on_request = format!(
        "(i32.store (i32.const 40000) {pointer}))
        (i32.store (i32.const 40004) {length})
        (i32.store (i32.const 40008) (i32.const 50000))
        (i32.store (i32.const 40012) (i32.const {bytes}))
        (drop (call $edit))
        (i32.store (i32.const 1060) (i32.const 40000))
        (i32.store (i32.const 1064) (i32.const 1))
        (i32.const 1024)"
    );
    filter
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn attributes_are_bounded_over_the_exchange_and_a_name_is_replaced() {
    let a = Endpoint::start("a").await;
    let (first, again, other) = (
        attribute("a", 5_000),
        attribute("a", 5_001),
        attribute("b", 5_000),
    );
    let filters = [("first", &first), ("again", &again)];
    let proxy = start(&[&a], &["first", "again"], "", &filters).await;
    assert_eq!(get(proxy.address(), "/").await.status(), 200, "replaced");
    let filters = [("first", &first), ("other", &other)];
    let proxy = start(&[&a], &["first", "other"], "", &filters).await;
    assert_eq!(get(proxy.address(), "/").await.status(), 503, "8 KiB");
    let faults = [("plugin", "other"), ("kind", "answer")];
    let metrics = proxy.metrics().await;
    assert_eq!(metrics.sum("lb_plugin_faults_total", &faults), 1.0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_whose_body_was_streamed_through_a_filter_is_not_repeated() {
    let (a, b) = (Endpoint::start("a").await, Endpoint::start("b").await);
    for (mode, attempts) in [(STREAMED, 1), (BUFFERED, 2)] {
        let filter = Filter {
            interest: [0, 0, mode, 0],
            ..Filter::default()
        };
        let text = text(&[&a, &b], &["mine"], "", &[("mine", &filter)]);
        let retry = "retry: { attempts: 2, on: [\"503\"], non_idempotent: true }";
        let text = text.replace("filters: [mine]", &format!("filters: [mine], {retry}"));
        let proxy = start_text(&text, &[("mine", &filter)]).await;
        let request = Request::post("/?status=503", "a body");
        let answer = request.send(proxy.address()).await.unwrap();
        assert_eq!(answer.status(), 503);
        let line = proxy.access_log.wait("a line", |_| true).await;
        assert_eq!(line.value("attempts"), attempts, "mode {mode}");
        let without = get(proxy.address(), "/?status=503").await;
        assert_eq!(without.status(), 503);
        let line = proxy
            .access_log
            .wait("another", |line| line.value("method") == "GET");
        assert_eq!(line.await.value("attempts"), 2, "it had no body");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_of_the_hosts_and_of_other_filters_answers_are_not_shown() {
    let mut a = Endpoint::start("a").await;
    let watching = Filter {
        interest: [1, 1, 0, STREAMED],
        on_response_body: trap(),
        ..Filter::default()
    };
    let mut guard = Filter::default();
    let body = guard.literal("no\n");
    guard.on_request = format!("(call $answer (i32.const 403) {body})");
    let filters = [("watching", &watching), ("guard", &guard)];
    let proxy = start(&[&a], &["watching", "guard"], "", &filters).await;
    let answer = get(proxy.address(), "/").await;
    assert_eq!((answer.status(), &*answer.text()), (403, "no\n"));
    let alone = start(&[&a], &["watching"], "", &[("watching", &watching)]).await;
    a.stop().await;
    assert_eq!(get(alone.address(), "/").await.status(), 502);
    for proxy in [&proxy, &alone] {
        let metrics = proxy.metrics().await;
        assert_eq!(metrics.sum("lb_plugin_faults_total", &[]), 0.0);
        let calls = [("plugin", "watching"), ("phase", "on_response")];
        assert_eq!(metrics.sum("lb_plugin_calls_total", &calls), 1.0);
    }
}

/// The file with these filters in one route, and an upstream `auth` that they may call.
fn with_auth(endpoint: &Endpoint, auth: &[String], filter: &Filter) -> String {
    let text = text(
        &[endpoint],
        &["mine"],
        "grant: { http: [auth] }",
        &[("mine", filter)],
    );
    let auth: Vec<String> = auth
        .iter()
        .map(|address| format!("\"{address}\""))
        .collect();
    let other = format!(
        "upstreams:\n  auth: {{ endpoints: [{}], selector: round-robin }}\n",
        auth.join(", ")
    );
    text.replace("upstreams:\n", &other)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_out_without_a_host_has_the_name_of_the_upstream() {
    let (a, auth) = (Endpoint::start("a").await, Endpoint::start("auth").await);
    let filter = Filter::asking("auth", "/echo", 1_000);
    let text = with_auth(&a, &[auth.address().to_string()], &filter);
    let proxy = start_text(&text, &[("mine", &filter)]).await;
    let answer = get(proxy.address(), "/").await;
    assert_eq!(answer.echoed("host"), ["auth"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_out_is_repeated_for_a_connection_that_was_not_made_and_for_nothing_else() {
    let (a, auth) = (Endpoint::start("a").await, Endpoint::start("auth").await);
    let mut gone = Endpoint::start("gone").await;
    let gone_address = gone.address().to_string();
    gone.stop().await;
    let both = [gone_address, auth.address().to_string()];
    let asking = Filter::asking("auth", "/", 5_000);
    let proxy = start_text(&with_auth(&a, &both, &asking), &[("mine", &asking)]).await;
    for _ in 0..4 {
        let answer = get(proxy.address(), "/").await;
        assert_eq!((answer.status(), &*answer.text()), (200, "auth\n"));
    }
    let hits = auth.hits();
    let asking = Filter::asking("auth", "/?close=before", 5_000);
    let alone = [auth.address().to_string()];
    let proxy = start_text(&with_auth(&a, &alone, &asking), &[("mine", &asking)]).await;
    assert_eq!(get(proxy.address(), "/").await.status(), 592, "unavailable");
    assert_eq!(auth.hits(), hits + 1, "once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_out_that_nobody_answers_ends_in_its_time() {
    let (a, nobody) = (
        Endpoint::start("a").await,
        Unreachable::start().await.unwrap(),
    );
    let asking = Filter::asking("auth", "/", 100);
    let text = with_auth(&a, &[nobody.address().to_string()], &asking);
    let proxy = start_text(&text, &[("mine", &asking)]).await;
    let status = get(proxy.address(), "/").await.status();
    assert_eq!(status, 591, "timed out");
}

fn text(
    endpoints: &[&Endpoint],
    route: &[&str],
    keys: &str,
    filters: &[(&str, &Filter)],
) -> String {
    let route = format!("{{ upstream: web, filters: [{}] }}", route.join(", "));
    let text = config::web("round-robin", endpoints).replace("{ upstream: web }", &route);
    let comma = if keys.is_empty() { "" } else { ", " };
    let plugins = filters
        .iter()
        .map(|(name, _)| format!("  {name}: {{ source: {name}.wasm{comma}{keys} }}\n"));
    format!("{text}plugins:\n{}", plugins.collect::<String>())
}

async fn start(
    endpoints: &[&Endpoint],
    route: &[&str],
    keys: &str,
    filters: &[(&str, &Filter)],
) -> Proxy {
    start_text(&text(endpoints, route, keys, filters), filters).await
}

async fn start_text(text: &str, filters: &[(&str, &Filter)]) -> Proxy {
    let beside = directory();
    for (name, filter) in filters {
        let file = beside.path().join(format!("{name}.wasm"));
        std::fs::write(file, filter.component()).expect("written");
    }
    Proxy::start_in(beside, text, &[]).await
}
