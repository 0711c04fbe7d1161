//! From a plugin's name to its compiled component.

use crate::config::value::{Faults, FilterFaults, Isolation, OnFault, Origin, Plugin};
use crate::config::{self, Config, Problem};
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tidegate_runtime as runtime;
use tidegate_runtime::{Component, Limits, Sandbox};

/// Bytes that a plugin's file may have.
const MAX_FILE: u64 = 64 << 20;

/// Compiled components by the hash of their bytes.
#[derive(Clone, Default)]
pub struct Library(HashMap<[u8; 32], Component>);

/// A plugin, found and compiled, with what the operator allows it.
pub struct Found {
    /// The component.
    pub component: Component,
    /// Its bounds.
    pub limits: Limits,
    /// What is written of its faults; nothing for one that is built in.
    faults: Option<Faults>,
}

impl Found {
    /// What happens when it fails as a selector.
    ///
    /// # Errors
    /// What is written is for filters.
    pub fn selector_fault(&self) -> Result<OnFault, Problem> {
        let faults = self.faults.as_ref();
        faults.map_or(Ok(OnFault::default()), Faults::selector)
    }

    /// What happens when it fails as a filter.
    ///
    /// # Errors
    /// What is written is for selectors.
    pub fn filter_faults(&self) -> Result<FilterFaults, Problem> {
        let faults = self.faults.as_ref();
        faults.map_or(Ok(FilterFaults::default()), Faults::filter)
    }
}

/// Finds the plugins of one configuration; components of the previous library are
/// taken over when their bytes are the same.
pub struct Finder<'a> {
    sandbox: &'a Sandbox,
    config: &'a Config,
    previous: &'a Library,
    library: Library,
    known: BTreeMap<String, Result<Arc<Found>, String>>,
}

impl<'a> Finder<'a> {
    /// A finder with nothing found yet.
    pub fn new(sandbox: &'a Sandbox, config: &'a Config, previous: &'a Library) -> Self {
        Self {
            sandbox,
            config,
            previous,
            library: Library::default(),
            known: BTreeMap::new(),
        }
    }

    /// The plugin of that name, compiled on first asking.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub fn find(&mut self, name: &str) -> Result<Arc<Found>, String> {
        if let Some(known) = self.known.get(name) {
            return known.clone();
        }
        let found = self.look(name).map(Arc::new);
        self.known.insert(name.to_owned(), found.clone());
        found
    }

    /// Whether the plugin of that name was found.
    pub fn has(&self, name: &str) -> bool {
        self.known.get(name).is_some_and(Result::is_ok)
    }

    /// Whether the file declares it.
    pub fn declares(&self, name: &str) -> bool {
        self.config.plugins.contains_key(name)
    }

    /// What was found.
    pub fn into_library(self) -> Library {
        self.library
    }

    fn look(&mut self, name: &str) -> Result<Found, String> {
        let Some(plugin) = self.config.plugins.get(name) else {
            return Ok(Found {
                component: self.built_in(name)?,
                limits: usual_limits(name),
                faults: None,
            });
        };
        let component = match &plugin.origin {
            Origin::File(path) => self.file(plugin, path)?,
            Origin::BuiltIn(name) => self.built_in(name)?,
        };
        Ok(Found {
            component,
            limits: limits(plugin),
            faults: Some(plugin.on_fault.clone()),
        })
    }

    fn file(&mut self, plugin: &Plugin, path: &Path) -> Result<Component, String> {
        let bytes = read(path).map_err(|error| {
            format!(
                "the plugin's file {} cannot be read: {error}",
                path.display()
            )
        })?;
        check_digest(plugin, path, &bytes)?;
        self.component(&bytes)
            .map_err(|problem| format!("{}: {problem}", path.display()))
    }

    fn built_in(&mut self, name: &str) -> Result<Component, String> {
        let bytes = tidegate_plugins::selector(name).or_else(|| tidegate_plugins::filter(name));
        self.component(bytes.ok_or_else(|| format!("there is no plugin `{name}`"))?)
    }

    fn component(&mut self, bytes: &[u8]) -> Result<Component, String> {
        let hash = digest(bytes);
        let known = self
            .library
            .0
            .get(&hash)
            .or_else(|| self.previous.0.get(&hash))
            .cloned();
        let component = match known {
            Some(component) => component,
            None => self
                .sandbox
                .component(bytes)
                .map_err(|error| error.to_string())?,
        };
        self.library.0.insert(hash, component.clone());
        Ok(component)
    }
}

