//! `tidegate plugin simulate`, as a plugin's author uses it.

use std::path::Path;
use std::process::Output;

use serde_json::Value;
use tidegate_e2e::components::Selector;
use tidegate_e2e::{directory, run};

const WORKLOAD: &str = "\
about: A small one, for <a test>.
requests: 3000
arrivals: { poisson: { rate: 1000 } }
clients: { number: 200 }
endpoints:
  - { name: fast, count: 4, concurrency: 4, service: { exponential: { mean: 5ms } } }
  - { name: slow, count: 1, concurrency: 4, service: { exponential: { mean: 20ms } }, down: [{ from: 1s, until: 2s }] }
";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_component_is_compared_with_built_in_ones() {
    let beside = beside(WORKLOAD);
    let mine = Selector::default().component();
    std::fs::write(beside.path().join("mine.wasm"), mine).expect("written");
    let output = simulate(beside.path(), &["mine.wasm", "p2c", "turns=round-robin"]).await;
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let row = |name: &str| {
        let row = text.lines().find(|line| line.starts_with(name));
        row.unwrap_or_else(|| panic!("no row of {name} in\n{text}"))
            .to_owned()
    };
    assert!(
        row("selector").contains("p99.9") && row("selector").contains("moved"),
        "{text}"
    );
    for name in ["mine ", "p2c ", "turns "] {
        assert!(row(name).contains('%'), "{text}");
    }
    // It always answers the first endpoint, and that is worse than whatever else there is.
    assert!(
        row("p2c").contains('*'),
        "the best of a column is marked:\n{text}"
    );
    assert!(text.contains("A small one, for <a test>."), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_seed_is_the_same_answer() {
    let beside = beside(WORKLOAD);
    let told = async |seed: &str| {
        // One that draws lots, one that keeps a count in `state`, one that sets cookies.
        let selectors = ["p2c", "round-robin", "sticky", "peak-ewma"];
        let arguments = [&selectors[..], &["--json", "--endpoints", "--seed", seed]].concat();
        let output = simulate(beside.path(), &arguments).await;
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        String::from_utf8(output.stdout).expect("JSON is text")
    };
    let first = told("7").await;
    assert_eq!(first, told("7").await);
    assert_ne!(first, told("8").await);

    let json: Value = serde_json::from_str(&first).expect("JSON on stdout");
    assert_eq!((&json["workload"], &json["seed"]), (&"w".into(), &7.into()));
    let selectors = json["selectors"].as_array().expect("a list");
    for selector in selectors {
        let report = &selector["report"];
        let count = |key: &str| report["requests"][key].as_u64().expect("a number");
        assert_eq!(count("arrived"), 3000, "{selector}");
        assert_eq!(count("completed") + count("failed"), 3000, "{selector}");
        assert_eq!(report["endpoints"].as_array().map(Vec::len), Some(5));
        assert_eq!(report["groups"], serde_json::json!(["fast", "slow"]));
    }
    let moved = |number: usize| selectors[number]["report"]["sessions"]["moved_freely"].as_f64();
    assert!(moved(0) > Some(0.5), "p2c knows no sessions");
    // Who sends a second request before its first was answered may be given two homes.
    assert!(moved(2) < Some(0.05), "sticky keeps them: {:?}", moved(2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_is_whole_and_needs_nothing_else() {
    let beside = beside(WORKLOAD);
    std::fs::create_dir(beside.path().join("plots")).expect("made");
    let arguments = ["p2c", "random", "--html", "page.html", "--svg", "plots"];
    let output = simulate(beside.path(), &arguments).await;
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let page = std::fs::read_to_string(beside.path().join("page.html")).expect("it is there");
    assert!(page.starts_with("<!doctype html>") && page.ends_with("</html>\n"));
    assert!(
        page.contains("A small one, for &lt;a test&gt;."),
        "text is no markup"
    );
    for title in ["Latency by percentile", "over time: slow", "Sessions moved"] {
        assert!(page.contains(title), "{title}");
    }
    assert!(page.matches("<svg").count() >= 6);
    for outside in ["src=", "href=", "@import", "url("] {
        assert!(!page.contains(outside), "it would load {outside}");
    }
    let plots = names(&beside.path().join("plots"));
    assert!(plots.contains(&"w-latency.svg".to_owned()), "{plots:?}");
    assert_eq!(
        names(beside.path()),
        ["page.html", "plots", "w.yaml"],
        "no drafts stay"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_is_said_with_its_place_and_nothing_is_written() {
    let good = ["p2c", "--html", "page.html"];
    let refused = async |workload: &str, arguments: &[&str], expected: &[&str]| {
        let beside = beside(workload);
        let output = simulate(beside.path(), arguments).await;
        assert_eq!(output.status.code(), Some(1), "{}", said(&output));
        for part in expected {
            assert!(
                said(&output).contains(part),
                "{part} is not in {}",
                said(&output)
            );
        }
        assert!(output.stdout.is_empty());
        assert_eq!(names(beside.path()), ["w.yaml"]);
    };
    let unknown = WORKLOAD.replacen("concurrency", "concurency", 1);
    refused(
        &unknown,
        &good,
        &["w.yaml:6:", "concurency", "Did you mean `concurrency`?"],
    )
    .await;
    let time = WORKLOAD.replacen("5ms", "5", 1);
    refused(&time, &good, &["w.yaml:6:", "a number and a unit"]).await;
    let endless = WORKLOAD.replacen("requests: 3000", "seed: 3", 1);
    refused(&endless, &good, &["w.yaml", "requests: this never ends"]).await;
    refused("{", &good, &["w.yaml:"]).await;
    let selector = |name| [name, "--html", "page.html"];
    refused(
        WORKLOAD,
        &selector("p3c"),
        &["p3c", "Did you mean `p2c`?", "round-robin"],
    )
    .await;
    refused(
        WORKLOAD,
        &selector("w.yaml"),
        &["`w`", "not a WebAssembly component"],
    )
    .await;
    let keyless = [
        "sticky",
        "--config",
        r#"{"coookie":"a"}"#,
        "--html",
        "page.html",
    ];
    refused(WORKLOAD, &keyless, &["`sticky`", "coookie"]).await;

    let beside = beside(WORKLOAD);
    let output = run(beside.path(), &["plugin", "simulate", "p2c", "-w", "stedy"]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(
        said(&output).contains("Did you mean `steady`?"),
        "{}",
        said(&output)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_selector_that_fails_is_told_and_fails_no_request() {
    let beside = beside(WORKLOAD);
    let select = "(call $choose (i32.const 99))".to_owned();
    let wild = Selector {
        select,
        ..Selector::default()
    }
    .component();
    std::fs::write(beside.path().join("wild.wasm"), wild).expect("written");
    let told = async || simulate(beside.path(), &["wild.wasm", "--json"]).await;
    let output = told().await;
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(errors.contains("wild failed"), "{errors}");
    let json: Value = serde_json::from_slice(&output.stdout).expect("JSON on stdout");
    let report = &json["selectors"][0]["report"];
    assert!(
        report["attempts"]["faults"].as_u64() >= Some(10),
        "{report}"
    );
    assert!(
        report["attempts"]["fallbacks"].as_u64() >= Some(3000),
        "{report}"
    );
    assert_eq!(
        output.stdout,
        told().await.stdout,
        "faults are no reason to differ"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_is_played_as_it_was() {
    let recorded = WORKLOAD.replacen(", down: [{ from: 1s, until: 2s }]", "", 1);
    let recorded = recorded.replacen("requests: 3000\n", "", 1).replacen(
        "{ poisson: { rate: 1000 } }",
        "{ recorded: { file: log.jsonl } }",
        1,
    );
    // Nobody is down: a client whose home were would go elsewhere meanwhile.
    let recorded = recorded.replacen(", down: [{ from: 1s, until: 2s }]", "", 1);
    let beside = beside(&recorded);
    let line = |n: u32| {
        let (at, client) = (f64::from(n) * 0.004, n % 3);
        format!("{{\"at\":{at},\"client\":\"192.0.2.{client}\",\"path\":\"/p/{n}\"}}\n")
    };
    let log: String = (0..600).map(line).collect();
    std::fs::write(beside.path().join("log.jsonl"), log).expect("written");
    let output = simulate(beside.path(), &["ip-hash", "--json", "--endpoints"]).await;
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let json: Value = serde_json::from_slice(&output.stdout).expect("JSON on stdout");
    let report = &json["selectors"][0]["report"];
    assert_eq!(report["requests"]["arrived"], 600);
    let rows = report["endpoints"].as_array().expect("a list");
    let used = rows
        .iter()
        .filter(|row| row["attempts"].as_u64() > Some(0))
        .count();
    assert!(used <= 3, "three clients have three homes: {rows:?}");

    std::fs::write(
        beside.path().join("log.jsonl"),
        "{\"at\":1}\n{\"at\":\"x\"}\n",
    )
    .expect("written");
    let output = simulate(beside.path(), &["ip-hash"]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("log.jsonl:2"), "{}", said(&output));
}

async fn simulate(directory: &Path, arguments: &[&str]) -> Output {
    let arguments = [&["plugin", "simulate", "-w", "w.yaml"], arguments].concat();
    run(directory, &arguments).await
}

fn beside(workload: &str) -> tempfile::TempDir {
    let beside = directory();
    std::fs::write(beside.path().join("w.yaml"), workload).expect("written");
    beside
}

fn names(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).expect("it can be read");
    let name = |entry: std::io::Result<std::fs::DirEntry>| {
        entry
            .expect("an entry")
            .file_name()
            .to_string_lossy()
            .into_owned()
    };
    let mut names: Vec<_> = entries.map(name).collect();
    names.sort();
    names
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// Once, weights of all were written ten times as large while one ramped up, and a ring with ten
/// times as many points is another ring: 13 % of the sessions moved.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hashes_keep_their_clients_while_an_endpoint_ramps_up() {
    let beside = directory();
    let arguments = ["plugin", "simulate", "-w", "failures", "--json", "ip-hash"];
    let output = run(beside.path(), &arguments).await;
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let json: Value = serde_json::from_slice(&output.stdout).expect("JSON on stdout");
    let sessions = &json["selectors"][0]["report"]["sessions"];
    let moved = sessions["moved"].as_f64();
    assert!(moved.is_some_and(|share| share < 0.04), "{sessions}");
}
