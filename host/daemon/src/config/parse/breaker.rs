//! Breakers: when an endpoint that fails gets a rest.

use std::num::NonZeroU32;
use std::time::Duration;

use tidegate_policy::{BreakerRule, FailureShare};

use super::{count_or_off, number, optional, span, statuses, time};
use crate::config::problem::Report;
use crate::config::read::checked::{Checked, Either, OffOr};
use crate::config::scalar::percent::Percent;
use crate::config::written;

/// On unless it is written `off`.
pub(super) fn parse(
    written: Option<Checked<OffOr<written::Breaker>>>,
    report: &Report,
) -> Option<BreakerRule> {
    let default = BreakerRule::default();
    let Some(Checked { value, spot }) = written else {
        return Some(default);
    };
    let written = match value? {
        OffOr::Off => return None,
        OffOr::On(written) => written,
    };
    let [cooldown, max_cooldown] = span(
        ["cooldown", "max_cooldown"],
        written.cooldown,
        written.max_cooldown,
        [default.cooldown, default.max_cooldown],
        report,
    );
    let has_share = written.failure_share.is_some();
    let rule = BreakerRule {
        consecutive_failures: count_or_off(
            written.consecutive_failures,
            default.consecutive_failures,
        ),
        failure_share: optional(written.failure_share).and_then(share),
        statuses: optional(written.statuses).map_or(default.statuses, |items| statuses(&items)),
        cooldown,
        max_cooldown,
        probes: number(written.probes)
            .and_then(NonZeroU32::new)
            .unwrap_or(default.probes),
    };
    if rule.consecutive_failures.is_none() && !has_share {
        report.refuse(
            &spot,
            "nothing trips this breaker",
            "set `failure_share`, or write `breaker: off`",
        );
    }
    Some(rule)
}

fn share(written: Either<Percent<1, 100>, written::FailureShare>) -> Option<FailureShare> {
    let (Percent(share), window, minimum) = match written {
        Either::Short(share) => (share, None, None),
        Either::Full(written) => (
            written.share.value?,
            time(written.window),
            number(written.minimum),
        ),
    };
    const TWENTY: NonZeroU32 = NonZeroU32::new(20).expect("not zero");
    Some(FailureShare {
        percent: u8::try_from(share).unwrap_or(100),
        window: window.unwrap_or(Duration::from_secs(10)),
        minimum: minimum.and_then(NonZeroU32::new).unwrap_or(TWENTY),
    })
}
