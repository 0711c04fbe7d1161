//! Plugins: where a component is, what it may use, and what happens when it fails.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

use super::List;
use crate::config::read::checked::{Checked, Either, Placed};
use crate::config::scalar::digest::Sha256;
use crate::config::scalar::duration::Time;
use crate::config::scalar::size::{GIB, KIB, MIB, Size};
use crate::config::scalar::whole::Whole;

/// A WebAssembly component and its bounds: exactly one of `source` and `builtin`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct Plugin {
    /// The component's file, relative to this one.
    pub(in crate::config) source: Option<Checked<PathBuf>>,
    /// A built-in selector or filter, under a name, bounds and grants of its own.
    pub(in crate::config) builtin: Option<Checked<String>>,
    /// The SHA-256 digest that the file must have.
    pub(in crate::config) sha256: Option<Checked<Sha256>>,
    /// How long one call may run, in time of its thread. Default: 2ms; `basic-auth`: 200ms, `jwt`: 20ms.
    pub(in crate::config) deadline: Option<Checked<Time<1, 10_000>>>,
    /// Bound of the memory of one instance. Default: 16MiB; `basic-auth`: 64MiB.
    pub(in crate::config) memory: Option<Checked<Size<MIB, { 4 * GIB }>>>,
    /// At most so many instances. Default: 64.
    pub(in crate::config) instances: Option<Checked<Whole<1, 1024>>>,
    /// What happens to a request whose plugin failed. A selector: `fallback` or `refuse`;
    /// default: fallback. A filter: `refuse` or `skip`, alone or for each phase; default:
    /// refuse.
    pub(in crate::config) on_fault: Option<Checked<Either<OnFault, OnFaultByPhase>>>,
    /// Whom an instance of a filter serves. Default: reuse.
    pub(in crate::config) isolation: Option<Checked<Isolation>>,
    /// Bound of a body that a filter sees as a whole. Default: 1MiB.
    pub(in crate::config) body: Option<Checked<Size<KIB, { 64 * MIB }>>>,
    /// What the plugin may use beyond its own memory.
    pub(in crate::config) grant: Option<Checked<Grant>>,
}

/// What happens to a request whose plugin failed.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::config) enum OnFault {
    /// The host chooses an endpoint itself: for selectors.
    Fallback,
    /// The request is answered with 503.
    Refuse,
    /// The request goes on as if the plugin had passed it: for filters.
    Skip,
}

/// What happens to a request whose filter failed, phase by phase.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct OnFaultByPhase {
    /// At the head of the request. Default: refuse.
    pub(in crate::config) request: Option<Checked<FilterFault>>,
    /// At a piece of the request's body. Default: refuse.
    pub(in crate::config) request_body: Option<Checked<FilterFault>>,
    /// At the head of the response. Default: refuse.
    pub(in crate::config) response: Option<Checked<FilterFault>>,
    /// At a piece of the response's body. Default: refuse.
    pub(in crate::config) response_body: Option<Checked<FilterFault>>,
}

/// What happens to a request whose filter failed.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::config) enum FilterFault {
    /// It is answered with 503.
    Refuse,
    /// It goes on as if the filter had passed it.
    Skip,
}

/// Whom an instance of a filter serves.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::config) enum Isolation {
    /// One request after the other.
    Reuse,
    /// One request, from its head to the end of the response.
    PerRequest,
}

/// What a plugin may use beyond its own memory.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct Grant {
    /// Bytes of the shared state that survives calls and reloads. Default: 1MiB.
    pub(in crate::config) state: Option<Checked<Size<0, GIB>>>,
    /// Names of upstreams that a filter may call, at most 64. Default: none.
    pub(in crate::config) http: Option<Checked<List<String>>>,
    /// Bound of one such call. Default: 1s.
    pub(in crate::config) callout_timeout: Option<Checked<Time<1, 60_000>>>,
}

/// A plugin: its name alone, or with its configuration.
pub(in crate::config) type PluginItem = Either<String, PluginUse>;

/// A plugin and its configuration.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct PluginUse {
    /// A built-in plugin, or a name from `plugins`.
    pub(in crate::config) plugin: Checked<String>,
    /// Handed to the plugin as JSON; what it may hold is the plugin's business.
    pub(in crate::config) config:
        Option<Checked<Placed<serde_json::Map<String, serde_json::Value>>>>,
}
