//! The samples of `config/` that are about protocols: each as it is, but for its addresses, with
//! the traffic that it is for. The others are started by `e2e/smallest.rs`.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use tempfile::TempDir;
use tidegate_e2e::client::{Connection, Request};
use tidegate_e2e::curl::curl;
use tidegate_e2e::pki::Authority;
use tidegate_e2e::raw::{Raw, exchange};
use tidegate_e2e::{Endpoint, Proxy, config, directory, python};

const LOGS: &str =
    "admin: { address: \"127.0.0.1:0\" }\naccess_log: { format: json, path: \"-\" }\n";

const CA: [&str; 2] = ["--cacert", "certs/ca.pem"];

/// Those who sign what the samples name.
struct Signers {
    ca: Authority,
    clients: Authority,
}

impl Signers {
    fn new() -> Self {
        Self {
            ca: Authority::new("tests"),
            clients: Authority::new("clients"),
        }
    }

    /// A directory with `certs/`, as config/README.md has it made.
    fn directory(&self) -> TempDir {
        let directory = directory();
        let certs = directory.path().join("certs");
        std::fs::create_dir(&certs).expect("the directory can be written");
        std::fs::rename(self.clients.write(&certs), certs.join("clients.pem")).expect("renamed");
        self.ca.write(&certs);
        for (file, names) in [
            ("www", &["www.example.com"][..]),
            ("shop", &["shop.example.com", "*.shop.example.com"]),
            ("mail", &["mail.example.com"]),
            ("web", &["web.internal"]),
            ("proxy", &["proxy.example.com"]),
        ] {
            self.ca.sign(names).write(&certs, file);
        }
        self.clients
            .sign(&["client.example.com"])
            .write(&certs, "client");
        directory
    }
}

fn sample(name: &str, endpoints: &[SocketAddr]) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../config")
        .join(name);
    let text = std::fs::read_to_string(path).expect("a sample");
    config::adapt(&text, endpoints) + LOGS
}

