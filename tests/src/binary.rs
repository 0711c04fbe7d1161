//! Where the binary under test is.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

/// The `tidegate` binary: `TIDEGATE_BIN` when that is set, else the one of the same target
/// directory and profile as the running test, brought up to date once per process.
///
/// # Panics
/// When it does not build: there is nothing to test then.
pub fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| match std::env::var_os("TIDEGATE_BIN") {
        Some(path) => path.into(),
        None => build("tidegate"),
    })
}

/// The binary `test-backend`, of the same target directory and profile as the running test.
///
/// # Panics
/// When it does not build.
pub(crate) fn backend() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        let there = profile_directory().join("test-backend");
        // Whoever names the binary under test has built both.
        if std::env::var_os("TIDEGATE_BIN").is_some() && there.exists() {
            there
        } else {
            build("test-backend")
        }
    })
}

/// Runs the binary with these arguments to its end.
///
/// # Panics
/// When it does not start or does not end.
pub async fn run(directory: &Path, arguments: &[&str]) -> Output {
    let mut command = tokio::process::Command::new(binary());
    command
        .args(arguments)
        .current_dir(directory)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    crate::soon("the end of the command", command.output())
        .await
        .expect("the binary starts")
}

/// The component of an example, built in its own directory as its author would build it.
///
/// # Panics
/// When it does not build.
pub fn plugin(example: &str) -> PathBuf {
    // With the components that other tests build: what they share is compiled once.
    let target = target_directory().join("plugins");
    let mut command = cargo();
    command.current_dir(workspace().join("examples").join(example));
    command.args(["build", "--quiet", "--release", "--target", "wasm32-wasip2"]);
    let status = command
        .arg("--target-dir")
        .arg(&target)
        .status()
        .expect("cargo starts");
    assert!(status.success(), "the example {example} does not build");
    let name = format!("{}.wasm", example.replace('-', "_"));
    target.join("wasm32-wasip2/release").join(name)
}

/// The component of a plugin of `tests/plugins`, built where the built-in ones are: what they
/// have in common is compiled once.
///
/// # Panics
/// When it does not build.
pub fn test_plugin(name: &str) -> PathBuf {
    let target = target_directory().join("plugins");
    let mut command = cargo();
    command.args(["build", "--quiet", "--profile", "plugin", "--package", name]);
    command.args(["--target", "wasm32-wasip2"]);
    let status = command
        .arg("--target-dir")
        .arg(&target)
        .status()
        .expect("cargo starts");
    assert!(status.success(), "the plugin {name} does not build");
    let name = format!("{}.wasm", name.replace('-', "_"));
    target.join("wasm32-wasip2/plugin").join(name)
}

/// The target directory of the running test.
pub fn target_directory() -> PathBuf {
    profile_directory()
        .parent()
        .expect("a profile lies in a target directory")
        .to_owned()
}

/// A directory for the whole test run and the runs after it: compiled plugins are cached
/// there, so that only the first test pays for compiling them.
pub(crate) fn shared_cache() -> PathBuf {
    let cache = profile_directory()
        .with_file_name("tmp")
        .join("tidegate-cache");
    std::fs::create_dir_all(&cache).expect("the target directory can be written");
    cache
}

/// Without `-p`: from the root of the workspace, dependencies get the same features as in
/// `cargo test --workspace`, so nothing is built twice.
fn build(name: &str) -> PathBuf {
    let directory = profile_directory();
    let mut command = cargo();
    command.args(["build", "--quiet", "--bin", name, "--target-dir"]);
    command.arg(target_directory());
    if directory.file_name().is_some_and(|name| name == "release") {
        command.arg("--release");
    }
    let status = command.status().expect("cargo starts");
    assert!(status.success(), "the binary under test does not build");
    directory.join(name)
}

fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(workspace());
    command
}

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the tests lie in the workspace")
}

/// `target/debug` of `target/debug/deps/test-0123`.
fn profile_directory() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its own path");
    test.ancestors()
        .nth(2)
        .expect("cargo puts tests into <profile>/deps")
        .to_owned()
}
