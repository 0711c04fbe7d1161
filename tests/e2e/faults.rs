//! Every row of the table from fault to status, and what is never repeated.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tidegate_e2e::client::{Connection, Request, get};
use tidegate_e2e::raw::exchange;
use tidegate_e2e::{Endpoint, Line, Proxy, Scripted, Unreachable, config};

/// Short, so that tests are; far above what a loopback needs.
const TIMEOUTS: &str = "timeouts: { connect: 400ms, response_header: 400ms, idle: 400ms }";

/// A bound for answers that come by a timeout of 400 ms, on a busy machine.
const PROMPT: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refused_everywhere_is_502() {
    let mut endpoints = abc().await;
    let proxy = proxy(&endpoints.each_ref().map(Endpoint::address), "").await;
    for endpoint in &mut endpoints {
        endpoint.stop().await;
    }
    assert_eq!(get(proxy.address(), "/").await.status(), 502);
    let line = logged(&proxy).await;
    assert_eq!(
        (
            line.value("status").as_u64(),
            line.value("attempts").as_u64()
        ),
        (Some(502), Some(3))
    );
    assert_eq!(line.field("fault"), Some("connect_failure"));
    let metrics = proxy.metrics().await;
    for endpoint in &endpoints {
        let address = endpoint.address().to_string();
        let attempts = metrics.sum("lb_attempts_total", &[("backend", &address)]);
        assert_eq!(attempts, 1.0, "each endpoint was tried once");
    }
    proxy.wait_idle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_does_not_complete_is_504() {
    let nowhere = Unreachable::start().await.expect("a full queue");
    let proxy = proxy(&[nowhere.address()], "").await;
    let start = Instant::now();
    assert_eq!(get(proxy.address(), "/").await.status(), 504);
    assert!(start.elapsed() < PROMPT, "{:?}", start.elapsed());
    assert_eq!(logged(&proxy).await.field("fault"), Some("connect_timeout"));
    proxy.wait_idle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_head_in_time_is_504() {
    let endpoint = Endpoint::start("a").await;
    let proxy = proxy(&[endpoint.address()], "").await;
    endpoint.freeze();
    assert_eq!(get(proxy.address(), "/").await.status(), 504);
    assert_eq!(
        logged(&proxy).await.field("fault"),
        Some("response_timeout")
    );
    assert_eq!(
        endpoint.hits(),
        1,
        "a timeout is not repeated unless the route says so"
    );
    endpoint.thaw();
    assert_eq!(get(proxy.address(), "/").await.status(), 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closing_before_the_head_is_502() {
    let endpoint = Endpoint::start("a").await;
    let proxy = proxy(&[endpoint.address()], "").await;
    assert_eq!(get(proxy.address(), "/?close=before").await.status(), 502);
    assert_eq!(logged(&proxy).await.field("fault"), Some("reset"));
    assert_eq!(
        endpoint.hits(),
        1,
        "a reset is not repeated unless the route says so"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_http_is_502() {
    for answer in [
        "NOT HTTP AT ALL\r\n\r\n",
        "HTTP/1.1 abc Hm\r\n\r\n",
        "HTTP/1.1 200 OK\r\n",
    ] {
        let scripted = Scripted::start_closing(answer).await;
        let proxy = proxy(&[scripted.address()], "").await;
        assert_eq!(get(proxy.address(), "/").await.status(), 502, "{answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_truncated_body_is_seen_and_logged() {
    let endpoint = Endpoint::start("a").await;
    let proxy = proxy(&[endpoint.address()], "").await;
    for target in ["/?truncate=100&size=5000", "/?close=after&size=5000"] {
        let mark = proxy.access_log.len();
        let request = format!("GET {target} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n");
        let answer = exchange(proxy.address(), &request).await;
        // A head with a length waits for the first piece of its body: the end may come first.
        if let Some((head, body)) = answer.split_once("\r\n\r\n") {
            assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
            let promised = head.lines().find_map(|line| {
                let (name, value) = line.split_once(": ")?;
                let length = name.eq_ignore_ascii_case("content-length");
                length.then(|| value.parse::<usize>().ok())?
            });
            assert!(
                body.len() < promised.expect("the endpoint's length"),
                "{target}"
            );
        } else {
            assert_eq!(answer, "", "{target}");
        }
        let line = proxy
            .access_log
            .wait_after(mark, "its line", |_| true)
            .await;
        assert_eq!(line.value("status"), 200);
        assert_eq!(line.field("fault"), Some("reset"), "{target}");
    }
    // Without a length, an end that looks regular would be a lie.
    let request = "GET /?chunked&size=5000&close=after HTTP/1.1\r\nhost: test\r\n\r\n";
    let answer = exchange(proxy.address(), request).await;
    assert!(!answer.ends_with("0\r\n\r\n"), "{answer}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_stalls_is_broken_off() {
    let endpoint = Endpoint::start("a").await;
    let proxy = proxy(&[endpoint.address()], "").await;
    let start = Instant::now();
    let request = "GET /?chunked&body_delay=1m HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n";
    let answer = exchange(proxy.address(), request).await;
    assert!(
        answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("\r\n\r\n"),
        "{answer}"
    );
    assert!(start.elapsed() < PROMPT, "{:?}", start.elapsed());
    assert_eq!(
        logged(&proxy).await.field("fault"),
        Some("response_timeout")
    );
    proxy.wait_idle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_endpoints_full_is_503() {
    let endpoints = [Endpoint::start("a").await, Endpoint::start("b").await];
    let full = endpoints
        .each_ref()
        .map(|e| config::endpoint(e, "max_in_flight: 1"));
    let proxy = Proxy::start(&config::web_of("round-robin", &full)).await;
    endpoints.iter().for_each(Endpoint::freeze);
    let address = proxy.address();
    let waiting = [(); 2].map(|()| tokio::spawn(get(address, "/")));
    for endpoint in &endpoints {
        endpoint.in_flight().until(|n| n == 1).await;
    }
    assert_eq!(get(address, "/").await.status(), 503);
    let line = logged(&proxy).await;
    assert_eq!(line.field("fault"), Some("full"));
    endpoints.iter().for_each(Endpoint::thaw);
    for request in waiting {
        assert_eq!(request.await.expect("no panic").status(), 200);
    }
    proxy.wait_idle().await;
    assert_eq!(
        get(address, "/").await.status(),
        200,
        "the places are free again"
    );
    assert_eq!(endpoints.iter().map(Endpoint::hits).sum::<u64>(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_route_is_404() {
    let endpoint = Endpoint::start("a").await;
    let text = config::web("round-robin", &[&endpoint]).replace(
        "{ upstream: web }",
        "{ match: { host: here.test }, upstream: web }",
    );
    let proxy = Proxy::start(&text).await;
    assert_eq!(get(proxy.address(), "/").await.status(), 404);
    let line = logged(&proxy).await;
    assert_eq!(
        (
            line.value("status").as_u64(),
            line.value("attempts").as_u64()
        ),
        (Some(404), Some(0))
    );
    assert_eq!(line.field("fault"), Some("no_route"));
    let here = Request::get("/").header("host", "here.test");
    assert_eq!(
        here.send(proxy.address())
            .await
            .expect("an answer")
            .status(),
        200
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_route_that_takes_too_long_is_504() {
    let endpoint = Endpoint::start("a").await;
    let text = config::web("round-robin", &[&endpoint])
        .replace("{ upstream: web }", "{ upstream: web, timeout: 400ms }");
    let proxy = Proxy::start(&text).await;
    let start = Instant::now();
    assert_eq!(get(proxy.address(), "/?delay=1m").await.status(), 504);
    assert!(start.elapsed() < PROMPT, "{:?}", start.elapsed());
    assert_eq!(logged(&proxy).await.field("fault"), Some("deadline"));

    // Each piece comes soon enough; the whole does not.
    let request =
        "GET /?trickle=50ms&size=100000 HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n";
    let answer = exchange(proxy.address(), request).await;
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.len() < 100_000);
    proxy.wait_idle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_request_is_400_and_goes_nowhere() {
    let endpoint = Endpoint::start("a").await;
    let proxy = proxy(&[endpoint.address()], "").await;
    for head in [
        "GET / HTTP/1.1\r\n",
        "GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n",
        "GET / HTTP/1.1\r\nhost: a b\r\n",
        "GET / HTTP/1.1\r\nhost: user@a\r\n",
        "GET / HTTP/1.1\r\nhost: a/b\r\n",
        "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\ncontent-length: 4\r\n",
        "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: x\r\n",
    ] {
        let answer = exchange(proxy.address(), &format!("{head}connection: close\r\n\r\n")).await;
        assert!(
            answer.starts_with("HTTP/1.1 400 "),
            "{head:?} was answered {answer:?}"
        );
    }
    assert_eq!(endpoint.hits(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_gives_up_leaves_nothing_behind() {
    let endpoint = Endpoint::start("a").await;
    let proxy = Proxy::start(&config::web("round-robin", &[&endpoint])).await;

    // Before the head.
    endpoint.freeze();
    let mut connection = Connection::open(proxy.address())
        .await
        .expect("a connection");
    let request = tokio::spawn(async move { connection.head(Request::get("/")).await.map(drop) });
    endpoint.in_flight().until(|n| n == 1).await;
    request.abort();
    let line = logged(&proxy).await;
    assert_eq!(
        (line.field("fault"), line.value("status").as_u64()),
        (Some("client_gone"), Some(499))
    );
    proxy.wait_idle().await;
    endpoint.thaw();

    // Within the body.
    let mut connection = Connection::open(proxy.address())
        .await
        .expect("a connection");
    let response = connection
        .head(Request::get("/?trickle=20ms&size=1000000"))
        .await;
    assert_eq!(response.as_ref().expect("a head").status(), 200);
    drop(response);
    drop(connection);
    proxy.wait_idle().await;

    assert_eq!(get(proxy.address(), "/").await.status(), 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_connection_moves_to_another_endpoint_with_its_body() {
    let (mut dead, alive) = (
        Endpoint::start("dead").await,
        Endpoint::start("alive").await,
    );
    let proxy = proxy(&[dead.address(), alive.address()], "").await;
    dead.stop().await;
    let body: Vec<u8> = (0..30_000_u32).map(|n| (n * 7 % 251) as u8).collect();
    let direct = Request::post("/echo", body.clone())
        .send(alive.address())
        .await;
    let hash = direct.expect("an answer").json()["body_hash"].clone();
    for _ in 0..10 {
        let answer = Request::post("/echo", body.clone())
            .send(proxy.address())
            .await;
        let answer = answer.expect("an answer");
        assert_eq!((answer.status(), answer.endpoint()), (200, "alive"));
        assert_eq!(answer.json()["body_hash"], hash);
    }
    let metrics = proxy.metrics().await;
    assert!(metrics.sum("lb_retries_total", &[("upstream", "web")]) >= 5.0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_sent_is_repeated_only_where_that_is_safe() {
    let endpoints = abc().await;
    let addresses = endpoints.each_ref().map(Endpoint::address);
    let proxy = proxy(
        &addresses,
        "retry: { attempts: 3, on: [connect_failure, reset] }",
    )
    .await;
    let hits = || endpoints.iter().map(Endpoint::hits).sum::<u64>();

    let answer = Request::post("/?close=before", "an order")
        .send(proxy.address())
        .await;
    assert_eq!(answer.expect("an answer").status(), 502);
    assert_eq!(hits(), 1, "a POST that may have arrived is not sent again");

    assert_eq!(get(proxy.address(), "/?close=before").await.status(), 502);
    assert_eq!(hits(), 1 + 3, "a GET is, until the attempts are used up");
    for endpoint in &endpoints {
        assert!(endpoint.hits() >= 1, "each attempt takes another endpoint");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_timeout_is_repeated_where_the_route_says_so() {
    let (slow, quick) = (
        Endpoint::start("slow").await,
        Endpoint::start("quick").await,
    );
    let addresses = [slow.address(), quick.address()];
    let proxy = proxy(&addresses, "retry: { attempts: 2, on: [timeout] }").await;
    slow.freeze();
    for _ in 0..2 {
        let answer = get(proxy.address(), "/").await;
        assert_eq!((answer.status(), answer.endpoint()), (200, "quick"));
    }
    assert_eq!(slow.hits(), 2, "each time the turn was its");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pooled_connection_that_died_is_no_failure() {
    let mut endpoint = Endpoint::start("a").await;
    let proxy = proxy(&[endpoint.address()], "").await;
    for _ in 0..5 {
        assert_eq!(get(proxy.address(), "/").await.status(), 200);
        endpoint.stop().await;
        endpoint.restart().expect("its port");
    }
    assert_eq!(get(proxy.address(), "/").await.status(), 200);
}

async fn abc() -> [Endpoint; 3] {
    [
        Endpoint::start("a").await,
        Endpoint::start("b").await,
        Endpoint::start("c").await,
    ]
}

async fn proxy(endpoints: &[SocketAddr], route: &str) -> Proxy {
    let endpoints: Vec<_> = endpoints.iter().map(SocketAddr::to_string).collect();
    let text = config::web_of("round-robin", &endpoints);
    let text = config::with_upstream_key(&text, TIMEOUTS);
    Proxy::start(&text.replace("{ upstream: web }", &route_with(route))).await
}

fn route_with(key: &str) -> String {
    let comma = if key.is_empty() { "" } else { ", " };
    format!("{{ upstream: web{comma}{key} }}")
}

/// The first line of the access log.
async fn logged(proxy: &Proxy) -> Line {
    proxy.access_log.wait("a line", |_| true).await
}
