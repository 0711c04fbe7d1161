//! The filters of a route.

use super::plugin::Plugins;
use super::reference;
use crate::config::built_in::World;
use crate::config::problem::Report;
use crate::config::read::checked::Checked;
use crate::config::value::Filter;
use crate::config::written::PluginItem;

/// Each of them is a call or more for every request.
const MOST: usize = 32;

/// In their order, in which they run.
pub(super) fn parse(
    written: Option<Checked<Vec<Checked<PluginItem>>>>,
    plugins: Option<&Plugins>,
    report: &Report,
) -> Vec<Filter> {
    let Some(Checked {
        value: Some(items),
        spot,
    }) = written
    else {
        return Vec::new();
    };
    if items.len() > MOST {
        report.refuse(
            &spot,
            format!("{} filters are too many for one route", items.len()),
            format!("at most {MOST}: remove some, or make one plugin of several"),
        );
    }
    let filter = |item| {
        let used = reference::plugin(item, World::Filter, plugins, report)?;
        Some(Filter {
            plugin: used.plugin,
            config: used.config,
            keys: used.keys,
            place: used.place,
        })
    };
    items.into_iter().filter_map(filter).collect()
}
