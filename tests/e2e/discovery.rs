//! Endpoints that are not written down as addresses: names that are resolved and followed,
//! and lists in files that are watched.

use std::net::SocketAddr;

use hyper::Method;
use test_backend::dns::{Kind, Reply, SERVFAIL, ScriptedDns};
use tidegate_e2e::client::{Request, get};
use tidegate_e2e::{Endpoint, Load, LoadPlan, Proxy, config, directory, eventually, run};

const RESOLVE: &str = "resolve: { min_ttl: 100ms, max_ttl: 200ms }";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_is_as_many_endpoints_as_it_has_addresses() {
    let dns = ScriptedDns::start().expect("a name server");
    let (one, two) = two_on_one_port().await;
    let port = one.address().port();
    dns.set_addresses("web.test", 1, &["127.0.0.1"]);
    let row = format!("{{ address: \"web.test:{port}\", {RESOLVE} }}");
    let proxy = Proxy::start(&named(&dns, &[row])).await;
    let generation = proxy.status().await["generation"].clone();
    assert_eq!(get(proxy.address(), "/").await.endpoint(), "one");

    let load = Load::start(proxy.address(), LoadPlan::default());
    dns.set_addresses("web.test", 1, &["127.0.0.1", "127.0.0.2"]);
    until(&proxy, "two").await;
    dns.set_addresses("web.test", 1, &["127.0.0.2"]);
    eventually("the first to be left", async || {
        let before = one.hits();
        for _ in 0..4 {
            let _ = get(proxy.address(), "/").await;
        }
        (one.hits() == before).then_some(())
    })
    .await;

    // A zone that is broken, or emptied by mistake, takes nothing away.
    for reply in [Reply::Code(SERVFAIL), Reply::Records(Vec::new())] {
        let asked = dns.asked("web.test", Kind::A);
        dns.set_both("web.test", &reply);
        eventually("two more questions", async || {
            (dns.asked("web.test", Kind::A) >= asked + 2).then_some(())
        })
        .await;
        assert_eq!(get(proxy.address(), "/").await.endpoint(), "two");
    }
    load.stop().await.assert_clean();
    assert_eq!(
        proxy.status().await["generation"],
        generation,
        "nothing that was written has changed"
    );
    drop(two);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_without_addresses_is_an_endpoint_that_is_down() {
    let dns = ScriptedDns::start().expect("a name server");
    let (well, late) = (Endpoint::start("well").await, Endpoint::start("late").await);
    let row = format!(
        "{{ address: \"late.test:{}\", {RESOLVE} }}",
        late.address().port()
    );
    let text = named(&dns, &[well.address().to_string(), row.clone()]);
    let proxy = Proxy::start(&text).await;
    for _ in 0..4 {
        assert_eq!(get(proxy.address(), "/").await.endpoint(), "well");
    }
    let document = proxy.ask_admin(Method::GET, "/upstreams").await.json();
    let rows = document["upstreams"]["web"]["endpoints"].clone();
    assert_eq!(rows[1]["why"][0], "its name has no address", "{rows}");
    dns.set_addresses("late.test", 1, &["127.0.0.1"]);
    until(&proxy, "late").await;

    // Alone it is a 503, and a start all the same.
    let dns = ScriptedDns::start().expect("a name server");
    let proxy = Proxy::start(&named(&dns, &[row])).await;
    let answer = get(proxy.address(), "/").await;
    assert_eq!(
        (answer.status(), answer.header("retry-after")),
        (503, Some("1"))
    );
    dns.set_addresses("late.test", 1, &["127.0.0.1"]);
    until(&proxy, "late").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn check_warns_of_a_name_without_addresses() {
    let dns = ScriptedDns::start().expect("a name server");
    let beside = directory();
    let text = named(&dns, &["nowhere.test:80".into()]);
    std::fs::write(beside.path().join("c.yaml"), text).expect("written");
    let output = run(beside.path(), &["check", "-c", "c.yaml"]).await;
    assert!(output.status.success());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        said.contains("warning") && said.contains("nowhere.test:80"),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_in_a_file_is_watched() {
    let (a, b) = (Endpoint::start("a").await, Endpoint::start("b").await);
    let beside = directory();
    let list = |endpoints: &[&Endpoint]| {
        let rows = endpoints.iter().map(|e| format!("- {}\n", e.address()));
        rows.collect::<String>()
    };
    std::fs::write(beside.path().join("endpoints.yaml"), list(&[&a])).expect("written");
    let text = format!(
        "{}upstreams:\n  web:\n    endpoints_from: endpoints.yaml\nroutes: [{{ upstream: web }}]\n",
        config::FRONT.replace("watch: off", "watch: 100ms")
    );
    let proxy = Proxy::start_in(beside, &text, &[]).await;
    assert_eq!(get(proxy.address(), "/").await.endpoint(), "a");

    proxy.write("endpoints.yaml", list(&[&b]).as_bytes());
    until(&proxy, "b").await;
    eventually("a to be left", async || {
        let mut names = Vec::new();
        for _ in 0..4 {
            names.push(get(proxy.address(), "/").await.endpoint().to_owned());
        }
        names.iter().all(|name| name == "b").then_some(())
    })
    .await;

    // A discovery that lost everything takes nothing away.
    for (bad, word) in [("[]", "endpoint"), ("- 127.0.0.1:notaport\n", "port")] {
        let mark = proxy.log.len();
        proxy.write("endpoints.yaml", bad.as_bytes());
        let line = proxy
            .log
            .wait_after(mark, "a refusal", |line| {
                line.message().starts_with("reload refused")
            })
            .await;
        assert!(
            line.message().contains("endpoints.yaml:1:"),
            "{}",
            line.message()
        );
        assert!(line.message().contains(word), "{}", line.message());
        assert_eq!(get(proxy.address(), "/").await.endpoint(), "b");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_listener_takes_so_many_connections_and_says_so() {
    let endpoint = Endpoint::start("a").await;
    let text = config::web("round-robin", &[&endpoint]).replace(
        "listeners: [{ address: \"127.0.0.1:0\" }]",
        "listeners: [{ address: \"127.0.0.1:0\", max_connections: 1 }]",
    );
    let proxy = Proxy::start(&text).await;
    endpoint.freeze();
    let address = proxy.address();
    let first = tokio::spawn(async move { get(address, "/").await.status() });
    endpoint.in_flight().until(|n| n == 1).await;
    // A client with a pool, which takes an answer that comes before its question for an error.
    let second = get(address, "/").await;
    assert_eq!(
        (second.status(), second.header("retry-after")),
        (503, Some("1"))
    );
    let metrics = proxy.metrics().await;
    assert_eq!(metrics.sum("lb_connections_refused_total", &[]), 1.0);
    endpoint.thaw();
    assert_eq!(first.await.expect("no panic"), 200);
    eventually("room for another", async || {
        let answer = Request::get("/").send(address).await;
        answer
            .is_ok_and(|answer| answer.status() == 200)
            .then_some(())
    })
    .await;
}

/// A configuration whose names this server knows.
fn named(dns: &ScriptedDns, endpoints: &[String]) -> String {
    format!(
        "{}resolver: {{ servers: [\"{}\"], timeout: 1s }}\n",
        config::web_of("round-robin", endpoints),
        dns.address()
    )
}

/// `one` on 127.0.0.1 and `two` on 127.0.0.2, with the same port.
async fn two_on_one_port() -> (Endpoint, Endpoint) {
    loop {
        let one = Endpoint::start("one").await;
        let other = SocketAddr::from(([127, 0, 0, 2], one.address().port()));
        // Taken by somebody else: another port then.
        if let Ok(two) = Endpoint::start_on("two", other) {
            return (one, two);
        }
    }
}

async fn until(proxy: &Proxy, name: &str) {
    eventually("an endpoint to take part", async || {
        (get(proxy.address(), "/").await.endpoint() == name).then_some(())
    })
    .await;
}
