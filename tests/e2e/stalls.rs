//! Who stalls is not waited for, and who is merely slow is: on either side, in every phase.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tidegate_e2e::client::get;
use tidegate_e2e::raw::{Raw, exchange};
use tidegate_e2e::{Endpoint, Line, Proxy, Scripted, config, soon};
use tokio::time::sleep;

/// A bound for what ends by a timeout of a second or less, on a busy machine.
const PROMPT: Duration = Duration::from_secs(10);

/// More than the buffers between an endpoint and a client hold.
const LONG: usize = 64 << 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_reads_nothing_is_not_waited_for() {
    let a = Endpoint::start("a").await;
    let proxy = proxy(a.address(), "timeouts: { idle: 1s }").await;
    let start = Instant::now();
    let mut client = Raw::open_narrow(proxy.address(), 4096).await;
    client
        .write(format!("GET /?size={LONG} HTTP/1.1\r\nhost: test\r\n\r\n"))
        .await;
    let line = logged(&proxy).await;
    assert!(start.elapsed() < PROMPT, "{:?}", start.elapsed());
    assert_eq!(line.field("fault"), Some("client_timeout"));
    assert_eq!(line.value("status"), 200);
    let took = line.value("duration_ms").as_f64();
    assert!(took >= Some(1000.0), "it had its time: {}", line.text());

    proxy.wait_idle().await;
    soon("the endpoint is rid of it", a.in_flight().until(|n| n == 0)).await;
    assert_nobody_is_blamed(&proxy, 1.0).await;
    let got = client.rest().await.len();
    assert!(got < LONG, "{got} bytes came");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_reads_slowly_gets_everything() {
    const SIZE: usize = 16 << 20;
    const PIECE: usize = 128 << 10;
    let a = Endpoint::start("a").await;
    let proxy = proxy(a.address(), "timeouts: { idle: 1s }").await;
    let mut client = Raw::open_narrow(proxy.address(), PIECE as u32).await;
    client
        .write(format!("GET /?size={SIZE} HTTP/1.1\r\nhost: test\r\n\r\n"))
        .await;
    client.head().await;
    for _ in 0..SIZE / PIECE {
        assert_eq!(client.bytes(PIECE).await.len(), PIECE);
        sleep(Duration::from_millis(20)).await;
    }
    let line = logged(&proxy).await;
    assert!(line.value("fault").is_null(), "{}", line.text());
    let took = line.value("duration_ms").as_f64();
    assert!(took > Some(1500.0), "longer than idle: {}", line.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_that_stalls_is_408_and_nobody_is_blamed() {
    let a = Endpoint::start("a").await;
    let proxy = proxy(
        a.address(),
        "timeouts: { response_header: 500ms, idle: 500ms }",
    )
    .await;
    let uploads = [
        "content-length: 100\r\n\r\nabc",
        "transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n",
        "content-length: 100\r\n\r\n",
    ];
    for (n, upload) in uploads.into_iter().enumerate() {
        let (mark, start) = (proxy.access_log.len(), Instant::now());
        let request = format!("PUT / HTTP/1.1\r\nhost: test\r\n{upload}");
        let answer = exchange(proxy.address(), &request).await;
        assert!(answer.starts_with("HTTP/1.1 408 "), "{upload:?}: {answer}");
        assert!(start.elapsed() < PROMPT, "{:?}", start.elapsed());
        let line = proxy.access_log.wait_after(mark, "a line", |_| true).await;
        assert_eq!(
            (line.value("status").as_u64(), line.field("fault")),
            (Some(408), Some("client_timeout"))
        );
        assert_eq!(line.value("attempts"), 1, "{upload:?} is not repeated");
        assert_nobody_is_blamed(&proxy, n as f64 + 1.0).await;
    }
    proxy.wait_idle().await;
    soon("the endpoint is rid of it", a.in_flight().until(|n| n == 0)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_that_is_slow_arrives() {
    let a = Endpoint::start("a").await;
    let proxy = proxy(a.address(), "timeouts: { response_header: 1s, idle: 1s }").await;
    let mut client = Raw::open(proxy.address()).await;
    client
        .write(
            "POST /echo HTTP/1.1\r\nhost: test\r\nconnection: close\r\ncontent-length: 10\r\n\r\n",
        )
        .await;
    for digit in 0..10 {
        sleep(Duration::from_millis(200)).await;
        client.write(digit.to_string()).await;
    }
    let answer = client.rest().await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(answer.contains("0123456789"), "{answer}");
    let line = logged(&proxy).await;
    assert!(line.value("fault").is_null(), "{}", line.text());
    let took = line.value("duration_ms").as_f64();
    assert!(took > Some(1500.0), "longer than idle: {}", line.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_response_that_stalls_midway_is_cut_and_its_endpoint_blamed() {
    // Little: what waits for more of it is passed on all the same.
    let piece = "abc";
    for answer in [
        format!("HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n{piece}"),
        format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\n{piece}\r\n"),
    ] {
        let scripted = Scripted::start(answer).await;
        let proxy = proxy(scripted.address(), "timeouts: { idle: 500ms }").await;
        let start = Instant::now();
        let request = "GET / HTTP/1.1\r\nhost: test\r\n\r\n";
        let seen = exchange(proxy.address(), request).await;
        assert!(start.elapsed() < PROMPT, "{:?}", start.elapsed());
        assert!(seen.starts_with("HTTP/1.1 200 "), "{seen}");
        let (_, body) = seen.split_once("\r\n\r\n").expect("a head");
        assert!(
            body.contains(piece) && !body.ends_with("0\r\n\r\n"),
            "what came, and no regular end: {seen:?}"
        );
        let line = logged(&proxy).await;
        assert_eq!(line.field("fault"), Some("response_timeout"));
        assert_eq!(line.value("status"), 200);
        proxy.wait_idle().await;
        assert_eq!(attempts(&proxy, "response_timeout").await, 1.0);
        assert_eq!(attempts(&proxy, "success").await, 0.0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_may_pause_longer_than_a_head() {
    let a = Endpoint::start("a").await;
    let proxy = proxy(
        a.address(),
        "timeouts: { response_header: 500ms, idle: 20s }",
    )
    .await;
    for target in [
        "/?body_delay=1200ms&size=1000&chunked",
        "/?body_delay=1200ms&size=1000",
    ] {
        let answer = get(proxy.address(), target).await;
        assert_eq!((answer.status(), answer.body().len()), (200, 1000));
    }
    assert_eq!(attempts(&proxy, "response_timeout").await, 0.0);
}

async fn proxy(endpoint: SocketAddr, timeouts: &str) -> Proxy {
    let text = config::web_of("round-robin", &[endpoint.to_string()]);
    let text = config::with_upstream_key(&text, timeouts);
    // Repeated wherever that is safe, so that a client's fault would show as a second attempt.
    let retry = "{ upstream: web, retry: { attempts: 3, on: [connect_failure, reset, timeout] } }";
    Proxy::start(&text.replace("{ upstream: web }", retry)).await
}

/// The first line of the access log.
async fn logged(proxy: &Proxy) -> Line {
    proxy.access_log.wait("a line", |_| true).await
}

async fn attempts(proxy: &Proxy, outcome: &str) -> f64 {
    let labels = [("upstream", "web"), ("outcome", outcome)];
    proxy.metrics().await.sum("lb_attempts_total", &labels)
}

/// So many attempts were made, and what became of each is not the endpoint's doing.
async fn assert_nobody_is_blamed(proxy: &Proxy, expected: f64) {
    assert_eq!(attempts(proxy, "unknown").await, expected);
    let all = proxy.metrics().await.sum("lb_attempts_total", &[]);
    assert_eq!(all, expected);
}
