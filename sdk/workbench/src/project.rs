//! What a plugin's project says of itself: `tidegate-plugin.yaml`.

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

/// The name of the file.
pub const MANIFEST: &str = "tidegate-plugin.yaml";

/// The languages that have templates and a way to build.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// Rust, with the SDK.
    Rust,
    /// JavaScript, in QuickJS.
    Js,
    /// Python, in CPython.
    Python,
    /// Go; experimental.
    Go,
    /// C, by Zig's compiler.
    C,
}

/// The contract's worlds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Chooses the endpoint of each attempt.
    Selector,
    /// Sees requests and responses.
    Filter,
}

/// The file, as read.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Project {
    /// Names the component.
    pub name: String,
    /// Which world it is made for.
    pub kind: Kind,
    /// Which toolchain makes it.
    pub language: Language,
    /// The source that the toolchain is given, where it takes one.
    pub entry: Option<PathBuf>,
    /// Where the component goes; `build/NAME.wasm` without it.
    pub output: Option<PathBuf>,
}

impl Project {
    /// Reads the file of that folder; `None` when there is none.
    ///
    /// # Errors
    /// When it is not understood.
    pub fn read(folder: &Path) -> Result<Option<Self>> {
        let path = folder.join(MANIFEST);
        if !path.exists() {
            return Ok(None);
        }
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("{} cannot be read", path.display()))?;
        let project: Project =
            serde_yaml::from_str(&text).with_context(|| path.display().to_string())?;
        for below in [&project.entry, &project.output].into_iter().flatten() {
            if !below.is_relative() || below.iter().any(|part| part == "..") {
                bail!(
                    "{}: `{}` does not lie in the project",
                    path.display(),
                    below.display()
                );
            }
        }
        check_name(&project.name).with_context(|| path.display().to_string())?;
        Ok(Some(project))
    }

    /// Where the component goes, from the project's folder.
    pub fn output(&self) -> PathBuf {
        let usual = || PathBuf::from("build").join(format!("{}.wasm", self.name));
        self.output.clone().unwrap_or_else(usual)
    }
}

impl Kind {
    /// The world of that kind.
    pub fn world(self) -> String {
        format!("{self}-plugin")
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Selector => "selector",
            Kind::Filter => "filter",
        })
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Language::Rust => "rust",
            Language::Js => "js",
            Language::Python => "python",
            Language::Go => "go",
            Language::C => "c",
        })
    }
}

/// Whether a text may name a plugin: it becomes a folder, a file, a crate and a package.
///
/// # Errors
/// Says what a name is.
pub fn check_name(name: &str) -> Result<()> {
    let letters = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let well_formed = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.len() <= 64
        && name.chars().all(letters)
        && !name.ends_with('-')
        && !name.contains("--");
    if !well_formed {
        bail!(
            "`{name}` is no name for a plugin: use 1 to 64 small letters, digits and single \
             hyphens, beginning with a letter, such as `near-first`"
        );
    }
    if TAKEN.contains(&name) {
        bail!("`{name}` means something to a compiler: choose another name for the plugin");
    }
    Ok(())
}

/// Keywords of Rust, and crates that the project's own would hide.
#[rustfmt::skip]
const TAKEN: &[&str] = &[
    "abstract", "alloc", "as", "async", "await", "become", "box", "break", "const", "continue",
    "core", "crate", "do", "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen",
    "if", "impl", "in", "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv",
    "proc-macro", "pub", "ref", "return", "self", "serde", "serde-json", "static", "std", "struct",
    "super", "test", "tidegate-sdk", "trait", "true", "try", "type", "typeof", "unsafe", "unsized",
    "use", "virtual", "where", "while", "yield",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_small_letters_digits_and_single_hyphens() {
        for good in ["a", "near-first", "v2", "a1-b2"] {
            check_name(good).unwrap();
        }
        let long = "a".repeat(65);
        for bad in [
            "", "Near", "2nd", "-a", "a-", "a--b", "a_b", "a/b", "..", "ä", &long,
        ] {
            assert!(check_name(bad).is_err(), "{bad}");
        }
        assert!(
            check_name("crate")
                .unwrap_err()
                .to_string()
                .contains("compiler")
        );
    }
}
