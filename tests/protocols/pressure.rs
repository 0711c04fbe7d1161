//! Too much of everything, and changes under load.

use std::time::Duration;

use rustix::process::{Resource, Rlimit, prlimit};
use tidegate_e2e::curl::curl;
use tidegate_e2e::pki::Authority;
use tidegate_e2e::raw::Raw;
use tidegate_e2e::{Endpoint, Load, LoadPlan, Proxy, client, config, directory, soon};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_hundred_who_drip_their_heads_keep_nobody_out_and_are_told_to_go() {
    let endpoint = Endpoint::start("a").await;
    let text = config::web("round-robin", &[&endpoint]);
    let proxy = Proxy::start(&format!("{text}limits: {{ head_timeout: 4s }}\n")).await;
    let mut slow = Vec::new();
    for _ in 0..500 {
        let mut client = Raw::open(proxy.address()).await;
        client.write("GET / HTTP/1.1\r\nHost: a\r\n").await;
        slow.push(client);
    }
    let plan = LoadPlan {
        keep_alive: 4,
        fresh: 4,
        ..LoadPlan::default()
    };
    let load = Load::start(proxy.address(), plan);
    // Slow on purpose.
    for _ in 0..3 {
        for client in &mut slow {
            client.write("x").await;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    load.progress(2_000).await;
    load.stop().await.assert_clean();
    for mut client in slow {
        let answer = client.rest().await;
        assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_address_has_its_share_and_others_have_theirs() {
    let endpoint = Endpoint::start("a").await;
    let text = config::web("round-robin", &[&endpoint]).replace(
        "{ address: \"127.0.0.1:0\" }]",
        "{ address: \"127.0.0.1:0\", max_connections_per_client: 3 }]",
    );
    let proxy = Proxy::start(&text).await;
    let request = || client::Request::get("/");
    let mut held = Vec::new();
    for _ in 0..3 {
        let from = std::net::Ipv4Addr::new(127, 0, 0, 9).into();
        let mut connection = client::Connection::open_from(from, proxy.address())
            .await
            .expect("room");
        assert!(connection.send(request()).await.expect("served").is_ok());
        held.push(connection);
    }
    let greedy = std::net::Ipv4Addr::new(127, 0, 0, 9);
    let answer = request()
        .send_from(greedy, proxy.address())
        .await
        .expect("an answer");
    assert_eq!(answer.status(), 503);
    assert!(
        client::get(proxy.address(), "/").await.is_ok(),
        "another address"
    );
    drop(held);
    soon("room again", async {
        while !request()
            .send_from(greedy, proxy.address())
            .await
            .is_ok_and(|answer| answer.is_ok())
        {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_file_descriptors_it_waits_and_comes_back() {
    let endpoint = Endpoint::start("a").await;
    let proxy = Proxy::start(&config::web("round-robin", &[&endpoint])).await;
    assert!(client::get(proxy.address(), "/").await.is_ok());
    let open =
        std::fs::read_dir(format!("/proc/{}/fd", proxy.pid().as_raw_nonzero())).expect("ours");
    let few = open.count() as u64 + 20;
    let limit = Rlimit {
        current: Some(few),
        maximum: Some(few),
    };
    prlimit(Some(proxy.pid()), Resource::Nofile, limit).expect("lowered");
    let mut held = Vec::new();
    for _ in 0..60 {
        held.push(Raw::open(proxy.address()).await);
    }
    proxy
        .log
        .wait("no descriptors", |line| line.message() == "cannot accept")
        .await;
    drop(held);
    for _ in 0..20 {
        assert!(client::get(proxy.address(), "/").await.is_ok());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn certificates_change_under_load_and_nobody_notices() {
    let directory = directory();
    let ca = Authority::new("tests");
    ca.write(directory.path());
    ca.sign(&["site.test"]).write(directory.path(), "site");
    let endpoint = Endpoint::start("a").await;
    let upstreams = config::upstreams(&[("web", "round-robin", &[endpoint.address().to_string()])]);
    let text = format!(
        "listeners: [{{ address: \"127.0.0.1:0\", tls: {{ certificates: [{{ certificate: site.pem, key: site.key }}] }} }}]\n\
         admin: {{ address: \"127.0.0.1:0\" }}\nwatch: off\n{upstreams}routes: [{{ upstream: web }}]\n"
    );
    let proxy = Proxy::start_in(directory, &text, &[]).await;
    let url = format!("https://127.0.0.1:{}/", proxy.address().port());
    let mut kept = tokio::process::Command::new("h2load");
    kept.args(["-n", "6000", "-c", "8", "-m", "4", &url])
        .kill_on_drop(true);
    let kept = tokio::spawn(async move { soon("h2load", kept.output()).await });
    let fresh = {
        let (directory, address) = (proxy.directory().to_owned(), proxy.address());
        tokio::spawn(async move {
            for _ in 0..40 {
                let got = curl(
                    &directory,
                    address,
                    "https://site.test/",
                    &["--cacert", "ca.pem"],
                )
                .await;
                assert_eq!(got.status, 200, "{got:?}");
            }
        })
    };
    for _ in 0..10 {
        let next = ca.sign(&["site.test"]);
        proxy.write("site.pem", next.certificate.as_bytes());
        proxy.write("site.key", next.key.as_bytes());
        proxy.reload().await.expect("a reload");
    }
    fresh.await.expect("every new connection is served");
    let output = kept.await.expect("no panic").expect("h2load is installed");
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(
        told.contains("6000 succeeded, 0 failed, 0 errored"),
        "{told}"
    );
}
