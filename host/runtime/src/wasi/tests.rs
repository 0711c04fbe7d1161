//! What a guest's standard library finds, tried by guests: `tests/guests/wasi-probe`.

use super::*;
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};
use wasmtime::component::Component;
use wasmtime::{Config, Engine, Store, Trap};

struct Data(Wasi);

impl WasiView for Data {
    fn wasi(&mut self) -> &mut Wasi {
        &mut self.0
    }
}

type Printed = Vec<(Stream, String)>;

static ENGINE: LazyLock<Engine> =
    LazyLock::new(|| Engine::new(Config::new().concurrency_support(false)).unwrap());

/// The directory of the guests, built. Cargo locks a target directory, and the one of
/// this test may be in use: the guests have their own.
static GUESTS: LazyLock<PathBuf> = LazyLock::new(|| {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let target = root.join("target/guests");
    let built = Command::new(env!("CARGO"))
        .args([
            "build",
            "--quiet",
            "--package",
            "wasi-probe",
            "--target",
            "wasm32-wasip2",
        ])
        .arg("--target-dir")
        .arg(&target)
        .current_dir(&root)
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .status()
        .unwrap();
    assert!(
        built.success(),
        "is the target installed? `rustup target add wasm32-wasip2`"
    );
    target.join("wasm32-wasip2/debug")
});

fn store() -> (Store<Data>, Arc<Mutex<Printed>>) {
    let printed = Arc::new(Mutex::new(Printed::new()));
    let sink = printed.clone();
    let wasi = Wasi::new(Ambient::Real, move |stream, line: &str| {
        sink.lock().unwrap().push((stream, line.to_owned()));
    });
    (Store::new(&ENGINE, Data(wasi)), printed)
}

fn linker() -> Linker<Data> {
    let mut linker = Linker::new(&ENGINE);
    add_to_linker(&mut linker).unwrap();
    linker
}

/// Runs a guest to its end: how it ended, and what it had printed by then.
fn run(guest: &str) -> (wasmtime::Result<Result<(), ()>>, Printed) {
    let component = Component::from_file(&ENGINE, GUESTS.join(guest).with_extension("wasm"));
    let component = component.unwrap();
    let (mut store, printed) = store();
    let instance = linker().instantiate(&mut store, &component).unwrap();
    let ty = component.component_type();
    let mut names = ty.exports(&ENGINE).map(|(name, _)| name);
    let name = names
        .find(|name| name.starts_with("wasi:cli/run@"))
        .unwrap();
    let interface = instance.get_export_index(&mut store, None, name).unwrap();
    let run = instance
        .get_export_index(&mut store, Some(&interface), "run")
        .unwrap();
    let run = instance
        .get_typed_func::<(), (Result<(), ()>,)>(&mut store, run)
        .unwrap();
    let end = run.call(&mut store, ()).map(|(end,)| end);
    store.data_mut().wasi().flush();
    let printed = printed.lock().unwrap().clone();
    (end, printed)
}

fn fact<'a>(printed: &'a Printed, name: &str) -> &'a str {
    let line = printed
        .iter()
        .find_map(|(_, line)| line.strip_prefix(name)?.strip_prefix(": "));
    line.unwrap_or_else(|| panic!("no {name} in {printed:?}"))
}

#[test]
fn a_guest_gets_time_and_chance_and_nothing_else() {
    let (end, printed) = run("facts");
    assert!(matches!(end, Ok(Ok(()))), "{end:?}");
    for nothing in ["arguments", "environment", "stdin"] {
        assert_eq!(fact(&printed, nothing), "0", "{nothing}");
    }
    for refused in [
        "read a file",
        "write a file",
        "list a directory",
        "connect",
        "listen",
        "send a datagram",
        "resolve",
        "start a thread",
    ] {
        assert!(
            fact(&printed, refused).starts_with("refused, "),
            "{printed:?}"
        );
    }
    assert_eq!(fact(&printed, "the clock runs"), "true");
    assert_eq!(fact(&printed, "slept"), "true", "an hour takes no time");
    let theirs: u64 = fact(&printed, "unix time").parse().unwrap();
    let ours = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs();
    assert!(ours.abs_diff(theirs) < 60);
}

#[test]
fn what_it_prints_becomes_bounded_lines() {
    let (_, printed) = run("facts");
    assert!(printed.contains(&(Stream::Stderr, "to stderr".into())));
    assert_eq!(
        printed
            .iter()
            .filter(|(stream, _)| *stream == Stream::Stderr)
            .count(),
        1
    );
    let long = fact(&printed, "long");
    assert!(
        long.ends_with("é…") && long.len() <= lines::MAX_LINE,
        "{}",
        long.len()
    );
}

