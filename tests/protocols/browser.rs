//! A browser, over TLS and HTTP/2.

use tidegate_e2e::pki::Authority;
use tidegate_e2e::{Endpoint, Proxy, config, directory, soon};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn chromium_shows_a_page_that_came_over_http2() {
    let directory = directory();
    Authority::new("tests")
        .sign(&["localhost", "127.0.0.1"])
        .write(directory.path(), "site");
    let endpoint = Endpoint::start("a").await;
    let upstreams = config::upstreams(&[("web", "round-robin", &[endpoint.address().to_string()])]);
    let text = format!(
        "listeners: [{{ address: \"127.0.0.1:0\", tls: {{ certificates: [{{ certificate: site.pem, key: site.key }}] }} }}]\n\
         admin: {{ address: \"127.0.0.1:0\" }}\naccess_log: {{ format: json, path: \"-\" }}\nwatch: off\n{upstreams}routes: [{{ upstream: web }}]\n"
    );
    let proxy = Proxy::start_in(directory, &text, &[]).await;
    let profile = tempfile::tempdir().expect("a directory");
    let url = format!("https://localhost:{}/echo", proxy.address().port());
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
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(&url)
        .kill_on_drop(true);
    let output = soon("chromium", command.output())
        .await
        .expect("chromium is installed");
    let page = String::from_utf8_lossy(&output.stdout);
    assert!(page.contains("x-forwarded-proto"), "{page}");
    let line = proxy
        .access_log
        .wait("its request", |line| line.field("path") == Some("/echo"));
    assert_eq!(line.await.field("protocol"), Some("HTTP/2"));
}
