//! Names that lead somewhere: to upstreams and to plugins.

use std::collections::BTreeMap;

use super::optional;
use super::plugin::Plugins;
use crate::config::built_in::{self, World};
use crate::config::nearest::nearest;
use crate::config::problem::{Place, Report, Spot, quote};
use crate::config::read::checked::{Checked, Either};
use crate::config::value::Keys;
use crate::config::written::PluginItem;

/// The name of an upstream, which must be among those that are known, if they are.
pub(super) fn upstream<T>(
    written: Checked<String>,
    known: Option<&BTreeMap<String, T>>,
    report: &Report,
) -> Option<String> {
    let name = written.value?;
    if let Some(known) = known
        && !known.contains_key(&name)
    {
        let help = match nearest(&name, known.keys().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "declare it under `upstreams`".to_owned(),
        };
        report.refuse(
            &written.spot,
            format!("there is no upstream {}", quote(&name)),
            help,
        );
    }
    Some(name)
}

/// A plugin that is used.
pub(super) struct Used {
    /// A built-in name or one that the file declares.
    pub(super) plugin: String,
    /// Always an object.
    pub(super) config: serde_json::Value,
    pub(super) keys: Keys,
    pub(super) place: Place,
}

/// A plugin of this world, alone or with its configuration. Of one that the file declares, the
/// world is not known yet.
pub(super) fn plugin(
    written: Checked<PluginItem>,
    world: World,
    plugins: Option<&Plugins>,
    report: &Report,
) -> Option<Used> {
    let (plugin, at, config) = match written.value? {
        Either::Short(name) => (name, written.spot.clone(), None),
        Either::Full(full) => (full.plugin.value?, full.plugin.spot, optional(full.config)),
    };
    check_plugin(&plugin, world, plugins, &at, report);
    let config = config.unwrap_or_default();
    let keys = config.keys.into_iter();
    Some(Used {
        plugin,
        config: serde_json::Value::Object(config.value),
        keys: keys
            .map(|key| (key.name, report.place(&key.spot), key.spot.path))
            .collect(),
        place: report.place(&written.spot),
    })
}

fn check_plugin(name: &str, world: World, plugins: Option<&Plugins>, spot: &Spot, report: &Report) {
    if plugins.is_some_and(|plugins| plugins.contains_key(name)) {
        return;
    }
    match (built_in::world(name), plugins) {
        (Some(found), _) if found == world => {}
        (Some(found), _) => report.refuse(
            spot,
            format!("{} is a {found}; a {world} is needed here", quote(name)),
            match found {
                World::Selector => "write it as the `selector` of an upstream",
                World::Filter => "write it in the `filters` of a route",
            },
        ),
        (None, None) => {}
        (None, Some(plugins)) => {
            let built_in: Vec<&str> = built_in::names(world).collect();
            let declared = plugins.keys().map(String::as_str);
            let help = match nearest(name, declared.chain(built_in.iter().copied())) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("declare it under `plugins`, or use {}", built_in.join(", ")),
            };
            report.refuse(spot, format!("there is no {world} {}", quote(name)), help);
        }
    }
}
