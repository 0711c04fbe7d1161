//! Simulates an upstream that the very component chooses for, and built-in ones beside it.
//!
//! The simulation itself is `tidegate-simulator`, which knows no components; here components are
//! put into the proxy's sandbox, workloads are read, and what was found is shown. This module
//! refuses to leave anything half-written: the page is made whole beside its place and renamed.

mod chooser;
mod exchange;
mod page;
mod progress;
mod read;
mod subject;
mod table;

use crate::output::Output;
use anyhow::{Context, Result};
use serde::Serialize;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;
use subject::Subject;
use tidegate_simulator::{Report, Workload, run};

/// What is to be simulated, as it was written.
pub(crate) struct Plan<'a> {
    /// Files and names of selectors.
    pub(crate) selectors: &'a [String],
    /// File or name of the workload.
    pub(crate) workload: &'a str,
    /// Their configurations.
    pub(crate) configs: &'a [String],
    /// In place of that of the workload.
    pub(crate) seed: Option<u64>,
    /// In place of that of the workload.
    pub(crate) requests: Option<std::num::NonZeroU64>,
    /// Bytes that an instance may have.
    pub(crate) memory: u64,
    /// Where the page goes.
    pub(crate) html: Option<&'a Path>,
    /// The directory for each plot as a file of its own.
    pub(crate) svg: Option<&'a Path>,
    /// Whether the JSON has each endpoint.
    pub(crate) endpoints: bool,
}

/// One selector, and what became of the workload under it.
#[derive(Serialize)]
struct Played {
    name: String,
    config: serde_json::Value,
    report: Report,
    /// Not in the JSON, which is the same for the same seed.
    #[serde(skip)]
    took: Duration,
    #[serde(skip)]
    faults: Vec<(String, u64)>,
}

/// What the JSON holds.
#[derive(Serialize)]
struct Told<'a> {
    workload: &'a str,
    about: &'a str,
    seed: u64,
    selectors: &'a [Played],
}

/// Does it.
pub(crate) fn simulate(plan: &Plan<'_>, output: Output) -> Result<()> {
    let (name, mut workload) = read::workload(plan.workload)?;
    workload.seed = plan.seed.unwrap_or(workload.seed);
    workload.requests = plan.requests.or(workload.requests);
    read::check(plan.workload, &workload)?;
    let subjects = subject::subjects(plan.selectors, plan.configs)?;
    let draft = plan.html.map(draft).transpose()?;
    let sandbox = chooser::sandbox()?;
    let mut played = Vec::new();
    for subject in &subjects {
        played.push(
            play(&sandbox, subject, &workload, plan.memory)
                .with_context(|| format!("`{}`", subject.name))?,
        );
    }
    let plots = match (&draft, plan.svg) {
        (None, None) => Vec::new(),
        _ => page::plots(&played)?,
    };
    if let Some(directory) = plan.svg {
        for plot in &plots {
            let path = directory.join(format!("{name}-{}.svg", plot.name));
            let (file, path) = self::draft(&path)?;
            publish(file, &path, &page::alone(plot))?;
        }
    }
    if let Some((file, path)) = draft {
        publish(file, &path, &page::page(&name, &workload, &played, &plots))?;
    }
    report_faults(&played, output);
    if output.json {
        if !plan.endpoints {
            played.iter_mut().for_each(|it| it.report.endpoints.clear());
        }
        let told = Told {
            workload: &name,
            about: &workload.about,
            seed: workload.seed,
            selectors: &played,
        };
        println!("{}", serde_json::to_string_pretty(&told)?);
        return Ok(());
    }
    show(&name, &workload, &played, output);
    if let Some(path) = plan.html {
        println!("\n{} {}", output.faint("plots:"), path.display());
    }
    Ok(())
}

fn play(
    sandbox: &std::rc::Rc<tidegate_runtime::Sandbox>,
    subject: &Subject,
    workload: &Workload,
    memory: u64,
) -> Result<Played> {
    let limits = chooser::limits(memory);
    let stage = chooser::Stage::new(sandbox, subject, limits, workload.seed)?;
    let mut bar = progress::Bar::new(&subject.name);
    let report = run(
        workload,
        |seat, list| stage.chooser(seat, list),
        |progress| bar.show(progress),
    );
    let took = bar.end();
    Ok(Played {
        name: subject.name.clone(),
        config: serde_json::from_str(&subject.config)?,
        report: report?,
        took,
        faults: stage.faults(),
    })
}

fn show(name: &str, workload: &Workload, played: &[Played], output: Output) {
    let endpoints: u32 = workload
        .endpoints
        .iter()
        .map(|group| group.count.get())
        .sum();
    let arrived = played.first().map_or(0, |it| it.report.requests.arrived);
    println!(
        "{}  {}",
        output.strong(name),
        output.faint(format!(
            "{arrived} requests that count, {endpoints} endpoints, seed {}",
            workload.seed
        ))
    );
    if !workload.about.is_empty() {
        println!("{}", workload.about.trim());
    }
    println!();
    table::print(played, output);
    println!();
    for Played { name, took, .. } in played {
        let took = format!("{name} took {:.1} s", took.as_secs_f64());
        println!("{}", output.faint(took));
    }
    println!("{}", output.faint("* the best of its column"));
}

/// Faults are news for the author, whatever the format.
fn report_faults(played: &[Played], output: Output) {
    for Played { name, faults, .. } in played {
        for (fault, count) in faults.iter().take(5) {
            eprintln!(
                "{} {count} times: {fault}",
                output.bad(format!("{name} failed"))
            );
        }
    }
}

/// A file beside the place, so that a place that cannot be written is known before the work.
fn draft(path: &Path) -> Result<(tempfile::NamedTempFile, PathBuf)> {
    let directory = match path.parent() {
        Some(directory) if !directory.as_os_str().is_empty() => directory,
        _ => Path::new("."),
    };
    let file = tempfile::Builder::new()
        .prefix(".tidegate-")
        .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))
        .tempfile_in(directory)
        .with_context(|| format!("cannot write into {}", directory.display()))?;
    Ok((file, path.to_owned()))
}

fn publish(mut file: tempfile::NamedTempFile, path: &Path, page: &str) -> Result<()> {
    let cannot = || format!("cannot write {}", path.display());
    file.write_all(page.as_bytes()).with_context(cannot)?;
    file.persist(path).with_context(cannot)?;
    Ok(())
}
