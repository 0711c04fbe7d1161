//! `tidegate plugin new`: a project that builds, is tested and runs.
//!
//! The files are those of `sdk/templates`, which tools like cargo-generate fill as well. A project
//! is made in a folder beside its place and moved there when it is whole: there is never half of
//! one.

mod fill;
mod lock;
mod sdk;

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::embedded::{TEMPLATES, contract};
use crate::project::{Kind, Language, check_name};

/// What is to be made.
#[derive(Debug)]
pub struct Wish<'a> {
    /// The plugin's name.
    pub name: &'a str,
    /// What it does.
    pub kind: Kind,
    /// What it is written in.
    pub language: Language,
    /// Rust: the SDK to use, instead of a copy inside of the project.
    pub sdk: Option<&'a Path>,
    /// Where the project's folder goes.
    pub parent: &'a Path,
}

/// Makes the project and answers its folder.
///
/// # Errors
/// When the name is none, the folder is taken, or the disk refuses.
pub fn create(wish: &Wish<'_>) -> Result<PathBuf> {
    check_name(wish.name)?;
    let folder = wish.parent.join(wish.name);
    if !is_free(&folder)? {
        bail!("{} exists already", folder.display());
    }
    let files = files(wish)?;
    let near = tempfile::Builder::new()
        .prefix(".tidegate-new-")
        .tempdir_in(wish.parent)
        .with_context(|| format!("{} cannot be written", wish.parent.display()))?;
    let whole = near.path().join(wish.name);
    for (path, content) in files {
        let path = whole.join(path);
        let parent = path.parent().expect("it lies in the project");
        fs::create_dir_all(parent)
            .and_then(|()| fs::write(&path, content))
            .with_context(|| format!("{} cannot be written", path.display()))?;
    }
    // Onto an empty folder this works too.
    fs::rename(&whole, &folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    Ok(folder)
}

/// All files of the project, by their paths in it.
fn files(wish: &Wish<'_>) -> Result<Vec<(PathBuf, Vec<u8>)>> {
    let template = format!("{}-{}/", wish.language, wish.kind);
    let sdk = match wish.sdk {
        Some(path) => sdk::at(path)?,
        None => sdk::VENDORED.to_owned(),
    };
    let values = fill::Values::new(wish.name, &sdk);
    let mut files = Vec::new();
    for (path, content) in TEMPLATES {
        let Some(path) = path.strip_prefix(&template) else {
            continue;
        };
        if path == "cargo-generate.toml" {
            continue;
        }
        files.push((PathBuf::from(path), values.fill(content)));
    }
    if wish.language != Language::Rust {
        let wit = Path::new("wit");
        files.extend(contract().map(|(path, content)| (wit.join(path), content.to_vec())));
    } else if wish.sdk.is_none() {
        files.extend(sdk::vendored());
        files.push(("Cargo.lock".into(), lock::file(wish.name).into_bytes()));
    }
    Ok(files)
}

fn is_free(folder: &Path) -> Result<bool> {
    match fs::read_dir(folder) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotADirectory => Ok(false),
        Err(error) => Err(error).with_context(|| folder.display().to_string()),
    }
}

#[cfg(test)]
mod tests;
