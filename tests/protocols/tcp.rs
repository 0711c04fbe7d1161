//! Connections that are not HTTP.

use tidegate_e2e::curl::curl;
use tidegate_e2e::pki::Authority;
use tidegate_e2e::raw::Raw;
use tidegate_e2e::{Endpoint, Proxy, directory, soon};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const LOGS: &str =
    "admin: { address: \"127.0.0.1:0\" }\naccess_log: { format: json, path: \"-\" }\nwatch: off\n";

fn text(listener: &str, upstreams: &str) -> String {
    // A file needs a route; nothing of HTTP comes here.
    format!(
        "listeners: [{listener}]\n{LOGS}upstreams:\n{upstreams}\nroutes: [{{ upstream: one }}]\n"
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_selector_balances_connections_and_the_dead_are_passed_over() {
    let (mut dead, one, two) = (
        Endpoint::start("dead").await,
        Endpoint::start("one").await,
        Endpoint::start("two").await,
    );
    let upstream = format!(
        "  one: {{ endpoints: [\"{}\", \"{}\", \"{}\"], selector: round-robin }}",
        dead.address(),
        one.address(),
        two.address()
    );
    let listener = "{ address: \"127.0.0.1:0\", mode: tcp, upstream: one }";
    let proxy = Proxy::start(&text(listener, &upstream)).await;
    dead.stop().await;
    for _ in 0..12 {
        let mut client = Raw::open(proxy.address()).await;
        client
            .write("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            .await;
        assert!(client.rest().await.starts_with("HTTP/1.1 200 "));
    }
    assert_eq!(one.hits() + two.hits(), 12);
    assert!(
        one.hits() >= 4 && two.hits() >= 4,
        "{} {}",
        one.hits(),
        two.hits()
    );
    let line = proxy
        .access_log
        .wait("a line", |line| line.field("protocol") == Some("TCP"))
        .await;
    assert_eq!(line.field("upstream"), Some("one"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_end_is_passed_on_by_itself() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let upstream = format!(
        "  one: {{ endpoints: [\"{}\"] }}",
        listener.local_addr().expect("bound")
    );
    let proxy = Proxy::start(&text(
        "{ address: \"127.0.0.1:0\", mode: tcp, upstream: one }",
        &upstream,
    ))
    .await;
    let mut client = TcpStream::connect(proxy.address())
        .await
        .expect("connected");
    let (mut endpoint, _) = soon("a connection", listener.accept())
        .await
        .expect("accepted");
    client
        .write_all(b"all that I have to say")
        .await
        .expect("written");
    client.shutdown().await.expect("half closed");
    let mut heard = String::new();
    soon("the end", endpoint.read_to_string(&mut heard))
        .await
        .expect("read");
    assert_eq!(heard, "all that I have to say");
    endpoint
        .write_all(b"an answer to the end")
        .await
        .expect("written");
    drop(endpoint);
    let mut answer = String::new();
    soon("the answer", client.read_to_string(&mut answer))
        .await
        .expect("read");
    assert_eq!(answer, "an answer to the end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tls_is_passed_through_by_the_name_that_is_asked_for() {
    let directory = directory();
    let ca = Authority::new("tests");
    ca.write(directory.path());
    for file in ["one", "two"] {
        let names = [&*format!("{file}.test"), &*format!("*.{file}.test")];
        ca.sign(&names).write(directory.path(), file);
    }
    let endpoint = Endpoint::start("a").await;
    // Two servers of TLS: listeners of a proxy, each with one certificate.
    let inner = [(1, "one"), (2, "two")].map(|(n, file)| {
        format!("{{ address: \"127.0.0.{n}:0\", tls: {{ certificates: [{{ certificate: {file}.pem, key: {file}.key }}] }} }}")
    });
    let upstream = format!("  one: {{ endpoints: [\"{}\"] }}", endpoint.address());
    let inner = Proxy::start_in(directory, &text(&inner.join(", "), &upstream), &[]).await;
    let [one, two] = inner.addresses() else {
        panic!("two listeners")
    };
    let upstreams =
        format!("  one: {{ endpoints: [\"{one}\"] }}\n  two: {{ endpoints: [\"{two}\"] }}");
    let listener = "{ address: \"127.0.0.1:0\", mode: tcp, server_names: [{ names: [one.test, \"*.one.test\"], upstream: one }, { names: [two.test], upstream: two }] }";
    let outer = Proxy::start(&text(listener, &upstreams)).await;
    for (name, exit) in [
        ("one.test", 0),
        ("a.one.test", 0),
        ("two.test", 0),
        ("three.test", 35),
    ] {
        let url = format!("https://{name}/");
        let got = curl(
            inner.directory(),
            outer.address(),
            &url,
            &["--cacert", "ca.pem"],
        )
        .await;
        assert_eq!(got.exit == 0, exit == 0, "{name}: {got:?}");
    }
    let unrouted = outer
        .access_log
        .wait("a line", |line| line.field("fault") == Some("no_route"));
    assert_eq!(unrouted.await.field("host"), Some("three.test"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_silent_is_closed() {
    let endpoint = Endpoint::start("a").await;
    let upstream = format!("  one: {{ endpoints: [\"{}\"] }}", endpoint.address());
    let listener = "{ address: \"127.0.0.1:0\", mode: tcp, upstream: one, idle_timeout: 300ms }";
    let proxy = Proxy::start(&text(listener, &upstream)).await;
    let mut client = Raw::open(proxy.address()).await;
    assert_eq!(client.rest().await, "");
    proxy
        .access_log
        .wait("a line", |line| line.field("fault") == Some("idle_timeout"))
        .await;
}
