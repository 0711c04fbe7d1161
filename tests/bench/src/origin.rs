//! Endpoints for the real binary, in threads of this process.

use anyhow::Result;
use std::fmt::Write as _;
use std::path::Path;
use test_backend::Endpoint;
use tokio::runtime::Runtime;

/// Three endpoints that answer.
pub struct Origin {
    endpoints: Vec<Endpoint>,
    _runtime: Runtime,
}

impl Origin {
    /// Starts them on free ports.
    pub fn start() -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()?;
        let endpoints = runtime.block_on(async {
            let mut endpoints = Vec::new();
            for name in ["a", "b", "c"] {
                endpoints.push(Endpoint::start(name).await);
            }
            endpoints
        });
        Ok(Self {
            endpoints,
            _runtime: runtime,
        })
    }

    /// A configuration with one upstream and one path for each of these selectors, each
    /// of YAML in one line: `/0`, `/1` and so on.
    pub fn config(&self, selectors: &[&str], cache: &Path) -> String {
        let mut text = format!(
            "listeners: [{{ address: 127.0.0.1:0 }}]\naccess_log: off\ncache: {}\nupstreams:\n",
            cache.display()
        );
        let mut routes = String::from("routes:\n");
        for (number, selector) in selectors.iter().enumerate() {
            let addresses: Vec<String> = self
                .endpoints
                .iter()
                .map(|endpoint| format!("{{ address: {} }}", endpoint.address()))
                .collect();
            // Writing into a string does not fail.
            let _ = writeln!(
                text,
                "  up{number}: {{ endpoints: [{}], selector: {selector} }}",
                addresses.join(", ")
            );
            let _ = writeln!(
                routes,
                "  - {{ match: {{ path: /{number} }}, upstream: up{number} }}"
            );
        }
        text + &routes
    }
}
