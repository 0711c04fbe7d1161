//! Filters on the heads of requests and responses: what they may do, and what becomes of an
//! exchange when they fail. (The contract is `wit/filter.wit`.)

use std::time::{Duration, Instant};

use tidegate_e2e::client::{Connection, Request, get};
use tidegate_e2e::components::Filter;
use tidegate_e2e::raw::Raw;
use tidegate_e2e::{Endpoint, Proxy, config, directory};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn edits_reach_the_endpoint_all_of_them() {
    let a = Endpoint::start("a").await;
    let mut filter = Filter::default();
    let (set, secret) = (filter.set("x-set", "by-filter"), filter.literal("x-secret"));
    let path = filter.literal("/echo/new?x-q=1");
    filter.on_request = format!(
        "{set} (call $remove {secret}) (drop (call $edit)) (call $path {path}) (i32.const 1024)"
    );
    let proxy = start(&config::through_mine(&[&a], ""), &[("mine", &filter)]).await;
    let request = Request::get("/old?x-a=b")
        .header("x-secret", "s")
        .header("x-set", "client");
    let answer = request.send(proxy.address()).await.unwrap();
    assert_eq!(answer.json()["path"], "/echo/new");
    assert_eq!(answer.json()["query"], "x-q=1");
    assert_eq!(answer.echoed("x-set"), ["by-filter"]);
    assert_eq!(answer.echoed("x-secret"), [""; 0]);
    let line = proxy.access_log.wait("a line", |_| true).await;
    assert_eq!(line.value("path"), "/old?x-a=b", "as the client sent it");
    let metrics = proxy.metrics().await;
    let deeds = [("plugin", "mine"), ("route", "route-1"), ("deed", "edit")];
    assert_eq!(metrics.sum("lb_plugin_deeds_total", &deeds), 1.0);
    let calls = [("plugin", "mine"), ("phase", "on_request")];
    assert_eq!(metrics.sum("lb_plugin_calls_total", &calls), 1.0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_goes_to_the_client_and_nothing_upstream() {
    let a = Endpoint::start("a").await;
    let mut guard = Filter::default();
    let (field, body) = (
        guard.header("x-why", "closed"),
        guard.literal("not today\n"),
    );
    guard.on_request = format!("{field} (call $answer (i32.const 403) {body})");
    let mut first = Filter::default();
    first.on_response = format!(
        "{} (call $edit_response (i32.const 0))",
        first.set("x-first", "seen")
    );
    let last = Filter {
        on_request: "(unreachable)".into(),
        ..Filter::default()
    };
    let text = config::web("round-robin", &[&a]).replace(
        "{ upstream: web }",
        "{ upstream: web, filters: [first, guard, last] }",
    );
    let text = format!(
        "{text}plugins:\n  first: {{ source: first.wasm }}\n  guard: {{ source: guard.wasm }}\n  last: {{ source: last.wasm }}\n"
    );
    let filters = [("first", &first), ("guard", &guard), ("last", &last)];
    let proxy = start(&text, &filters).await;

    let mut connection = Connection::open(proxy.address()).await.unwrap();
    for _ in 0..2 {
        let answer = connection.send(Request::get("/")).await.unwrap();
        assert_eq!((answer.status(), &*answer.text()), (403, "not today\n"));
        assert_eq!(answer.header("x-why"), Some("closed"));
        assert_eq!(
            answer.header("x-first"),
            Some("seen"),
            "those before see it"
        );
    }
    let mut raw = Raw::open(proxy.address()).await;
    raw.write("HEAD / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        .await;
    let text = raw.rest().await;
    assert!(
        text.contains("Content-Length: 10") && text.ends_with("\r\n\r\n"),
        "{text}"
    );
    assert_eq!(a.hits(), 0);
    let line = proxy.access_log.wait("a line", |_| true).await;
    assert_eq!(line.value("answered_by"), "guard");
    assert_eq!(
        line.value("plugin_fault"),
        false,
        "later filters do not see it"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reroute_goes_to_an_upstream_of_the_configuration_or_is_a_fault() {
    let (a, b) = (Endpoint::start("a").await, Endpoint::start("b").await);
    let to = |name: &str| {
        let mut filter = Filter::default();
        let name = filter.literal(name);
        filter.on_request = format!("(drop (call $edit)) (call $upstream {name}) (i32.const 1024)");
        filter
    };
    let both = |keys: &str| {
        let text = config::through_mine(&[&a], keys);
        let other = format!(
            "upstreams:\n  other: {{ endpoints: [\"{}\"] }}\n",
            b.address()
        );
        text.replace("upstreams:\n", &other)
    };
    let proxy = start(&both(""), &[("mine", &to("other"))]).await;
    assert_eq!(get(proxy.address(), "/").await.endpoint(), "b");
    let line = proxy.access_log.wait("a line", |_| true).await;
    assert_eq!(line.value("upstream"), "other");
    let there = [("upstream", "other"), ("route", "route-1")];
    assert_eq!(proxy.metrics().await.sum("lb_requests_total", &there), 1.0);

    let proxy = start(&both(""), &[("mine", &to("nowhere"))]).await;
    assert_eq!(
        get(proxy.address(), "/").await.status(),
        503,
        "refuse is the default"
    );
    let proxy = start(&both("on_fault: skip"), &[("mine", &to("nowhere"))]).await;
    assert_eq!(get(proxy.address(), "/").await.endpoint(), "a");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn response_edits_apply_to_endpoints_and_to_the_hosts_own_answers() {
    let mut a = Endpoint::start("a").await;
    let mut filter = Filter::default();
    let (set, gone) = (filter.set("x-seen", "yes"), filter.literal("x-endpoint"));
    filter.on_response =
        format!("{set} (call $remove {gone}) (call $edit_response (i32.const 418))");
    let proxy = start(&config::through_mine(&[&a], ""), &[("mine", &filter)]).await;
    let answer = get(proxy.address(), "/").await;
    assert_eq!(
        (answer.status(), answer.header("x-seen")),
        (418, Some("yes"))
    );
    assert_eq!(answer.header("x-endpoint"), None);
    assert_eq!(answer.text(), "a\n");
    a.stop().await;
    let answer = get(proxy.address(), "/").await;
    assert_eq!(
        answer.header("x-seen"),
        Some("yes"),
        "a host's error passes the filters too"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_status_without_a_body_does_not_replace_one_with() {
    let a = Endpoint::start("a").await;
    let filter = Filter {
        on_response: "(call $edit_response (i32.const 204))".into(),
        ..Filter::default()
    };
    let proxy = start(&config::through_mine(&[&a], ""), &[("mine", &filter)]).await;
    assert_eq!(get(proxy.address(), "/").await.status(), 503);
    let proxy = start(
        &config::through_mine(&[&a], "on_fault: skip"),
        &[("mine", &filter)],
    )
    .await;
    assert_eq!(get(proxy.address(), "/").await.status(), 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trap_in_a_phase_is_answered_as_the_operator_said() {
    let a = Endpoint::start("a").await;
    let trap = || "(unreachable)".to_owned();
    let request = Filter {
        on_request: trap(),
        ..Filter::default()
    };
    let response = Filter {
        on_response: trap(),
        ..Filter::default()
    };
    for (what, filter, keys, status) in [
        ("request", &request, "", 503),
        ("request", &request, "on_fault: skip", 200),
        ("request", &request, "on_fault: { request: skip }", 200),
        ("request", &request, "on_fault: { response: skip }", 503),
        ("response", &response, "", 503),
        ("response", &response, "on_fault: { response: skip }", 200),
        (
            "response",
            &response,
            "isolation: per_request, on_fault: skip",
            200,
        ),
    ] {
        let proxy = start(&config::through_mine(&[&a], keys), &[("mine", filter)]).await;
        let hits = a.hits();
        for _ in 0..3 {
            assert_eq!(
                get(proxy.address(), "/").await.status(),
                status,
                "{what}, {keys}"
            );
        }
        let reached = if what == "request" && status == 503 {
            0
        } else {
            3
        };
        assert_eq!(a.hits() - hits, reached, "{what}, {keys}");
        let phase = format!("on_{what}");
        let faults = [("plugin", "mine"), ("phase", &phase), ("kind", "trap")];
        assert_eq!(
            proxy.metrics().await.sum("lb_plugin_faults_total", &faults),
            3.0,
            "{keys}"
        );
    }
}

/// A trap that is skipped in one phase is no leave to skip the others.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_skipped_at_the_request_still_sees_the_response() {
    let a = Endpoint::start("a").await;
    let mut filter = Filter {
        on_request: "(unreachable)".into(),
        ..Filter::default()
    };
    filter.on_response = format!(
        "{} (call $edit_response (i32.const 0))",
        filter.set("x-seen", "yes")
    );
    let keys = "on_fault: { request: skip, response: refuse }";
    let proxy = start(&config::through_mine(&[&a], keys), &[("mine", &filter)]).await;
    for _ in 0..5 {
        let answer = get(proxy.address(), "/").await;
        assert_eq!(
            (answer.status(), answer.header("x-seen")),
            (200, Some("yes"))
        );
    }
    // Set aside, it cannot see the response: then there is none.
    for _ in 0..30 {
        let answer = get(proxy.address(), "/").await;
        match answer.status() {
            200 => assert_eq!(answer.header("x-seen"), Some("yes")),
            status => assert_eq!(status, 503),
        }
    }
    let metrics = proxy.metrics().await;
    assert!(metrics.sum("lb_plugin_bypassed_total", &[("plugin", "mine")]) > 0.0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_keeps_failing_is_set_aside_and_its_faults_can_be_read() {
    let a = Endpoint::start("a").await;
    let filter = Filter {
        on_request: "(unreachable)".into(),
        ..Filter::default()
    };
    let proxy = start(
        &config::through_mine(&[&a], "on_fault: skip"),
        &[("mine", &filter)],
    )
    .await;
    for _ in 0..30 {
        assert_eq!(get(proxy.address(), "/some?x-secret").await.status(), 200);
    }
    let metrics = proxy.metrics().await;
    let mine = [("plugin", "mine"), ("route", "route-1")];
    let faults = metrics.sum("lb_plugin_faults_total", &mine);
    // Ten, and one more for each second that the requests took.
    assert!((10.0..20.0).contains(&faults), "{faults} faults");
    let requests = [mine[0], mine[1], ("phase", "on_request")];
    assert_eq!(
        metrics.sum("lb_plugin_bypassed_total", &requests),
        30.0 - faults
    );
    assert_eq!(metrics.sum("lb_plugin_quarantined", &mine), 1.0);

    let told = get(proxy.admin(), "/plugins/mine/faults").await.json();
    let latest = &told["faults"][0];
    assert_eq!(
        (&latest["kind"], &latest["call"]),
        (&"trap".into(), &"on_request".into())
    );
    assert_eq!(latest["inputs"]["target"], "/some?x-secret");
    assert!(
        latest["backtrace"][0]
            .as_str()
            .unwrap()
            .contains("on_request"),
        "{latest}"
    );
    assert_eq!(latest["sha256"].as_str().unwrap().len(), 64);
    let all = get(proxy.admin(), "/plugins").await.json();
    let uses = all["plugins"].as_array().unwrap();
    let mine = uses.iter().find(|each| each["plugin"] == "mine").unwrap();
    assert_eq!(
        (&mine["world"], &mine["quarantined"]),
        (&"filter".into(), &true.into())
    );
    assert_eq!(
        get(proxy.admin(), "/plugins/nobody/faults").await.status(),
        404
    );

    // A version that works is asked again at once.
    proxy.write("mine.wasm", &Filter::default().component());
    let reload = Request::post("/reload", "")
        .send(proxy.admin())
        .await
        .unwrap();
    assert_eq!(reload.status(), 200, "{}", reload.text());
    assert_eq!(get(proxy.address(), "/").await.status(), 200);
    let metrics = proxy.metrics().await;
    assert_eq!(
        metrics.sum("lb_plugin_quarantined", &[("plugin", "mine")]),
        0.0
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_filter_asks_an_upstream_that_it_was_granted() {
    let (a, auth) = (Endpoint::start("a").await, Endpoint::start("auth").await);
    let text = |keys: &str| {
        let text = config::through_mine(&[&a], keys);
        let other = format!(
            "upstreams:\n  auth: {{ endpoints: [\"{}\"] }}\n",
            auth.address()
        );
        text.replace("upstreams:\n", &other)
    };
    let asking = |path: &str, timeout| Filter::asking("auth", path, timeout);
    let granted = "grant: { http: [auth] }";
    for (filter, keys, status) in [
        (asking("/check", 1_000), granted, 200),
        (asking("/check?status=401", 1_000), granted, 401),
        (asking("/check", 1_000), "", 590),
        (asking("/check?delay=2s", 50), granted, 591),
        (asking("/check?close=before", 1_000), granted, 592),
    ] {
        let proxy = start(&text(keys), &[("mine", &filter)]).await;
        let answer = get(proxy.address(), "/").await;
        assert_eq!(answer.status(), status, "{keys}: {}", filter.on_request);
        if status == 200 {
            assert_eq!(answer.text(), "auth\n", "the body came over");
        }
    }
    assert_eq!(a.hits(), 0);
}

/// The route's `timeout` is a bound of the whole, whatever a filter may wait for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_out_waits_no_longer_than_its_exchange() {
    let (a, auth) = (Endpoint::start("a").await, Endpoint::start("auth").await);
    auth.freeze();
    // One answers what it got, the other asks again and again and then passes.
    let once = Filter::asking("auth", "/", 20_000);
    let send = format!("(drop (block (result i32) {}))", once.on_request);
    let patient = Filter {
        on_request: format!("{} (call $pass)", send.repeat(8)),
        ..once.clone()
    };
    let keys = "instances: 1, grant: { http: [auth], callout_timeout: 20s }";
    let other = format!(
        "upstreams:\n  auth: {{ endpoints: [\"{}\"], breaker: off }}\n",
        auth.address()
    );
    let text = config::through_mine(&[&a], keys)
        .replace("upstreams:\n", &other)
        .replace("filters: [mine]", "filters: [mine], timeout: 300ms");
    for (filter, status) in [(once, 591), (patient, 504)] {
        let proxy = start(&text, &[("mine", &filter)]).await;
        let began = Instant::now();
        // The second one waits for the instance that the first one has.
        let ask = || Request::get("/").send(proxy.address());
        let (one, other) = tokio::join!(ask(), ask());
        let mut statuses = [one, other].map(|answer| answer.unwrap().status());
        statuses.sort_unstable();
        assert!(statuses.contains(&status), "{statuses:?}");
        assert!(began.elapsed() < Duration::from_secs(10), "{statuses:?}");
        proxy.wait_idle().await;
    }
    assert_eq!(a.hits(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn attributes_reach_the_log_and_later_plugins() {
    let a = Endpoint::start("a").await;
    let mut filter = Filter::default();
    let (name, value) = (filter.literal("user"), filter.literal("7\" x"));
    // One attribute, in the list at 40,000.
    let store = |at: u32, pair: &str| {
        let (pointer, length) = pair.split_once(") ").unwrap();
        format!(
            "(i32.store (i32.const {at}) {pointer})) (i32.store (i32.const {}) {length})",
            at + 4
        )
    };
    filter.on_request = format!(
        "{} {} (drop (call $edit))
        (i32.store (i32.const 1060) (i32.const 40000)) (i32.store (i32.const 1064) (i32.const 1))
        (i32.const 1024)",
        store(40_000, &name),
        store(40_008, &value)
    );
    let proxy = start(&config::through_mine(&[&a], ""), &[("mine", &filter)]).await;
    assert_eq!(get(proxy.address(), "/").await.status(), 200);
    let line = proxy.access_log.wait("a line", |_| true).await;
    assert_eq!(line.value("attributes")["user"], "7\" x");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn filters_see_upgrade_requests() {
    let a = Endpoint::start("a").await;
    let guard = Filter {
        on_request: "(call $abort (i32.const 403))".into(),
        ..Filter::default()
    };
    let proxy = start(&config::through_mine(&[&a], ""), &[("mine", &guard)]).await;
    let request = "GET / HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n";
    let mut raw = Raw::open(proxy.address()).await;
    raw.write(request).await;
    assert!(raw.head().await.starts_with("HTTP/1.1 403"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_granted_client_is_told_where_the_time_went() {
    let a = Endpoint::start("a").await;
    let text = config::through_mine(&[&a], "");
    let told = text.replace(
        "filters: [mine]",
        "filters: [mine], server_timing: [127.0.0.0/8]",
    );
    let proxy = start(&told, &[("mine", &Filter::default())]).await;
    let answer = get(proxy.address(), "/").await;
    let field = answer.header("server-timing").expect("the field");
    for part in ["mine;dur=", "upstream;dur=", "total;dur="] {
        assert!(field.contains(part), "{field}");
    }
    let alone = text.replace("filters: [mine]", "server_timing: [127.0.0.0/8]");
    let proxy = start(&alone, &[("mine", &Filter::default())]).await;
    let answer = get(proxy.address(), "/").await;
    let field = answer.header("server-timing").expect("without filters too");
    assert!(field.starts_with("upstream;dur="), "{field}");
    let others = text.replace(
        "filters: [mine]",
        "filters: [mine], server_timing: [10.0.0.0/8]",
    );
    let proxy = start(&others, &[("mine", &Filter::default())]).await;
    assert_eq!(
        get(proxy.address(), "/").await.header("server-timing"),
        None
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_filter_may_be_in_a_route_twice_and_each_has_its_version() {
    let a = Endpoint::start("a").await;
    let text = config::through_mine(&[&a], "");
    let text = text.replace("[mine]", "[mine, mine]");
    let proxy = start(&text, &[("mine", &Filter::default())]).await;
    assert_eq!(get(proxy.address(), "/").await.status(), 200);
    let all = get(proxy.admin(), "/plugins").await.json();
    let uses = all["plugins"].as_array().unwrap();
    let mine: Vec<_> = uses
        .iter()
        .filter(|each| each["plugin"] == "mine")
        .collect();
    assert_eq!(mine.len(), 2);
    for each in mine {
        assert_eq!(each["sha256"].as_str().map(str::len), Some(64), "{each}");
    }
}

async fn start(text: &str, filters: &[(&str, &Filter)]) -> Proxy {
    let beside = directory();
    for (name, filter) in filters {
        let file = beside.path().join(format!("{name}.wasm"));
        std::fs::write(file, filter.component()).expect("written");
    }
    Proxy::start_in(beside, text, &[]).await
}
