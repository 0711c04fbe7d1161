//! What comes in pieces is passed on in pieces; what breaks off is seen to break off.

use tidegate_e2e::raw::Raw;
use tidegate_e2e::{Endpoint, Proxy, config};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_are_not_held_back() {
    let endpoint = Endpoint::start("a").await;
    let proxy = Proxy::start(&config::web("round-robin", &[&endpoint])).await;
    let mut client = Raw::open(proxy.address()).await;
    client
        .write("GET /?trickle=300ms&size=64&chunked HTTP/1.1\r\nHost: a\r\n\r\n")
        .await;
    client.head().await;
    // 16 pieces take 4.8 s: the first one is here long before the last one is sent.
    let began = std::time::Instant::now();
    client.bytes(6).await;
    assert!(began.elapsed().as_secs() < 3, "{:?}", began.elapsed());
    assert_eq!(
        endpoint.in_flight().value(),
        1,
        "the endpoint is not at its end"
    );
}
