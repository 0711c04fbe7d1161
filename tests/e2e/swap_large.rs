//! Reloads of what is large or comes and goes, under load: nobody notices either.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use tidegate_e2e::client::get;
use tidegate_e2e::{Endpoint, Load, LoadPlan, Proxy, config, eventually};
use tokio::net::TcpStream;

const ENDPOINTS: u16 = 1000;
const LISTENERS: u8 = 20;

/// Not a promise of ours: far above it, and any longer would be a mistake of another order.
const BOUND: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_endpoints_come_and_go() {
    let a = Endpoint::start("a").await;
    // One server stands for all of them: all of 127.0.0.0/8 is the loopback.
    let everywhere = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
    let many = Endpoint::start_on("many", everywhere).expect("a free port");
    let port = many.address().port();
    let addresses = |first: u8| -> Vec<String> {
        (0..ENDPOINTS)
            .map(|n| format!("127.{first}.{}.{}:{port}", n / 250, 1 + n % 250))
            .collect()
    };
    let text = |endpoints: &[String]| {
        let text = config::web_of("round-robin", endpoints);
        let text = text.replace("{ format: json, path: \"-\" }", "off");
        // Each file that is open is one less for the test.
        format!("{text}keep_alive: {{ pool: 32 }}\n")
    };
    let few = text(&[a.address().to_string()]);
    let proxy = Proxy::start(&few).await;

    let load = Load::start(proxy.address(), plan());
    load.progress(200).await;
    let mut generation = 1;
    for (what, config) in [
        ("1 to 1000", text(&addresses(1))),
        ("1000 to as many others", text(&addresses(2))),
        ("1000 to the same", text(&addresses(2))),
        ("1000 to 1", few),
    ] {
        let start = Instant::now();
        let published = proxy.reload_with(&config).await.expect("a good file");
        let took = start.elapsed();
        println!("{what} endpoints: reloaded in {took:?} under load");
        assert!(took < BOUND, "{what}: {took:?}");
        assert!(published > generation);
        generation = published;
        assert_eq!(proxy.status().await["generation"], generation);
        load.progress(u64::from(ENDPOINTS) + 200).await;
    }
    load.stop().await.assert_clean();
    assert!(many.hits() > 3 * u64::from(ENDPOINTS), "{}", many.hits());
    proxy.wait_idle().await;
    let metrics = proxy.metrics().await;
    let backends = metrics.values_of("backend");
    assert!(backends.len() < 10, "who left is forgotten: {backends:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn listeners_come_and_go() {
    let a = Endpoint::start("a").await;
    let alone = config::web("round-robin", &[&a]);
    let alone = alone.replace("{ format: json, path: \"-\" }", "off");
    let first = "{ address: \"127.0.0.1:0\" }]";
    let with = |host: &str| {
        let both = format!("{{ address: \"127.0.0.1:0\" }}, {{ address: \"{host}:0\" }}]");
        alone.replacen(first, &both, 1)
    };
    let proxy = Proxy::start(&alone).await;
    let load = Load::start(proxy.address(), plan());
    for n in 0..LISTENERS {
        let host = format!("127.0.0.{}", n + 2);
        let added = proxy.reload_with(&with(&host)).await.expect("a good file");
        let second = bound(&proxy, &host).await.expect("it is bound");
        assert_eq!(get(second, "/").await.endpoint(), "a");

        let removed = proxy.reload_with(&alone).await.expect("a good file");
        assert!(removed > added);
        assert_eq!(bound(&proxy, &host).await, None);
        eventually("it refuses", async || {
            let error = TcpStream::connect(second).await.err()?;
            assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
            Some(())
        })
        .await;
        load.progress(20).await;
    }
    assert_eq!(
        proxy.status().await["listeners"][0]["address"],
        proxy.address().to_string()
    );
    load.stop().await.assert_clean();
}

/// Old connections and new ones, at a rate that leaves time for the reloads.
fn plan() -> LoadPlan {
    LoadPlan {
        keep_alive: 4,
        fresh: 2,
        rate: Some(1000),
        ..LoadPlan::default()
    }
}

/// Where the listener on that host listens, from the status document.
async fn bound(proxy: &Proxy, host: &str) -> Option<SocketAddr> {
    let status = proxy.status().await;
    let listeners = status["listeners"].as_array()?;
    let configured = format!("{host}:0");
    let listener = listeners
        .iter()
        .find(|l| l["listener"] == configured.as_str())?;
    listener["address"].as_str()?.parse().ok()
}
