//! Compiles every crate in `selectors/`, `filters/` and `checks/` for `wasm32-wasip2`, in one run of cargo, and
//! writes the tables of their components.
//!
//! The run has a target directory of its own, `plugins` inside of the workspace's: the outer cargo
//! holds the lock on its own, and one directory for all profiles means that they are compiled once.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

const TARGET: &str = "wasm32-wasip2";
const PROFILE: &str = "plugin";

/// One world of plugins.
struct Kind {
    /// Where the crates are.
    folder: &'static str,
    /// What a crate's name begins with; the rest is its folder's.
    prefix: &'static str,
    table: &'static str,
}

const KINDS: [Kind; 3] = [
    Kind {
        folder: "selectors",
        prefix: "selector",
        table: "SELECTORS",
    },
    Kind {
        folder: "filters",
        prefix: "filter",
        table: "FILTERS",
    },
    Kind {
        folder: "checks",
        prefix: "check",
        table: "CHECKS",
    },
];

fn main() {
    let here = PathBuf::from(variable("CARGO_MANIFEST_DIR"));
    let out = PathBuf::from(variable("OUT_DIR"));
    let workspace = here
        .parent()
        .expect("plugins/ is in the workspace")
        .to_path_buf();
    for input in [
        "plugins",
        "sdk/src",
        "sdk/Cargo.toml",
        "wit",
        "Cargo.toml",
        "Cargo.lock",
    ] {
        println!(
            "cargo::rerun-if-changed={}",
            workspace.join(input).display()
        );
    }

    let kinds = KINDS.map(|kind| {
        let names = names(&here.join(kind.folder));
        (kind, names)
    });
    let packages: Vec<String> = kinds
        .iter()
        .flat_map(|(kind, names)| names.iter().map(|name| format!("{}-{name}", kind.prefix)))
        .collect();
    let target = target_directory(&out);
    if let Err(problem) = target_is_installed().and_then(|()| build(&workspace, &target, &packages))
    {
        // Each line on its own: cargo shows them without the noise of a panic.
        problem
            .lines()
            .for_each(|line| println!("cargo::error={line}"));
        return;
    }

    let built = target.join(TARGET).join(PROFILE);
    let tables = kinds.map(|(kind, names)| table(&kind, &names, &built, &out));
    fs::write(out.join("tables.rs"), tables.concat()).expect("writing the tables");
}

/// The static that holds the components of one kind, which are copied to `out`.
fn table(kind: &Kind, names: &[String], built: &Path, out: &Path) -> String {
    let Kind { prefix, table, .. } = kind;
    let mut text = format!(
        "/// Name and component of every built-in {prefix}, by name.\n\
         pub static {table}: &[(&str, &[u8])] = &[\n"
    );
    for name in names {
        let file = format!("{prefix}_{}.wasm", name.replace('-', "_"));
        let built = built.join(&file);
        // A copy, so that a later build cannot change the bytes under a running compiler.
        fs::copy(&built, out.join(&file))
            .unwrap_or_else(|error| panic!("copying {}: {error}", built.display()));
        let path = format!("concat!(env!(\"OUT_DIR\"), \"/{file}\")");
        writeln!(text, "    ({name:?}, include_bytes!({path})),").expect("writing to a string");
    }
    text.push_str("];\n");
    text
}

/// The names of the folders, sorted.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("the folder of plugins can be read");
    let mut names: Vec<String> = entries
        .map(|entry| entry.expect("the folder of plugins can be read"))
        .filter(|entry| entry.path().join("Cargo.toml").is_file())
        .map(|entry| {
            entry
                .file_name()
                .into_string()
                .expect("a crate's name is text")
        })
        .collect();
    names.sort();
    names
}

/// The workspace's target directory is the one that cargo marked as a cache.
fn target_directory(out: &Path) -> PathBuf {
    let marked = out
        .ancestors()
        .find(|folder| folder.join("CACHEDIR.TAG").is_file());
    marked.unwrap_or(out).join("plugins")
}

fn target_is_installed() -> Result<(), String> {
    let output = Command::new(variable("RUSTC"))
        .args(["--print", "target-libdir", "--target", TARGET])
        .output()
        .map_err(|error| format!("running rustc: {error}"))?;
    let libraries = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    if output.status.success() && libraries.is_dir() {
        return Ok(());
    }
    Err(format!(
        "the built-in plugins are WebAssembly, and this toolchain cannot build {TARGET}: \
         run `rustup target add {TARGET}`"
    ))
}

fn build(workspace: &Path, target: &Path, packages: &[String]) -> Result<(), String> {
    let mut cargo = Command::new(variable("CARGO"));
    cargo
        .arg("build")
        .args(["--target", TARGET, "--profile", PROFILE]);
    cargo
        .arg("--manifest-path")
        .arg(workspace.join("Cargo.toml"));
    cargo.arg("--target-dir").arg(target);
    if workspace.join("Cargo.lock").is_file() {
        cargo.arg("--locked");
    }
    for package in packages {
        cargo.args(["-p", package]);
    }
    // What the outer build is told (flags of the compiler, wrappers like clippy, the package, its
    // profile and features) is not meant for this one.
    for (name, _) in env::vars_os() {
        let name = name.to_string_lossy();
        let kept = [
            "CARGO_HOME",
            "CARGO_HTTP_",
            "CARGO_NET_",
            "CARGO_REGISTR",
            "CARGO_TERM_",
        ];
        let of_cargo = name.starts_with("CARGO") && !kept.iter().any(|it| name.starts_with(it));
        let of_rustc = name.starts_with("RUSTFLAGS") || name == "RUSTC_WORKSPACE_WRAPPER";
        if of_cargo || of_rustc {
            cargo.env_remove(&*name);
        }
    }
    let output = cargo
        .output()
        .map_err(|error| format!("running cargo: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let messages = String::from_utf8_lossy(&output.stderr);
    Err(format!(
        "the built-in plugins could not be built\n{messages}"
    ))
}

fn variable(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("cargo sets {name}"))
}
