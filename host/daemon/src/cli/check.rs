//! `tidegate check`: a reload without its last step.

use super::probe;
use super::self_test::{self, Held};
use crate::admin;
use crate::config::{Config, Problems};
use crate::reload;
use crate::snapshot::{Compiled, compile};
use crate::telemetry::Metrics;
use crate::upstream::probe::Prober;
use crate::upstream::resolve::Resolver;
use std::path::Path;
use std::process::ExitCode;
use tidegate_runtime::{Options, Sandbox};

/// Names without an address: no reason to refuse a file, since the world may heal.
fn warn_of_silence(config: &Config, resolver: &Resolver) {
    for name in reload::names(config) {
        if resolver.addresses(&name).is_empty() {
            let cause = resolver
                .failure(&name)
                .unwrap_or_else(|| "no answer".into());
            eprintln!("warning: the endpoint {name} has no address now: {cause}");
        }
    }
}

/// Checks the file, every plugin in it and, when asked, that the endpoints listen.
pub fn check(file: &Path, json: bool, probe: bool) -> ExitCode {
    match examine(file, probe) {
        Ok((summary, held)) if json => {
            let answer = serde_json::json!({
                "problems": [], "summary": summary, "limits": limits(&held),
            });
            println!("{answer}");
            ExitCode::SUCCESS
        }
        Ok((summary, held)) => {
            println!("{}: fine: {summary}", file.display());
            for (plugins, held) in held {
                println!("the bounds of {plugins}, each broken by a plugin of the host's own:");
                for Held { bound, told } in held {
                    println!("  {bound:9} {told}");
                }
            }
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

fn limits(held: &[(String, Vec<Held>)]) -> serde_json::Value {
    let each = held.iter().map(|(plugins, held)| {
        let bounds = held
            .iter()
            .map(|held| (held.bound.to_owned(), held.told.as_str().into()));
        let bounds: serde_json::Map<_, serde_json::Value> = bounds.collect();
        serde_json::json!({ "plugins": plugins, "bounds": bounds })
    });
    each.collect()
}

type Examined = (String, Vec<(String, Vec<Held>)>);

fn examine(file: &Path, probe: bool) -> Result<Examined, Problems> {
    let config = reload::load(file)?;
    // Certificates and keys are read, as a reload would.
    reload::listeners(&config)?;
    let options = Options {
        cache: super::run::cache(&config),
        threads: config.threads.get(),
        ..Options::default()
    };
    let sandbox = Sandbox::new(options).map_err(|error| super::run::whole(error.to_string()))?;
    let metrics = Metrics::new(env!("CARGO_PKG_VERSION"));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| super::run::whole(error.to_string()))?;
    let resolver = runtime.block_on(async {
        let resolver = reload::resolver(&config)?;
        resolver
            .first(&reload::names(&config), reload::FIRST_ANSWERS)
            .await;
        Ok::<_, Problems>(resolver)
    })?;
    warn_of_silence(&config, &resolver);
    let with = Compiled {
        sandbox: &sandbox,
        metrics: &metrics,
        access_log: None,
        prober: &Prober::new(),
        addresses: &|name| resolver.addresses(name),
        previous: None,
    };
    let snapshot = compile(&config, with)?;
    // The admin listener's token and certificates are read, as a reload would.
    reload::access(&config)?;
    if probe {
        let silent = runtime.block_on(probe::unreachable(&config, &resolver));
        if !silent.is_empty() {
            return Err(Problems(silent));
        }
    }
    let endpoints: usize = snapshot
        .upstreams
        .values()
        .map(|upstream| upstream.endpoints.len())
        .sum();
    let summary = format!(
        "{} listeners, {} routes, {} upstreams, {endpoints} endpoints",
        config.listeners.len(),
        snapshot.routes.len(),
        snapshot.upstreams.len(),
    );
    Ok((summary, self_test::run(&sandbox, &snapshot)?))
}
