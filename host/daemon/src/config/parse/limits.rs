//! What an upstream takes at a time, and what it spends: bounds, the queue, panic, retries.

use std::time::Duration;

use tidegate_policy::{BudgetRule, QueueRule};

use super::{number, optional, time};
use crate::config::problem::Report;
use crate::config::read::checked::{Checked, Either, OffOr};
use crate::config::scalar::percent::Percent;
use crate::config::scalar::whole::Whole;
use crate::config::written;

/// `full` says whether an endpoint can be full by its own bound.
pub(super) fn parse(
    written: Option<Checked<written::Limits>>,
    full: bool,
    report: &Report,
) -> Option<QueueRule> {
    let Checked { value, spot } = written?;
    let written = value?;
    if written.max_in_flight.is_none() && written.queue.is_none() {
        if let Some(Checked { spot, .. }) = &written.queue_timeout {
            report.refuse(spot, NO_QUEUE, "set `queue` too, or remove it");
        } else {
            report.refuse(
                &spot,
                "nothing is limited here",
                "set `max_in_flight`, or remove `limits`",
            );
        }
        return None;
    }
    let bounded = full || written.max_in_flight.is_some();
    match (&written.queue, &written.queue_timeout) {
        (
            Some(Checked {
                value: Some(Whole(1..)),
                spot,
            }),
            _,
        ) if !bounded => report.refuse(
            spot,
            "nobody ever waits: neither the upstream nor an endpoint can be full",
            "set `max_in_flight` beside it or on endpoints, or remove it",
        ),
        (
            None
            | Some(Checked {
                value: Some(Whole(0)),
                ..
            }),
            Some(Checked { spot, .. }),
        ) => {
            report.refuse(spot, NO_QUEUE, "set `queue` too, or remove it");
        }
        _ => {}
    }
    Some(QueueRule {
        max_in_flight: number(written.max_in_flight),
        length: number(written.queue).unwrap_or(0),
        timeout: time(written.queue_timeout).unwrap_or(Duration::from_secs(2)),
    })
}

const NO_QUEUE: &str = "there is no queue to wait in";

/// The share of fit endpoints below which all are used, in hundredths.
pub(super) fn panic(written: Option<Checked<OffOr<Percent<0, 100>>>>) -> u32 {
    match optional(written) {
        None => 50,
        Some(OffOr::Off) => 0,
        Some(OffOr::On(Percent(share))) => share,
    }
}

pub(super) fn budget(
    written: Option<Checked<Either<Percent<0, 1000>, written::RetryBudget>>>,
) -> BudgetRule {
    let default = BudgetRule::default();
    let (share, floor) = match optional(written) {
        None => (None, None),
        Some(Either::Short(share)) => (Some(share), None),
        Some(Either::Full(written)) => (optional(written.share), number(written.floor)),
    };
    BudgetRule {
        percent: share.map_or(default.percent, |share| share.0),
        floor: floor.unwrap_or(default.floor),
    }
}
