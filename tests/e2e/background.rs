//! `run -d`: it serves once the command has ended, and what it writes arrives.

use tidegate_e2e::client::get;
use tidegate_e2e::{Background, Endpoint, Reserved, Signal, config, directory, eventually, run};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_serves_and_writes_its_access_log() {
    let a = Endpoint::start("a").await;
    // The port is asked of the system first: a process in the background without a log file
    // has nobody to tell which one it took.
    let reserved = Reserved::new();
    let address = reserved.address();
    let text = config::web("round-robin", &[&a]);
    let text = text.replacen("127.0.0.1:0", &address.to_string(), 1);
    let text = text.replace("path: \"-\"", "path: access.log");
    let proxy = Background::start(directory(), &text, &[]).await;

    for n in 0..3 {
        let answer = get(address, &format!("/{n}")).await;
        assert_eq!((answer.status(), answer.endpoint()), (200, "a"));
    }
    let lines = eventually("three lines", async || {
        let lines = proxy.lines("access.log");
        (lines.len() == 3).then_some(lines)
    })
    .await;
    for (n, line) in lines.iter().enumerate() {
        assert_eq!(line.field("path"), Some(format!("/{n}").as_str()));
    }
    proxy.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn its_log_goes_on_in_the_file() {
    let a = Endpoint::start("a").await;
    let text = config::web("round-robin", &[&a]);
    let text = text.replace("path: \"-\"", "path: access.log");
    let beside = directory();
    std::fs::write(beside.path().join("tidegate.log"), "from before\n").expect("written");
    let proxy = Background::start(beside, &text, &["--log-file", "tidegate.log"]).await;

    let log = || proxy.lines("tidegate.log");
    let said = |message: &str| {
        log()
            .iter()
            .filter(|line| line.message() == message)
            .count()
    };
    assert_eq!(said("ready"), 1, "the command ends when it serves");
    let listening = log().into_iter().find(|line| line.message() == "listening");
    let address = listening.and_then(|line| line.field("address")?.parse().ok());
    let address = address.expect("the log says where it listens");
    assert_eq!(get(address, "/").await.endpoint(), "a");
    eventually("the access log", async || {
        (proxy.lines("access.log").len() == 1).then_some(())
    })
    .await;

    // Also what it says once nobody watches.
    proxy.signal(Signal::HUP);
    eventually("the reload", async || (said("reloaded") == 1).then_some(())).await;
    let text = std::fs::read_to_string(proxy.directory().join("tidegate.log"));
    assert!(
        text.expect("a log").starts_with("from before\n"),
        "appended"
    );
    proxy.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_that_fails_is_told_to_the_one_who_started_it() {
    let beside = directory();
    let bad = "listeners: []\n";
    std::fs::write(beside.path().join("tidegate.yaml"), bad).expect("written");
    let arguments = ["run", "-c", "tidegate.yaml", "-d"];
    let output = run(beside.path(), &arguments).await;
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("tidegate.yaml:"), "with its place: {said}");

    let arguments = [&arguments[..], &["--log-file", "tidegate.log"]].concat();
    let output = run(beside.path(), &arguments).await;
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("tidegate.log"), "where to look: {said}");
    let log = std::fs::read_to_string(beside.path().join("tidegate.log")).expect("a log");
    assert!(log.contains("tidegate.yaml:"), "with its place: {log}");
}