#[test]
fn a_line_without_an_end_is_one_line_at_the_end_of_the_call() {
    let (_, printed) = run("unfinished");
    assert_eq!(printed, [(Stream::Stdout, "no newline".into())]);
}

#[test]
fn hash_maps_are_seeded_for_each_instance() {
    let hashes: HashSet<String> = (0..3)
        .map(|_| fact(&run("facts").1, "hash").to_owned())
        .collect();
    assert_eq!(hashes.len(), 3);
}

#[test]
fn a_panic_traps_and_its_message_is_a_line() {
    let (end, printed) = run("panic");
    let end = end.unwrap_err();
    assert_eq!(end.downcast_ref(), Some(&Trap::UnreachableCodeReached));
    assert!(
        printed.contains(&(Stream::Stderr, "the last words".into())),
        "{printed:?}"
    );
}

#[test]
fn an_exit_is_reported() {
    let (end, _) = run("exit");
    let end = end.unwrap_err();
    assert!(
        matches!(end.downcast_ref(), Some(Ended::Exit(code)) if *code != 0),
        "{end:?}"
    );
}

#[test]
fn last_words_are_reported_when_the_instance_is_dropped() {
    let (mut store, printed) = store();
    store.data_mut().wasi().write(Stream::Stderr, b"and then");
    assert_eq!(*printed.lock().unwrap(), []);
    drop(store);
    assert_eq!(
        *printed.lock().unwrap(),
        [(Stream::Stderr, "and then".into())]
    );
}

/// An implementation that waits on a runtime panics here; this one knows of none.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_worker_of_tokio_survives_all_of_it() {
    let work = tokio::spawn(async {
        assert!(run("facts").0.is_ok());
        assert!(run("panic").0.is_err());
        assert!(run("exit").0.is_err());
    });
    work.await.unwrap();
}

/// A component that calls `function` with the core values `arguments`.
fn caller(interface: &str, function: &str, ty: &str, core: &str, arguments: &str) -> String {
    format!(
        r#"(component
            (import "{interface}" (instance $wasi (export "{function}" (func {ty}))))
            (core module $memory (memory (export "memory") 1)
                (func (export "realloc") (param i32 i32 i32 i32) (result i32) i32.const 1024))
            (core instance $memory (instantiate $memory))
            (core func $lowered (canon lower (func $wasi "{function}")
                (memory (core memory $memory "memory"))
                (realloc (core func $memory "realloc"))))
            (core module $caller
                (import "wasi" "function" (func $function {core}))
                (func (export "call") {arguments} call $function))
            (core instance $caller (instantiate $caller
                (with "wasi" (instance (export "function" (func $lowered))))))
            (func (export "call") (canon lift (core func $caller "call"))))"#
    )
}

fn call(text: &str) -> wasmtime::Result<()> {
    let component = Component::new(&ENGINE, wat::parse_str(text).unwrap())?;
    let (mut store, _) = store();
    let instance = linker().instantiate(&mut store, &component)?;
    instance
        .get_typed_func::<(), ()>(&mut store, "call")?
        .call(&mut store, ())
}

#[test]
fn every_patch_version_links() {
    let exits = |version| {
        let interface = format!("wasi:cli/exit@{version}");
        let text = caller(
            &interface,
            "exit",
            "(param \"status\" (result))",
            "(param i32)",
            "i32.const 0",
        );
        matches!(
            call(&text).unwrap_err().downcast_ref(),
            Some(Ended::Exit(0))
        )
    };
    for version in ["0.2.0", "0.2.6", "0.2.12", "0.2.99"] {
        assert!(exits(version), "{version}");
    }
    for version in ["0.1.0", "0.3.0", "1.2.0"] {
        assert!(!exits(version), "{version}");
    }
}

#[test]
fn the_host_does_not_allocate_at_a_guests_will() {
    let text = caller(
        "wasi:random/random@0.2.0",
        "get-random-bytes",
        "(param \"len\" u64) (result (list u8))",
        "(param i64 i32)",
        "i64.const -1 i32.const 0",
    );
    let error = call(&text).unwrap_err();
    let ended = error.downcast_ref();
    assert!(
        matches!(
            ended,
            Some(Ended::TooMuchRandomness {
                asked: u64::MAX,
                ..
            })
        ),
        "{error:?}"
    );
}
