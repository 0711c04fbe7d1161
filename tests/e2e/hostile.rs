//! Endpoints that mean harm: whatever they send, the exchange ends in bounded time and
//! memory, and the client is told.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tidegate_e2e::client::{Request, get};
use tidegate_e2e::{Endpoint, Proxy, config};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const RULES: &str =
    "breaker: off\n    timeouts: { connect: 400ms, response_header: 400ms, idle: 400ms }";

/// How long an exchange may take that is bounded by 400 ms, on a busy machine.
const PROMPT: Duration = Duration::from_secs(10);

/// Memory that a hostile endpoint may cost, in bytes.
const MEMORY: f64 = (32 << 20) as f64;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_head_that_never_ends_is_502_or_504() {
    let endless = hostile(|mut stream| async move {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n").await;
        let field = format!("x-filler: {}\r\n", "x".repeat(1_000)).repeat(50);
        while stream.write_all(field.as_bytes()).await.is_ok() {}
    })
    .await;
    ends(endless, "/", &[502, 504]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_head_that_comes_by_the_byte_is_504() {
    let slow = hostile(|mut stream| async move {
        for byte in b"HTTP/1.1 200 OK\r\nx-slow: "
            .iter()
            .chain([b'x'; 4_000].iter())
        {
            if stream.write_all(&[*byte]).await.is_err() {
                return;
            }
            // It is this endpoint's malice to be slow.
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    ends(slow, "/", &[504]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn garbage_without_end_is_502() {
    let garbage =
        hostile(
            |mut stream| async move { while stream.write_all(&[0xa5; 64 << 10]).await.is_ok() {} },
        )
        .await;
    ends(garbage, "/", &[502, 504]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_interim_responses_ends() {
    let flood = hostile(|mut stream| async move {
        let hints = b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n".repeat(500);
        while stream.write_all(&hints).await.is_ok() {}
    })
    .await;
    let proxy = proxy(flood).await;
    let before = resident(&proxy).await;
    let began = Instant::now();
    // A client that takes everything, and one that takes nothing.
    let mut deaf = TcpStream::connect(proxy.address())
        .await
        .expect("connected");
    let request = b"GET / HTTP/1.1\r\nhost: test\r\n\r\n";
    deaf.write_all(request).await.expect("written");
    let mut stream = TcpStream::connect(proxy.address())
        .await
        .expect("connected");
    stream.write_all(request).await.expect("written");
    let mut piece = vec![0; 64 << 10];
    while let Ok(1..) = stream.read(&mut piece).await {
        assert!(began.elapsed() < PROMPT, "it still goes on");
    }
    proxy.wait_idle().await;
    assert!(began.elapsed() < PROMPT, "{:?}", began.elapsed());
    let grown = resident(&proxy).await - before;
    assert!(grown < MEMORY, "{grown} bytes more");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_without_end_costs_no_memory_and_ends_with_its_client() {
    let endless = hostile(|mut stream| async move {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
        while stream.write_all(&[b'x'; 64 << 10]).await.is_ok() {}
    })
    .await;
    let proxy = proxy(endless).await;
    let before = resident(&proxy).await;
    let mut stream = TcpStream::connect(proxy.address())
        .await
        .expect("connected");
    let request = b"GET / HTTP/1.1\r\nhost: test\r\n\r\n";
    stream.write_all(request).await.expect("written");
    let mut taken = 0;
    let mut piece = vec![0; 64 << 10];
    while taken < 64 << 20 {
        taken += stream.read(&mut piece).await.expect("more");
    }
    let grown = resident(&proxy).await - before;
    assert!(
        grown < MEMORY,
        "{grown} bytes more for {taken} bytes passed on"
    );
    drop(stream);
    proxy.wait_idle().await;
}

/// A request to it ends with one of these, in time, and the proxy is as before.
async fn ends(endpoint: SocketAddr, target: &str, statuses: &[u16]) {
    let proxy = proxy(endpoint).await;
    let before = resident(&proxy).await;
    for _ in 0..3 {
        let began = Instant::now();
        let answer = Request::get(target).send(proxy.address()).await;
        let status = answer.expect("an answer").status();
        assert!(statuses.contains(&status), "{status}");
        assert!(began.elapsed() < PROMPT, "{:?}", began.elapsed());
    }
    let grown = resident(&proxy).await - before;
    assert!(grown < MEMORY, "{grown} bytes more");
    proxy.wait_idle().await;

    let well = Endpoint::start("well").await;
    let fine = config::web("round-robin", &[&well]);
    proxy.reload_with(&fine).await.expect("a good file");
    assert_eq!(get(proxy.address(), "/").await.endpoint(), "well");
}

async fn proxy(endpoint: SocketAddr) -> Proxy {
    let text = config::web_of("round-robin", &[endpoint.to_string()]);
    Proxy::start(&config::with_upstream_key(&text, RULES)).await
}

async fn resident(proxy: &Proxy) -> f64 {
    let metrics = proxy.metrics().await;
    metrics.sum("process_resident_memory_bytes", &[])
}

/// An endpoint that reads a request's head and then does this with the connection. It ends
/// with the test's runtime.
async fn hostile<F>(act: impl Fn(TcpStream) -> F + Send + Sync + Copy + 'static) -> SocketAddr
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut head = [0; 4_096];
                if let Ok(1..) = stream.read(&mut head).await {
                    act(stream).await;
                }
            });
        }
    });
    address
}
