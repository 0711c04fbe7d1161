//! A workload by its name or from a file, with whatever it refers to. Everything that is wrong
//! is said with its place.

use crate::nearest::nearest;
use anyhow::{Context, Result, anyhow, bail};
use std::io::{BufRead, BufReader};
use std::path::Path;
use tidegate_simulator::Workload;
use tidegate_simulator::workload::{Arrivals, READY, Record, ready};

/// Requests that a record may hold: more would not fit in memory.
const MOST_RECORDS: usize = 50_000_000;

/// The workload, and what it is called.
///
/// # Errors
/// Where it is wrong and what could be written instead.
pub(super) fn workload(argument: &str) -> Result<(String, Workload)> {
    let path = Path::new(argument);
    let (place, text) = match ready(argument) {
        Some(text) if !path.exists() => (argument.to_owned(), text.to_owned()),
        _ if path.is_file() => {
            let text =
                std::fs::read_to_string(path).with_context(|| format!("cannot read {argument}"))?;
            (argument.to_owned(), text)
        }
        _ => {
            let names = READY.iter().map(|(name, _)| *name);
            let meant = nearest(argument, names.clone())
                .map_or(String::new(), |meant| format!(" Did you mean `{meant}`?"));
            bail!(
                "`{argument}` is neither a file nor a ready-made workload.{meant} There are {}",
                names.collect::<Vec<_>>().join(", ")
            );
        }
    };
    let mut workload = parse(&place, &text)?;
    if let Arrivals::Recorded(recorded) = &mut workload.arrivals {
        let file = path.parent().unwrap_or(Path::new("")).join(&recorded.file);
        recorded.records = records(&file)?;
    }
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    Ok((name.into_owned(), workload))
}

fn parse(place: &str, text: &str) -> Result<Workload> {
    let options = serde_yaml::options! {
        strict_booleans: true,
        with_snippet: false,
    };
    serde_yaml::from_str_with_options(text, options).map_err(|error| {
        let at = error.location().map_or(String::new(), |at| {
            format!(":{}:{}", at.line(), at.column())
        });
        // The place is said before: where it is at the end it is not said again.
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or_default();
        anyhow!("{place}{at}: {message}{}", meant(message))
    })
}

/// The key that was meant by one that is unknown.
fn meant(message: &str) -> String {
    let unknown = message.strip_prefix("unknown field `").and_then(|rest| {
        let (word, known) = rest.split_once("`, expected one of ")?;
        nearest(word, known.split(", "))
    });
    unknown.map_or(String::new(), |meant| format!(". Did you mean `{meant}`?"))
}

/// What only several values together can be wrong about.
///
/// # Errors
/// All that is.
pub(super) fn check(place: &str, workload: &Workload) -> Result<()> {
    let problems = workload.problems();
    if !problems.is_empty() {
        let lines: Vec<_> = problems.iter().map(|it| format!("{place}: {it}")).collect();
        bail!("{}", lines.join("\n"));
    }
    Ok(())
}

fn records(path: &Path) -> Result<Vec<Record>> {
    let file = std::fs::File::open(path)
        .with_context(|| format!("cannot read {}, which the workload names", path.display()))?;
    let mut records: Vec<Record> = Vec::new();
    for (number, line) in BufReader::new(file).lines().enumerate() {
        let at = || format!("{}:{}", path.display(), number + 1);
        let line = line.with_context(at)?;
        if line.trim().is_empty() {
            continue;
        }
        let record: Record = serde_json::from_str(&line).with_context(at)?;
        let late = records.last().is_some_and(|last| last.at > record.at);
        if late || !record.at.is_finite() {
            bail!("{}: `at` goes back in time: sort the lines by it", at());
        }
        if records.len() >= MOST_RECORDS {
            bail!("{}: more than {MOST_RECORDS} requests", at());
        }
        records.push(record);
    }
    if records.is_empty() {
        bail!("{}: there is no request in it", path.display());
    }
    Ok(records)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_ready_made_workload_is_sound() {
        for (name, _) in READY {
            let (called, workload) = workload(name).unwrap_or_else(|error| panic!("{error:#}"));
            assert_eq!(called, *name);
            check(name, &workload).unwrap_or_else(|error| panic!("{error:#}"));
            assert!(!workload.about.is_empty(), "{name} says what it is for");
        }
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        let text = ready("steady").expect("it is there");
        let refused = |from: &str, to: &str| {
            let read = parse("w.yaml", &text.replacen(from, to, 1));
            let error = read.and_then(|workload| check("w.yaml", &workload));
            format!(
                "{:#}",
                error.err().unwrap_or_else(|| panic!("{to} is refused"))
            )
        };
        let unknown = refused("concurrency", "concurency");
        assert!(unknown.starts_with("w.yaml:6:"), "{unknown}");
        assert!(unknown.contains("Did you mean `concurrency`?"), "{unknown}");
        let time = refused("2s", "2 fortnights");
        assert!(
            time.starts_with("w.yaml:3:") && time.contains("such as"),
            "{time}"
        );
        let rate = refused("26000", "-1");
        assert!(
            rate.starts_with("w.yaml:4:") && rate.contains("above 0"),
            "{rate}"
        );
        let endless = refused("requests: 200000", "");
        assert!(endless.contains("requests: this never ends"), "{endless}");
    }
}