/// The bounds of a built-in plugin without an entry in the file.
fn usual_limits(name: &str) -> Limits {
    let config::Bounds { deadline, memory } = config::built_in_bounds(name);
    Limits {
        deadline,
        setup_deadline: setup_deadline(deadline),
        memory,
        ..Limits::default()
    }
}

fn setup_deadline(deadline: Duration) -> Duration {
    Limits::default().setup_deadline.max(deadline * 100)
}

fn limits(plugin: &Plugin) -> Limits {
    Limits {
        deadline: plugin.deadline,
        setup_deadline: setup_deadline(plugin.deadline),
        memory: plugin.memory,
        instances: plugin.instances,
        state: plugin.state,
        isolation: match plugin.isolation {
            Isolation::Reuse => runtime::Isolation::Reuse,
            Isolation::PerRequest => runtime::Isolation::PerRequest,
        },
        body: plugin.body,
        http: plugin.grant_http.clone(),
        callout_timeout: plugin.callout_timeout,
    }
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?
        .take(MAX_FILE + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(io::Error::other(format!(
            "it has more than {MAX_FILE} bytes"
        )));
    }
    Ok(bytes)
}

fn check_digest(plugin: &Plugin, path: &Path, bytes: &[u8]) -> Result<(), String> {
    let Some(wanted) = plugin.sha256 else {
        return Ok(());
    };
    let found = digest(bytes);
    if found == wanted {
        return Ok(());
    }
    let hex = |digest: [u8; 32]| {
        digest
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    };
    Err(format!(
        "{} has the sha256 {}, not {}",
        path.display(),
        hex(found),
        hex(wanted)
    ))
}

fn digest(bytes: &[u8]) -> [u8; 32] {
    use sha2::{Digest, Sha256};
    Sha256::digest(bytes).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidegate_runtime::Options;

    #[test]
    fn a_built_in_plugin_that_needs_more_gets_it_with_an_entry_and_without() {
        let beside = tempfile::tempdir().expect("a directory");
        let file = beside.path().join("t.yaml");
        let text = "\
listeners: [{ address: 127.0.0.1:8080 }]
plugins:
  login: { builtin: basic-auth }
  quick: { builtin: basic-auth, deadline: 5ms }
upstreams: { web: { endpoints: [127.0.0.1:1] } }
routes: [{ upstream: web }]
";
        std::fs::write(&file, text).expect("written");
        let config = config::load(&file, &|_| None).expect("a configuration");
        let sandbox = Sandbox::new(Options::default()).expect("a sandbox");
        let library = Library::default();
        let mut finder = Finder::new(&sandbox, &config, &library);

        let mut limits = |name: &str| finder.find(name).unwrap().limits.clone();
        let plain = limits("basic-auth");
        assert_eq!(plain.deadline.as_millis(), 200);
        assert_eq!(plain.memory, 64 << 20);
        assert_eq!(limits("login"), plain);
        assert_eq!(limits("quick").deadline.as_millis(), 5);
        assert_eq!(limits("quick").memory, plain.memory);
        assert_eq!(limits("rate-limit"), Limits::default());
    }

    #[test]
    fn a_built_in_plugin_may_have_another_name_and_other_bounds() {
        let beside = tempfile::tempdir().expect("a directory");
        let file = beside.path().join("t.yaml");
        let text = "\
listeners: [{ address: 127.0.0.1:8080 }]
plugins:
  strict: { builtin: random, on_fault: refuse, deadline: 5ms }
  wrong: { builtin: random, on_fault: skip }
upstreams: { web: { endpoints: [127.0.0.1:1], selector: strict } }
routes: [{ upstream: web }]
";
        std::fs::write(&file, text).expect("written");
        let config = config::load(&file, &|_| None).expect("a configuration");
        let sandbox = Sandbox::new(Options::default()).expect("a sandbox");
        let library = Library::default();
        let mut finder = Finder::new(&sandbox, &config, &library);

        let (strict, plain) = (
            finder.find("strict").unwrap(),
            finder.find("random").unwrap(),
        );
        assert_eq!(strict.component.hash(), plain.component.hash());
        assert_eq!(strict.selector_fault(), Ok(OnFault::Refuse));
        assert_eq!(plain.selector_fault(), Ok(OnFault::Fallback));
        assert_eq!(strict.limits.deadline.as_millis(), 5);
        let wrong = finder.find("wrong").unwrap().selector_fault().unwrap_err();
        assert!(
            wrong.message.starts_with("`skip` is for filters"),
            "{wrong}"
        );
    }
}
