//! The conformance kit: the duties of the contract, tried on any plugin in the real sandbox.
//!
//! A plugin that fails here would fail in a proxy one day: with a list that it has not met, a
//! header that no test sent, an update at a bad moment. What it is to decide is not asked: that
//! is what scenarios are for.
//!
//! ```
//! use tidegate_testkit::{Component, Conformance};
//!
//! let component = Component::from_bytes(tidegate_plugins::selector("ip-hash").unwrap());
//! let kit = Conformance { stable: true, longest: 1_000, ..Conformance::default() };
//! for finding in kit.check(&component).unwrap() {
//!     assert_eq!(finding.broken, None, "{}", finding.duty);
//! }
//! ```

mod draw;
mod filter;
mod selector;

use tidegate_runtime::{FaultKind, Limits, LoadError, World};

use crate::{Component, Endpoint, Fault, Host, Plugin};

/// How a plugin is tried.
#[derive(Clone, Debug)]
pub struct Conformance {
    /// Its `config` section as JSON.
    pub config: String,
    /// Its bounds, as the operator will set them.
    pub limits: Limits,
    /// Whether it promises that a request goes to the same endpoint, in whatever order the list
    /// is and whichever instance is asked: selectors that hash.
    pub stable: bool,
    /// Endpoints of the longest list; the contract's bound is 65,536.
    pub longest: u32,
    /// Of the random lists and requests.
    pub seed: u64,
}

impl Default for Conformance {
    /// No `config`, the proxy's own limits, no promise, the contract's longest list.
    fn default() -> Self {
        Conformance {
            config: "{}".to_owned(),
            limits: Limits::default(),
            stable: false,
            longest: 65_536,
            seed: 1,
        }
    }
}

/// What was found of one duty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The duty, in a few words.
    pub duty: &'static str,
    /// How it was broken; nothing when it was kept.
    pub broken: Option<String>,
}

type Check = fn(&Conformance, &Component) -> Result<(), String>;

impl Conformance {
    /// Tries every duty of the plugin's world, each with a fresh host.
    ///
    /// # Errors
    /// When it is no plugin, or does not start with that `config`.
    pub fn check(&self, component: &Component) -> Result<Vec<Finding>, LoadError> {
        let checks: &[(&'static str, Check)] = match component.world()? {
            World::Selector => {
                self.started(component, &crate::endpoints(3))?;
                &selector::CHECKS
            }
            World::Filter => {
                self.host().filter(component, &self.config)?;
                &filter::CHECKS
            }
        };
        let findings = checks.iter().map(|(duty, check)| Finding {
            duty,
            broken: check(self, component).err(),
        });
        Ok(findings.collect())
    }

    fn host(&self) -> Host {
        let host = Host::new();
        host.limits(self.limits.clone());
        host
    }

    fn started(
        &self,
        component: &Component,
        list: &[Endpoint],
    ) -> Result<(Host, Plugin), LoadError> {
        let host = self.host();
        let plugin = host.plugin(component, &self.config, list)?;
        Ok((host, plugin))
    }
}

/// A fault, as an author reads it.
fn told(fault: &Fault) -> String {
    let mut text = format!("{} fault: {fault}", fault.kind.as_str());
    if let Some(frame) = fault.backtrace.first() {
        text.push_str(&format!(" at {frame}"));
    }
    if fault.kind == FaultKind::Deadline {
        text.push_str(" (is the deadline what its operator will set?)");
    }
    text
}

/// A `config` with a key that no plugin has: the duty is to refuse what is not understood.
fn unknown_key(config: &str) -> Option<String> {
    let mut section: serde_json::Value = serde_json::from_str(config).ok()?;
    let key = "no-plugin-has-this-key".to_owned();
    section.as_object_mut()?.insert(key, true.into());
    Some(section.to_string())
}
