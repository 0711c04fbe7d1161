//! Filters that must not get in: each is refused at load, with the reason, and what runs runs
//! on. And those that may, though they ask for what they do not get.

use tidegate_e2e::client::get;
use tidegate_e2e::components::{EAT_MEMORY, Filter, LOOP, Selector};
use tidegate_e2e::{Endpoint, Proxy, config, directory};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_filter_is_refused() {
    let stage = Stage::new().await;
    let good = Filter::default().component();
    stage
        .refused("a core module", &Filter::default().module(), "core module")
        .await;
    stage
        .refused("half a component", &good[..good.len() / 2], "")
        .await;
    let selector = Selector::default().component();
    stage
        .refused("a selector", &selector, "it is a selector")
        .await;
    let hollow =
        text(r#"(component (instance $i) (export "tidegate:plugin/filter@0.1.0" (instance $i)))"#);
    stage
        .refused("a filter without functions", &hollow, "configure")
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_offered_is_refused_by_its_name() {
    let stage = Stage::new().await;
    let filter = Filter {
        functions: r#"
    (import "wasi:http/outgoing-handler@0.2.0" "handle" (func $handle (result i32)))"#
            .into(),
        on_request: "(call $abort (call $handle))".into(),
        ..Filter::default()
    };
    let world = "
    package test:plugin;
    world plugin {
        include tidegate:plugin/filter-plugin@0.1.0;
        import wasi:http/outgoing-handler@0.2.0;
    }
    package wasi:http@0.2.0 { interface outgoing-handler { handle: func() -> u32; } }";
    stage
        .refused(
            "a client of its own",
            &filter.component_in(world),
            "`wasi:http/outgoing-handler@0.2.0`",
        )
        .await;
    let load = text(
        r#"(component
            (import "tidegate:plugin/load@0.1.0" (instance (export "total" (func (result u32)))))
            (instance $i) (export "tidegate:plugin/filter@0.1.0" (instance $i)))"#,
    );
    stage
        .refused("what selectors read", &load, "`tidegate:plugin/load@0.1.0`")
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_for_a_newer_contract_is_refused_unless_what_it_uses_is_there() {
    let stage = Stage::new().await;
    let good = Filter::default().component();
    let next = made_for(&good, "0.2.0");
    stage
        .refused("the next contract", &next, "version 0.2.0")
        .await;
    let export = r#"(instance $i) (export "tidegate:plugin/filter@0.1.0" (instance $i))"#;
    let later = text(&format!(
        r#"(component
            (import "tidegate:plugin/request@0.1.0"
                (instance (export "fingerprint" (func (result string)))))
            {export})"#
    ));
    stage
        .refused("a later function", &later, "fingerprint")
        .await;
    let later = text(&format!(
        r#"(component
            (import "tidegate:plugin/log@0.2.0" (instance (export "flush" (func))))
            {export})"#
    ));
    stage
        .refused("a later interface", &later, "tidegate:plugin/log@0.2.0")
        .await;

    let patch = made_for(&Filter::asking("web", "/", 100).component(), "0.1.7");
    stage.taken(&patch).await;
    assert_eq!(
        get(stage.proxy.address(), "/").await.status(),
        590,
        "it is asked"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_filter_that_misbehaves_at_once_is_refused() {
    let stage = Stage::new().await;
    let refuse = "
        (i32.store8 (i32.const 1024) (i32.const 1))
        (i32.store offset=4 (i32.const 1024) (i32.const 2560))
        (i32.store offset=8 (i32.const 1024) (i32.const 15))
        (return (i32.const 1024))";
    let mut asking = Filter::asking("web", "/", 100);
    let send = std::mem::replace(&mut asking.on_request, "(call $pass)".into());
    asking.configure = format!("(loop $again (drop (block (result i32) {send})) (br $again))");
    let configure = |statements: &str| Filter {
        configure: statements.into(),
        literals: b"not to my taste".into(),
        ..Filter::default()
    };
    let interest = "
        (i32.store8 (i32.const 1024) (i32.const 0))
        (i32.store8 offset=6 (i32.const 1024) (i32.const 9))
        (return (i32.const 1024))";
    let start = Filter {
        functions: "(func $begin unreachable) (start $begin)".into(),
        ..Filter::default()
    };
    let large = Filter {
        pages: 2_000,
        ..Filter::default()
    };
    for (what, filter, reason) in [
        ("configure refuses", configure(refuse), "not to my taste"),
        ("configure traps", configure("unreachable"), "configure"),
        ("configure never ends", configure(LOOP), "configure"),
        ("configure asks for ever", asking, "configure"),
        ("configure eats memory", configure(EAT_MEMORY), "configure"),
        ("an interest that is none", configure(interest), "configure"),
        ("it traps when it starts", start, "start"),
        ("it begins with 125 MiB", large, ""),
    ] {
        stage.refused(what, &filter.component(), reason).await;
    }
}

/// What ordinary toolchains import without asking is there, and there is nothing behind it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sockets_and_files_are_offered_locked() {
    let stage = Stage::new().await;
    let filter = Filter {
        functions: r#"
    (import "wasi:sockets/tcp-create-socket@0.2.0" "create-tcp-socket"
        (func $socket (param i32 i32)))
    (import "wasi:filesystem/preopens@0.2.0" "get-directories" (func $directories (param i32)))"#
            .into(),
        // 400, and the number of the error, and a hundred for each directory.
        on_request: "
        (call $socket (i32.const 0) (i32.const 2048))
        (if (i32.eqz (i32.load8_u (i32.const 2048))) (then (unreachable)))
        (call $directories (i32.const 2064))
        (call $abort (i32.add (i32.add
            (i32.const 400) (i32.load8_u offset=4 (i32.const 2048)))
            (i32.mul (i32.const 100) (i32.load offset=4 (i32.const 2064)))))"
            .into(),
        ..Filter::default()
    };
    stage.taken(&filter.component_in(LOCKED)).await;
    for _ in 0..3 {
        let answer = get(stage.proxy.address(), "/").await;
        assert_eq!(answer.status(), 401, "access denied, and no directory");
    }
}

/// A part of WASI 0.2.
const LOCKED: &str = "
    package test:plugin;
    world plugin {
        include tidegate:plugin/filter-plugin@0.1.0;
        import wasi:sockets/tcp-create-socket@0.2.0;
        import wasi:filesystem/preopens@0.2.0;
    }
    package wasi:sockets@0.2.0 {
        interface network {
            enum error-code {
                unknown, access-denied, not-supported, invalid-argument, out-of-memory, timeout,
                concurrency-conflict, not-in-progress, would-block, invalid-state,
                new-socket-limit, address-not-bindable, address-in-use, remote-unreachable,
                connection-refused, connection-reset, connection-aborted, datagram-too-large,
                name-unresolvable, temporary-resolver-failure, permanent-resolver-failure,
            }
            enum ip-address-family { ipv4, ipv6 }
        }
        interface tcp { resource tcp-socket; }
        interface tcp-create-socket {
            use network.{error-code, ip-address-family};
            use tcp.{tcp-socket};
            create-tcp-socket: func(family: ip-address-family) -> result<tcp-socket, error-code>;
        }
    }
    package wasi:filesystem@0.2.0 {
        interface types { resource descriptor; }
        interface preopens {
            use types.{descriptor};
            get-directories: func() -> list<tuple<descriptor, string>>;
        }
    }";

fn text(text: &str) -> Vec<u8> {
    wat::parse_str(text).expect("a component in text")
}

/// The same component as if it had been made for that version: versions are of one length.
fn made_for(component: &[u8], version: &str) -> Vec<u8> {
    let (from, to) = (b"@0.1.0", format!("@{version}"));
    let mut bytes = component.to_vec();
    let mut at = 0;
    while let Some(found) = bytes[at..]
        .windows(from.len())
        .position(|part| part == from)
    {
        at += found;
        bytes[at..at + from.len()].copy_from_slice(to.as_bytes());
    }
    bytes
}

/// A proxy that serves through a good filter, and onto which bad ones are tried.
struct Stage {
    proxy: Proxy,
    text: String,
    _endpoint: Endpoint,
}

impl Stage {
    async fn new() -> Self {
        let endpoint = Endpoint::start("a").await;
        let beside = directory();
        let good = Filter::default().component();
        std::fs::write(beside.path().join("mine.wasm"), good).expect("written");
        let text = config::through_mine(&[&endpoint], "");
        let proxy = Proxy::start_in(beside, &text, &[]).await;
        Self {
            proxy,
            text,
            _endpoint: endpoint,
        }
    }

    /// The file is refused because of the filter, with a reason that contains these words.
    async fn refused(&self, what: &str, bytes: &[u8], reason: &str) {
        self.proxy.write("mine.wasm", bytes);
        let Err(refused) = self.proxy.reload_with(&self.text).await else {
            panic!("{what} was let in")
        };
        println!("{what}: {:?}", refused.0);
        assert!(
            refused.mentions("plugins.mine", reason) || refused.mentions("filters", reason),
            "{what} was refused for another reason: {refused:?}"
        );
        for problem in &refused.0 {
            assert!(problem["line"].as_u64() >= Some(1), "{what}: {problem}");
        }
        let answer = get(self.proxy.address(), "/").await;
        assert_eq!(
            (answer.status(), answer.endpoint()),
            (200, "a"),
            "after {what}"
        );
    }

    async fn taken(&self, bytes: &[u8]) {
        self.proxy.write("mine.wasm", bytes);
        let taken = self.proxy.reload_with(&self.text).await;
        taken.expect("it is let in");
    }
}
