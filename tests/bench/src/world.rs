//! The host without its sockets, in this process: sandbox, counts, and snapshots compiled
//! from the text of a configuration by the daemon's own code.

use anyhow::{Result, anyhow};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use tempfile::TempDir;
use tidegate::config::{self, Config};
use tidegate::snapshot::{Compiled, Current, Snapshot, compile};
use tidegate::telemetry::Metrics;
use tidegate::upstream::probe::Prober;
use tidegate_runtime::{Options, Sandbox};

/// The upstream of [`file`](fn@file).
pub const UPSTREAM: &str = "web";

/// A plugin of every world that answers the first endpoint at once: what is left of a
/// choice when the plugin does nothing.
pub const IDLE: &str = "idle";

/// What a process has once.
pub struct World {
    directory: TempDir,
    pub sandbox: Sandbox,
    metrics: Arc<Metrics>,
    prober: Arc<Prober>,
}

impl World {
    /// A sandbox whose compile cache is as new as the world.
    pub fn new() -> Result<Self> {
        let directory = tempfile::tempdir()?;
        let options = Options {
            cache: Some(directory.path().join("cache")),
            ..Options::default()
        };
        let idle = tidegate_components::Selector::default().component();
        std::fs::write(directory.path().join("idle.wasm"), idle)?;
        Ok(Self {
            sandbox: Sandbox::new(options)?,
            metrics: Metrics::new("bench"),
            prober: Prober::new(),
            directory,
        })
    }

    /// Writes the configuration file.
    pub fn write(&self, text: &str) -> Result<PathBuf> {
        let path = self.directory.path().join("tidegate.yaml");
        std::fs::write(&path, text)?;
        Ok(path)
    }

    /// Reads what was written.
    pub fn load(&self) -> Result<Config> {
        let path = self.directory.path().join("tidegate.yaml");
        config::load(&path, &|_| None).map_err(|problems| anyhow!("{problems}"))
    }

    /// Compiles it, as the successor of `previous`.
    pub fn compile(&self, config: &Config, previous: Option<&Snapshot>) -> Result<Snapshot> {
        let with = Compiled {
            sandbox: &self.sandbox,
            metrics: &self.metrics,
            access_log: None,
            prober: &self.prober,
            addresses: &|_| [].into(),
            previous,
        };
        compile(config, with).map_err(|problems| anyhow!("{problems}"))
    }

    /// Writes, reads, compiles and publishes.
    pub fn start(&self, text: &str) -> Result<Arc<Current>> {
        self.write(text)?;
        Ok(Current::new(self.compile(&self.load()?, None)?))
    }
}

/// A configuration with one upstream of so many endpoints. `selector` is YAML in one line.
pub fn file(selector: &str, endpoints: usize) -> String {
    let mut text = String::from("listeners: [{ address: 127.0.0.1:0 }]\n");
    if selector == IDLE {
        text += "plugins: { idle: { source: idle.wasm } }\n";
    }
    text += "upstreams:\n  web:\n";
    // Writing into a string does not fail.
    let _ = writeln!(text, "    selector: {selector}\n    endpoints:");
    for number in 0..endpoints {
        let (high, low) = (number / 250, number % 250 + 1);
        let weight = [1, 2, 3, 5][number % 4];
        let _ = writeln!(
            text,
            "      - {{ address: 10.0.{high}.{low}:8080, weight: {weight} }}"
        );
    }
    text + "routes: [{ upstream: web }]\n"
}
