//! What a component is, needs and costs.

use std::fmt::Write as _;

use anyhow::{Context as _, Result};
use serde::Serialize;
use tidegate_runtime::{Ambient, Limits, NoSeries, Place, Use, World};
use tidegate_testkit::{Endpoint, Host, sandbox};

use crate::scenario::run::explain;
use crate::source::Source;

/// From here on a component is large: its language's runtime is in it.
const LARGE: u64 = 1 << 20;

/// What is found out about a component.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The file, or the name of a built-in plugin.
    pub name: String,
    /// `selector` or `filter`; nothing when the host does not take it.
    pub kind: Option<&'static str>,
    /// The version of the contract that it was made for.
    pub contract: Option<String>,
    /// Why the host does not take it.
    pub refused: Option<String>,
    /// What the host is missing to start it as it is: a `config`, more memory.
    pub not_started: Option<String>,
    /// Bytes of the file.
    pub size: u64,
    /// SHA-256 of the file, in hexadecimal digits.
    pub digest: String,
    /// Seconds that compiling took. It is done once: the result is kept.
    pub compile_seconds: f64,
    /// Bytes of memory of one instance that is started and configured.
    pub instance_memory: Option<u64>,
    /// Interfaces that it uses.
    pub imports: Vec<Import>,
    /// Interfaces that it has.
    pub exports: Vec<String>,
    /// What its author and its operator should know.
    pub warnings: Vec<String>,
}

/// One interface that a component uses.
#[derive(Debug, Serialize)]
pub struct Import {
    /// With its package and version.
    pub name: String,
    /// What it needs of the operator, or what it amounts to.
    pub needs: String,
}

/// Looks at a component, and starts one instance with that `config`.
///
/// # Errors
/// When the bytes are no component at all.
pub fn inspect(source: &Source, config: &str) -> Result<Report> {
    let (found, component) = sandbox()
        .inspect(&source.bytes)
        .with_context(|| source.name.clone())?;
    let started = component.as_ref().map(|component| start(component, config));
    let (instance_memory, not_started) = match started {
        Some(Ok(memory)) => (Some(memory), None),
        Some(Err(problem)) => (None, Some(problem)),
        None => (None, None),
    };
    let prefix = ["tidegate:plugin/selector@", "tidegate:plugin/filter@"];
    let mut versions = found.exports.iter().filter_map(|name| {
        let mut prefixes = prefix.iter();
        prefixes.find_map(|prefix| name.strip_prefix(prefix))
    });
    let contract = versions.next().map(str::to_owned);
    let digest = found.hash.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    });
    let imports = found.imports.iter().map(|(name, offered)| Import {
        name: name.clone(),
        needs: needs(name, *offered),
    });
    let mut report = Report {
        name: source.name.clone(),
        kind: found.world.as_ref().ok().map(|world| match world {
            World::Selector => "selector",
            World::Filter => "filter",
        }),
        contract,
        refused: found.world.as_ref().err().map(ToString::to_string),
        not_started,
        size: source.bytes.len() as u64,
        digest,
        compile_seconds: found.compiled_in.as_secs_f64(),
        instance_memory,
        imports: imports.collect(),
        warnings: Vec::new(),
        exports: found.exports,
    };
    report.warn(found.initial_memory);
    Ok(report)
}

impl Report {
    fn warn(&mut self, initial_memory: u64) {
        let limits = Limits::default();
        let mib = |bytes: u64| bytes.div_ceil(1 << 20);
        if self.size > LARGE {
            self.warnings.push(format!(
                "{} MiB: its language's runtime is in it. It compiles in {:.1} s (once: the proxy \
                 keeps the result in `cache`), and a call costs microseconds: set `deadline` \
                 to 20ms or more, and measure with `tidegate plugin bench`",
                mib(self.size),
                self.compile_seconds,
            ));
        }
        let memory = self.instance_memory.unwrap_or(0).max(initial_memory);
        if memory > limits.memory {
            self.warnings.push(format!(
                "an instance has {} MiB and the proxy allows {} MiB unless told: set `memory: {}MiB`. \
                 There is one instance for each thread, and a spare",
                mib(memory),
                mib(limits.memory),
                mib(memory * 2).next_power_of_two(),
            ));
        }
    }
}

/// Starts one instance with room for every language, and says what memory it has then.
fn start(component: &tidegate_runtime::Component, config: &str) -> Result<u64, String> {
    let limits = Limits {
        memory: 512 << 20,
        setup_deadline: std::time::Duration::from_secs(10),
        ..Limits::default()
    };
    let purpose = |place| Use {
        plugin: "inspected".to_owned(),
        place,
        config: config.to_owned(),
        limits,
        series: Box::new(NoSeries),
        warm: 1,
        ambient: Ambient::Real,
    };
    let memory = match component.world() {
        World::Selector => {
            let list: Vec<Endpoint> = tidegate_testkit::endpoints(3);
            let endpoints = Host::new().list(&list);
            let purpose = purpose(Place::Upstream("inspected".to_owned()));
            let selector = sandbox().selector(component, purpose, &endpoints);
            selector.map(|selector| selector.memory())
        }
        World::Filter => {
            let purpose = purpose(Place::Route("inspected".to_owned(), 0));
            let filter = sandbox().filter(component, purpose);
            filter.map(|filter| filter.memory())
        }
    };
    memory.map_err(|error| explain(&error))
}

fn needs(import: &str, offered: bool) -> String {
    let interface = import.split('@').next().unwrap_or(import);
    let needs = match interface {
        _ if !offered => "NOT OFFERED: the proxy refuses this component",
        "tidegate:plugin/http-client" => "`grant: { http: [UPSTREAM…] }`",
        "tidegate:plugin/state" => "nothing up to 1 MiB, else `grant: { state: SIZE }`",
        "tidegate:plugin/random" | "tidegate:plugin/clock" | "tidegate:plugin/log" => "nothing",
        name if name.starts_with("tidegate:plugin/") => "nothing",
        "wasi:filesystem/preopens" | "wasi:filesystem/types" => "nothing: there are no files",
        name if name.starts_with("wasi:sockets/") => "nothing: every operation is refused",
        "wasi:cli/environment" => "nothing: it is empty",
        "wasi:cli/stdout" | "wasi:cli/stderr" => "nothing: lines go to the log",
        name if name.starts_with("wasi:random/") => "nothing: real, 64 KiB a call",
        name if name.starts_with("wasi:clocks/") => "nothing: real, waiting returns at once",
        _ => "nothing: locked down",
    };
    needs.to_owned()
}
