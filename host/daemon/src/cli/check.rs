//! `tidegate check`: a reload without its last step.

use super::probe;
use crate::admin;
use crate::config::Problems;
use crate::reload;
use crate::snapshot::{Compiled, compile};
use crate::telemetry::Metrics;
use std::path::Path;
use std::process::ExitCode;
use tidegate_runtime::{Options, Sandbox};

/// Checks the file, every plugin in it and, when asked, that the endpoints listen.
pub fn check(file: &Path, json: bool, probe: bool) -> ExitCode {
    match examine(file, probe) {
        Ok(summary) if json => {
            println!(
                "{}",
                serde_json::json!({ "problems": [], "summary": summary })
            );
            ExitCode::SUCCESS
        }
        Ok(summary) => {
            println!("{}: fine: {summary}", file.display());
            ExitCode::SUCCESS
        }
        Err(problems) => {
            if json {
                println!("{}", admin::problems(&problems));
            } else {
                eprintln!("{problems}");
            }
            ExitCode::FAILURE
        }
    }
}

fn examine(file: &Path, probe: bool) -> Result<String, Problems> {
    let config = reload::load(file)?;
    let options = Options {
        cache: super::run::cache(&config),
        threads: config.threads.get(),
        ..Options::default()
    };
    let sandbox = Sandbox::new(options).map_err(|error| super::run::whole(error.to_string()))?;
    let metrics = Metrics::new(env!("CARGO_PKG_VERSION"));
    let with = Compiled {
        sandbox: &sandbox,
        metrics: &metrics,
        access_log: None,
        previous: None,
    };
    let snapshot = compile(&config, with)?;
    if probe {
        let silent = probe::unreachable(&config);
        let silent = silent.map_err(|error| super::run::whole(error.to_string()))?;
        if !silent.is_empty() {
            return Err(Problems(silent));
        }
    }
    let endpoints: usize = snapshot
        .upstreams
        .values()
        .map(|upstream| upstream.endpoints.len())
        .sum();
    Ok(format!(
        "{} listeners, {} routes, {} upstreams, {endpoints} endpoints",
        config.listeners.len(),
        snapshot.routes.len(),
        snapshot.upstreams.len(),
    ))
}
