//! Plugins that must not get in: each is refused at load, with the reason, and what runs
//! runs on.

use tidegate_e2e::client::get;
use tidegate_e2e::components::{EAT_MEMORY, LOOP, OUTSIDE, REFUSE, Selector};
use tidegate_e2e::{Endpoint, Proxy, Refused, config, directory, run};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_selector_is_refused() {
    let stage = Stage::new().await;
    let good = Selector::default().component();
    let text = |text: &str| wat::parse_str(text).expect("a component in text");

    stage.refused("an empty file", b"", "").await;
    stage.refused("a text", b"fn main() {}", "").await;
    stage
        .refused("a core module", &Selector::default().module(), "component")
        .await;
    for part in [8, 9, good.len() / 3, good.len() / 2, good.len() - 1] {
        stage
            .refused("a truncated component", &good[..part], "")
            .await;
    }
    stage
        .refused("an empty component", &text("(component)"), "selector")
        .await;
    let other = text(
        r#"(component
            (core module $m (func (export "run") (result i32) i32.const 1))
            (core instance $i (instantiate $m))
            (func (export "run") (result u32) (canon lift (core func $i "run"))))"#,
    );
    stage.refused("another world", &other, "selector").await;
    let later = text(
        r#"(component (instance $i) (export "tidegate:plugin/selector@9.0.0" (instance $i)))"#,
    );
    stage
        .refused("another version of the contract", &later, "version 9.0.0")
        .await;
    let hollow = text(
        r#"(component (instance $i) (export "tidegate:plugin/selector@0.1.0" (instance $i)))"#,
    );
    stage
        .refused("a selector without functions", &hollow, "")
        .await;
    let outside = Selector::outside().component_in(OUTSIDE);
    stage
        .refused(
            "an import that is not offered",
            &outside,
            "test:plugin/outside",
        )
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_selector_that_misbehaves_at_once_is_refused() {
    let stage = Stage::new().await;
    let configure = |statements: &str| {
        Selector {
            configure: statements.into(),
            ..Selector::default()
        }
        .component()
    };
    stage
        .refused("configure refuses", &configure(REFUSE), "not to my taste")
        .await;
    stage
        .refused("configure traps", &configure("unreachable"), "configure")
        .await;
    stage
        .refused("configure never ends", &configure(LOOP), "configure")
        .await;
    stage
        .refused("configure eats memory", &configure(EAT_MEMORY), "configure")
        .await;
    let wild = "
        (i32.store8 (i32.const 2048) (i32.const 1))
        (i32.store offset=4 (i32.const 2048) (i32.const -16))
        (i32.store offset=8 (i32.const 2048) (i32.const 1000))
        (return (i32.const 2048))";
    stage
        .refused("configure answers out of its memory", &configure(wild), "")
        .await;
    let recursion = Selector {
        functions: "(func $deeper (call $deeper))".into(),
        configure: "(call $deeper)".into(),
        ..Selector::default()
    };
    stage
        .refused("configure overflows its stack", &recursion.component(), "")
        .await;
    let start = Selector {
        functions: "(func $begin unreachable) (start $begin)".into(),
        ..Selector::default()
    };
    stage
        .refused("it traps when it starts", &start.component(), "")
        .await;
    let update = Selector {
        update: "unreachable".into(),
        ..Selector::default()
    };
    stage
        .refused("update traps", &update.component(), "update")
        .await;
    let big = Selector {
        pages: 2000,
        ..Selector::default()
    };
    stage
        .refused("it begins with 125 MiB", &big.component(), "")
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_not_what_was_said_is_refused() {
    let stage = Stage::new().await;

    let keys = format!("sha256: {}", "0123456789abcdef".repeat(4));
    let bytes = Selector::default().component();
    stage.proxy.write("bad.wasm", &bytes);
    stage.check("another digest", &keys, "sha256").await;

    // Sparse: a host that reads it whole before it looks at the length shows here.
    let file = std::fs::File::create(stage.proxy.directory().join("bad.wasm")).expect("created");
    file.set_len(8 << 30).expect("a sparse file");
    drop(file);
    stage.check("a file of 8 GiB", "", "").await;

    std::fs::remove_file(stage.proxy.directory().join("bad.wasm")).expect("removed");
    stage.check("no file", "", "").await;

    std::fs::create_dir(stage.proxy.directory().join("bad.wasm")).expect("created");
    stage.check("a directory", "", "").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_with_a_bad_plugin_fails_with_the_reason() {
    let a = Endpoint::start("a").await;
    let beside = directory();
    let bad = Selector {
        configure: REFUSE.into(),
        ..Selector::default()
    };
    std::fs::write(beside.path().join("bad.wasm"), bad.component()).expect("written");
    let text = config::with_plugin(&config::web("bad", &[&a]), "bad", "bad.wasm", "");
    let mut proxy = Proxy::launch(beside, &text, &[]);
    assert_eq!(proxy.wait_exit().await.code(), Some(1));
    proxy.log.ended().await;
    let said = proxy.log.raw(0).join("\n");
    assert!(said.contains("not to my taste"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broken_file_is_reported_where_it_is_declared() {
    let a = Endpoint::start("a").await;
    let proxy = Proxy::start(&config::web("round-robin", &[&a])).await;
    proxy.write("bad.wasm", b"fn main() {}");
    for (what, selector) in [("used", "bad"), ("used by nobody", "round-robin")] {
        let text = config::with_plugin(&config::web(selector, &[&a]), "bad", "bad.wasm", "");
        let line = text.lines().position(|line| line.contains("bad.wasm"));
        let line = line.expect("its declaration") as u64 + 1;

        let Refused(reloaded) = proxy.reload_with(&text).await.expect_err(what);
        let arguments = ["check", "-c", "tidegate.yaml", "--json"];
        let output = run(proxy.directory(), &arguments).await;
        assert_eq!(output.status.code(), Some(1), "{what}");
        let checked: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let checked = checked["problems"].as_array().expect("problems");
        for problems in [&reloaded, checked] {
            assert_eq!(problems.len(), 1, "{what}: {problems:?}");
            assert_eq!(problems[0]["path"], "plugins.bad", "{what}");
            assert_eq!(problems[0]["line"], line, "{what}");
            let file = problems[0]["file"].as_str().expect("a file");
            assert!(file.ends_with("tidegate.yaml"), "{file}");
        }
    }
    assert_eq!(proxy.status().await["generation"], 1);
}

/// A proxy that serves, and onto which bad plugins are tried.
struct Stage {
    proxy: Proxy,
    endpoint: Endpoint,
    generation: serde_json::Value,
}

impl Stage {
    async fn new() -> Self {
        let endpoint = Endpoint::start("a").await;
        let proxy = Proxy::start(&config::web("round-robin", &[&endpoint])).await;
        let generation = proxy.status().await["generation"].clone();
        Self {
            proxy,
            endpoint,
            generation,
        }
    }

    async fn refused(&self, what: &str, bytes: &[u8], reason: &str) {
        self.proxy.write("bad.wasm", bytes);
        self.check(what, "", reason).await;
    }

    /// A file that uses `bad.wasm` is refused because of it, with a reason that contains the
    /// given word.
    async fn check(&self, what: &str, keys: &str, reason: &str) {
        let text = config::web("bad", &[&self.endpoint]);
        let text = config::with_plugin(&text, "bad", "bad.wasm", keys);
        let outcome = self.proxy.reload_with(&text).await;
        let Err(refused) = outcome else {
            panic!("{what} was let in")
        };
        println!("{what}: {refused:?}");
        let Refused(problems) = &refused;
        assert!(!problems.is_empty(), "{what} was refused without a reason");
        assert!(
            refused.mentions("plugins.bad", reason) || refused.mentions("selector", reason),
            "{what} was refused for another reason: {refused:?}"
        );
        for problem in problems {
            assert!(problem["line"].as_u64() >= Some(1), "{what}: {problem}");
            assert!(
                problem["message"].as_str().is_some_and(|m| m.len() > 10),
                "{what}: {problem}"
            );
        }
        let answer = get(self.proxy.address(), "/").await;
        assert_eq!(
            (answer.status(), answer.endpoint()),
            (200, "a"),
            "after {what}"
        );
        assert_eq!(
            self.proxy.status().await["generation"],
            self.generation,
            "after {what}"
        );
    }
}
