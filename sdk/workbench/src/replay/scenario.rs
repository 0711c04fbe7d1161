//! Scenarios of what happened, as a text to go on from.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::Duration;

use tidegate_runtime::World;

use super::{Faults, Line};

/// Every request of a log, in its order and at its pace. `world` is that of the plugin which is
/// to be tried; the endpoints of a selector are those that answered.
pub fn of_lines(name: &str, lines: &[Line], world: World) -> String {
    let mut text = format!(
        "# Made by `tidegate plugin replay` of {}: {} requests, as they came.\n\
         # A fault fails the run. Add `config:` and what is to be expected.\n",
        one_line(name),
        lines.len(),
    );
    if world == World::Selector {
        let endpoints: BTreeSet<&str> = lines
            .iter()
            .filter_map(|line| line.endpoint.as_deref())
            .collect();
        if endpoints.is_empty() {
            text.push_str("endpoints: 3\n");
        } else {
            let list: Vec<String> = endpoints.iter().map(|address| quoted(address)).collect();
            let _ = writeln!(text, "endpoints: [{}]", list.join(", "));
        }
    }
    let _ = writeln!(
        text,
        "\nscenarios:\n  - name: {}\n    steps:",
        quoted(&format!("the requests of {name}"))
    );
    let mut before = lines.first().map_or(Duration::ZERO, |line| line.at);
    for line in lines {
        let mut request = vec![format!("path: {}", quoted(&line.path))];
        if line.method != "GET" {
            request.push(format!("method: {}", quoted(&line.method)));
        }
        request.push(format!("client: {}", quoted(&line.client)));
        if let Some(host) = &line.host {
            request.push(format!("authority: {}", quoted(host)));
        }
        if let Some(route) = &line.route {
            request.push(format!("route: {}", quoted(route)));
        }
        if let Some(agent) = &line.user_agent {
            request.push(format!("headers: {{ user-agent: {} }}", quoted(agent)));
        }
        let mut step = format!("request: {{ {} }}", request.join(", "));
        let passed = line.at.saturating_sub(before);
        if !passed.is_zero() {
            let _ = write!(step, ", advance: {}ms", passed.as_millis());
            before = line.at;
        }
        match (world, &line.endpoint) {
            (World::Selector, Some(endpoint)) => {
                let _ = write!(step, " }} # went to {}", one_line(endpoint));
            }
            (World::Selector, None) => step.push_str(" }"),
            (World::Filter, _) if line.status >= 100 => {
                let _ = write!(step, ", response: {{ status: {} }} }}", line.status);
            }
            (World::Filter, _) => step.push_str(" }"),
        }
        let _ = writeln!(text, "      - {{ {step}");
    }
    text
}

/// The calls that failed, the latest first. They are expected to fail again: what is to happen
/// instead is for the author to say.
pub fn of_faults(faults: &Faults) -> String {
    let mut text = format!(
        "# Made by `tidegate plugin replay` of the last faults of {}. The proxy keeps the names of\n\
         # header fields and not their values: put in what matters. Each step expects the fault;\n\
         # when the plugin is mended, expect what it is to answer.\n\nscenarios:\n",
        one_line(&faults.plugin),
    );
    for (number, fault) in faults.faults.iter().enumerate() {
        let inputs = &fault.inputs;
        let name = format!("fault {}, {} in {}", number + 1, fault.kind, fault.call);
        let _ = writeln!(text, "  - name: {}", quoted(&name));
        let _ = writeln!(text, "    # {}", one_line(&fault.message));
        if fault.call == "configure" || fault.call == "update" {
            text.push_str("    # It was no request: `config` and `endpoints` are what matters.\n");
        }
        text.push_str("    steps:\n      - request:\n");
        let mut key = |key: &str, value: &str| {
            if !value.is_empty() {
                let _ = writeln!(text, "          {key}: {}", quoted(value));
            }
        };
        key("method", &inputs.method);
        key(
            "path",
            if inputs.target.is_empty() {
                "/"
            } else {
                &inputs.target
            },
        );
        key("authority", &inputs.authority);
        key("client", &inputs.client);
        key("route", &inputs.route);
        if inputs.attempt > 0 {
            let _ = writeln!(text, "          attempt: {}", inputs.attempt);
        }
        if !inputs.fields.is_empty() {
            text.push_str("          headers:\n");
            let names: BTreeSet<&String> = inputs.fields.iter().collect();
            for name in names {
                let _ = writeln!(text, "            {}: \"\"", quoted(name));
            }
        }
        if let Some(bytes) = inputs.chunk_bytes.filter(|bytes| *bytes > 0) {
            let _ = writeln!(
                text,
                "          body: {}",
                quoted(&"x".repeat(bytes.min(4_096)))
            );
        }
        let _ = writeln!(
            text,
            "        expect: {{ fault: {} }}",
            one_line(&fault.kind)
        );
    }
    text
}

/// A text as YAML takes it: a JSON string is one (YAML 1.2, section 1.3).
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// For a comment: what came from outside cannot end it.
fn one_line(text: &str) -> String {
    text.chars()
        .flat_map(|c| {
            if c.is_control() {
                c.escape_default().collect()
            } else {
                vec![c]
            }
        })
        .collect()
}
