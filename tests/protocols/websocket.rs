//! WebSocket and other upgrades through the proxy.

use std::net::SocketAddr;

use tidegate_e2e::pki::Authority;
use tidegate_e2e::raw::Raw;
use tidegate_e2e::{Proxy, config, directory, python};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

const HANDSHAKE: &str = "GET /chat HTTP/1.1\r\nHost: a.test\r\nConnection: keep-alive, Upgrade\r\n\
    Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// An endpoint that answers 101 at once, whatever it is asked, and echoes from then on.
async fn instant() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("bound");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut bytes = Vec::new();
                while !bytes.ends_with(b"\r\n\r\n") {
                    bytes.push(stream.read_u8().await?);
                }
                let answer = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\
                    Upgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
                stream.write_all(answer).await?;
                let (mut reads, mut writes) = stream.split();
                tokio::io::copy(&mut reads, &mut writes).await
            });
        }
    });
    address
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_of_a_hundred_tunnels_stand_though_the_endpoint_answers_at_once() {
    let text = config::web_of("round-robin", &[instant().await.to_string()]);
    let proxy = Proxy::start(&text).await;
    for n in 0..100 {
        let mut client = Raw::open(proxy.address()).await;
        client.write(HANDSHAKE).await;
        let head = client.head().await;
        assert!(head.starts_with("HTTP/1.1 101 "), "{n}: {head}");
        for message in ["one", "another"] {
            client.write(message).await;
            assert_eq!(client.bytes(message.len()).await, message.as_bytes(), "{n}");
        }
    }
    proxy.wait_idle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_sent_before_the_answer_is_no_request_and_reaches_the_tunnel() {
    let text = config::web_of("round-robin", &[instant().await.to_string()]);
    let proxy = Proxy::start(&text).await;
    let mut client = Raw::open(proxy.address()).await;
    client.write(format!("{HANDSHAKE}early")).await;
    client.head().await;
    assert_eq!(client.bytes(5).await, b"early");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_named_protocols_pass() {
    let text = config::web_of("round-robin", &[instant().await.to_string()]);
    let text = text.replace("{ upstream: web }", "{ upstream: web, upgrades: [tidal] }");
    let proxy = Proxy::start(&text).await;
    let mut client = Raw::open(proxy.address()).await;
    client.write(HANDSHAKE.replace("keep-alive, ", "")).await;
    // The endpoint changes a protocol that nobody has asked it to change.
    let head = client.head().await;
    assert!(head.starts_with("HTTP/1.1 502 "), "{head}");
    let mut client = Raw::open(proxy.address()).await;
    client
        .write(HANDSHAKE.replace("websocket\r\nSec", "Tidal\r\nSec"))
        .await;
    let head = client.head().await;
    assert!(
        head.starts_with("HTTP/1.1 101 ") || head.starts_with("HTTP/1.1 502 "),
        "{head}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_idle_tunnel_is_closed_and_a_busy_one_is_not() {
    let text = config::web_of("round-robin", &[instant().await.to_string()]);
    let text = config::with_upstream_key(&text, "timeouts: { idle: 1s }");
    let proxy = Proxy::start(&text).await;
    let (mut busy, mut idle) = (
        Raw::open(proxy.address()).await,
        Raw::open(proxy.address()).await,
    );
    for client in [&mut busy, &mut idle] {
        client.write(HANDSHAKE).await;
        client.head().await;
    }
    for _ in 0..6 {
        // A client that is slow on purpose.
        tokio::time::sleep(std::time::Duration::from_millis(400)).await;
        busy.write("x").await;
        assert_eq!(busy.bytes(1).await, b"x");
    }
    assert_eq!(idle.rest().await, "", "closed without a word");
    busy.write("y").await;
    assert_eq!(busy.bytes(1).await, b"y");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_real_client_and_a_real_server_talk_over_tls_and_in_the_clear() {
    let directory = directory();
    let ca = Authority::new("tests");
    let pem = ca.write(directory.path()).display().to_string();
    ca.sign(&["localhost", "127.0.0.1", "127.0.0.2"])
        .write(directory.path(), "site");
    let at = directory.path().display().to_string();
    let pair = [format!("{at}/site.pem"), format!("{at}/site.key")];
    let plain = python::Server::start("websocket_server.py", &[]).await;
    let secure = python::Server::start("websocket_server.py", &[&pair[0], &pair[1]]).await;
    let text = format!(
        "listeners:\n\
         - {{ address: \"127.0.0.1:0\" }}\n\
         - {{ address: \"127.0.0.2:0\", tls: {{ certificates: [{{ certificate: site.pem, key: site.key }}] }} }}\n\
         admin: {{ address: \"127.0.0.1:0\" }}\n\
         upstreams:\n  plain: {{ endpoints: [\"127.0.0.1:{}\"] }}\n  secure: {{ endpoints: [\"127.0.0.1:{}\"], tls: {{ ca: ca.pem, server_name: localhost }} }}\n\
         routes: [{{ match: {{ path: /plain }}, upstream: plain }}, {{ upstream: secure }}]\n",
        plain.port, secure.port
    );
    let proxy = Proxy::start_in(directory, &text, &[]).await;
    let [clear, tls] = proxy.addresses() else {
        panic!("two listeners")
    };
    for path in ["plain", "secure"] {
        let url = format!("ws://{clear}/{path}");
        assert_eq!(
            python::run("websocket_client.py", &[&url, "20"])
                .await
                .trim(),
            "ok"
        );
        let url = format!("wss://{tls}/{path}");
        assert_eq!(
            python::run("websocket_client.py", &[&url, "20", &pem])
                .await
                .trim(),
            "ok"
        );
    }
    proxy.wait_idle().await;
}
