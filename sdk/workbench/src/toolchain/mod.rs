//! `tidegate plugin build`: a project's own compiler, and around it what would be other tools
//! elsewhere: bindings are generated and components are put together in here.
//!
//! Nothing is installed and nothing is fetched by this code; what is missing is said, with the
//! command that installs it. The component appears under its name when it is whole.

mod bindings;
mod c;
mod command;
mod component;
mod find;
mod go;
mod js;
mod python;
mod rust;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::project::{Kind, Language, MANIFEST, Project};
pub use component::Shape;

/// What was built.
#[derive(Debug)]
pub struct Built {
    /// Its name.
    pub name: String,
    /// Where it is, from the project's folder.
    pub file: PathBuf,
    /// What made it.
    pub language: Language,
    /// Its size in bytes.
    pub size: usize,
    /// What it imports and exports.
    pub shape: Shape,
    /// How long it took.
    pub took: Duration,
}

/// A project that is being built.
struct Work<'a> {
    folder: &'a Path,
    kind: Kind,
    entry: Option<&'a Path>,
    /// Generated code, made anew by each build.
    generated: PathBuf,
    /// For what is made on the way.
    scratch: PathBuf,
}

/// Builds the project of that folder.
///
/// # Errors
/// When it is no project, its toolchain is missing, or it does not compile. What the compiler said
/// went to standard error.
pub fn build(folder: &Path) -> Result<Built> {
    let began = Instant::now();
    let folder = folder
        .canonicalize()
        .with_context(|| folder.display().to_string())?;
    let project = Project::read(&folder)?;
    let (name, language, output, bytes) = match &project {
        Some(project) => {
            let bytes = compile(&folder, project)?;
            (
                project.name.clone(),
                project.language,
                project.output(),
                bytes,
            )
        }
        None if folder.join("Cargo.toml").exists() => {
            let crate_ = rust::build(&folder)?;
            let output = PathBuf::from("build").join(format!("{}.wasm", crate_.name));
            (crate_.name, Language::Rust, output, crate_.bytes)
        }
        None => bail!(
            "{} is no plugin's project: there is neither {MANIFEST} nor Cargo.toml",
            folder.display()
        ),
    };
    let shape = component::shape(&bytes)?;
    match &project {
        Some(project) => shape.expect(project.kind)?,
        None => shape.expect_any()?,
    }
    put(&folder.join(&output), &bytes)?;
    Ok(Built {
        name,
        file: output,
        language,
        size: bytes.len(),
        shape,
        took: began.elapsed(),
    })
}

fn compile(folder: &Path, project: &Project) -> Result<Vec<u8>> {
    let build = folder.join("build");
    let work = Work {
        folder,
        kind: project.kind,
        entry: project.entry.as_deref(),
        generated: build.join("gen"),
        scratch: build.join("tmp"),
    };
    match project.language {
        Language::Rust => Ok(rust::build(folder)?.bytes),
        Language::Js => js::build(&work),
        Language::Python => python::build(&work),
        Language::Go => go::build(&work),
        Language::C => c::build(&work),
    }
}

impl Work<'_> {
    /// The source that the manifest names; it must be there.
    fn entry(&self) -> Result<&Path> {
        let Some(entry) = self.entry else {
            bail!("{MANIFEST}: `entry` is missing: the plugin's source");
        };
        if !self.folder.join(entry).is_file() {
            bail!("{MANIFEST}: `entry`: there is no {}", entry.display());
        }
        Ok(entry)
    }

    /// A path for a file that is made on the way, empty of an earlier one.
    fn scratch(&self, name: &str) -> Result<PathBuf> {
        fs::create_dir_all(&self.scratch)
            .with_context(|| format!("{} cannot be made", self.scratch.display()))?;
        let path = self.scratch.join(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(error).with_context(|| path.display().to_string())
            }
            _ => Ok(path),
        }
    }

    /// The contract: the project's own copy, or the one of this program.
    fn contract(&self) -> Result<PathBuf> {
        let own = self.folder.join("wit");
        if own.is_dir() {
            return Ok(own);
        }
        let copy = self.generated.join("wit");
        write_all(&copy, crate::embedded::contract())?;
        Ok(copy)
    }
}

/// Writes files below a folder.
fn write_all<'a>(
    folder: &Path,
    files: impl IntoIterator<Item = (&'a str, &'a [u8])>,
) -> Result<()> {
    for (path, content) in files {
        let path = folder.join(path);
        let parent = path.parent().expect("it lies in the folder");
        fs::create_dir_all(parent)
            .and_then(|()| fs::write(&path, content))
            .with_context(|| format!("{} cannot be written", path.display()))?;
    }
    Ok(())
}

/// Whole or not at all: a proxy may be watching the file.
fn put(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().expect("a file lies in a folder");
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = folder.join(format!(".{name}.{}", std::process::id()));
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(&beside, bytes))
        .and_then(|()| fs::rename(&beside, path))
        .inspect_err(|_| drop(fs::remove_file(&beside)))
        .with_context(|| format!("{} cannot be written", path.display()))
}
