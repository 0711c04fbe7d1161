//! Signals, the pid file, and the end.

use tidegate_e2e::client::{Connection, Request, get};
use tidegate_e2e::{Endpoint, Proxy, Signal, config, directory, eventually};
use tokio::net::TcpStream;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_in_flight_is_finished_before_the_end() {
    for signal in [Signal::TERM, Signal::INT] {
        let a = Endpoint::start("a").await;
        let mut proxy = Proxy::start(&config::web("round-robin", &[&a])).await;
        let (address, admin) = (proxy.address(), proxy.admin());
        a.freeze();
        let slow = tokio::spawn(async move { get(address, "/").await });
        a.in_flight().until(|n| n == 1).await;
        proxy.signal(signal);
        eventually("new connections are refused or closed", async || {
            let Ok(mut connection) = Connection::open(address).await else {
                return Some(());
            };
            (!connection.is_usable().await).then_some(())
        })
        .await;
        // The admin listener may be gone already; while it is there it says so.
        if let Ok(answer) = Request::get("/readyz").send(admin).await {
            assert_eq!(answer.status(), 503);
        }
        a.thaw();
        let answer = slow.await.expect("no panic");
        assert_eq!((answer.status(), answer.endpoint()), (200, "a"));
        assert_eq!(proxy.wait_exit().await.code(), Some(0), "{signal:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_drain_is_bounded() {
    let a = Endpoint::start("a").await;
    let text = format!(
        "{}shutdown: {{ drain: 300ms }}\n",
        config::web("round-robin", &[&a])
    );
    let mut proxy = Proxy::start(&text).await;
    let address = proxy.address();
    a.freeze();
    let stuck = tokio::spawn(async move { Request::get("/").send(address).await });
    a.in_flight().until(|n| n == 1).await;
    proxy.signal(Signal::TERM);
    proxy.wait_exit().await;
    assert!(
        !stuck
            .await
            .expect("no panic")
            .is_ok_and(|answer| answer.is_ok())
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_idle_connection_does_not_hold_up_the_end() {
    let a = Endpoint::start("a").await;
    let mut proxy = Proxy::start(&config::web("round-robin", &[&a])).await;
    let mut idle = Connection::open(proxy.address())
        .await
        .expect("a connection");
    idle.send(Request::get("/")).await.expect("an answer");
    let silent = TcpStream::connect(proxy.address())
        .await
        .expect("a connection");
    let start = std::time::Instant::now();
    proxy.signal(Signal::TERM);
    assert_eq!(proxy.wait_exit().await.code(), Some(0));
    assert!(
        start.elapsed().as_secs() < 10,
        "took {:?} of the 30 s of the drain",
        start.elapsed()
    );
    drop(silent);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_pid_file_is_written_and_removed() {
    let a = Endpoint::start("a").await;
    let text = config::web("round-robin", &[&a]);
    let mut proxy = Proxy::start_in(directory(), &text, &["--pid-file", "tidegate.pid"]).await;
    let file = proxy.directory().join("tidegate.pid");
    let written = std::fs::read_to_string(&file).expect("a pid file");
    assert_eq!(
        written.trim().parse(),
        Ok(proxy.pid().as_raw_nonzero().get())
    );
    proxy.signal(Signal::TERM);
    proxy.wait_exit().await;
    assert!(!file.exists());
}
