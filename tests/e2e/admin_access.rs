//! Who may speak with the admin listener: by a token, by a certificate.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Output;

use hyper::Method;
use tidegate_e2e::client::{Answer, Request};
use tidegate_e2e::curl::curl;
use tidegate_e2e::pki::Authority;
use tidegate_e2e::{Endpoint, Proxy, Reserved, config, directory, eventually, run};

const TOKEN: &str = "hush-0123456789abcdef-hush";
const OTHER: &str = "hush-fedcba9876543210-hush";

/// The usual configuration with these keys beside the admin listener's address.
fn guarded(endpoint: &Endpoint, address: SocketAddr, keys: &str) -> String {
    config::web("round-robin", &[endpoint]).replace(
        "admin: { address: \"127.0.0.1:0\" }",
        &format!("admin: {{ address: \"{address}\", {keys} }}"),
    )
}

async fn ask(address: SocketAddr, method: Method, path: &str, token: Option<&str>) -> Answer {
    let mut request = Request::get(path);
    request.method = method;
    if let Some(token) = token {
        request = request.header("authorization", &format!("Bearer {token}"));
    }
    request
        .send(address)
        .await
        .expect("the admin listener answers")
}

async fn status(address: SocketAddr, token: Option<&str>) -> u16 {
    ask(address, Method::GET, "/status", token).await.status()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// Nothing that somebody else may read has the token in it, not even at the loudest.
async fn assert_kept(proxy: &mut Proxy) {
    proxy.signal(tidegate_e2e::Signal::TERM);
    proxy.wait_exit().await;
    proxy.log.ended().await;
    let log = proxy.log.raw(0).join("\n") + &proxy.access_log.raw(0).join("\n");
    assert!(!log.contains("hush"), "{log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_token_there_is_health_and_nothing_else() {
    let a = Endpoint::start("a").await;
    let reserved = Reserved::new();
    let text = guarded(&a, reserved.address(), &format!("token: {TOKEN}"));
    let loudest = [
        "--log-level",
        "trace,pingora_core=trace,pingora_proxy=trace",
    ];
    let mut proxy = Proxy::start_in(directory(), &text, &loudest).await;
    let admin = proxy.admin();
    for path in ["/healthz", "/readyz"] {
        assert_eq!(
            ask(admin, Method::GET, path, None).await.status(),
            200,
            "{path}"
        );
    }
    for (method, path) in [
        (Method::GET, "/status"),
        (Method::GET, "/metrics"),
        (Method::GET, "/upstreams"),
        (Method::GET, "/plugins"),
        (Method::GET, "/plugins/mine/faults"),
        (Method::GET, "/"),
        (Method::GET, "/nothing"),
        (Method::GET, "/healthz/"),
        (Method::GET, "//healthz"),
        (Method::POST, "/reload"),
        (Method::POST, "/upstreams/web/endpoints/127.0.0.1:1/drain"),
    ] {
        for token in [None, Some(OTHER), Some("")] {
            let answer = ask(admin, method.clone(), path, token).await;
            assert_eq!(answer.status(), 401, "{method} {path} {token:?}");
            assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
        }
    }
    assert_eq!(status(admin, Some(TOKEN)).await, 200);
    let status = ask(admin, Method::GET, "/status", Some(TOKEN)).await;
    assert_eq!(status.json()["generation"], 1, "nobody has reloaded it");
    assert!(!status.text().contains("hush"));
    assert_kept(&mut proxy).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_token_in_a_file_can_be_changed() {
    let a = Endpoint::start("a").await;
    let reserved = Reserved::new();
    let address = reserved.address();
    let text = guarded(&a, address, "token_file: token").replace("watch: off", "watch: 100ms");
    let beside = directory();
    std::fs::write(beside.path().join("token"), format!("{TOKEN}\n")).expect("written");
    let mut proxy = Proxy::start_in(beside, &text, &[]).await;
    assert_eq!(status(address, Some(TOKEN)).await, 200);

    proxy.write("token", format!("  {OTHER}  \n").as_bytes());
    eventually("the other token", async || {
        (status(address, Some(OTHER)).await == 200).then_some(())
    })
    .await;
    assert_eq!(status(address, Some(TOKEN)).await, 401);

    // A file that is none changes nothing, and its problem does not show it.
    proxy.write("token", b"hush");
    proxy
        .log
        .wait("a refusal", |line| {
            line.message().contains("reload refused")
        })
        .await;
    let lines = proxy.log.raw(0).join("\n");
    assert!(
        lines.contains("admin.token_file: there is no token in "),
        "{lines}"
    );
    assert_eq!(status(address, Some(OTHER)).await, 200);
    assert_kept(&mut proxy).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_listener_that_waits_for_the_next_start_stays_as_strict_as_it_was() {
    let a = Endpoint::start("a").await;
    let (reserved, elsewhere) = (Reserved::new(), Reserved::new());
    let address = reserved.address();
    let proxy = Proxy::start(&guarded(&a, address, &format!("token: {TOKEN}"))).await;
    for text in [
        config::web("round-robin", &[&a]).replace(
            "127.0.0.1:0\" }\naccess",
            &format!("{}\" }}\naccess", elsewhere.address()),
        ),
        config::web("round-robin", &[&a]).replace("admin: { address: \"127.0.0.1:0\" }\n", ""),
    ] {
        proxy.write_config(&text);
        let reload = ask(address, Method::POST, "/reload", Some(TOKEN)).await;
        assert_eq!(reload.status(), 200, "{}", reload.text());
        assert_eq!(status(address, None).await, 401);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_finds_the_token_where_it_is() {
    let a = Endpoint::start("a").await;
    let reserved = Reserved::new();
    let text = guarded(&a, reserved.address(), "token_file: token");
    let beside = directory();
    std::fs::write(beside.path().join("token"), TOKEN).expect("written");
    std::fs::write(beside.path().join("mine"), TOKEN).expect("written");
    std::fs::write(beside.path().join("wrong"), OTHER).expect("written");
    let proxy = Proxy::start_in(beside, &text, &[]).await;
    let reload = async |more: &[&str]| {
        let arguments = [&["reload", "-c", "tidegate.yaml"], more].concat();
        run(proxy.directory(), &arguments).await
    };
    let output = reload(&[]).await;
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let output = reload(&["--token-file", "wrong"]).await;
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(
        said(&output).contains("wants another token"),
        "{}",
        said(&output)
    );
    assert!(!said(&output).contains("hush"), "{}", said(&output));
    // Who asks may not be the one who may read what the process reads.
    std::fs::remove_file(proxy.directory().join("token")).expect("it was there");
    let output = reload(&[]).await;
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let output = reload(&["--token-file", "mine"]).await;
    assert!(
        said(&output).contains("token_file: cannot read"),
        "{}",
        said(&output)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn certificates_encrypt_and_say_who_asks() {
    let a = Endpoint::start("a").await;
    let reserved = Reserved::new();
    let address = reserved.address();
    let text = guarded(
        &a,
        address,
        "token_file: token, tls: { certificates: [{ certificate: site.pem, key: site.key }], \
         client_certificates: { ca: ca.pem } }",
    );
    let beside = directory();
    let ca = Authority::new("operators");
    ca.write(beside.path());
    ca.sign(&["admin.test", "127.0.0.1"])
        .write(beside.path(), "site");
    ca.sign(&["operator"]).write(beside.path(), "operator");
    Authority::new("strangers")
        .sign(&["operator"])
        .write(beside.path(), "stranger");
    std::fs::write(beside.path().join("token"), TOKEN).expect("written");
    let mut proxy = Proxy::start_in(beside, &text, &["--log-level", "trace"]).await;

    let bearer = format!("authorization: Bearer {TOKEN}");
    let get = async |path: &str, identity: &str, more: &[&str]| {
        let (certificate, key) = (format!("{identity}.pem"), format!("{identity}.key"));
        let mut arguments = vec!["--cacert", "ca.pem"];
        if !identity.is_empty() {
            arguments.extend(["--cert", &certificate, "--key", &key]);
        }
        arguments.extend(more);
        let url = format!("https://admin.test/{path}");
        curl(proxy.directory(), address, &url, &arguments).await
    };
    let with = ["--header", &bearer];
    assert_eq!(get("status", "operator", &with).await.status, 200);
    assert_eq!(
        get("status", "operator", &[]).await.status,
        401,
        "both are asked for"
    );
    assert_eq!(get("healthz", "operator", &[]).await.status, 200);
    for identity in ["", "stranger"] {
        let got = get("status", identity, &with).await;
        assert_eq!(got.status, 0, "{identity}: {got:?}");
        assert_ne!(got.exit, 0, "{identity}: {got:?}");
    }
    // In the clear there is no answer at all.
    assert!(Request::get("/healthz").send(address).await.is_err());

    // The command trusts the certificate that the file names.
    let reload = async |more: &[&str]| {
        let arguments = [&["reload", "-c", "tidegate.yaml"], more].concat();
        run(proxy.directory(), &arguments).await
    };
    let output = reload(&["--certificate", "operator.pem", "--key", "operator.key"]).await;
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let output = reload(&[]).await;
    assert!(
        said(&output).contains("it asks for a client certificate"),
        "{}",
        said(&output)
    );

    // A renewed one is not loaded yet: whoever signed both knows them.
    let renewed = ca.sign(&["admin.test"]);
    renewed.write(proxy.directory(), "site");
    let operator = ["--certificate", "operator.pem", "--key", "operator.key"];
    let output = reload(&operator).await;
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let output = reload(&[&operator[..], &["--ca", "ca.pem"]].concat()).await;
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    // From the next connection on it is the new one.
    let output = reload(&operator).await;
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_kept(&mut proxy).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn check_warns_of_an_address_for_everybody() {
    let a = Endpoint::start("a").await;
    let beside = directory();
    let check = async |keys: &str| {
        let text = config::web("round-robin", &[&a]).replace(
            "admin: { address: \"127.0.0.1:0\" }",
            &format!("admin: {{ address: \"0.0.0.0:0\"{keys} }}"),
        );
        write(beside.path(), &text);
        let output = run(beside.path(), &["check", "-c", "c.yaml"]).await;
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        said(&output).contains("whoever reaches this address")
    };
    assert!(check("").await);
    assert!(!check(&format!(", token: {TOKEN}")).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn check_reads_the_token() {
    let a = Endpoint::start("a").await;
    let beside = directory();
    let text = guarded(&a, Reserved::new().address(), "token_file: token");
    write(beside.path(), &text);
    let check = async || run(beside.path(), &["check", "-c", "c.yaml"]).await;
    let output = check().await;
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(
        said(&output).contains("admin.token_file: cannot read token"),
        "{}",
        said(&output)
    );
    std::fs::write(beside.path().join("token"), TOKEN).expect("written");
    let output = check().await;
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(!said(&output).contains("hush"), "{}", said(&output));
}

fn write(directory: &Path, text: &str) {
    std::fs::write(directory.join("c.yaml"), text).expect("written");
}
