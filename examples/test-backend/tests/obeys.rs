//! The endpoint over a real socket: what the request asks is what happens.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use test_backend::{Endpoint, Scripted, Unreachable};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[tokio::test]
async fn it_names_itself_and_echoes_the_request() {
    let endpoint = Endpoint::start("a").await;
    let answer = ask(
        &endpoint,
        "POST /echo/x?x-n=1 HTTP/1.1\r\ncontent-length: 3\r\n\r\nabc",
    )
    .await;
    assert!(answer.contains("\r\nx-endpoint: a\r\n"), "{answer}");
    let (_, body) = answer.split_once("\r\n\r\n").expect("a head");
    let echo: serde_json::Value = serde_json::from_str(body).expect("JSON");
    assert_eq!(echo["endpoint"], "a");
    assert_eq!(echo["method"], "POST");
    assert_eq!(echo["path"], "/echo/x");
    assert_eq!(echo["query"], "x-n=1");
    assert_eq!(echo["body"], "abc");
    assert_eq!(echo["body_bytes"], 3);
    // FNV-1a of "abc", from the tables of its authors.
    assert_eq!(echo["body_hash"], "e71fa2190541574b");
    assert_eq!(endpoint.hits(), 1);
}

#[tokio::test]
async fn it_obeys() {
    let endpoint = Endpoint::start("a").await;
    let answer = get(
        &endpoint,
        "/?status=503&size=5&header=x-more:1&header=x-more:2",
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    assert!(answer.contains("x-more: 1\r\nx-more: 2\r\n"), "{answer}");
    assert!(
        answer.contains("content-length: 5\r\n") && answer.ends_with("\r\n\r\nxxxxx"),
        "{answer}"
    );

    let answer = get(&endpoint, "/?chunked&size=5").await;
    assert!(answer.contains("transfer-encoding: chunked"), "{answer}");
    assert!(answer.ends_with("5\r\nxxxxx\r\n0\r\n\r\n"), "{answer}");

    let answer = get(&endpoint, "/?truncate=100&size=5").await;
    assert!(
        answer.contains("content-length: 105\r\n") && answer.ends_with("\r\n\r\nxxxxx"),
        "{answer}"
    );

    let answer = get(&endpoint, "/?close=after&size=5").await;
    assert!(
        answer.contains("content-length: 5\r\n") && answer.ends_with("\r\n\r\n"),
        "{answer}"
    );

    assert_eq!(get(&endpoint, "/?close=before").await, "");
    assert!(
        get(&endpoint, "/?clsoe=before")
            .await
            .starts_with("HTTP/1.1 400 ")
    );
    assert!(
        get(&endpoint, "/?status=204")
            .await
            .starts_with("HTTP/1.1 204 ")
    );

    let start = Instant::now();
    let answer = get(
        &endpoint,
        "/?delay=20ms&body_delay=20ms&trickle=1ms&size=32",
    )
    .await;
    assert!(answer.ends_with(&"x".repeat(32)), "{answer}");
    assert!(
        start.elapsed() >= Duration::from_millis(56),
        "{:?}",
        start.elapsed()
    );
}

#[tokio::test]
async fn its_health_is_toggled() {
    let endpoint = Endpoint::start("a").await;
    assert!(get(&endpoint, "/health").await.starts_with("HTTP/1.1 200 "));
    assert!(get(&endpoint, "/toggle").await.starts_with("HTTP/1.1 405 "));
    assert!(
        ask(&endpoint, "POST /toggle HTTP/1.1\r\n\r\n")
            .await
            .ends_with("unhealthy\n")
    );
    assert!(get(&endpoint, "/health").await.starts_with("HTTP/1.1 503 "));
}

#[tokio::test]
async fn it_stops_and_comes_back_on_its_port() {
    let mut endpoint = Endpoint::start("a").await;
    let mut open = connect(endpoint.address()).await;
    endpoint.connections().until(|n| n == 1).await;
    endpoint.stop().await;
    assert_eq!(open.read(&mut [0; 1]).await.expect("closed in order"), 0);
    let refused = TcpStream::connect(endpoint.address())
        .await
        .expect_err("it is stopped");
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    endpoint.restart().expect("the port is still ours");
    assert!(get(&endpoint, "/").await.ends_with("\r\n\r\na\n"));
}

#[tokio::test]
async fn it_freezes_and_thaws() {
    let endpoint = Endpoint::start("a").await;
    endpoint.freeze();
    let mut stream = connect(endpoint.address()).await;
    stream
        .write_all(b"GET / HTTP/1.1\r\nconnection: close\r\n\r\n")
        .await
        .expect("written");
    endpoint.in_flight().until(|n| n == 1).await;
    endpoint.thaw();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    endpoint.in_flight().until(|n| n == 0).await;
}

#[tokio::test]
async fn scripts_are_written_verbatim() {
    let scripted = Scripted::start_closing("HTTP/1.1 200 OK\r\nbad header\r\n\r\n").await;
    let answer = exchange(scripted.address(), "GET /a HTTP/1.1\r\nX-Y: Z\r\n\r\n").await;
    assert_eq!(answer, "HTTP/1.1 200 OK\r\nbad header\r\n\r\n");
    assert_eq!(scripted.heads(), ["GET /a HTTP/1.1\r\nX-Y: Z\r\n\r\n"]);
    assert_eq!(scripted.hits().value(), 1);
}

#[tokio::test]
async fn the_unreachable_is_not_reached() {
    let nowhere = Unreachable::start().await.expect("a full queue");
    let attempt = TcpStream::connect(nowhere.address());
    assert!(
        tokio::time::timeout(Duration::from_millis(300), attempt)
            .await
            .is_err()
    );
}

async fn get(endpoint: &Endpoint, target: &str) -> String {
    ask(endpoint, &format!("GET {target} HTTP/1.1\r\n\r\n")).await
}

async fn ask(endpoint: &Endpoint, request: &str) -> String {
    let (line, rest) = request.split_once("\r\n").expect("a request line");
    let request = format!("{line}\r\nhost: test\r\nconnection: close\r\n{rest}");
    exchange(endpoint.address(), &request).await
}

async fn exchange(address: SocketAddr, request: &str) -> String {
    let mut stream = connect(address).await;
    stream.write_all(request.as_bytes()).await.expect("written");
    let mut answer = Vec::new();
    stream
        .read_to_end(&mut answer)
        .await
        .expect("read to the end");
    String::from_utf8(answer).expect("text")
}

async fn connect(address: SocketAddr) -> TcpStream {
    TcpStream::connect(address).await.expect("a connection")
}
