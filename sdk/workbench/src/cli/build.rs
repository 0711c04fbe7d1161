//! `tidegate plugin build`.

use crate::output::Output;
use crate::toolchain::{self, Built};
use anyhow::Result;
use std::path::PathBuf;
use std::process::ExitCode;

/// Arguments of `tidegate plugin build`.
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The project's folder.
    #[arg(default_value = ".")]
    dir: PathBuf,
}

pub(super) fn run(arguments: &Arguments, output: Output) -> Result<ExitCode> {
    let built = toolchain::build(&arguments.dir)?;
    let file = arguments.dir.join(&built.file);
    if output.json {
        println!(
            "{}",
            serde_json::json!({
                "name": built.name,
                "file": file,
                "language": built.language,
                "bytes": built.size,
                "imports": built.shape.imports,
                "exports": built.shape.exports,
                "seconds": built.took.as_secs_f64(),
            })
        );
        return Ok(ExitCode::SUCCESS);
    }
    let file = file.strip_prefix(".").unwrap_or(&file);
    println!("{} {}", output.good("built"), file.display());
    for (what, value) in facts(&built) {
        println!("  {} {value}", output.faint(format!("{what:<8}")));
    }
    Ok(ExitCode::SUCCESS)
}

fn facts(built: &Built) -> Vec<(&'static str, String)> {
    let (wasi, own): (Vec<_>, Vec<_>) = built
        .shape
        .imports
        .iter()
        .map(String::as_str)
        .partition(|import| import.starts_with("wasi:"));
    let mut imports = own;
    let locked = format!("{} of WASI, which the host locks down", wasi.len());
    if !wasi.is_empty() {
        imports.push(&locked);
    }
    vec![
        ("size", size(built.size)),
        ("imports", imports.join("\n           ")),
        ("exports", built.shape.exports.join("\n           ")),
        ("took", format!("{:.1} s", built.took.as_secs_f64())),
    ]
}

fn size(bytes: usize) -> String {
    let kib = bytes as f64 / 1024.0;
    if kib < 1024.0 {
        format!("{kib:.1} KiB")
    } else {
        format!("{:.1} MiB", kib / 1024.0)
    }
}
