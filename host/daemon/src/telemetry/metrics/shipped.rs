//! What `config/prometheus` says of the metrics is true of them: rules and names cannot
//! drift apart.

use super::*;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;
use tidegate_runtime::FaultKind;
use tidegate_runtime::Place;

#[derive(Deserialize)]
struct File {
    groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    rules: Vec<Rule>,
}

/// An alerting rule; all of it has to be there.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    alert: String,
    expr: String,
    r#for: String,
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
}

fn shipped(file: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/prometheus");
    std::fs::read_to_string(folder.join(file)).unwrap()
}

fn rules() -> Vec<Rule> {
    let file: File = serde_yaml::from_str(&shipped("alerts.yaml")).unwrap();
    file.groups
        .into_iter()
        .flat_map(|group| group.rules)
        .collect()
}

/// Kind of each family, as the page has it.
fn kinds() -> BTreeMap<String, String> {
    let metrics = Metrics::new("1");
    let route = metrics.route("web", "api");
    route.observe(None, &http::Method::GET, Some(200), Duration::ZERO);
    let _held = (
        metrics.endpoint("web", "a"),
        metrics.upstream("web"),
        metrics.listener(":80"),
        metrics.plugin("p", &Place::Upstream("web".into())),
        metrics.plugin("f", &Place::Route("api".into(), 0)),
    );
    let page = metrics.render();
    let kinds = page.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let kinds = kinds.filter_map(|line| line.split_once(' '));
    kinds
        .map(|(name, kind)| (name.to_owned(), kind.to_owned()))
        .collect()
}

/// The words of a text that are written like our families.
fn families(text: &str) -> BTreeSet<&str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|word| word.starts_with("lb_"))
        .collect()
}

/// Whether that series is on the page: a histogram is there in three parts, and under
/// its own name only in text.
fn is_series(kinds: &BTreeMap<String, String>, name: &str) -> bool {
    let parts = ["_bucket", "_sum", "_count"];
    let whole = parts.iter().find_map(|part| name.strip_suffix(part));
    match whole.and_then(|whole| kinds.get(whole)) {
        Some(kind) => kind == "histogram",
        None => kinds.get(name).is_some_and(|kind| kind != "histogram"),
    }
}

#[test]
fn rules_ask_for_series_that_there_are() {
    let kinds = kinds();
    let rules = rules();
    assert!(rules.len() >= 13, "the rules are gone");
    for Rule { alert, expr, .. } in &rules {
        let asked = families(expr);
        assert!(!asked.is_empty() || alert == "TidegateGone", "{alert}");
        for name in asked {
            assert!(is_series(&kinds, name), "{alert}: {name}");
        }
    }
}

#[test]
fn every_alert_says_how_bad_it_is_and_where_to_look() {
    let kinds = kinds();
    for rule in rules() {
        let alert = &rule.alert;
        assert!(rule.r#for.ends_with(['s', 'm']), "{alert}");
        let severity = rule.labels["severity"].as_str();
        assert!(["critical", "warning"].contains(&severity), "{alert}");
        assert!(!rule.annotations["summary"].is_empty(), "{alert}");
        let description = &rule.annotations["description"];
        assert!(description.to_lowercase().contains("look first"), "{alert}");
        for name in families(description) {
            let known = kinds.contains_key(name) || is_series(&kinds, name);
            assert!(known, "{alert}: {name}");
        }
    }
}

#[test]
fn every_alert_is_tested_with_series_that_there_are() {
    let (kinds, tests) = (kinds(), shipped("alerts_test.yaml"));
    for Rule { alert, .. } in rules() {
        let expected = format!("alertname=\"{alert}\"");
        assert!(tests.contains(&expected), "{alert}");
    }
    for name in families(&tests) {
        assert!(is_series(&kinds, name), "{name}");
    }
}

#[test]
fn the_readme_has_every_family_with_its_labels_and_meaning() {
    let (kinds, readme) = (kinds(), shipped("README.md"));
    let rows: Vec<String> = names::ALL
        .iter()
        .map(|spec| {
            let labels = spec.labels.iter().map(|label| format!("`{label}`"));
            let labels = labels.collect::<Vec<_>>().join(" ");
            let kind = &kinds[spec.name];
            format!("| `{}` | {kind} | {labels} | {} |", spec.name, spec.help)
        })
        .collect();
    let table = rows.join("\n");
    assert!(readme.contains(&table), "the table should be\n\n{table}\n");
}

#[test]
fn the_readme_has_every_value_of_the_closed_labels() {
    fn row<L: Label>(family: &names::Spec) -> String {
        let label = family.labels.last().unwrap();
        let words = L::ALL.iter().map(|value| format!("`{}`", value.word()));
        let words = words.collect::<Vec<_>>().join(" ");
        format!("| `{}` `{label}` | {words} |", family.name)
    }
    let readme = shipped("README.md");
    let rows = [
        row::<AttemptOutcome>(&names::ATTEMPTS),
        row::<Ejection>(&names::EJECTIONS),
        row::<RetryReason>(&names::RETRIES),
        row::<RetryRefusal>(&names::RETRIES_REFUSED),
        row::<FallbackReason>(&names::FALLBACK),
        row::<Phase>(&names::PLUGIN_CALLS),
        row::<Deed>(&names::PLUGIN_DEEDS),
        row::<QueueRefusal>(&names::QUEUE_REFUSED),
        row::<FaultKind>(&names::PLUGIN_FAULTS),
        row::<ReloadResult>(&names::CONFIG_RELOADS),
    ];
    let table = rows.join("\n");
    assert!(readme.contains(&table), "the table should be\n\n{table}\n");
}
