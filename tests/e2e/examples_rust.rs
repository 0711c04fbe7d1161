//! Every example in Rust, as its reader meets it: built, run against its scenarios, and its
//! configuration checked.

use std::path::{Path, PathBuf};
use std::process::Output;

use tidegate_e2e::{directory, plugin, run};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_example_does_what_its_scenarios_say() {
    for example in examples() {
        let components = components(&example);
        let mut tested = 0;
        for package in packages(&example) {
            let component = format!("{}.wasm", name(&package).replace('-', "_"));
            let component = components.join(component).display().to_string();
            let scenarios = files(&package.join("scenarios"));
            let mut arguments = vec!["plugin", "test", &component];
            arguments.extend(scenarios.iter().map(String::as_str));
            let output = run(&package, &arguments).await;
            assert!(output.status.success(), "{}", said(&package, &output));
            tested += scenarios.len();
        }
        assert!(tested > 0, "{} has no scenarios", example.display());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_configuration_of_every_example_is_right() {
    for example in examples() {
        let beside = directory();
        // Where the reader's own build would put them, the test's build has not.
        let release = beside.path().join("target/wasm32-wasip2/release");
        std::fs::create_dir_all(&release).expect("created");
        for entry in std::fs::read_dir(components(&example)).expect("components") {
            let entry = entry.expect("an entry");
            if entry.path().extension().is_some_and(|it| it == "wasm") {
                std::fs::copy(entry.path(), release.join(entry.file_name())).expect("copied");
            }
        }
        let text = std::fs::read_to_string(example.join("tidegate.yaml"));
        let text = text.unwrap_or_else(|error| panic!("{}: {error}", example.display()));
        std::fs::write(beside.path().join("tidegate.yaml"), text).expect("written");
        let output = run(beside.path(), &["check", "-c", "tidegate.yaml"]).await;
        assert!(output.status.success(), "{}", said(&example, &output));
    }
}

/// Folders that stand alone: workspaces of their own.
fn examples() -> Vec<PathBuf> {
    let all = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    let alone = |folder: &PathBuf| {
        let manifest = std::fs::read_to_string(folder.join("Cargo.toml"));
        manifest.is_ok_and(|text| text.lines().any(|line| line == "[workspace]"))
    };
    let found: Vec<PathBuf> = folders(&all).into_iter().filter(alone).collect();
    assert!(found.len() > 5, "{found:?}");
    found
}

/// The packages of an example that have scenarios: the example itself, or folders in it.
fn packages(example: &Path) -> Vec<PathBuf> {
    let mut packages = folders(example);
    packages.push(example.to_owned());
    packages.retain(|package| {
        package.join("Cargo.toml").is_file() && package.join("scenarios").is_dir()
    });
    packages
}

/// Where all components of an example are, after it was built. One of them has its name.
fn components(example: &Path) -> PathBuf {
    let component = plugin(&name(example));
    assert!(component.is_file(), "{} was not made", component.display());
    component.parent().expect("a folder").to_owned()
}

fn folders(of: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(of).expect("a folder");
    let entries = entries.map(|entry| entry.expect("an entry").path());
    let mut folders: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

fn files(of: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(of).expect("a folder");
    let entries = entries.map(|entry| entry.expect("an entry").path());
    let yaml = entries.filter(|path| path.extension().is_some_and(|it| it == "yaml"));
    let mut files: Vec<String> = yaml.map(|path| path.display().to_string()).collect();
    files.sort();
    files
}

fn name(folder: &Path) -> String {
    let name = folder.file_name().and_then(|name| name.to_str());
    name.expect("a name").to_owned()
}

fn said(what: &Path, output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    format!("{}:\n{out}{err}", what.display())
}
