//! A new binary takes the listening sockets over while the old one finishes.

use std::path::Path;

use tidegate_e2e::client::get;
use tidegate_e2e::pki::Authority;
use tidegate_e2e::tls::ClientTls;
use tidegate_e2e::{Endpoint, Load, LoadPlan, Proxy, Signal, config, directory, eventually};

/// The sockets are handed on so often, each time to the next process.
const UPGRADES: usize = 3;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_fails_while_the_binary_is_replaced() {
    replace_the_binary("", None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_fails_over_tls_while_the_binary_is_replaced() {
    let files = directory();
    let ca = Authority::new("tests");
    ca.sign(&["site.test"]).write(files.path(), "site");
    let at = files.path().display();
    let listener = format!(
        ", tls: {{ certificates: [{{ certificate: \"{at}/site.pem\", key: \"{at}/site.key\" }}] }}"
    );
    replace_the_binary(&listener, Some(ClientTls::new(&ca, "site.test"))).await;
}

/// With these further keys of the listener.
async fn replace_the_binary(listener: &str, tls: Option<ClientTls>) {
    let (a, b) = (Endpoint::start("a").await, Endpoint::start("b").await);
    let text = config::web("round-robin", &[&a, &b]);
    let front = "{ address: \"127.0.0.1:0\"";
    let text = text.replacen(front, &format!("{front}{listener}"), 1);
    let text = text.replace(
        "access_log: { format: json, path: \"-\" }",
        "access_log: off",
    );
    let meeting_place = directory();
    let socket = meeting_place.path().join("upgrade.sock");
    let arguments = ["--upgrade-sock", socket.to_str().expect("a path in UTF-8")];
    let mut old = Proxy::start_in(directory(), &text, &arguments).await;
    let address = old.address();

    let plan = LoadPlan {
        keep_alive: 10,
        fresh: 4,
        rate: Some(if tls.is_some() { 300 } else { 1000 }),
        tls,
        ..LoadPlan::default()
    };
    let load = Load::start(address, plan);
    load.progress(300).await;
    for _ in 0..UPGRADES {
        let with_upgrade = [&arguments[..], &["--upgrade"]].concat();
        let mut new = Proxy::launch(directory(), &text, &with_upgrade);
        hand_over(&old, &mut new, &socket).await;
        assert_eq!(new.address(), address, "the same socket");
        load.progress(300).await;
        assert_eq!(old.wait_exit().await.code(), Some(0));
        load.progress(300).await;
        assert_eq!(new.status().await["pid"], new.pid().as_raw_nonzero().get());
        old = new;
    }
    load.stop().await.assert_clean();
    old.wait_idle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_the_old_process_began_is_finished_there() {
    let a = Endpoint::start("a").await;
    let text = config::web("round-robin", &[&a]);
    let meeting_place = directory();
    let socket = meeting_place.path().join("upgrade.sock");
    let arguments = ["--upgrade-sock", socket.to_str().expect("a path in UTF-8")];
    let mut old = Proxy::start_in(directory(), &text, &arguments).await;
    let address = old.address();

    a.freeze();
    let slow = tokio::spawn(async move { get(address, "/slow").await });
    a.in_flight().until(|n| n == 1).await;
    let mut new = Proxy::launch(
        directory(),
        &text,
        &[&arguments[..], &["--upgrade"]].concat(),
    );
    hand_over(&old, &mut new, &socket).await;
    a.thaw();
    assert!(slow.await.expect("no panic").is_ok());
    assert_eq!(old.wait_exit().await.code(), Some(0));
    let line = old
        .access_log
        .wait("its line", |line| line.field("path") == Some("/slow"))
        .await;
    assert_eq!(line.value("status"), 200);
    assert!(get(address, "/").await.is_ok());
}

/// Tells the old process to hand over once the socket of the new one is there.
async fn hand_over(old: &Proxy, new: &mut Proxy, socket: &Path) {
    eventually("the upgrade socket", async || socket.exists().then_some(())).await;
    old.signal(Signal::QUIT);
    new.wait_ready().await
}
