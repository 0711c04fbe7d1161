//! Hot swap of filters: nobody notices, every exchange ends on the version that it began
//! with, and nothing is left of the versions that went.

use tidegate_e2e::client::{Answer, Request, get};
use tidegate_e2e::components::Filter;
use tidegate_e2e::{Endpoint, Load, LoadPlan, Proxy, config, directory};

/// Swaps under load.
const ROUNDS: u32 = 24;

/// Requests per second that come in meanwhile.
const RATE: u32 = 1_200;

/// Memory that any number of swaps may cost, in bytes.
const MEMORY: f64 = (5 << 20) as f64;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_fails_and_each_keeps_its_version() {
    let (a, auth) = (Endpoint::start("a").await, Endpoint::start("auth").await);
    let text = text(&a, &auth);
    let proxy = start(&text).await;
    let quick = LoadPlan {
        keep_alive: 8,
        fresh: 4,
        rate: Some(RATE),
        request: Request::get("/echo"),
        check: same_version,
        ..LoadPlan::default()
    };
    // Each of these calls out, sends a body, and waits for its answer.
    let asking = LoadPlan {
        keep_alive: 6,
        fresh: 2,
        rate: Some(100),
        request: Request::post("/echo?delay=40ms", "a body"),
        check: same_version,
        ..LoadPlan::default()
    };
    // Each of these has its answer in pieces, over several swaps.
    let slow = Request {
        method: hyper::Method::PATCH,
        ..Request::get("/?delay=40ms&size=1600&trickle=40ms")
    };
    let slow = LoadPlan {
        keep_alive: 6,
        fresh: 2,
        request: slow,
        check: same_version_in_each_piece,
        ..LoadPlan::default()
    };
    let address = proxy.address();
    let quick = Load::start(address, quick);
    let others = [Load::start(address, asking), Load::start(address, slow)];
    quick.progress(500).await;
    others[0].progress(20).await;
    for round in 1..=ROUNDS {
        proxy.write("mine.wasm", &version(round).component());
        proxy.reload_with(&text).await.expect("a good swap");
        let now = get(address, "/echo").await;
        assert_eq!(now.header("x-version"), Some(&*name(round)));
        if round % 8 == 0 {
            proxy.write("mine.wasm", b"\0asm but not really");
            proxy.reload().await.expect_err("a bad filter");
        }
        quick.progress(100).await;
    }
    others[1].progress(20).await;
    let report = quick.stop().await;
    report.assert_clean();
    println!(
        "{} requests, {:.0}/s, 99 % below {:?}",
        report.sent,
        report.rate(),
        report.percentile(0.99)
    );
    assert!(report.rate() >= 1_000.0, "only {:.0}/s", report.rate());
    for load in others {
        let report = load.stop().await;
        report.assert_clean();
        println!("{} with calls out or in pieces", report.sent);
    }
    assert!(auth.hits() > 0);
    proxy.wait_idle().await;
    for endpoint in [&a, &auth] {
        endpoint.in_flight().until(|n| n == 0).await;
    }
}

/// `TIDEGATE_SWAPS` says how many, for a longer look.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_left_of_the_versions_that_went() {
    let swaps = std::env::var("TIDEGATE_SWAPS").ok();
    let swaps = swaps.map_or(200, |number| number.parse().expect("a number"));
    let (a, auth) = (Endpoint::start("a").await, Endpoint::start("auth").await);
    // Its compiled versions are of no use to other tests.
    let text = text(&a, &auth) + "cache: compiled\n";
    let proxy = start(&text).await;
    let swap = async |number: u32| {
        proxy.write("mine.wasm", &version(number).component());
        proxy.reload_with(&text).await.expect("a good swap");
        for request in [Request::get("/echo"), Request::post("/echo", "a body")] {
            let answer = request.send(proxy.address()).await.expect("an answer");
            assert_eq!(answer.header("x-version"), Some(&*name(number)));
        }
    };
    // What the first ones need stays for those that follow.
    for number in 1..=20 {
        swap(number).await;
    }
    proxy.wait_idle().await;
    let before = resident(&proxy).await;
    for number in 21..=20 + swaps {
        swap(number).await;
        if number % 100 == 0 {
            println!("{number} swaps: {:.1} MiB", resident(&proxy).await / MIB);
        }
    }
    proxy.wait_idle().await;
    let after = resident(&proxy).await;
    println!(
        "{swaps} swaps: {:.1} MiB before, {:.1} MiB after",
        before / MIB,
        after / MIB
    );
    assert!(after - before < MEMORY, "{} bytes more", after - before);
    let metrics = proxy.metrics().await;
    assert!(metrics.sum("lb_plugin_instances", &[("plugin", "mine")]) <= 4.0);
}

