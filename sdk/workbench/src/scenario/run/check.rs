//! Comparing, and saying what differs.

use tidegate_testkit::{Fault, Host, Level, Metric};

use super::StepOutcome;
use super::timing::Timing;
use crate::scenario::scalar::Text;
use crate::scenario::written::Expect;

/// Most letters of a value that a message shows.
const SHOWN: usize = 120;

fn shown(text: &str) -> String {
    let cut = text.floor_char_boundary(SHOWN);
    let more = if cut < text.len() { "…" } else { "" };
    format!("`{}{more}`", text[..cut].escape_debug())
}

/// Two texts are one.
pub(super) fn exact(what: &str, expected: &str, found: &str, failures: &mut Vec<String>) {
    if expected != found {
        failures.push(format!(
            "{what}: expected {}, got {}",
            shown(expected),
            shown(found)
        ));
    }
}

/// A text, or that there is none.
pub(super) fn same(
    what: &str,
    expected: Option<&Text>,
    found: Option<&str>,
    failures: &mut Vec<String>,
) {
    match (expected, found) {
        (Some(expected), Some(found)) => exact(what, &expected.0, found, failures),
        (Some(expected), None) => {
            failures.push(format!(
                "{what}: expected {}, it is absent",
                shown(&expected.0)
            ));
        }
        (None, Some(found)) => {
            failures.push(format!("{what}: expected none, got {}", shown(found)));
        }
        (None, None) => {}
    }
}

/// A text in another one.
pub(super) fn contains(what: &str, part: &str, whole: &str, failures: &mut Vec<String>) {
    if !whole.contains(part) {
        let (part, whole) = (shown(part), shown(whole));
        failures.push(format!("{what}: expected {part} in {whole}"));
    }
}

/// A text in a value, or that there is none.
pub(super) fn within(
    what: &str,
    part: Option<&Text>,
    found: Option<&str>,
    failures: &mut Vec<String>,
) {
    match (part, found) {
        (Some(part), Some(found)) => contains(what, &part.0, found, failures),
        _ => same(what, part, found, failures),
    }
}

/// The fault that was expected, and no other.
pub(super) fn fault(
    expected: Option<&str>,
    fault: Option<&Fault>,
    n: u32,
    failures: &mut Vec<String>,
) {
    let expected = expected.filter(|kind| *kind != "none");
    let again = if n > 0 {
        format!(" (repetition {})", n + 1)
    } else {
        String::new()
    };
    match (expected, fault) {
        (Some(kind), Some(fault)) if fault.kind.as_str() != kind => {
            let found = fault.kind.as_str();
            failures.push(format!(
                "fault: expected {kind}, got {found}: {fault}{again}"
            ));
        }
        (Some(kind), None) => {
            failures.push(format!("fault: expected {kind}, there was none{again}"))
        }
        (None, Some(fault)) => {
            let (kind, call, message) = (fault.kind.as_str(), fault.call, &fault.message);
            let mut text = format!("{kind} fault in {call}: {message}{again}");
            if !fault.backtrace.is_empty() {
                text.push_str(&format!("\n  at {}", fault.backtrace.join("\n  at ")));
            }
            if fault.kind.as_str() == "deadline" {
                text.push_str("\n  if that is how long it takes: `limits: { deadline: 20ms }`, and `deadline` of the plugin in the proxy's file");
            }
            failures.push(text);
        }
        _ => {}
    }
}

/// What both kinds of plugins are asked.
pub(super) fn common(
    host: &Host,
    expect: &Expect,
    lines_before: usize,
    state: &dyn Kept,
    mut timing: Timing,
    outcome: &mut StepOutcome,
) -> usize {
    outcome.calls = timing.calls();
    let median = timing.median();
    outcome.median_ns = u64::try_from(median.as_nanos()).unwrap_or(u64::MAX);
    let failures = &mut outcome.failures;
    if let Some(bound) = expect.within
        && median > bound.0
    {
        failures.push(format!(
            "within: the median call took {median:?}, not {:?}",
            bound.0
        ));
    }
    let lines: Vec<(Level, String)> = host.lines().split_off(lines_before);
    let said = |text: &String| lines.iter().any(|(_, line)| line.contains(text.as_str()));
    for text in expect.log.iter().filter(|text| !said(text)) {
        failures.push(format!("log: expected {}, it was not logged", shown(text)));
    }
    for text in expect.not_logged.iter().filter(|text| said(text)) {
        failures.push(format!("log: {} was logged", shown(text)));
    }
    for (name, expected) in &expect.metrics {
        let found = host.metric(name).map(|metric| match metric {
            #[expect(clippy::cast_precision_loss, reason = "a test does not count to 2^53")]
            Metric::Counter(sum) => sum as f64,
            Metric::Gauge(value) => value,
            #[expect(clippy::cast_precision_loss, reason = "a test does not count to 2^53")]
            Metric::Histogram(values) => values.len() as f64,
        });
        match found {
            Some(found) if (found - expected).abs() <= f64::EPSILON * expected.abs() => {}
            Some(found) => {
                failures.push(format!("metrics: {name}: expected {expected}, got {found}"))
            }
            None => failures.push(format!(
                "metrics: {name}: expected {expected}, it is absent"
            )),
        }
    }
    for (name, expected) in &expect.state.counters {
        let what = format!("state: counter {name}");
        match state.counter(name) {
            Some(found) if found == *expected => {}
            Some(found) => failures.push(format!("{what}: expected {expected}, got {found}")),
            None => failures.push(format!("{what}: expected {expected}, it is absent")),
        }
    }
    for (key, expected) in &expect.state.values {
        let found = state.value(key);
        let found = found.map(|value| String::from_utf8_lossy(&value).into_owned());
        same(
            &format!("state: {key}"),
            expected.as_ref(),
            found.as_deref(),
            failures,
        );
    }
    // What the plugin said helps to find out why.
    if !failures.is_empty() {
        let line = |(level, line): &(Level, String)| {
            let level = match level {
                Level::Debug => "debug",
                Level::Info => "info",
                Level::Warn => "warn",
                Level::Error => "error",
            };
            format!("{level}: {line}")
        };
        outcome.log = lines.iter().map(line).collect();
    }
    host.lines().len()
}

/// What a plugin keeps in `state`.
pub(super) trait Kept {
    fn counter(&self, name: &str) -> Option<i64>;
    fn value(&self, key: &str) -> Option<Vec<u8>>;
}
