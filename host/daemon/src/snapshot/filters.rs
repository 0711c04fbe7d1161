//! The filters of a route, and what they may call.

use super::compile::refused;
use super::library::Finder;
use super::{Compiled, Route};
use crate::config::Problem;
use crate::config::value::{FilterFault, FilterFaults, Route as RouteConfig};
use crate::plugin::Warden;
use crate::telemetry::Phase;
use crate::upstream::{Identity, Upstream, callout};
use std::collections::BTreeMap;
use std::sync::Arc;
use tidegate_runtime::{
    Ambient, Answering, CalloutFailure, Callouts, Filter, Outgoing, Place as UsedIn, Use,
};

/// A filter in a route.
pub struct FilterUse {
    /// The plugin.
    pub filter: Arc<Filter>,
    /// What the host keeps of it.
    pub warden: Arc<Warden>,
    /// What it was made of.
    pub identity: Identity,
    /// How many versions this place has had.
    pub generation: u64,
    faults: FilterFaults,
}

impl FilterUse {
    /// Whether an exchange goes on when the filter fails in that phase, or is not asked.
    pub fn skips(&self, phase: Phase) -> bool {
        let fault = match phase {
            Phase::Select | Phase::OnRequest => self.faults.request,
            Phase::OnRequestBody => self.faults.request_body,
            Phase::OnResponse => self.faults.response,
            Phase::OnResponseBody => self.faults.response_body,
        };
        fault == FilterFault::Skip
    }
}

/// The filters of that route, in its order; those that have not changed are taken over.
///
/// # Errors
/// Every problem, each with its place.
pub(super) fn compile(
    route: &RouteConfig,
    position: usize,
    before: Option<&Route>,
    finder: &mut Finder<'_>,
    with: &Compiled<'_>,
) -> Result<Vec<Arc<FilterUse>>, Vec<Problem>> {
    let (mut filters, mut problems) = (Vec::new(), Vec::new());
    for (index, written) in route.filters.iter().enumerate() {
        let others = route.filters[..index].iter();
        let occurrence = others
            .filter(|other| other.plugin == written.plugin)
            .count();
        let place = UsedIn::Route(route.name.clone(), occurrence);
        let before = before.and_then(|route| {
            let mut filters = route.filters.iter();
            filters.find(|filter| {
                *filter.warden.place() == place && filter.identity.plugin == written.plugin
            })
        });
        let problem = |message| Problem {
            place: Some(written.place.clone()),
            path: format!("routes[{position}].filters[{index}]"),
            message,
            help: None,
        };
        let found = match finder.find(&written.plugin) {
            Ok(found) => found,
            // A declared plugin that was not found is reported where it is declared.
            Err(message) if !finder.declares(&written.plugin) => {
                problems.push(problem(message));
                continue;
            }
            Err(_) => continue,
        };
        let faults = match found.filter_faults() {
            Ok(faults) => faults,
            Err(wrong) => {
                problems.push(wrong);
                continue;
            }
        };
        let identity = Identity {
            plugin: written.plugin.clone(),
            hash: *found.component.hash(),
            config: written.config.to_string(),
            limits: found.limits.clone(),
        };
        let made = match before {
            Some(before) if before.identity == identity => {
                Ok((before.filter.clone(), before.generation))
            }
            _ => {
                let purpose = Use {
                    plugin: identity.plugin.clone(),
                    place: place.clone(),
                    config: identity.config.clone(),
                    limits: identity.limits.clone(),
                    series: Box::new(with.metrics.own(&identity.plugin, &place)),
                    warm: before.map_or(1, |before| before.filter.instances()),
                    ambient: Ambient::Real,
                };
                let made = with.sandbox.filter(&found.component, purpose);
                let generation = before.map_or(1, |before| before.generation + 1);
                made.map(|filter| (Arc::new(filter), generation))
            }
        };
        match made {
            Ok((filter, generation)) => filters.push(Arc::new(FilterUse {
                filter,
                warden: before.map_or_else(
                    || {
                        let series = with.metrics.plugin(&identity.plugin, &place);
                        Warden::new(&identity.plugin, place.clone(), series)
                    },
                    |before| before.warden.clone(),
                ),
                identity,
                generation,
                faults,
            })),
            Err(error) => problems
                .push(refused(&written.plugin, &written.keys, &error).unwrap_or_else(problem)),
        }
    }
    if problems.is_empty() {
        Ok(filters)
    } else {
        Err(problems)
    }
}

/// Calls out to the upstreams of one snapshot: an exchange keeps those that it began with.
pub(super) struct Outward(pub(super) BTreeMap<String, Arc<Upstream>>);

impl Callouts for Outward {
    fn send(&self, request: Outgoing) -> Answering<'_> {
        Box::pin(async move {
            let upstream = self.0.get(&request.upstream);
            let upstream = upstream.ok_or(CalloutFailure::Denied)?;
            callout::call(upstream, request).await
        })
    }
}