const MIB: f64 = (1 << 20) as f64;

/// A filter that writes its number onto each request and response, and onto each piece of
/// the response to a PATCH. For a POST it first asks `auth`, which takes its time.
fn version(number: u32) -> Filter {
    let mut filter = Filter::asking("auth", "/?delay=20ms", 1_000);
    let name = name(number);
    let (mark, piece) = (
        filter.set("x-version", &name),
        filter.literal(format!("{name};")),
    );
    let ask = std::mem::take(&mut filter.on_request);
    let is = |length: u32| {
        format!(
            "(call $method (i32.const 2200))
            (i32.eq (i32.load offset=4 (i32.const 2200)) (i32.const {length}))"
        )
    };
    Filter {
        interest: [1, 1, 1, 1],
        functions: format!(
            r#"{}
    (import "tidegate:plugin/request@0.1.0" "method" (func $method (param i32)))"#,
            filter.functions
        ),
        on_request: format!(
            "{} (if (then (drop (block (result i32) {ask})) (call $forget))) {mark} (call $edit)",
            is(4)
        ),
        on_response: format!("{mark} (call $edit_response (i32.const 0))"),
        on_response_body: format!(
            "{} (local.get $length) (i32.const 0) (i32.ne) (i32.and)
            (if (result i32) (then (call $replace {piece})) (else (call $pass)))",
            is(5)
        ),
        ..filter
    }
}

/// All of one length, so that all versions have the same shape.
fn name(number: u32) -> String {
    format!("v{number:04}")
}

fn same_version(answer: &Answer) -> anyhow::Result<()> {
    let (request, response) = (answer.echoed("x-version"), answer.header("x-version"));
    let same = request.len() == 1 && request.first().map(String::as_str) == response;
    anyhow::ensure!(
        same,
        "the request met {request:?}, the response {response:?}"
    );
    Ok(())
}

fn same_version_in_each_piece(answer: &Answer) -> anyhow::Result<()> {
    let (head, text) = (answer.header("x-version"), answer.text());
    let mut pieces = text.trim_end_matches(';').split(';');
    let (many, same) = (
        pieces.clone().count() > 4,
        pieces.all(|piece| Some(piece) == head),
    );
    anyhow::ensure!(many && same, "the head met {head:?}, the pieces {text}");
    Ok(())
}

fn text(a: &Endpoint, auth: &Endpoint) -> String {
    let text = config::through_mine(&[a], "deadline: 10ms, grant: { http: [auth] }");
    let text = text.replace("{ format: json, path: \"-\" }", "off");
    let auth = format!(
        "upstreams:\n  auth: {{ endpoints: [\"{}\"] }}\n",
        auth.address()
    );
    text.replace("upstreams:\n", &auth)
}

async fn start(text: &str) -> Proxy {
    let beside = directory();
    let file = beside.path().join("mine.wasm");
    std::fs::write(file, version(0).component()).expect("written");
    Proxy::start_in(beside, text, &[]).await
}

async fn resident(proxy: &Proxy) -> f64 {
    let metrics = proxy.metrics().await;
    metrics.sum("process_resident_memory_bytes", &[])
}
