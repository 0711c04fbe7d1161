//! TLS on both sides, with curl as the client.

use tidegate_e2e::curl::curl;
use tidegate_e2e::pki::Authority;
use tidegate_e2e::tls::ClientTls;
use tidegate_e2e::{Endpoint, Load, LoadPlan, Proxy, config, directory, soon};

const LOGS: &str =
    "admin: { address: \"127.0.0.1:0\" }\naccess_log: { format: json, path: \"-\" }\nwatch: off\n";

/// Listeners, then one upstream `web`.
fn behind(listeners: &str, endpoint: &Endpoint) -> String {
    let upstreams = config::upstreams(&[("web", "round-robin", &[endpoint.address().to_string()])]);
    format!("listeners: [{listeners}]\n{LOGS}{upstreams}routes: [{{ upstream: web }}]\n")
}

fn listener(more: &str) -> String {
    listener_at(1, more)
}

/// All of 127.0.0.0/8 is the loopback, and a listener is known by its address.
fn listener_at(n: usize, more: &str) -> String {
    format!("{{ address: \"127.0.0.{n}:0\", tls: {{ {more} }} }}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_name_has_its_certificate_and_each_client_its_version() {
    let directory = directory();
    let ca = Authority::new("tests");
    ca.write(directory.path());
    for (file, names) in [
        ("site", &["site.test"][..]),
        ("wild", &["*.wild.test", "wild.test"]),
    ] {
        ca.sign(names).write(directory.path(), file);
    }
    let endpoint = Endpoint::start("a").await;
    let text = behind(
        &listener(
            "certificates: [{ certificate: site.pem, key: site.key }, { certificate: wild.pem, key: wild.key }], hsts: 365d",
        ),
        &endpoint,
    );
    let proxy = Proxy::start_in(directory, &text, &[]).await;
    let ask = |url: &'static str, more: &'static [&'static str]| {
        let more = [&["--cacert", "ca.pem"], more].concat();
        let (directory, address) = (proxy.directory().to_owned(), proxy.address());
        async move { curl(&directory, address, url, &more).await }
    };
    for (url, more, version) in [
        ("https://site.test/echo", &[][..], "2"),
        ("https://site.test/echo", &["--http1.1"], "1.1"),
        ("https://site.test/echo", &["--tls-max", "1.2"], "2"),
        ("https://a.wild.test/echo", &[], "2"),
        ("https://wild.test/echo", &["--tlsv1.3"], "2"),
    ] {
        let got = ask(url, more).await;
        assert_eq!(
            (got.status, &*got.version),
            (200, version),
            "{url} {more:?} {got:?}"
        );
        assert_eq!(
            got.header("strict-transport-security"),
            Some("max-age=31536000")
        );
        assert!(
            got.body.contains("\"x-forwarded-proto\",\"https\""),
            "{}",
            got.body
        );
    }
    for url in ["https://other.test/", "https://a.b.wild.test/"] {
        let got = ask(url, &[]).await;
        assert_eq!(
            got.exit, 60,
            "the first certificate has not that name: {got:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn versions_that_are_not_wanted_are_not_spoken() {
    let directory = directory();
    let ca = Authority::new("tests");
    ca.write(directory.path());
    ca.sign(&["site.test"]).write(directory.path(), "site");
    let endpoint = Endpoint::start("a").await;
    let site = "certificates: [{ certificate: site.pem, key: site.key }]";
    let listeners = [
        listener(&format!("{site}, min_version: \"1.3\"")),
        listener_at(2, &format!("{site}, max_version: \"1.2\"")),
        format!("{{ address: \"127.0.0.3:0\", http2: false, tls: {{ {site} }} }}"),
    ];
    let text = behind(&listeners.join(", "), &endpoint);
    let proxy = Proxy::start_in(directory, &text, &[]).await;
    let [new, old, one] = proxy.addresses() else {
        panic!("three listeners")
    };
    for (address, more, served) in [
        (new, &["--tls-max", "1.2"][..], false),
        (new, &["--tlsv1.3"], true),
        (old, &["--tlsv1.3"], false),
        (old, &["--tls-max", "1.2"], true),
    ] {
        let more = [&["--cacert", "ca.pem"], more].concat();
        let got = curl(proxy.directory(), *address, "https://site.test/", &more).await;
        assert_eq!(got.exit == 0, served, "{more:?} {got:?}");
    }
    let got = curl(
        proxy.directory(),
        *one,
        "https://site.test/",
        &["--cacert", "ca.pem"],
    )
    .await;
    assert_eq!((got.status, &*got.version), (200, "1.1"));
    let failed = proxy
        .metrics()
        .await
        .sum("lb_tls_handshakes_failed_total", &[]);
    assert_eq!(failed, 2.0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_show_certificates_and_endpoints_are_told() {
    let directory = directory();
    let (ca, strangers) = (Authority::new("tests"), Authority::new("strangers"));
    ca.write(directory.path());
    ca.sign(&["site.test"]).write(directory.path(), "site");
    ca.sign(&["one.test"]).write(directory.path(), "client");
    strangers
        .sign(&["one.test"])
        .write(directory.path(), "stranger");
    let endpoint = Endpoint::start("a").await;
    let site = "certificates: [{ certificate: site.pem, key: site.key }]";
    let listeners = [(1, "true"), (2, "false")].map(|(n, required)| {
        listener_at(n, &format!(
            "{site}, client_certificates: {{ ca: ca.pem, required: {required}, subject_in: x-client }}"
        ))
    });
    let text = behind(&listeners.join(", "), &endpoint);
    let proxy = Proxy::start_in(directory, &text, &[]).await;
    let [required, optional] = proxy.addresses() else {
        panic!("two listeners")
    };
    let forged = ["-H", "X-Client: CN=root", "-H", "X_Client: CN=root"];
    let known = ["--cert", "client.pem", "--key", "client.key"];
    let unknown = ["--cert", "stranger.pem", "--key", "stranger.key"];
    for (address, shown, subject) in [
        (required, &known[..], Some("[\"x-client\",\"CN=one.test\"]")),
        (optional, &known, Some("[\"x-client\",\"CN=one.test\"]")),
        (required, &[], None),
        (required, &unknown, None),
        (optional, &unknown, None),
    ] {
        let more = [&["--cacert", "ca.pem"][..], &forged, shown].concat();
        let got = curl(proxy.directory(), *address, "https://site.test/echo", &more).await;
        match subject {
            Some(subject) => assert!(got.body.contains(subject), "{got:?}"),
            None => assert_ne!(got.exit, 0, "{shown:?} {got:?}"),
        }
        assert!(!got.body.contains("CN=root"), "{}", got.body);
    }
    let more = [&["--cacert", "ca.pem"][..], &forged].concat();
    let got = curl(
        proxy.directory(),
        *optional,
        "https://site.test/echo",
        &more,
    )
    .await;
    assert!(got.status == 200 && !got.body.contains("CN="), "{got:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_that_was_revoked_lets_nobody_in() {
    let directory = directory();
    let ca = Authority::new("tests");
    ca.write(directory.path());
    ca.sign(&["site.test"]).write(directory.path(), "site");
    let (one, two) = (ca.sign(&["one.test"]), ca.sign(&["two.test"]));
    one.write(directory.path(), "one");
    two.write(directory.path(), "two");
    ca.revoke(&[&one], directory.path());
    let endpoint = Endpoint::start("a").await;
    let text = behind(
        &listener(
            "certificates: [{ certificate: site.pem, key: site.key }], client_certificates: { ca: ca.pem, crl: crl.pem }",
        ),
        &endpoint,
    );
    let proxy = Proxy::start_in(directory, &text, &[]).await;
    let ask = async |shown: &str| {
        let (pem, key) = (format!("{shown}.pem"), format!("{shown}.key"));
        let more = ["--cacert", "ca.pem", "--cert", &pem, "--key", &key];
        let url = "https://site.test/";
        curl(proxy.directory(), proxy.address(), url, &more)
            .await
            .status
    };
    assert_eq!((ask("one").await, ask("two").await), (0, 200));
    ca.revoke(&[&one, &two], proxy.directory());
    assert!(proxy.reload().await.is_ok());
    assert_eq!((ask("one").await, ask("two").await), (0, 0));
    proxy.write("crl.pem", ca.certificate().as_bytes());
    let refused = proxy.reload().await.expect_err("no list");
    assert!(refused.mentions("client_certificates.crl", "no list of revoked"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_renewed_certificate_serves_and_a_broken_one_changes_nothing() {
    let directory = directory();
    let (old, new) = (Authority::new("old"), Authority::new("new"));
    new.write(directory.path());
    old.sign(&["site.test"]).write(directory.path(), "site");
    let endpoint = Endpoint::start("a").await;
    let text = behind(
        &listener("certificates: [{ certificate: site.pem, key: site.key }]"),
        &endpoint,
    )
    .replace("watch: off", "watch: 100ms");
    let proxy = Proxy::start_in(directory, &text, &[]).await;
    let ask = || {
        let (directory, address) = (proxy.directory().to_owned(), proxy.address());
        async move {
            curl(
                &directory,
                address,
                "https://site.test/",
                &["--cacert", "ca.pem"],
            )
            .await
        }
    };
    assert_eq!(ask().await.exit, 60, "signed by the old one");
    proxy.write("site.key", b"nonsense");
    proxy
        .log
        .wait("a refusal", |line| {
            line.message().contains("reload refused")
        })
        .await;
    assert_eq!(ask().await.exit, 60, "it serves on with what it has");
    let renewed = new.sign(&["site.test"]);
    proxy.write("site.pem", renewed.certificate.as_bytes());
    proxy.write("site.key", renewed.key.as_bytes());
    proxy
        .log
        .wait("a reload", |line| line.message() == "reloaded")
        .await;
    soon("the new certificate", async {
        assert_eq!(ask().await.status, 200);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_fails_while_certificates_are_replaced() {
    let directory = directory();
    let ca = Authority::new("tests");
    let sites = [ca.sign(&["site.test"]), ca.sign(&["site.test"])];
    sites[0].write(directory.path(), "site");
    let endpoint = Endpoint::start("a").await;
    let text = behind(
        &listener("certificates: [{ certificate: site.pem, key: site.key }]"),
        &endpoint,
    );
    let proxy = Proxy::start_in(directory, &text, &[]).await;
    let (kept, fresh) = (
        ClientTls::new(&ca, "site.test"),
        ClientTls::new(&ca, "site.test"),
    );
    let plan = |keep_alive, fresh, tls: &ClientTls| LoadPlan {
        keep_alive,
        fresh,
        rate: Some(100),
        tls: Some(tls.clone()),
        ..LoadPlan::default()
    };
    let loads = [
        Load::start(proxy.address(), plan(8, 0, &kept)),
        Load::start(proxy.address(), plan(0, 4, &fresh)),
    ];
    for n in 1..=6 {
        for load in &loads {
            load.progress(25).await;
        }
        sites[n % 2].write(proxy.directory(), "site");
        assert!(proxy.reload().await.is_ok());
        let shown = fresh.certificate(proxy.address()).await;
        assert_eq!(shown.expect("a certificate"), sites[n % 2].der());
    }
    for load in loads {
        load.progress(25).await;
        load.stop().await.assert_clean();
    }
    let (whole, resumed) = kept.handshakes();
    assert_eq!(whole + resumed, 8, "whoever was there stayed");
    let (whole, resumed) = fresh.handshakes();
    assert!(resumed > whole, "{whole} handshakes, {resumed} resumed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plain_requests_are_sent_to_https() {
    let endpoint = Endpoint::start("a").await;
    let listeners = "{ address: \"127.0.0.1:0\", redirect_to_https: 443 }, { address: \"127.0.0.2:0\", redirect_to_https: 8443 }";
    let proxy = Proxy::start(&behind(listeners, &endpoint)).await;
    for (address, port) in proxy.addresses().iter().zip(["", ":8443"]) {
        let got = curl(
            proxy.directory(),
            *address,
            "http://site.test/a/../b?c=d",
            &["-d", "x"],
        )
        .await;
        let expected = format!("https://site.test{port}/b?c=d");
        assert_eq!(
            (got.status, got.header("location")),
            (308, Some(&*expected))
        );
    }
    assert_eq!(endpoint.hits(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn endpoints_are_asked_over_tls_and_believed_only_with_the_right_name() {
    let directory = directory();
    let (ca, strangers) = (Authority::new("tests"), Authority::new("strangers"));
    ca.write(directory.path());
    ca.sign(&["inner.test"]).write(directory.path(), "inner");
    ca.sign(&["client.test"]).write(directory.path(), "client");
    strangers
        .sign(&["inner.test"])
        .write(directory.path(), "stranger");
    let endpoint = Endpoint::start("a").await;
    // A proxy is the endpoint of TLS: what one speaks the other understands.
    let inner = |n: usize, identity: &str| {
        listener_at(
            n,
            &format!(
                "certificates: [{{ certificate: {identity}.pem, key: {identity}.key }}], client_certificates: {{ ca: ca.pem, required: false, subject_in: x-client }}"
            ),
        )
    };
    let text = behind(
        &[inner(1, "inner"), inner(2, "stranger")].join(", "),
        &endpoint,
    );
    let inner = Proxy::start_in(directory, &text, &[]).await;
    let [good, bad] = inner.addresses() else {
        panic!("two listeners")
    };
    let ca = inner.directory().join("ca.pem");
    let ca = ca.display();
    let cert = inner.directory().join("client.pem");
    let (cert, key) = (cert.display(), cert.with_extension("key"));
    let key = key.display();
    let mut upstreams = String::from("upstreams:\n");
    let mut routes = String::from("routes:\n");
    let cases = [
        (
            "http1",
            good,
            format!("{{ server_name: inner.test, ca: {ca} }}"),
            "http1",
            200,
        ),
        (
            "http2",
            good,
            format!("{{ server_name: inner.test, ca: {ca} }}"),
            "http2",
            200,
        ),
        (
            "shown",
            good,
            format!("{{ server_name: inner.test, ca: {ca}, certificate: {cert}, key: {key} }}"),
            "http1",
            200,
        ),
        (
            "name",
            good,
            format!("{{ server_name: other.test, ca: {ca} }}"),
            "http1",
            502,
        ),
        ("own", good, format!("{{ ca: {ca} }}"), "http1", 502),
        (
            "signer",
            bad,
            format!("{{ server_name: inner.test, ca: {ca} }}"),
            "http1",
            502,
        ),
        (
            "system",
            good,
            "{ server_name: inner.test }".to_owned(),
            "http1",
            502,
        ),
        (
            "anybody",
            bad,
            "{ server_name: inner.test, verify: false }".to_owned(),
            "http2",
            200,
        ),
    ];
    for (name, address, tls, protocol, _) in &cases {
        upstreams += &format!(
            "  {name}: {{ endpoints: [\"{address}\"], tls: {tls}, protocol: {protocol}, breaker: off }}\n"
        );
        routes += &format!("  - {{ match: {{ path: /echo/{name} }}, upstream: {name} }}\n");
    }
    let text = format!("listeners: [{{ address: \"127.0.0.1:0\" }}]\n{LOGS}{upstreams}{routes}");
    let outer = Proxy::start(&text).await;
    for (name, _, _, _, status) in &cases {
        let url = format!("http://a.test/echo/{name}");
        let got = curl(outer.directory(), outer.address(), &url, &[]).await;
        assert_eq!(got.status, *status, "{name}: {got:?}");
    }
    let made = inner.metrics().await.sum("lb_connections_total", &[]);
    // What was made with a certificate is kept apart from what was made without.
    for round in 0..5 {
        for (name, subject) in [("http1", false), ("shown", true), ("http2", false)] {
            let url = format!("http://a.test/echo/{name}");
            let got = curl(outer.directory(), outer.address(), &url, &[]).await;
            let told = got.body.contains("\"x-client\",\"CN=client.test\"");
            assert_eq!(told, subject, "round {round}: {name}: {got:?}");
        }
    }
    // And used again: no handshake for each request.
    let accepted = inner.metrics().await.sum("lb_connections_total", &[]);
    assert_eq!(accepted, made, "connections for 15 requests more");
}
