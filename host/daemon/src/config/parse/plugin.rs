//! The plugins that a file declares.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use super::{check_name, number, optional, path, time};
use crate::config::BUILT_IN_SELECTORS;
use crate::config::problem::{Report, Spot, quote};
use crate::config::read::checked::Checked;
use crate::config::scalar::size::MIB;
use crate::config::value::{OnFault, Plugin};
use crate::config::written;

/// The plugins by name. A name whose plugin is wrong is kept, so that whoever refers to it is
/// not blamed. Nothing at all if the names could not be read.
pub(super) type Plugins = BTreeMap<String, Option<Plugin>>;

pub(super) fn parse(
    written: Option<Checked<BTreeMap<String, Checked<written::Plugin>>>>,
    directory: &Path,
    report: &Report,
) -> Option<Plugins> {
    let Some(written) = written else {
        return Some(Plugins::new());
    };
    let parse = |(name, Checked { value, spot }): (String, Checked<written::Plugin>)| {
        check_name(&name, "a plugin", &spot, report);
        if BUILT_IN_SELECTORS.contains(&name.as_str()) {
            report.refuse(
                &spot,
                format!("{} is the name of a built-in selector", quote(&name)),
                "choose another name; built-in selectors need no entry",
            );
        }
        let plugin = value.and_then(|value| plugin(&name, value, &spot, directory, report));
        (name, plugin)
    };
    Some(written.value?.into_iter().map(parse).collect())
}

fn plugin(
    name: &str,
    written: written::Plugin,
    spot: &Spot,
    directory: &Path,
    report: &Report,
) -> Option<Plugin> {
    Some(Plugin {
        name: name.to_owned(),
        source: path(Some(written.source), directory, report)?,
        sha256: optional(written.sha256).map(|digest| digest.0),
        deadline: time(written.deadline).unwrap_or(Duration::from_millis(2)),
        memory: optional(written.memory).map_or(16 * MIB, |size| size.0),
        instances: number(written.instances).unwrap_or(64),
        on_fault: match optional(written.on_fault) {
            Some(written::OnFault::Refuse) => OnFault::Refuse,
            Some(written::OnFault::Fallback) | None => OnFault::Fallback,
        },
        state: optional(written.grant)
            .and_then(|grant| optional(grant.state))
            .map_or(MIB, |size| size.0),
        place: report.place(spot),
    })
}
