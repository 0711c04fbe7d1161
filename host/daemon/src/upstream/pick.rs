//! The endpoint of one attempt: ask the plugin, check, admit; else the fallback.

use super::ask::ask;
use super::{Permit, Upstream, View, fallback};
use crate::config::value::OnFault;
use crate::telemetry::FallbackReason;
use tidegate_runtime::HeaderEdit;

/// Times that a plugin is asked when what it chose is full.
const ASKS: usize = 3;

/// An endpoint that has admitted the attempt.
pub struct Picked {
    /// Position in the upstream's list.
    pub position: u32,
    /// To be settled when the attempt has ended.
    pub permit: Permit,
    /// What the plugin wants changed in the response of this endpoint.
    pub response_edits: Vec<HeaderEdit>,
}

/// Why no endpoint was picked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoEndpoint {
    /// Every endpoint has as many requests in flight as it may have.
    Full,
    /// The plugin failed, and its operator wants no other choice than the plugin's.
    PluginFault,
}

/// Picks. The view's excluded positions are those that were tried; positions that
/// turn out to be full are added for the time of this pick. The second value tells
/// whether the plugin had a fault.
pub fn endpoint(
    upstream: &Upstream,
    mut view: Box<View>,
) -> (Box<View>, Result<Picked, NoEndpoint>, bool) {
    let tried = view.excluded().len();
    if tried >= upstream.endpoints.len() {
        view.forgive();
    }
    let kept = view.excluded().to_vec();
    let mut fault = false;
    let mut result = None;
    let mut reason = FallbackReason::Full;
    for _ in 0..ASKS {
        let answer;
        (view, answer) = ask(upstream, view);
        let choice = match answer {
            Ok(Some(choice)) => choice,
            Ok(None) => {
                reason = FallbackReason::NoOpinion;
                break;
            }
            Err(kind) => {
                fault = true;
                upstream.plugin.fault(kind);
                reason = FallbackReason::Fault;
                if upstream.on_fault == OnFault::Refuse {
                    result = Some(Err(NoEndpoint::PluginFault));
                }
                break;
            }
        };
        if let Some(permit) = upstream.endpoints[choice.index as usize].state.admit() {
            result = Some(Ok(Picked {
                position: choice.index,
                permit,
                response_edits: choice.response_edits,
            }));
            break;
        }
        view.exclude(choice.index);
        if view.excluded().len() >= upstream.endpoints.len() {
            break;
        }
    }
    let result = result.unwrap_or_else(|| {
        upstream.series.fallback(reason);
        last_resort(upstream, &view)
    });
    view.set_excluded(kept);
    (view, result, fault)
}

fn last_resort(upstream: &Upstream, view: &View) -> Result<Picked, NoEndpoint> {
    fallback::choose(&upstream.endpoints, view.excluded())
        // Better an endpoint that was tried than none.
        .or_else(|| fallback::choose(&upstream.endpoints, &[]))
        .map(|(position, permit)| Picked {
            position,
            permit,
            response_edits: Vec::new(),
        })
        .ok_or(NoEndpoint::Full)
}
