//! Who the client is, when proxies stand between.

use tidegate_e2e::client::Request;
use tidegate_e2e::raw::Raw;
use tidegate_e2e::{Endpoint, Proxy, config};

async fn proxy(endpoint: &Endpoint, top: &str) -> Proxy {
    let text = config::web("{ plugin: ip-hash }", &[endpoint]);
    Proxy::start(&format!("{text}{top}\n")).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn strangers_are_not_believed_and_trusted_proxies_are_from_the_right() {
    let endpoint = Endpoint::start("a").await;
    let stranger = proxy(&endpoint, "").await;
    let trusting = proxy(&endpoint, "trusted_proxies: [127.0.0.0/8, 10.0.0.0/8]").await;
    let request = || {
        Request::get("/echo")
            .header("x-forwarded-for", "203.0.113.9, 198.51.100.7, 10.0.0.2")
            .header("x-forwarded-proto", "https")
            .header("forwarded", "for=192.0.2.1")
    };
    let answer = request().send(stranger.address()).await.expect("an answer");
    assert_eq!(answer.echoed("x-forwarded-for"), ["127.0.0.1"]);
    assert_eq!(answer.echoed("x-forwarded-proto"), ["http"]);
    assert_eq!(line(&stranger).await, "127.0.0.1");
    let answer = request().send(trusting.address()).await.expect("an answer");
    let chain = "203.0.113.9, 198.51.100.7, 10.0.0.2, 127.0.0.1";
    assert_eq!(answer.echoed("x-forwarded-for"), [chain]);
    assert_eq!(answer.echoed("x-forwarded-proto"), ["https"]);
    assert_eq!(
        line(&trusting).await,
        "198.51.100.7",
        "not what the client wrote"
    );
    assert!(answer.echoed("forwarded").is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_field_is_believed_and_the_other_is_not() {
    let endpoint = Endpoint::start("a").await;
    let top = "trusted_proxies: [127.0.0.1]\nclient_address_from: forwarded";
    let proxy = proxy(&endpoint, top).await;
    let request = Request::get("/").header("x-forwarded-for", "203.0.113.9");
    let request = request.header("forwarded", "for=\"[2001:db8::7]:4711\";proto=https");
    request.send(proxy.address()).await.expect("an answer");
    assert_eq!(line(&proxy).await, "2001:db8::7");
}

async fn line(proxy: &Proxy) -> String {
    let line = proxy
        .access_log
        .wait("a line", |line| line.field("client").is_some())
        .await;
    line.field("client").unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_proxy_protocol_says_who_it_is_in_both_versions() {
    let endpoint = Endpoint::start("a").await;
    let text = config::web("round-robin", &[&endpoint]).replace(
        "{ address: \"127.0.0.1:0\" }]",
        "{ address: \"127.0.0.1:0\", proxy_protocol: true }]\ntrusted_proxies: [127.0.0.1]",
    );
    let proxy = Proxy::start(&text).await;
    let request = "GET /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    let mut v2 = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0c".to_vec();
    v2.extend([198, 51, 100, 8, 127, 0, 0, 1, 0x12, 0x34, 0, 80]);
    for (header, client) in [
        (
            &b"PROXY TCP4 198.51.100.7 127.0.0.1 4711 80\r\n"[..],
            Some("198.51.100.7"),
        ),
        (
            b"PROXY TCP6 2001:db8::1 ::1 4711 80\r\n",
            Some("2001:db8::1"),
        ),
        (b"PROXY UNKNOWN\r\n", Some("127.0.0.1")),
        (&v2, Some("198.51.100.8")),
        (b"", None),
        (b"PROXY TCP4 nonsense\r\n", None),
    ] {
        let mut raw = Raw::open(proxy.address()).await;
        raw.write([header, request.as_bytes()].concat()).await;
        let answer = raw.rest().await;
        match client {
            Some(client) => {
                let expected = format!("[\"x-forwarded-for\",\"{client}\"]");
                assert!(answer.contains(&expected), "{header:?} {answer}");
            }
            None => assert_eq!(answer, "", "{header:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_trusted_peers_may_introduce_clients() {
    let endpoint = Endpoint::start("a").await;
    let text = config::web("round-robin", &[&endpoint]).replace(
        "{ address: \"127.0.0.1:0\" }]",
        "{ address: \"127.0.0.1:0\", proxy_protocol: true }]\ntrusted_proxies: [10.0.0.0/8]",
    );
    let proxy = Proxy::start(&text).await;
    let mut raw = Raw::open(proxy.address()).await;
    raw.write("PROXY TCP4 1.2.3.4 127.0.0.1 1 2\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
        .await;
    assert_eq!(raw.rest().await, "");
    assert_eq!(endpoint.hits(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn endpoints_are_introduced_to_clients_by_the_proxy_protocol() {
    let endpoint = Endpoint::start("a").await;
    // One proxy introduces, the other one listens for it.
    let inner = config::web("round-robin", &[&endpoint]).replace(
        "{ address: \"127.0.0.1:0\" }]",
        "{ address: \"127.0.0.1:0\", proxy_protocol: true }]\ntrusted_proxies: [127.0.0.1]",
    );
    let inner = Proxy::start(&inner).await;
    for version in ["v1", "v2"] {
        let outer = config::web_of("round-robin", &[inner.address().to_string()]);
        let outer = config::with_upstream_key(&outer, &format!("proxy_protocol: {version}"));
        let outer = Proxy::start(&outer).await;
        for last in [7, 8] {
            let from = std::net::Ipv4Addr::new(127, 0, 0, last);
            let answer = Request::get("/echo").send_from(from, outer.address()).await;
            let told = answer.expect("an answer").echoed("x-forwarded-for");
            assert!(told[0].starts_with(&from.to_string()), "{version} {told:?}");
        }
    }
}
