//! `tidegate plugin test`, `inspect`, `bench` and `replay`, as their user types them.

use std::path::Path;
use std::process::Output;

use serde_json::Value;
use tidegate_e2e::client::{Request, get};
use tidegate_e2e::{Endpoint, Proxy, config, directory, run, test_plugin};

const TURNS: &str = r#"
endpoints: [10.0.0.1:80, 10.0.0.2:80]
scenarios:
  - name: they take turns
    steps:
      - request: /
        repeat: 100
        expect: { distribution: [50%, 50%] }
      - excluded: [0]
        expect: { choice: 10.0.0.2:80, within: 100ms }
  - name: it has no configuration
    config: { speed: 3 }
    refused: speed
"#;

/// Runs `tidegate plugin` with these arguments in that directory.
async fn plugin(directory: &Path, arguments: &[&str]) -> Output {
    let mut all = vec!["plugin"];
    all.extend(arguments);
    run(directory, &all).await
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn write(directory: &Path, name: &str, content: &str) {
    std::fs::write(directory.join(name), content).expect("a test's own directory");
}

#[tokio::test]
async fn scenarios_pass_and_the_exit_says_so() {
    let here = directory();
    write(here.path(), "turns.yaml", TURNS);
    let output = plugin(here.path(), &["test", "round-robin", "turns.yaml"]).await;
    let said = text(&output.stdout);
    assert!(output.status.success(), "{said}{}", text(&output.stderr));
    assert!(said.contains("ok   they take turns"), "{said}");
    assert!(said.contains("2 passed, 2 steps"), "{said}");
    assert!(
        !said.contains('\u{1b}'),
        "colours are for terminals: {said}"
    );
    let output = plugin(
        here.path(),
        &["test", "round-robin", "turns.yaml", "--json"],
    )
    .await;
    let told: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    assert_eq!((&told["passed"], &told["failed"]), (&2.into(), &0.into()));
    let steps = &told["files"][0]["scenarios"][0]["steps"];
    assert_eq!(steps[0]["calls"], 100);
}

#[tokio::test]
async fn what_is_not_as_expected_is_told_with_its_line_and_fails() {
    let here = directory();
    let wrong = TURNS
        .replace("[50%, 50%]", "[60%, 40%]")
        .replace("10.0.0.2:80, within", "10.0.0.1:80, within");
    write(
        here.path(),
        "turns.yaml",
        &wrong.replace("refused: speed", "refused: taste"),
    );
    let output = plugin(here.path(), &["test", "round-robin", "turns.yaml"]).await;
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{said}");
    for part in [
        "turns.yaml:6: distribution: 0 (10.0.0.1:80): expected 60.0% ± 1.0%, got 50.0% (50 of 100)",
        "turns.yaml:9: choice: expected 10.0.0.1:80, got 1 (10.0.0.2:80)",
        "turns.yaml:11: was to be refused with `taste`: the plugin refuses its config",
        "2 of 2 failed",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
}

/// Each expectation, wrong: one that could not fail would test nothing.
#[tokio::test]
async fn every_expectation_can_fail() {
    const HEADERS: (&str, &str) = (
        "headers",
        "{ request: { set: { x-a: b } }, response: { set: { x-c: d } } }",
    );
    const GUARD: (&str, &str) = ("ext-auth", "{ upstream: auth, path: /check }");
    const LIMIT: (&str, &str) = ("rate-limit", "{ rate: 1, burst: 1 }");
    const TURNS: (&str, &str) = ("round-robin", "{}");
    const STICKY: (&str, &str) = ("sticky", "{}");
    let wrong = [
        (
            HEADERS,
            "{ expect: { verdict: pass } }",
            "verdict: expected `pass`, got `edit`",
        ),
        (
            HEADERS,
            "{ expect: { request: { headers: { x-a: z } } } }",
            "request: x-a: expected `z`, got `b`",
        ),
        (
            HEADERS,
            "{ expect: { request: { headers: { x-a: null } } } }",
            "request: x-a: expected none, got `b`",
        ),
        (
            HEADERS,
            "{ expect: { request: { headers: { x-z: z } } } }",
            "request: x-z: expected `z`, it is absent",
        ),
        (
            HEADERS,
            "{ expect: { request: { path: /z } } }",
            "request: path: expected `/z`, got `/`",
        ),
        (
            HEADERS,
            "{ expect: { request: { upstream: z } } }",
            "request: upstream: expected `z`, it is absent",
        ),
        (
            HEADERS,
            "{ expect: { request: { attributes: { z: z } } } }",
            "request: attribute z: expected `z`",
        ),
        (
            HEADERS,
            "{ request: { method: POST, body: a }, expect: { request: { body: z } } }",
            "request: body: expected `z`, got `a`",
        ),
        (
            HEADERS,
            "{ expect: { response: { status: 500 } } }",
            "response: expected status 500, got 200",
        ),
        (
            HEADERS,
            "{ expect: { response: { headers: { x-c: z } } } }",
            "response: x-c: expected `z` in `d`",
        ),
        (
            HEADERS,
            "{ response: { body: a }, expect: { response: { body: z } } }",
            "response: body: expected `z` in `a`",
        ),
        (
            HEADERS,
            "{ expect: { answer: { status: 403 } } }",
            "answer: there was none",
        ),
        (
            HEADERS,
            "{ expect: { fault: trap } }",
            "fault: expected trap, there was none",
        ),
        (
            HEADERS,
            "{ expect: { within: 1ns } }",
            "within: the median call took",
        ),
        (
            HEADERS,
            "{ expect: { log: [z] } }",
            "log: expected `z`, it was not logged",
        ),
        (
            HEADERS,
            "{ expect: { metrics: { z: 1 } } }",
            "metrics: z: expected 1, it is absent",
        ),
        (
            HEADERS,
            "{ expect: { state: { counters: { z: 1 } } } }",
            "state: counter z: expected 1, it is absent",
        ),
        (
            HEADERS,
            "{ expect: { state: { values: { z: z } } } }",
            "state: z: expected `z`, it is absent",
        ),
        (
            HEADERS,
            "{ expect: { callouts: [{ upstream: z }] } }",
            "callouts: expected 1, made: none",
        ),
        (
            GUARD,
            "{ expect: { callouts: [{ upstream: z }] } }",
            "callout 1: upstream: expected `z`, got `auth`",
        ),
        (
            GUARD,
            "{ expect: { callouts: [] } }",
            "callouts: expected 0, made: GET /check to auth",
        ),
        (
            GUARD,
            "{ expect: { not_logged: [did not answer] } }",
            "log: `did not answer` was logged",
        ),
        (
            LIMIT,
            "{ repeat: 2, expect: { verdict: pass } }",
            "this was repetition 2",
        ),
        (
            LIMIT,
            "{ repeat: 2, expect: { request: {} } }",
            "it did not go on: it was answered 429",
        ),
        (
            TURNS,
            "{ repeat: 2, expect: { same: true } }",
            "same: expected the same as before, 10.0.0.1:80, got 10.0.0.2:80",
        ),
        (
            STICKY,
            "{ expect: { edits: { set-cookie: z= } } }",
            "edits: set-cookie: expected `z=` in `tg=",
        ),
        (STICKY, "{ request: \"no path\" }", "request: GET no path"),
    ];
    let here = directory();
    for ((name, config), step, message) in wrong {
        let upstreams = match name {
            "ext-auth" if step.contains("not_logged") => "{ auth: timed-out }",
            "ext-auth" => "{ auth: { status: 200 } }",
            _ => "{}",
        };
        let steps = format!("scenarios: [{{ name: wrong, steps: [{step}] }}]");
        let file = format!("config: {config}\nupstreams: {upstreams}\n{steps}\n");
        write(here.path(), "wrong.yaml", &file);
        let output = plugin(here.path(), &["test", name, "wrong.yaml"]).await;
        let said = text(&output.stdout);
        assert_eq!(
            output.status.code(),
            Some(1),
            "{step}: {said}{}",
            text(&output.stderr)
        );
        assert!(said.contains(message), "{step}: expected {message}: {said}");
    }
}

#[tokio::test]
async fn a_file_that_is_not_understood_is_refused_with_its_place() {
    let here = directory();
    let refused = [
        (
            "scenarios: [{ name: a, stepz: [] }]",
            "bad.yaml:1:24: unknown field `stepz`",
        ),
        (
            "scenarios:\n  - name: a\n    steps:\n      - advance: fast\n",
            "bad.yaml:4:18: expected a duration",
        ),
        ("scenarios: [", "bad.yaml:1:"),
        ("endpoints: 3\n", "nothing would be tested"),
        (
            "scenarios: [{ name: a, steps: [{ repeat: 0, expect: { choice: 9 } }] }]",
            "bad.yaml:1:32: `repeat: 0`",
        ),
        ("scenarios: [{ name: a }]", "either `steps` or `refused`"),
        (
            "endpoints: 0\nscenarios: [{ name: a, steps: [{}] }]",
            "1 to 65,536",
        ),
    ];
    for (file, message) in refused {
        write(here.path(), "bad.yaml", file);
        let output = plugin(here.path(), &["test", "p2c", "bad.yaml"]).await;
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{file}: {said}");
        assert!(said.contains(message), "{file}: expected {message}: {said}");
        assert!(
            output.stdout.is_empty(),
            "nothing ran: {}",
            text(&output.stdout)
        );
    }
    let output = plugin(here.path(), &["test", "p2c", "missing.yaml"]).await;
    assert!(text(&output.stderr).contains("missing.yaml: No such file"));
    let output = plugin(here.path(), &["test", "least-connection", "missing.yaml"]).await;
    let said = text(&output.stderr);
    assert!(
        said.contains("no such file, and no built-in plugin"),
        "{said}"
    );
    assert!(said.contains("least-connections"), "{said}");
    let output = plugin(here.path(), &["test", "p2c"]).await;
    assert_eq!(output.status.code(), Some(2), "usage");
}

#[tokio::test]
async fn a_component_of_another_kind_is_told() {
    let here = directory();
    write(here.path(), "turns.yaml", TURNS);
    let keys = ["--conformance", "--config", r#"{"rate": 1, "burst": 5}"#];
    let output = plugin(
        here.path(),
        &[
            "test",
            "rate-limit",
            "turns.yaml",
            keys[0],
            keys[1],
            keys[2],
        ],
    )
    .await;
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1));
    assert!(said.contains("ok   keeps the contract"), "{said}");
    write(
        here.path(),
        "kind.yaml",
        "config: { rate: 1, burst: 5 }\nscenarios: [{ name: a, steps: [{ expect: { choice: 0 } }] }]",
    );
    let output = plugin(here.path(), &["test", "rate-limit", "kind.yaml"]).await;
    let said = text(&output.stdout);
    assert!(
        said.contains("`expect.choice` is for selectors, and this is a filter"),
        "{said}"
    );
    write(here.path(), "core.wasm", "\0asm\u{1}\0\0\0");
    for command in [
        &["test", "core.wasm", "turns.yaml"][..],
        &["inspect", "core.wasm"],
        &["bench", "core.wasm"],
    ] {
        let output = plugin(here.path(), command).await;
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{command:?}: {said}");
        assert!(
            said.contains("core.wasm: not a WebAssembly component: this is a core module"),
            "{said}"
        );
    }
}

#[tokio::test]
async fn a_hundred_steps_take_less_than_a_second() {
    let here = directory();
    let steps = "      - { request: \"/{n}\", repeat: 10, expect: { within: 1s } }\n".repeat(100);
    write(
        here.path(),
        "many.yaml",
        &format!("scenarios:\n  - name: many\n    steps:\n{steps}"),
    );
    let output = plugin(here.path(), &["test", "p2c", "many.yaml", "--json"]).await;
    let told: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    assert_eq!((&told["failed"], &told["steps"]), (&0.into(), &100.into()));
    let seconds = told["seconds"].as_f64().expect("a number");
    assert!(seconds < 1.0, "{seconds} s");
}

#[tokio::test]
async fn inspect_says_what_a_component_is_and_needs() {
    let here = directory();
    let output = plugin(
        here.path(),
        &["inspect", "ext-auth", "--config", r#"{"upstream": "auth"}"#],
    )
    .await;
    let said = text(&output.stdout);
    assert!(output.status.success(), "{said}{}", text(&output.stderr));
    for part in [
        "kind        filter",
        "contract    tidegate:plugin@0.1.0",
        "an instance, started",
        "tidegate:plugin/http-client@0.1.0  needs `grant: { http: [UPSTREAM…] }`",
        "interfaces of WASI, locked down",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let output = plugin(here.path(), &["inspect", "sticky", "--json"]).await;
    let told: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    assert_eq!(
        (&told["kind"], &told["warnings"]),
        (&"selector".into(), &Value::Array(Vec::new()))
    );
    assert!(
        told["instance_memory"]
            .as_u64()
            .is_some_and(|bytes| bytes > 100_000)
    );
    assert_eq!(told["digest"].as_str().map(str::len), Some(64));
}

#[tokio::test]
async fn bench_measures_each_call() {
    let here = directory();
    let output = plugin(
        here.path(),
        &["bench", "round-robin", "--endpoints", "3,30", "--json"],
    )
    .await;
    let told: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    let rows = told["rows"].as_array().expect("rows");
    assert_eq!(rows.len(), 4, "{told}");
    for row in rows {
        let median = row["median"].as_f64().expect("a number");
        assert!(
            median > 10.0 && row["p10"].as_f64() <= row["p90"].as_f64(),
            "{row}"
        );
    }
    assert!(rows[0]["host_bytes"].as_f64().is_some(), "{told}");
    let arguments = [
        "bench",
        "headers",
        "--config",
        r#"{"request": {"set": {"x-a": "b"}}}"#,
    ];
    let output = plugin(here.path(), &arguments).await;
    let said = text(&output.stdout);
    assert!(
        said.contains("on-request ") && !said.contains("on-response"),
        "{said}"
    );
    let output = plugin(here.path(), &["bench", "headers", "--config", "{\"a\": 1}"]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output.stderr).contains("refuses its config"),
        "{}",
        text(&output.stderr)
    );
}

/// A proxy runs, its plugin fails for some requests; its log and its record of faults become
/// scenarios, which run as they are.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_happened_becomes_a_scenario() {
    let a = Endpoint::start("a").await;
    let component = test_plugin("careless");
    let source = component.to_str().expect("a path of text");
    let file = config::with_plugin(&config::web("mine", &[&a]), "mine", source, "");
    let proxy = Proxy::start(&file).await;
    for path in ["/a", "/panic", "/b"] {
        let request = Request::get(path).header("x-user", "secret");
        assert_eq!(request.send(proxy.address()).await.unwrap().status(), 200);
    }
    let here = directory();
    let faults = get(proxy.admin(), "/plugins/mine/faults").await;
    write(here.path(), "faults.json", &faults.json().to_string());
    let output = plugin(here.path(), &["replay", "faults.json", "-o", "faults.yaml"]).await;
    assert!(output.status.success(), "{}", text(&output.stderr));
    let made = std::fs::read_to_string(here.path().join("faults.yaml")).expect("it was written");
    assert!(
        made.contains("/panic") && !made.contains("secret"),
        "{made}"
    );
    let output = plugin(here.path(), &["test", source, "faults.yaml"]).await;
    let said = text(&output.stdout);
    assert!(output.status.success(), "the fault comes again: {said}");

    proxy
        .access_log
        .wait("the last", |line| line.value("path") == "/b")
        .await;
    write(
        here.path(),
        "access.log",
        &proxy.access_log.raw(0).join("\n"),
    );
    let output = plugin(here.path(), &["replay", "access.log", "-o", "log.yaml"]).await;
    assert!(output.status.success(), "{}", text(&output.stderr));
    let output = plugin(here.path(), &["test", source, "log.yaml"]).await;
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("trap fault") && said.contains("this cannot happen"),
        "{said}"
    );
    let output = plugin(here.path(), &["test", "p2c", "log.yaml"]).await;
    assert!(output.status.success(), "{}", text(&output.stdout));

    let output = plugin(here.path(), &["replay", "access.log", "--as", "arrivals"]).await;
    let first = text(&output.stdout);
    let first: Value =
        serde_json::from_str(first.lines().next().unwrap_or_default()).expect("JSON");
    assert_eq!((&first["at"], &first["path"]), (&0.0.into(), &"/a".into()));
    let output = plugin(here.path(), &["replay", "access.log", "-o", "log.yaml"]).await;
    assert!(
        text(&output.stderr).contains("is there already"),
        "nothing is overwritten"
    );
    write(here.path(), "no.log", "hello\n");
    let output = plugin(here.path(), &["replay", "no.log"]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("no.log: no line is one of an access log"));
}
