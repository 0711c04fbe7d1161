//! Calls out: what upstreams answer, and whether they were asked as expected.

use std::collections::BTreeMap;

use tidegate_testkit::{Host, Outgoing};

use super::check;
use crate::scenario::written::{Callout, Upstream};

/// Grants the upstreams, each with its answer.
pub(super) fn grant(host: &Host, upstreams: Option<&BTreeMap<String, Upstream>>) {
    for (name, Upstream(answer)) in upstreams.into_iter().flatten() {
        let answer = answer.clone();
        host.answers(name, move |_| answer.clone());
    }
}

/// What is not as expected.
pub(super) fn check(expected: &[Callout], made: &[Outgoing], failures: &mut Vec<String>) {
    if expected.len() != made.len() {
        let calls: Vec<String> = made
            .iter()
            .map(|call| {
                format!(
                    "{} {} to {}",
                    call.method, call.path_and_query, call.upstream
                )
            })
            .collect();
        let made = if calls.is_empty() {
            "none".to_owned()
        } else {
            calls.join(", ")
        };
        failures.push(format!(
            "callouts: expected {}, made: {made}",
            expected.len()
        ));
        return;
    }
    for (number, (expected, made)) in expected.iter().zip(made).enumerate() {
        let what = |part: &str| format!("callout {}: {part}", number + 1);
        check::exact(
            &what("upstream"),
            &expected.upstream,
            &made.upstream,
            failures,
        );
        if let Some(method) = &expected.method {
            check::exact(&what("method"), method, &made.method, failures);
        }
        if let Some(path) = &expected.path {
            check::exact(&what("path"), path, &made.path_and_query, failures);
        }
        for (name, value) in &expected.headers {
            let found = made
                .headers
                .iter()
                .find(|(field, _)| field.eq_ignore_ascii_case(name));
            let found = found.map(|(_, value)| String::from_utf8_lossy(value).into_owned());
            check::same(&what(name), value.as_ref(), found.as_deref(), failures);
        }
        if let Some(text) = &expected.body {
            let body = String::from_utf8_lossy(&made.body);
            check::contains(&what("body"), text, &body, failures);
        }
    }
}
