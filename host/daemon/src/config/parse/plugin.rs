//! The plugins that a file declares.

use std::collections::BTreeMap;
use std::path::Path;

use super::grant::{self, Names};
use super::{check_name, fault, number, optional, path, time};
use crate::config::built_in::{self, Bounds, World};
use crate::config::nearest::nearest;
use crate::config::problem::{Report, Spot, quote};
use crate::config::read::checked::Checked;
use crate::config::scalar::size::MIB;
use crate::config::value::{Isolation, Origin, Plugin};
use crate::config::written;

/// The plugins by name. A name whose plugin is wrong is kept, so that whoever refers to it is
/// not blamed. Nothing at all if the names could not be read.
pub(super) type Plugins = BTreeMap<String, Option<Plugin>>;

pub(super) fn parse(
    written: Option<Checked<BTreeMap<String, Checked<written::Plugin>>>>,
    upstreams: Names<'_>,
    directory: &Path,
    report: &Report,
) -> Option<Plugins> {
    let Some(written) = written else {
        return Some(Plugins::new());
    };
    let parse = |(name, Checked { value, spot }): (String, Checked<written::Plugin>)| {
        check_name(&name, "a plugin", &spot, report);
        if let Some(world) = built_in::world(&name) {
            report.refuse(
                &spot,
                format!("{} is the name of a built-in {world}", quote(&name)),
                format!("choose another name; built-in {world}s need no entry"),
            );
        }
        let plugin =
            value.and_then(|value| plugin(&name, value, &spot, upstreams, directory, report));
        (name, plugin)
    };
    Some(written.value?.into_iter().map(parse).collect())
}

fn plugin(
    name: &str,
    mut written: written::Plugin,
    spot: &Spot,
    upstreams: Names<'_>,
    directory: &Path,
    report: &Report,
) -> Option<Plugin> {
    // All of it is examined, whatever is wrong with the origin.
    let origin = origin(&mut written, spot, directory, report);
    let on_fault = fault::parse(written.on_fault, spot, report);
    let grant = grant::parse(optional(written.grant), upstreams, report);
    let usual = match &origin {
        Some(Origin::BuiltIn(name)) => built_in::bounds(name),
        Some(Origin::File(_)) | None => Bounds::default(),
    };
    Some(Plugin {
        name: name.to_owned(),
        origin: origin?,
        sha256: optional(written.sha256).map(|digest| digest.0),
        deadline: time(written.deadline).unwrap_or(usual.deadline),
        memory: optional(written.memory).map_or(usual.memory, |size| size.0),
        instances: number(written.instances).unwrap_or(64),
        on_fault,
        isolation: match optional(written.isolation) {
            Some(written::Isolation::PerRequest) => Isolation::PerRequest,
            Some(written::Isolation::Reuse) | None => Isolation::Reuse,
        },
        body: optional(written.body).map_or(MIB, |size| size.0),
        state: grant.state,
        grant_http: grant.http,
        callout_timeout: grant.callout_timeout,
        place: report.place(spot),
    })
}

/// The one place where the bytes are.
fn origin(
    written: &mut written::Plugin,
    plugin: &Spot,
    directory: &Path,
    report: &Report,
) -> Option<Origin> {
    match (written.source.take(), written.builtin.take()) {
        (None, None) => {
            let spot = Spot {
                path: plugin.key("source"),
                ..plugin.clone()
            };
            let help = "add `source:` or `builtin:`";
            report.refuse(&spot, "this key is required", help);
            None
        }
        (Some(source), None) => path(Some(source), directory, report).map(Origin::File),
        (None, Some(name)) => {
            if let Some(Checked { spot, .. }) = &written.sha256 {
                report.refuse(
                    spot,
                    "`sha256` is the digest of a file, and this plugin is part of the program",
                    "remove it",
                );
            }
            built_in(name, report).map(Origin::BuiltIn)
        }
        (Some(source), Some(builtin)) => {
            let at = |spot: &Spot| (spot.line, spot.column);
            let (spot, second, first) = if at(&source.spot) < at(&builtin.spot) {
                (&builtin.spot, "builtin", "source")
            } else {
                (&source.spot, "source", "builtin")
            };
            report.refuse(
                spot,
                format!("`{second}` is written besides `{first}`"),
                "a plugin is one component: remove one of the two",
            );
            None
        }
    }
}

fn built_in(written: Checked<String>, report: &Report) -> Option<String> {
    let name = written.value?;
    if built_in::world(&name).is_none() {
        let names = || built_in::names(World::Selector).chain(built_in::names(World::Filter));
        let help = match nearest(&name, names()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("they are {}", names().collect::<Vec<_>>().join(", ")),
        };
        report.refuse(
            &written.spot,
            format!("there is no built-in plugin {}", quote(&name)),
            help,
        );
    }
    Some(name)
}
