//! The Rust SDK in a project: it is on no registry, so a project has a copy, or a path.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::embedded::{SDK, SDK_MANIFEST, WORKSPACE_MANIFEST, contract};

/// Where the copy lies. The contract lies beside it, as in the tree it comes from.
pub(super) const VENDORED: &str = "vendor/tidegate-sdk";

/// The files of the copy, by their paths in the project.
pub(super) fn vendored() -> Vec<(PathBuf, Vec<u8>)> {
    let root = Path::new(VENDORED);
    let sources = SDK.iter().map(|(path, content)| {
        let path = root.join("src").join(path);
        (path, content.to_vec())
    });
    let wit = Path::new("vendor/wit");
    let contract = contract().map(|(path, content)| (wit.join(path), content.to_vec()));
    let manifest = (root.join("Cargo.toml"), manifest().into_bytes());
    sources.chain(contract).chain([manifest]).collect()
}

/// The path of an SDK that is there, for a manifest.
pub(super) fn at(path: &Path) -> Result<String> {
    let folder = path
        .canonicalize()
        .with_context(|| format!("{} is not there", path.display()))?;
    let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).unwrap_or_default();
    if !manifest.contains("name = \"tidegate-sdk\"") {
        bail!("{} is not the crate tidegate-sdk", path.display());
    }
    match folder.to_str() {
        Some(text) if !text.contains(['"', '\\']) => Ok(text.to_owned()),
        _ => bail!("{} cannot be written into a Cargo.toml", folder.display()),
    }
}

/// The SDK's manifest with what it inherits from the workspace written out, and without what only
/// its own tests need.
fn manifest() -> String {
    let mut lines = Vec::new();
    let mut wanted = true;
    for line in SDK_MANIFEST.lines() {
        if line.starts_with('[') {
            wanted = !matches!(line, "[dev-dependencies]" | "[lints]");
        }
        if !wanted {
            continue;
        }
        match line.strip_suffix(".workspace = true") {
            Some(key) => lines.push(inherited(key).to_owned()),
            None => lines.push(line.to_owned()),
        }
    }
    let text = lines.join("\n");
    format!("# Made by `tidegate plugin new`.\n{}\n", text.trim_end())
}

/// The line of the workspace's manifest that sets that key.
fn inherited(key: &str) -> &'static str {
    let sets = |line: &&str| {
        line.strip_prefix(key)
            .is_some_and(|rest| rest.starts_with(" ="))
    };
    let line = WORKSPACE_MANIFEST.lines().find(sets);
    line.unwrap_or_else(|| panic!("the workspace sets {key}, or the SDK would not build"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manifest_inherits_nothing() {
        let text = manifest();
        assert!(!text.contains("workspace"), "{text}");
        for line in [
            "edition = \"2024\"",
            "serde_json = \"1\"",
            "name = \"tidegate-sdk\"",
        ] {
            assert!(text.contains(line), "{text}");
        }
        assert!(!text.contains("proptest"), "{text}");
    }
}
