//! `tidegate plugin replay`.

use std::io::Read;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use clap::ValueEnum;
use serde_json::json;
use tidegate_runtime::World;

use crate::output::Output;
use crate::replay;

/// Arguments of `tidegate plugin replay`.
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// An access log (of this proxy in JSON, or in the Combined Log Format), or what
    /// `GET /plugins/NAME/faults` answered; `-` is standard input.
    file: PathBuf,
    /// What to make of it.
    #[arg(long = "as", value_enum, default_value_t = Made::Selector)]
    made: Made,
    /// Where to write it [default: standard output].
    #[arg(short, long)]
    output: Option<PathBuf>,
    /// Requests to take, from the first.
    #[arg(long, default_value_t = 1_000)]
    most: usize,
}

#[derive(Clone, Copy, ValueEnum)]
enum Made {
    /// A scenario of a selector.
    Selector,
    /// A scenario of a filter.
    Filter,
    /// The arrivals of a workload, for `tidegate plugin simulate`.
    Arrivals,
}

pub(super) fn run(arguments: &Arguments, output: Output) -> Result<ExitCode> {
    let name = arguments.file.display().to_string();
    let text = text(arguments).with_context(|| name.clone())?;
    let (made, count) = match replay::faults(&text).with_context(|| name.clone())? {
        Some(_) if matches!(arguments.made, Made::Arrivals) => {
            bail!("{name}: a record of faults says nothing of arrivals; give an access log")
        }
        Some(faults) => (replay::of_faults(&faults), faults.faults.len()),
        None => {
            let (lines, skipped) =
                replay::read(&text, arguments.most).with_context(|| name.clone())?;
            if let Some((number, why)) = &skipped.first {
                let count = skipped.lines;
                eprintln!(
                    "tidegate: {name}:{number}: {count} lines skipped, this one first: {why}"
                );
            }
            let made = match arguments.made {
                Made::Selector => replay::of_lines(&name, &lines, World::Selector),
                Made::Filter => replay::of_lines(&name, &lines, World::Filter),
                Made::Arrivals => replay::arrivals(&lines),
            };
            (made, lines.len())
        }
    };
    let Some(path) = &arguments.output else {
        print!("{made}");
        return Ok(ExitCode::SUCCESS);
    };
    if path.exists() {
        bail!(
            "{}: it is there already; remove it or choose another name",
            path.display()
        );
    }
    std::fs::write(path, made).with_context(|| path.display().to_string())?;
    if output.json {
        println!("{:#}", json!({ "written": path, "requests": count }));
    } else {
        println!("{}: {count} requests", path.display());
    }
    Ok(ExitCode::SUCCESS)
}

fn text(arguments: &Arguments) -> Result<String> {
    let mut bytes = Vec::new();
    if arguments.file.as_os_str() == "-" {
        std::io::stdin().read_to_end(&mut bytes)?;
    } else {
        bytes = std::fs::read(&arguments.file)?;
    }
    // A log has whatever clients sent; its lines are ours to judge one by one.
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
