//! The command line: exit codes and what is said.

use std::process::Output;

use tidegate_e2e::components::{REFUSE, Selector};
use tidegate_e2e::{Endpoint, Proxy, Reserved, binary, config, directory, run};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn check_accepts_and_refuses() {
    let a = Endpoint::start("a").await;
    let beside = directory();
    let write = |text: &str| std::fs::write(beside.path().join("c.yaml"), text).expect("written");
    let good = config::web("round-robin", &[&a]);

    write(&good);
    let output = run(beside.path(), &["check", "-c", "c.yaml"]).await;
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));

    write(
        &good
            .replace("round-robin", "round-rubin")
            .replace("upstream: web", "upstream: wbe"),
    );
    let output = run(beside.path(), &["check", "-c", "c.yaml"]).await;
    assert_eq!(output.status.code(), Some(1));
    let text = said(&output);
    assert!(
        text.contains("round-rubin") && text.contains("wbe"),
        "all problems at once: {text}"
    );
    assert!(text.contains("c.yaml:"), "with their place: {text}");

    let output = run(beside.path(), &["check", "-c", "c.yaml", "--json"]).await;
    assert_eq!(output.status.code(), Some(1));
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON on stdout");
    assert!(
        json["problems"]
            .as_array()
            .is_some_and(|problems| problems.len() >= 2),
        "{json}"
    );

    let output = run(beside.path(), &["check", "-c", "missing.yaml"]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("missing.yaml"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn check_loads_and_configures_the_plugins() {
    let a = Endpoint::start("a").await;
    let beside = directory();
    let text = config::with_plugin(&config::web("mine", &[&a]), "mine", "mine.wasm", "");
    std::fs::write(beside.path().join("c.yaml"), text).expect("written");
    let good = Selector::default();
    let bad = Selector {
        configure: REFUSE.into(),
        ..Selector::default()
    };
    for (selector, code) in [(good, 0), (bad, 1)] {
        std::fs::write(beside.path().join("mine.wasm"), selector.component()).expect("written");
        let output = run(beside.path(), &["check", "-c", "c.yaml"]).await;
        assert_eq!(output.status.code(), Some(code), "{}", said(&output));
        assert_eq!(said(&output).contains("not to my taste"), code == 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_file_is_not_run() {
    let mut proxy = Proxy::launch(directory(), "listeners: []\n", &[]);
    assert_eq!(proxy.wait_exit().await.code(), Some(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_is_taken_is_said() {
    let a = Endpoint::start("a").await;
    let taken = Endpoint::start("taken").await;
    let address = taken.address().to_string();
    let text = config::web("round-robin", &[&a]).replacen("127.0.0.1:0", &address, 1);
    let mut proxy = Proxy::launch(directory(), &text, &[]);
    assert_eq!(proxy.wait_exit().await.code(), Some(1));
    proxy.log.ended().await;
    assert!(proxy.log.raw(0).join("\n").contains(&address));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reload_tells_the_running_one() {
    let (a, b) = (Endpoint::start("a").await, Endpoint::start("b").await);
    // The command reads the admin address in the file, so that must not be port 0.
    let reserved = Reserved::new();
    let admin = reserved.address().to_string();
    let text = |endpoint: &Endpoint| {
        config::web("round-robin", &[endpoint]).replace(
            "admin: { address: \"127.0.0.1:0\" }",
            &format!("admin: {{ address: \"{admin}\" }}"),
        )
    };
    let proxy = Proxy::start(&text(&a)).await;
    proxy.write_config(&text(&b));
    let output = run(proxy.directory(), &["reload", "-c", "tidegate.yaml"]).await;
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(
        tidegate_e2e::client::get(proxy.address(), "/")
            .await
            .endpoint(),
        "b"
    );

    proxy.write_config(&text(&b).replace("round-robin", "round-rubin"));
    let output = run(proxy.directory(), &["reload", "-c", "tidegate.yaml"]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("round-rubin"), "{}", said(&output));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_has_enough_is_no_fault() {
    let mut program = tokio::process::Command::new(binary())
        .arg("schema")
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("the program");
    // The schema is longer than what a pipe takes.
    drop(program.stdout.take());
    let output = program.wait_with_output().await.expect("its end");
    assert_eq!(output.status.code(), Some(141));
    assert_eq!(said(&output), "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_schema_is_json() {
    let beside = directory();
    let output = run(beside.path(), &["schema"]).await;
    assert_eq!(output.status.code(), Some(0));
    let schema: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    for key in ["listeners", "upstreams", "routes", "plugins"] {
        assert!(schema["properties"][key].is_object(), "{key}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_usage_is_2_and_help_is_0() {
    let beside = directory();
    for arguments in [
        &[][..],
        &["rnu"],
        &["run"],
        &["check", "--jsn"],
        &["run", "-c", "a", "--log-format", "xml"],
    ] {
        let output = run(beside.path(), arguments).await;
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(!output.stderr.is_empty(), "{arguments:?}");
    }
    for arguments in [&["--help"][..], &["run", "--help"], &["--version"]] {
        let output = run(beside.path(), arguments).await;
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert!(!output.stdout.is_empty(), "{arguments:?}");
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn check_breaks_each_bound_and_tells_that_it_held() {
    let a = Endpoint::start("a").await;
    let beside = directory();
    let text = config::web("mine", &[&a]);
    let text =
        format!("{text}plugins: {{ mine: {{ builtin: random, deadline: 7ms, memory: 5MiB }} }}\n");
    std::fs::write(beside.path().join("c.yaml"), text).expect("written");
    let output = run(beside.path(), &["check", "-c", "c.yaml", "--json"]).await;
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON on stdout");
    assert_eq!(json["limits"][0]["plugins"], "mine");
    let bounds = json["limits"][0]["bounds"].as_object().expect("bounds");
    let names: Vec<&str> = bounds.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "callouts",
            "deadline",
            "instances",
            "log",
            "memory",
            "stack",
            "state"
        ]
    );
    let told = |bound: &str| bounds[bound].as_str().unwrap_or_default();
    assert!(
        told("deadline").starts_with("7ms: "),
        "{}",
        told("deadline")
    );
    assert!(
        told("memory").starts_with("5.0 MiB: "),
        "{}",
        told("memory")
    );
}
