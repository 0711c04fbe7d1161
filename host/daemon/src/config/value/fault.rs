//! What happens to a request whose plugin failed.
//!
//! The file says it with the plugin, and does not say whether that is a selector or a filter:
//! this shows when its component is compiled. So what is written is kept, and whoever knows
//! the world asks for its part, or gets the problem to report.

use crate::config::problem::{Place, Problem};

/// What is written of a plugin's faults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faults {
    pub(in crate::config) said: Option<Said>,
    /// Where it is written; where the plugin is, if it is not.
    pub(in crate::config) place: Place,
    pub(in crate::config) path: String,
}

/// The words for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::config) enum Said {
    Fallback,
    Refuse,
    Skip,
    Phases(FilterFaults),
}

/// What serves a request whose selector failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnFault {
    /// The host's own choice.
    #[default]
    Fallback,
    /// A refusal with status 503.
    Refuse,
}

/// What becomes of an exchange whose filter failed, for each of its phases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FilterFaults {
    /// In `on-request`.
    pub request: FilterFault,
    /// In `on-request-body`.
    pub request_body: FilterFault,
    /// In `on-response`.
    pub response: FilterFault,
    /// In `on-response-body`.
    pub response_body: FilterFault,
}

/// What becomes of an exchange whose filter failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FilterFault {
    /// It is refused with status 503.
    #[default]
    Refuse,
    /// It goes on as if the filter had passed.
    Skip,
}

impl FilterFaults {
    /// The same in each phase.
    pub const fn all(fault: FilterFault) -> Self {
        Self {
            request: fault,
            request_body: fault,
            response: fault,
            response_body: fault,
        }
    }
}

impl Faults {
    /// For a plugin that turned out to be a selector.
    ///
    /// # Errors
    ///
    /// What is written is for filters; with its place.
    pub fn selector(&self) -> Result<OnFault, Problem> {
        let message = match self.said {
            None | Some(Said::Fallback) => return Ok(OnFault::Fallback),
            Some(Said::Refuse) => return Ok(OnFault::Refuse),
            Some(Said::Skip) => "`skip` is for filters, and this plugin is a selector",
            Some(Said::Phases(_)) => "only filters have phases, and this plugin is a selector",
        };
        Err(self.problem(message, "write `fallback` or `refuse`"))
    }

    /// For a plugin that turned out to be a filter.
    ///
    /// # Errors
    ///
    /// What is written is for selectors; with its place.
    pub fn filter(&self) -> Result<FilterFaults, Problem> {
        match self.said {
            None | Some(Said::Refuse) => Ok(FilterFaults::all(FilterFault::Refuse)),
            Some(Said::Skip) => Ok(FilterFaults::all(FilterFault::Skip)),
            Some(Said::Phases(faults)) => Ok(faults),
            Some(Said::Fallback) => Err(self.problem(
                "`fallback` is for selectors, and this plugin is a filter",
                "write `refuse` or `skip`, for all phases or by phase",
            )),
        }
    }

    fn problem(&self, message: &str, help: &str) -> Problem {
        Problem {
            place: Some(self.place.clone()),
            path: self.path.clone(),
            message: message.to_owned(),
            help: Some(help.to_owned()),
        }
    }
}
