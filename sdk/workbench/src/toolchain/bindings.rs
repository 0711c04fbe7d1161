//! Code that joins a language to the contract, by the generators of wit-bindgen.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use wit_bindgen_core::wit_parser::{Resolve, WorldId};
use wit_bindgen_core::{Files, WorldGenerator};

use super::{Work, write_all};
use crate::embedded::GO;

/// Header, source and the object that describes the world.
pub(super) fn c(work: &Work<'_>) -> Result<()> {
    let files = generate(work, wit_bindgen_c::Opts::default().build())?;
    clear(&work.generated)?;
    write_all(&work.generated, files.iter())
}

/// Packages below `build/gen` of the project's module, and what they call.
pub(super) fn go(work: &Work<'_>) -> Result<()> {
    let module = module(work)?;
    let options = wit_bindgen_go::Opts {
        format: wit_bindgen_go::Format::False,
        pkg_name: Some(format!("{module}/build/gen")),
        export_pkg_name: Some(module.clone()),
        ..wit_bindgen_go::Opts::default()
    };
    let files = generate(work, options.build())?;
    clear(&work.generated)?;
    for (path, content) in files.iter().chain(GO.iter().copied()) {
        let text = String::from_utf8_lossy(content);
        let text = text.replace(
            "go.bytecodealliance.org/pkg/",
            &format!("{module}/build/gen/"),
        );
        let text = match path {
            "wit_exports/wit_exports.go" => collected(&text, &module),
            _ => text,
        };
        write_all(&work.generated, [(path, text.as_bytes())])?;
    }
    Ok(())
}

fn generate(work: &Work<'_>, mut generator: Box<dyn WorldGenerator>) -> Result<Files> {
    let (mut resolve, world) = world(&work.contract()?, &work.kind.world())?;
    let mut files = Files::default();
    generator.generate(&mut resolve, world, &mut files)?;
    Ok(files)
}

/// The world of that name, in the contract of that folder.
pub(super) fn world(contract: &Path, name: &str) -> Result<(Resolve, WorldId)> {
    let mut resolve = Resolve::default();
    let (package, _) = resolve
        .push_dir(contract)
        .with_context(|| format!("{} is not understood", contract.display()))?;
    let world = resolve.select_world(&[package], Some(name))?;
    Ok((resolve, world))
}

/// The project's module, from its go.mod.
fn module(work: &Work<'_>) -> Result<String> {
    let path = work.folder.join("go.mod");
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let line = text.lines().find_map(|line| line.strip_prefix("module "));
    let module = line.with_context(|| format!("{} names no module", path.display()))?;
    Ok(module.trim().to_owned())
}

/// Has each exported function begin with what keeps memory in order (`go/collect`), and let go of
/// the memory of the call before where the generator has not seen to it.
fn collected(text: &str, module: &str) -> String {
    const EXPORT: &str = "\nfunc wasm_export_tidegate";
    let import = format!("import (\n\t\"{module}/build/gen/collect\"");
    let text = text.replacen("import (", &import, 1);
    let mut parts = text.split(EXPORT);
    let mut result = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (head, body) = part.split_once('\n').unwrap_or((part, ""));
        // Up to the next function.
        let own = body.split("\nfunc ").next().unwrap_or(body);
        let unpinned = own.contains("witRuntime.Unpin()");
        let unpin = if unpinned { "" } else { "witRuntime.Unpin()\n" };
        result += &format!("{EXPORT}{head}\n{unpin}collect.Begin()\n{body}");
    }
    result
}

/// Nothing of an earlier version of the contract stays behind.
fn clear(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| folder.display().to_string())
        }
        _ => Ok(()),
    }
}