/// An endpoint of TLS: a proxy before one that is none.
async fn secure(directory: TempDir, listener: &str, top: &str, endpoint: &Endpoint) -> Proxy {
    let upstreams = config::upstreams(&[("web", "round-robin", &[endpoint.address().to_string()])]);
    let text = format!(
        "listeners: [{{ address: \"127.0.0.1:0\", {listener} }}]\n{LOGS}{top}{upstreams}routes: [{{ upstream: web }}]\n"
    );
    Proxy::start_in(directory, &text, &[]).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tls() {
    let signers = Signers::new();
    let endpoint = Endpoint::start("a").await;
    let web = "tls: { certificates: [{ certificate: certs/web.pem, key: certs/web.key }] }";
    let inner = secure(signers.directory(), web, "", &endpoint).await;
    let text = sample("tls.yaml", &[inner.address()]);
    let proxy = Proxy::start_in(signers.directory(), &text, &[]).await;
    let [clear, tls] = proxy.addresses() else {
        panic!("two listeners")
    };

    let got = curl(
        proxy.directory(),
        *clear,
        "http://www.example.com/a?b",
        &["-d", "x"],
    )
    .await;
    let there = "https://www.example.com:8443/a?b";
    assert_eq!(
        (got.status, got.header("location")),
        (308, Some(there)),
        "{got:?}"
    );

    for (url, more, version) in [
        ("https://www.example.com/echo", &[][..], "2"),
        (
            "https://www.example.com/echo",
            &["--http1.1", "--tls-max", "1.2"],
            "1.1",
        ),
        ("https://shop.example.com/echo", &[], "2"),
        ("https://a.shop.example.com/echo", &[], "2"),
    ] {
        let got = curl(proxy.directory(), *tls, url, &[&CA[..], more].concat()).await;
        assert_eq!((got.status, &*got.version), (200, version), "{url} {got:?}");
        assert_eq!(
            got.header("strict-transport-security"),
            Some("max-age=31536000")
        );
    }
    let got = curl(proxy.directory(), *tls, "https://other.example.com/", &CA).await;
    assert_eq!(
        got.exit, 60,
        "the first certificate has another name: {got:?}"
    );
    assert_eq!(endpoint.hits(), 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mtls() {
    let signers = Signers::new();
    let endpoint = Endpoint::start("a").await;
    let web = "tls: { certificates: [{ certificate: certs/web.pem, key: certs/web.key }], \
        client_certificates: { ca: certs/ca.pem, subject_in: x-proxy-subject } }";
    let inner = secure(signers.directory(), web, "", &endpoint).await;
    let text = sample("mtls.yaml", &[inner.address()]);
    let proxy = Proxy::start_in(signers.directory(), &text, &[]).await;

    let url = "https://www.example.com/echo";
    let ask = |more: &'static [&'static str]| {
        let more = [&CA[..], &["-H", "X_Client_Subject: CN=root"], more].concat();
        let (directory, address) = (proxy.directory().to_owned(), proxy.address());
        async move { curl(&directory, address, url, &more).await }
    };
    let got = ask(&["--cert", "certs/client.pem", "--key", "certs/client.key"]).await;
    assert_eq!(got.status, 200, "{got:?}");
    assert!(
        got.body
            .contains("[\"x-client-subject\",\"CN=client.example.com\"]"),
        "{got:?}"
    );
    assert!(
        got.body
            .contains("[\"x-proxy-subject\",\"CN=proxy.example.com\"]"),
        "{got:?}"
    );
    assert!(!got.body.contains("root"), "{got:?}");
    // Signed by another authority than that of clients.
    let stranger = ask(&["--cert", "certs/proxy.pem", "--key", "certs/proxy.key"]).await;
    for got in [ask(&[]).await, stranger] {
        assert!(got.exit != 0 && got.status == 0, "{got:?}");
    }
    let failed = proxy
        .metrics()
        .await
        .sum("lb_tls_handshakes_failed_total", &[]);
    assert_eq!(failed, 2.0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn grpc() {
    let signers = Signers::new();
    let mut servers = Vec::new();
    for _ in 0..3 {
        servers.push(python::Server::start("grpc_server.py", &[]).await);
    }
    let endpoints: Vec<SocketAddr> = servers.iter().map(|server| local(server.port)).collect();
    let text = sample("grpc.yaml", &endpoints);
    let proxy = Proxy::start_in(signers.directory(), &text, &[]).await;
    let [clear, tls] = proxy.addresses() else {
        panic!("two listeners")
    };
    let ca = proxy.directory().join("certs/ca.pem").display().to_string();
    let (clear, tls) = (clear.to_string(), tls.to_string());
    for arguments in [&[&*clear][..], &[&*tls, &*ca, "www.example.com"]] {
        let told = python::run("grpc_client.py", arguments).await;
        assert_eq!(told.trim(), "ok", "{arguments:?}");
    }
    let told = python::run("grpc_web_client.py", &[&clear]).await;
    assert_eq!(told.trim(), "ok");
    proxy.wait_idle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn websocket() {
    let chat = [
        python::Server::start("websocket_server.py", &[]).await,
        python::Server::start("websocket_server.py", &[]).await,
    ];
    let site = Endpoint::start("site").await;
    let endpoints = [local(chat[0].port), local(chat[1].port), site.address()];
    let proxy = Proxy::start(&sample("websocket.yaml", &endpoints)).await;

    let url = format!("ws://{}/chat", proxy.address());
    let told = python::run("websocket_client.py", &[&url, "20"]).await;
    assert_eq!(told.trim(), "ok");
    // Where no route lets it pass, the request is as any other.
    let answer = exchange(
        proxy.address(),
        "GET /echo HTTP/1.1\r\nHost: a\r\nConnection: close, Upgrade\r\nUpgrade: websocket\r\n\r\n",
    )
    .await;
    assert!(
        answer.starts_with("HTTP/1.1 200 ") && !answer.contains("websocket"),
        "{answer}"
    );
    proxy.wait_idle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tcp() {
    let signers = Signers::new();
    let (one, two, mailbox) = (
        Endpoint::start("one").await,
        Endpoint::start("two").await,
        Endpoint::start("mailbox").await,
    );
    let mail = "proxy_protocol: true, \
        tls: { certificates: [{ certificate: certs/mail.pem, key: certs/mail.key }] }";
    let trusted = "trusted_proxies: [127.0.0.1]\n";
    let mail = secure(signers.directory(), mail, trusted, &mailbox).await;
    let endpoints = [one.address(), two.address(), mail.address()];
    let text = sample("tcp.yaml", &endpoints);
    let proxy = Proxy::start_in(signers.directory(), &text, &[]).await;
    let [database, by_name] = proxy.addresses() else {
        panic!("two listeners")
    };

    // Nobody reads it but the endpoints.
    let request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    let mut clients = Vec::new();
    for _ in 0..4 {
        let mut client = Raw::open(*database).await;
        client.write(request).await;
        client.head().await;
        clients.push(client);
    }
    assert_eq!(
        (one.hits(), two.hits()),
        (2, 2),
        "the fewest connections first"
    );

    let url = "https://mail.example.com/echo";
    let more = [&CA[..], &["--interface", "127.0.0.7"]].concat();
    let got = curl(proxy.directory(), *by_name, url, &more).await;
    assert!(
        got.body.contains("[\"x-forwarded-for\",\"127.0.0.7\"]"),
        "{got:?}"
    );
    let line = proxy
        .access_log
        .wait("its line", |line| line.field("upstream") == Some("mail"));
    assert_eq!(line.await.field("host"), Some("mail.example.com"));

    let mut plain = Raw::open(*by_name).await;
    plain.write(request).await;
    assert!(
        plain.head().await.starts_with("HTTP/1.1 200 "),
        "what is no TLS has a place too"
    );
    assert_eq!(one.hits(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hardened() {
    let (one, two) = (Endpoint::start("one").await, Endpoint::start("two").await);
    let text = sample("hardened.yaml", &[one.address(), two.address()]);
    // The balancer before it is this test.
    let text = text.replace(
        "trusted_proxies: [10.0.0.0/8]",
        "trusted_proxies: [127.0.0.1]",
    );
    let proxy = Proxy::start(&text).await;

    let request =
        Request::get("/x/../echo//%61").header("x-forwarded-for", "192.0.2.1, 203.0.113.9");
    let answer = request.send(proxy.address()).await.expect("an answer");
    assert_eq!(answer.json()["path"], "/echo/a");
    assert_eq!(
        answer.echoed("x-forwarded-for"),
        ["192.0.2.1, 203.0.113.9, 127.0.0.1"]
    );
    let line = proxy
        .access_log
        .wait("its line", |line| line.field("method") == Some("GET"))
        .await;
    assert_eq!(line.field("client"), Some("203.0.113.9"));

    let head = |start: &str, fields: &str| {
        format!("{start} HTTP/1.1\r\nHost: a\r\n{fields}Connection: close\r\n\r\n")
    };
    let long = "a".repeat(9_000);
    for (request, status, fault) in [
        (head("GET /a%2Fb", ""), 400, "path_encoded_slash"),
        (head("GET /%00", ""), 400, "path_control"),
        (head("GET /", "A: b\n"), 400, "bare_line_feed"),
        (head("TRACE /", ""), 405, "method"),
        (
            head("POST /", "Transfer-Encoding: chunked\r\n") + "3;x=y\r\nabc\r\n0\r\n\r\n",
            400,
            "chunk_extension",
        ),
        (
            head("POST /", "Content-Length: 10485761\r\n"),
            413,
            "too_large",
        ),
        (
            head("POST /api/a", "Content-Length: 65537\r\n"),
            413,
            "too_large",
        ),
        (head(&format!("GET /{long}"), ""), 414, "target_too_long"),
        (
            head("GET /", &"A: b\r\n".repeat(100)),
            431,
            "too_many_fields",
        ),
        (
            head("GET /", &format!("A: {long}\r\n").repeat(4)),
            431,
            "head_too_large",
        ),
    ] {
        let mark = proxy.access_log.len();
        let answer = exchange(proxy.address(), &request).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{fault}: {answer}"
        );
        let line = proxy
            .access_log
            .wait_after(mark, "its line", |line| line.field("fault").is_some());
        assert_eq!(line.await.field("fault"), Some(fault));
    }
    let upload = Request::post("/uploads/a", vec![b'x'; 11 << 20]);
    let answer = upload.send(proxy.address()).await.expect("an answer");
    assert_eq!(answer.status(), 200, "a route with a bound of its own");

    let (greedy, modest) = (Ipv4Addr::new(127, 0, 0, 5), Ipv4Addr::new(127, 0, 0, 6));
    let mut held = Vec::new();
    for _ in 0..100 {
        held.push(
            Connection::open_from(greedy.into(), proxy.address())
                .await
                .expect("a place"),
        );
    }
    for (from, status) in [(greedy, 503), (modest, 200)] {
        let answer = Request::get("/").send_from(from, proxy.address()).await;
        assert_eq!(answer.expect("an answer").status(), status, "{from}");
    }
}

fn local(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}
