//! A browser, over TLS and HTTP/2.

use tidegate_e2e::pki::Authority;
use tidegate_e2e::{Endpoint, Proxy, Scripted, config, directory, python, soon};

/// Calls a method of `grpc_server.py` as a script does, and shows what comes.
const CALLER: &str = r#"<body><script>
fetch("/test.Echo/Unary", {
  method: "POST",
  headers: { "content-type": "application/grpc-web+proto", "x-grpc-web": "1" },
  body: new Uint8Array([0, 0, 0, 0, 5, ...new TextEncoder().encode("hello")]),
})
  .then((answer) => answer.arrayBuffer())
  .then((body) => { document.body.textContent = new TextDecoder().decode(body); });
</script></body>"#;

/// A proxy that speaks TLS, before these upstreams and routes.
async fn secured(rest: &str) -> Proxy {
    let directory = directory();
    Authority::new("tests")
        .sign(&["localhost", "127.0.0.1"])
        .write(directory.path(), "site");
    let text = format!(
        "listeners: [{{ address: \"127.0.0.1:0\", tls: {{ certificates: [{{ certificate: site.pem, key: site.key }}] }} }}]\n\
         admin: {{ address: \"127.0.0.1:0\" }}\naccess_log: {{ format: json, path: \"-\" }}\nwatch: off\n{rest}"
    );
    Proxy::start_in(directory, &text, &[]).await
}

/// What Chromium makes of a page, when all that it asks for has come.
async fn page(proxy: &Proxy, path: &str) -> String {
    let profile = tempfile::tempdir().expect("a directory");
    let mut command = tokio::process::Command::new("chromium");
    command
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
        ])
        .args([
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ])
        // Whether it believes this certificate is not what is tried here.
        .args(["--ignore-certificate-errors", "--dump-dom"])
        // Time of the page, which stands still while it waits for an answer.
        .arg("--virtual-time-budget=5000")
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(format!(
            "https://localhost:{}{path}",
            proxy.address().port()
        ))
        .kill_on_drop(true);
    let output = soon("chromium", command.output())
        .await
        .expect("chromium is installed");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn chromium_shows_a_page_that_came_over_http2() {
    let endpoint = Endpoint::start("a").await;
    let upstreams = config::upstreams(&[("web", "round-robin", &[endpoint.address().to_string()])]);
    let proxy = secured(&format!("{upstreams}routes: [{{ upstream: web }}]\n")).await;
    let page = page(&proxy, "/echo").await;
    assert!(page.contains("x-forwarded-proto"), "{page}");
    let line = proxy
        .access_log
        .wait("its request", |line| line.field("path") == Some("/echo"));
    assert_eq!(line.await.field("protocol"), Some("HTTP/2"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_script_in_chromium_calls_an_endpoint_of_grpc() {
    let server = python::Server::start("grpc_server.py", &[]).await;
    let html = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\n\r\n{CALLER}",
        CALLER.len()
    );
    let pages = Scripted::start(html).await;
    let proxy = secured(&format!(
        "upstreams:\n  pages: {{ endpoints: [\"{}\"] }}\n  \
         calls: {{ endpoints: [\"127.0.0.1:{}\"], protocol: http2 }}\n\
         routes:\n  - {{ upstream: pages }}\n  \
         - {{ match: {{ path: /test.Echo/* }}, upstream: calls, grpc_web: true }}\n",
        pages.address(),
        server.port
    ))
    .await;
    let page = page(&proxy, "/").await;
    assert!(page.contains("echo hello"), "{page}");
    assert!(page.contains("grpc-status:0"), "{page}");
}
