//! What an operator sees: files that are refused, with the exact text; files that are
//! accepted; the samples; and files that nobody would write.

mod accepted;
mod arbitrary;
mod refused;
mod samples;

use std::path::{Path, PathBuf};

use super::{Config, load_text};

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

fn accept(text: &str) -> Config {
    load_text(Path::new("t.yaml"), text, &environment).unwrap_or_else(|problems| {
        panic!("refused:\n{problems}\n\n{text}");
    })
}

/// The problems as they are shown, without the file's name.
fn refuse(text: &str) -> String {
    match load_text(Path::new("t"), text, &environment) {
        Ok(_) => panic!("accepted:\n{text}"),
        Err(problems) => {
            let lines: Vec<_> = problems
                .0
                .iter()
                .map(|p| p.to_string()[2..].to_owned())
                .collect();
            lines.join("\n")
        }
    }
}

/// The repository's `config/`.
fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config")
}
