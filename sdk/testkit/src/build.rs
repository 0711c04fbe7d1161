//! Building a component from inside of a test: cargo, run once more for another target.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fmt};

const TARGET: &str = "wasm32-wasip2";

/// Builds the package under test for `wasm32-wasip2` and returns its
/// [`Component`](crate::Component): `build!()` with the profile `release`,
/// `build!("name")` with another one. However often the line runs, it builds once.
///
/// ```no_run
/// use tidegate_testkit::{Component, Host, build, endpoints};
///
/// fn component() -> Component {
///     build!()
/// }
///
/// let host = Host::new();
/// let selector = host.plugin(&component(), "{}", &endpoints(3)).unwrap();
/// assert_eq!(selector.tally(9).iter().sum::<u32>(), 9);
/// ```
///
/// # Panics
/// When it cannot be built. The message has what the compiler said, or says that the target
/// is missing.
#[macro_export]
macro_rules! build {
    () => {
        $crate::build!("release")
    };
    ($profile:expr) => {{
        static BUILT: ::std::sync::LazyLock<$crate::Component> = ::std::sync::LazyLock::new(|| {
            $crate::Component::build(::std::env!("CARGO_MANIFEST_DIR"), $profile)
                .unwrap_or_else(|problem| ::std::panic!("{problem}"))
        });
        ::std::clone::Clone::clone(&*BUILT)
    }};
}

/// Why there is no component: text to be read by who wrote the plugin.
#[derive(Debug)]
pub struct BuildError(pub(crate) String);

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BuildError {}

/// The path of the one component that the package in that folder makes.
pub(crate) fn build(folder: &Path, profile: &str) -> Result<PathBuf, BuildError> {
    let manifest = folder.join("Cargo.toml");
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .args(["build", "--lib", "--target", TARGET, "--profile", profile])
        .arg("--message-format=json-render-diagnostics")
        .arg("--manifest-path")
        .arg(&manifest)
        .arg("--target-dir")
        .arg(target_directory(folder));
    forget_the_outer_build(&mut cargo);
    let output = cargo
        .output()
        .map_err(|error| BuildError(format!("running cargo: {error}")))?;
    if !output.status.success() {
        return Err(explain(&manifest, &String::from_utf8_lossy(&output.stderr)));
    }
    let found = components(&String::from_utf8_lossy(&output.stdout), &manifest);
    <[PathBuf; 1]>::try_from(found)
        .map(|[path]| path)
        .map_err(|found| {
            BuildError(format!(
                "{} made {} components: its library needs `crate-type = [\"cdylib\"]`",
                manifest.display(),
                found.len()
            ))
        })
}

/// Inside of the directory that cargo marked as a cache and built this test into.
fn target_directory(folder: &Path) -> PathBuf {
    let test = env::current_exe().unwrap_or_default();
    let marked = test
        .ancestors()
        .find(|folder| folder.join("CACHEDIR.TAG").is_file());
    marked
        .map_or_else(|| folder.join("target"), Path::to_owned)
        .join("plugins")
}

/// What the outer build is told (flags of the compiler, wrappers, the package, its features)
/// is not meant for this one.
fn forget_the_outer_build(cargo: &mut Command) {
    const KEPT: [&str; 5] = [
        "CARGO_HOME",
        "CARGO_HTTP_",
        "CARGO_NET_",
        "CARGO_REGISTR",
        "CARGO_TERM_",
    ];
    for (name, _) in env::vars_os() {
        let name = name.to_string_lossy();
        let of_cargo = name.starts_with("CARGO") && !KEPT.iter().any(|kept| name.starts_with(kept));
        let of_rustc = name.starts_with("RUSTFLAGS") || name == "RUSTC_WORKSPACE_WRAPPER";
        if of_cargo || of_rustc {
            cargo.env_remove(&*name);
        }
    }
}

fn explain(manifest: &Path, messages: &str) -> BuildError {
    let missing = messages.contains("target may not be installed");
    let advice = if missing {
        format!(": this toolchain cannot build {TARGET}; run `rustup target add {TARGET}`")
    } else {
        String::new()
    };
    BuildError(format!(
        "{} could not be built{advice}\n{messages}",
        manifest.display()
    ))
}

/// The WebAssembly files among cargo's messages about that package.
fn components(messages: &str, manifest: &Path) -> Vec<PathBuf> {
    let manifest = manifest
        .canonicalize()
        .unwrap_or_else(|_| manifest.to_owned());
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter(|message| message["reason"] == "compiler-artifact")
        .filter(|message| {
            let of = message["manifest_path"].as_str().map(Path::new);
            of.is_some_and(|of| of.canonicalize().is_ok_and(|of| of == manifest))
        })
        .flat_map(|message| {
            let files = message["filenames"].as_array().cloned().unwrap_or_default();
            files
                .into_iter()
                .filter_map(|file| Some(PathBuf::from(file.as_str()?)))
        })
        .filter(|file| {
            file.extension()
                .is_some_and(|extension| extension == "wasm")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_target_is_named() {
        let rustc = "error[E0463]: can't find crate for `core`\n\
                     = note: the `wasm32-wasip2` target may not be installed";
        let problem = explain(Path::new("a/Cargo.toml"), rustc).to_string();
        assert!(problem.starts_with("a/Cargo.toml could not be built: this toolchain cannot"));
        assert!(problem.contains("rustup target add wasm32-wasip2"));
    }

    #[test]
    fn a_folder_without_a_package_is_an_error() {
        let problem = build(Path::new("/nowhere"), "release").unwrap_err();
        assert!(
            problem.to_string().contains("/nowhere/Cargo.toml"),
            "{problem}"
        );
    }

    #[test]
    fn a_package_that_makes_no_component_is_an_error() {
        let messages =
            r#"{"reason":"compiler-artifact","manifest_path":"Cargo.toml","filenames":["a.rlib"]}"#;
        assert!(components(messages, Path::new("Cargo.toml")).is_empty());
        let messages = messages.replace("a.rlib", "a.wasm");
        assert_eq!(
            components(&messages, Path::new("Cargo.toml")),
            [Path::new("a.wasm")]
        );
    }
}
