//! The endpoint of one attempt: ask the plugin, check, admit; else the fallback.

use super::ask::ask;
use super::roster::Roster;
use super::state::Denied;
use super::{Permit, Upstream, View, fallback};
use crate::config::value::OnFault;
use crate::telemetry::FallbackReason;
use std::time::Instant;
use tidegate_runtime::HeaderEdit;

/// Times that a plugin is asked when what it chose does not admit.
const ASKS: usize = 3;

/// An endpoint that has admitted the attempt.
pub struct Picked {
    /// Position in the upstream.
    pub position: u32,
    /// To be settled when the attempt has ended.
    pub permit: Permit,
    /// What the plugin wants changed in the response of this endpoint.
    pub response_edits: Vec<HeaderEdit>,
}

/// Why a plugin gave no choice.
pub(super) enum Silent {
    /// It is set aside, and was not asked.
    Quarantined,
    /// It failed; the fault is logged, counted and kept.
    Failed,
}

/// Why no endpoint was picked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoEndpoint {
    /// There are some, and each has as many requests in flight as it may have.
    Full,
    /// There is none that may be used now.
    Barred,
    /// The plugin failed, and its operator wants no other choice than the plugin's.
    PluginFault,
}

/// Picks. `tried` are positions in the upstream that this exchange has used; they are
/// used again only when there are no others. The attempt begins `now`. The last
/// value tells whether the plugin had a fault.
pub fn endpoint(
    upstream: &Upstream,
    mut view: Box<View>,
    tried: &[u32],
    now: Instant,
) -> (Box<View>, Result<Picked, NoEndpoint>, bool) {
    let roster = upstream.roster.load();
    let Some(list) = &roster.list else {
        return (view, Err(NoEndpoint::Barred), false);
    };
    view.set_excluded(excluded(&roster, tried));
    let mut fault = false;
    let mut result = None;
    let mut reason = FallbackReason::Full;
    for _ in 0..ASKS {
        let answer;
        (view, answer) = ask(upstream, list, view);
        let choice = match answer {
            Ok(Some(choice)) => choice,
            Ok(None) => {
                reason = FallbackReason::NoOpinion;
                break;
            }
            Err(silent) => {
                reason = match silent {
                    Silent::Quarantined => FallbackReason::Quarantined,
                    Silent::Failed => FallbackReason::Fault,
                };
                fault = matches!(silent, Silent::Failed);
                if upstream.on_fault == OnFault::Refuse {
                    result = Some(Err(NoEndpoint::PluginFault));
                }
                break;
            }
        };
        let position = roster.members[choice.index as usize];
        if let Ok(permit) = upstream.endpoints[position as usize].state.admit(now) {
            result = Some(Ok(Picked {
                position,
                permit,
                response_edits: choice.response_edits,
            }));
            break;
        }
        view.exclude(choice.index);
        if view.excluded().len() >= roster.members.len() {
            break;
        }
    }
    let result = result.unwrap_or_else(|| {
        upstream.series.fallback(reason);
        last_resort(upstream, &roster, tried, now)
    });
    (view, result, fault)
}

/// Whether some endpoint would admit an attempt now: asked before an answer is put aside
/// for the sake of another attempt.
pub fn possible(upstream: &Upstream, now: Instant) -> bool {
    let roster = upstream.roster.load();
    let mut members = roster.members.iter();
    members.any(|position| upstream.endpoints[*position as usize].state.admits(now))
}

/// Positions in the list that the plugin must not answer. Nothing is excluded once
/// everything was tried.
fn excluded(roster: &Roster, tried: &[u32]) -> Vec<u32> {
    let excluded: Vec<u32> = tried
        .iter()
        .filter_map(|position| roster.members.binary_search(position).ok())
        .map(|position| position as u32)
        .collect();
    if excluded.len() < roster.members.len() {
        excluded
    } else {
        Vec::new()
    }
}

fn last_resort(
    upstream: &Upstream,
    roster: &Roster,
    tried: &[u32],
    now: Instant,
) -> Result<Picked, NoEndpoint> {
    let endpoints = &upstream.endpoints;
    let fresh = fallback::choose(endpoints, &roster.members, tried, now);
    // Better an endpoint that was tried than none.
    fresh
        .or_else(|_| fallback::choose(endpoints, &roster.members, &[], now))
        .map(|(position, permit)| Picked {
            position,
            permit,
            response_edits: Vec::new(),
        })
        .map_err(|denied| match denied {
            Denied::Full => NoEndpoint::Full,
            Denied::Barred => NoEndpoint::Barred,
        })
}
