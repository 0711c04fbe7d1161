//! What happens to a request whose plugin failed.

use super::optional;
use crate::config::problem::{Report, Spot};
use crate::config::read::checked::{Checked, Either};
use crate::config::value::{Faults, FilterFault, FilterFaults, Said};
use crate::config::written;

/// As it is written: whether it fits the plugin shows when that is compiled.
pub(super) fn parse(
    written: Option<Checked<Either<written::OnFault, written::OnFaultByPhase>>>,
    plugin: &Spot,
    report: &Report,
) -> Faults {
    let spot = written.as_ref().map_or(plugin, |written| &written.spot);
    let (place, path) = (report.place(spot), spot.path.clone());
    let said = written.and_then(|Checked { value, spot }| {
        Some(match value? {
            Either::Short(written::OnFault::Fallback) => Said::Fallback,
            Either::Short(written::OnFault::Refuse) => Said::Refuse,
            Either::Short(written::OnFault::Skip) => Said::Skip,
            Either::Full(phases) => Said::Phases(by_phase(phases, &spot, report)),
        })
    });
    Faults { said, place, path }
}

fn by_phase(written: written::OnFaultByPhase, spot: &Spot, report: &Report) -> FilterFaults {
    let written::OnFaultByPhase {
        request,
        request_body,
        response,
        response_body,
    } = written;
    let phases = [&request, &request_body, &response, &response_body];
    if phases.iter().all(|phase| phase.is_none()) {
        report.refuse(
            spot,
            "there is no phase here",
            "write one of `request`, `request_body`, `response` and `response_body`",
        );
    }
    FilterFaults {
        request: fault(request),
        request_body: fault(request_body),
        response: fault(response),
        response_body: fault(response_body),
    }
}

fn fault(written: Option<Checked<written::FilterFault>>) -> FilterFault {
    match optional(written) {
        Some(written::FilterFault::Skip) => FilterFault::Skip,
        Some(written::FilterFault::Refuse) | None => FilterFault::Refuse,
    }
}
