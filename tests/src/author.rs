//! A plugin's author: a folder to work in, and the languages' compilers at hand.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::{binary, target_directory};

/// CPython takes seconds to compile, and the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(300);

/// Runs commands in a folder of its own.
pub struct Author {
    directory: TempDir,
    path: OsString,
}

impl Author {
    /// One with all compilers that `make toolchains` installs.
    ///
    /// # Panics
    /// When they are not installed.
    pub fn equipped() -> Self {
        let toolchains = target_directory().join("toolchains");
        assert!(
            toolchains.join("done").exists(),
            "the compilers are missing from {}: run `make toolchains`",
            toolchains.display()
        );
        let own = ["venv/bin", "node/node_modules/.bin"].map(|below| toolchains.join(below));
        let system = std::env::var_os("PATH").unwrap_or_default();
        let all = own.into_iter().chain(std::env::split_paths(&system));
        Self::with(std::env::join_paths(all).expect("paths without colons"))
    }

    /// One with nothing but what is in these folders.
    pub fn with_only(folders: &[&Path]) -> Self {
        Self::with(std::env::join_paths(folders).expect("paths without colons"))
    }

    fn with(path: OsString) -> Self {
        Author {
            directory: crate::directory(),
            path,
        }
    }

    /// Where commands run.
    pub fn folder(&self) -> &Path {
        self.directory.path()
    }

    /// The folder, for a proxy to be started in.
    pub fn into_directory(self) -> TempDir {
        self.directory
    }

    /// Runs `tidegate plugin …` in a folder below.
    pub async fn plugin(&self, folder: &str, arguments: &[&str]) -> Told {
        let arguments: Vec<&str> = ["plugin"].iter().chain(arguments).copied().collect();
        self.command(binary(), folder, &arguments).await
    }

    /// Runs a program in a folder below.
    ///
    /// # Panics
    /// When it does not start or does not end.
    pub async fn command(&self, program: &Path, folder: &str, arguments: &[&str]) -> Told {
        let mut command = tokio::process::Command::new(program);
        command
            .args(arguments)
            .current_dir(self.folder().join(folder))
            .env("PATH", &self.path)
            // What the crates of all tests have in common is compiled once, and nothing is fetched.
            .env("CARGO_TARGET_DIR", target_directory().join("authors"))
            .env("CARGO_NET_OFFLINE", "true")
            .stdin(Stdio::null())
            .kill_on_drop(true);
        let output = tokio::time::timeout(PATIENCE, command.output()).await;
        let output = output
            .expect("the command ends")
            .expect("the command starts");
        Told(output)
    }

    /// Copies an example, without what was built in it.
    ///
    /// # Panics
    /// When it cannot be copied.
    pub fn copy_example(&self, name: &str) {
        let examples = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("examples");
        copy(&examples.join(name), &self.folder().join(name));
    }
}

/// What a command said, and how it ended.
pub struct Told(Output);

impl Told {
    /// That it went well; what it said on standard output.
    ///
    /// # Panics
    /// When it did not.
    #[track_caller]
    pub fn fine(&self) -> String {
        let output = String::from_utf8_lossy(&self.0.stdout).into_owned();
        let code = self.0.status.code();
        assert_eq!(code, Some(0), "{output}\n{}", self.errors());
        output
    }

    /// That it ended with that code; what it said on standard error.
    ///
    /// # Panics
    /// When it ended otherwise.
    #[track_caller]
    pub fn failed(&self, code: i32) -> String {
        let errors = self.errors();
        assert_eq!(self.0.status.code(), Some(code), "{errors}");
        errors
    }

    fn errors(&self) -> String {
        String::from_utf8_lossy(&self.0.stderr).into_owned()
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("made");
    for entry in std::fs::read_dir(from).expect("it is there") {
        let path: PathBuf = entry.expect("read").path();
        let name = path.file_name().expect("an entry has a name");
        let made = ["build", "target", "node_modules", ".venv"];
        if made.iter().any(|made| name == *made) {
            continue;
        }
        if path.is_dir() {
            copy(&path, &to.join(name));
        } else {
            std::fs::copy(&path, to.join(name)).expect("copied");
        }
    }
}
