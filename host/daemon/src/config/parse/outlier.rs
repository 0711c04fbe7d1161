//! Outlier detection: when an endpoint that does worse than the others is ejected.

use tidegate_policy::{OutlierRule, SuccessRate};

use super::{count_or_off, number, optional, span, time};
use crate::config::problem::Report;
use crate::config::read::checked::{Checked, OffOr};
use crate::config::scalar::hundredths::Hundredths;
use crate::config::written;

/// Off unless it is written; `{}` turns it on.
pub(super) fn parse(
    written: Option<Checked<OffOr<written::Outlier>>>,
    report: &Report,
) -> Option<OutlierRule> {
    let Checked { value, spot } = written?;
    let written = match value? {
        OffOr::Off => return None,
        OffOr::On(written) => written,
    };
    let default = OutlierRule::default();
    let [eject_for, max_eject_for] = span(
        ["eject_for", "max_eject_for"],
        written.eject_for,
        written.max_eject_for,
        [default.eject_for, default.max_eject_for],
        report,
    );
    let rule = OutlierRule {
        gateway_failures: count_or_off(written.gateway_failures, default.gateway_failures),
        local_failures: count_or_off(written.local_failures, default.local_failures),
        success_rate: match optional(written.success_rate) {
            Some(OffOr::Off) => None,
            Some(OffOr::On(written)) => Some(success_rate(written)),
            None => default.success_rate,
        },
        interval: time(written.interval).unwrap_or(default.interval),
        eject_for,
        max_eject_for,
        max_ejected_percent: optional(written.max_ejected)
            .map_or(default.max_ejected_percent, |share| share.0),
    };
    let looks =
        (rule.gateway_failures.or(rule.local_failures)).is_some() || rule.success_rate.is_some();
    if !looks {
        report.refuse(
            &spot,
            "this looks at nothing, and ejects nobody",
            "leave one of the three on, or write `outlier: off`",
        );
    }
    Some(rule)
}

fn success_rate(written: written::SuccessRate) -> SuccessRate {
    let default = SuccessRate::default();
    SuccessRate {
        deviations_percent: optional(written.stdev)
            .map_or(default.deviations_percent, |Hundredths(stdev)| stdev),
        minimum_requests: number(written.minimum_requests).unwrap_or(default.minimum_requests),
        minimum_endpoints: number(written.minimum_endpoints).unwrap_or(default.minimum_endpoints),
    }
}
