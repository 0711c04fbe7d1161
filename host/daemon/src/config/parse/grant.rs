//! What a plugin may use beyond its own memory.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Unique, optional, reference, time};
use crate::config::problem::{Report, quote};
use crate::config::read::checked::Checked;
use crate::config::scalar::size::MIB;
use crate::config::written;

/// The names of the upstreams; nothing if they could not be read.
pub(super) type Names<'a> = Option<&'a BTreeMap<String, Checked<written::Upstream>>>;

/// A plugin that may call more of them is not bounded by its grant.
const MOST: usize = 64;

pub(super) struct Granted {
    pub(super) state: u64,
    pub(super) http: Vec<String>,
    pub(super) callout_timeout: Duration,
}

pub(super) fn parse(
    written: Option<written::Grant>,
    upstreams: Names<'_>,
    report: &Report,
) -> Granted {
    let (state, http, callout_timeout) = match written {
        Some(grant) => (grant.state, grant.http, grant.callout_timeout),
        None => (None, None, None),
    };
    Granted {
        state: optional(state).map_or(MIB, |size| size.0),
        http: self::http(http, upstreams, report),
        callout_timeout: time(callout_timeout).unwrap_or(Duration::from_secs(1)),
    }
}

/// The upstreams that it may call, each once.
fn http(
    written: Option<Checked<Vec<Checked<String>>>>,
    upstreams: Names<'_>,
    report: &Report,
) -> Vec<String> {
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
            format!("{} upstreams are too many for one plugin", items.len()),
            format!("grant at most {MOST}"),
        );
    }
    let mut unique = Unique::new();
    let mut names = Vec::with_capacity(items.len());
    for item in items {
        let spot = item.spot.clone();
        let Some(name) = reference::upstream(item, upstreams, report) else {
            continue;
        };
        if unique.earlier(name.clone(), &spot).is_some() {
            report.refuse(
                &spot,
                format!("the upstream {} is granted twice", quote(&name)),
                "remove one of the two",
            );
        }
        names.push(name);
    }
    names
}
