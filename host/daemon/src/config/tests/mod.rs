//! What an operator sees: files that are refused, with the exact text; files that are
//! accepted; the samples; and files that nobody would write.

mod accepted;
mod admin;
mod arbitrary;
mod endpoints;
mod filters;
mod plugins;
mod refused;
mod resilience;
mod samples;
mod warnings;

use std::path::{Path, PathBuf};

use super::{Config, Outside, Problems, load_text};

/// The smallest file, to which a test adds what it is about.
const WEB: &str = "\
listeners: [{ address: 127.0.0.1:8080 }]
upstreams: { web: { endpoints: [127.0.0.1:8001] } }
routes: [{ upstream: web }]
";

fn environment(name: &str) -> Option<String> {
    match name {
        "PORT" => Some("8001".into()),
        "WEIGHT" => Some("7".into()),
        "WORD" => Some("many".into()),
        "YAML" => Some("a, b: [c]\nd: e".into()),
        _ => None,
    }
}

/// Files that are there besides the configuration: their names and their texts.
type Beside<'a> = &'a [(&'a str, &'a str)];

fn load(file: &str, text: &str, beside: Beside<'_>) -> Result<Config, Problems> {
    let read = |path: &Path| {
        let found = beside.iter().find(|(name, _)| path == Path::new(name));
        let text = found.map(|(_, text)| (*text).to_owned());
        text.ok_or_else(|| "there is no such file".to_owned())
    };
    let outside = Outside {
        environment: &environment,
        text: &read,
    };
    load_text(Path::new(file), text, &outside)
}

fn accept(text: &str) -> Config {
    accept_beside(text, &[])
}

fn accept_beside(text: &str, beside: Beside<'_>) -> Config {
    load("t.yaml", text, beside).unwrap_or_else(|problems| {
        panic!("refused:\n{problems}\n\n{text}");
    })
}

fn refuse(text: &str) -> String {
    refuse_beside(text, &[])
}

/// The problems as they are shown, without the configuration's name.
fn refuse_beside(text: &str, beside: Beside<'_>) -> String {
    let Err(problems) = load("t", text, beside) else {
        panic!("accepted:\n{text}");
    };
    let lines = problems.0.iter().map(|problem| {
        let line = problem.to_string();
        line.strip_prefix("t:").map(str::to_owned).unwrap_or(line)
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The repository's `config/`.
fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config")
}
