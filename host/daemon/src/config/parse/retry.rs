//! When an attempt of a route is repeated.

use std::num::NonZeroU32;
use std::time::Duration;

use tidegate_policy::{Backoff, RetryOn, RetryRule, StatusSet};

use super::{number, optional, span, time};
use crate::config::problem::Report;
use crate::config::read::checked::Checked;
use crate::config::scalar::cause::RetryOn as Cause;
use crate::config::scalar::duration::Time;
use crate::config::written;

pub(super) fn parse(
    written: written::Retry,
    timeout: Option<Duration>,
    report: &Report,
) -> RetryRule {
    let default = RetryRule::default();
    let on = match optional(written.on) {
        Some(items) => causes(&items),
        None => default.on,
    };
    if let Some(Checked {
        value: Some(Time(attempt)),
        spot,
    }) = &written.per_attempt
        && let Some(whole) = timeout.filter(|whole| attempt > whole)
    {
        report.refuse(
            spot,
            format!("`per_attempt` ({attempt:?}) is longer than the route's `timeout` ({whole:?})"),
            "make it shorter, or remove it",
        );
    }
    RetryRule {
        attempts: number(written.attempts)
            .and_then(NonZeroU32::new)
            .unwrap_or(default.attempts),
        on,
        backoff: optional(written.backoff)
            .map_or(default.backoff, |backoff| self::backoff(backoff, report)),
        per_attempt: time(written.per_attempt),
        non_idempotent: optional(written.non_idempotent).unwrap_or(default.non_idempotent),
    }
}

/// Exactly what the list names: an empty one repeats nothing.
fn causes(items: &[Checked<Cause>]) -> RetryOn {
    let nothing = RetryOn {
        connect_failure: false,
        reset: false,
        timeout: false,
        statuses: StatusSet::empty(),
    };
    let items = items.iter().filter_map(|item| item.value);
    items.fold(nothing, |mut on, cause| {
        match cause {
            Cause::ConnectFailure => on.connect_failure = true,
            Cause::Reset => on.reset = true,
            Cause::Timeout => on.timeout = true,
            Cause::Statuses(statuses) => on.statuses = on.statuses.union(statuses.set()),
        }
        on
    })
}

fn backoff(written: written::Backoff, report: &Report) -> Backoff {
    let Backoff { base, max } = Backoff::default();
    let [base, max] = span(
        ["base", "max"],
        written.base,
        written.max,
        [base, max],
        report,
    );
    Backoff { base, max }
}
