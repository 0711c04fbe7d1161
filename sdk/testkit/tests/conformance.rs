//! Every built-in plugin keeps the contract, and the kit finds those that do not.

use std::time::Duration;

use tidegate_components::{EAT_MEMORY, LOOP, Selector};
use tidegate_plugins::{FILTERS, SELECTORS};
use tidegate_testkit::{Component, Conformance, Limits};

const DIGEST: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

/// What some plugins cannot start without.
fn config(name: &str) -> String {
    let text = match name {
        "consistent-hash" => r#"{"key": {"header": "x-user"}}"#,
        "api-key" => return format!(r#"{{"keys": {{"billing": "{DIGEST}"}}}}"#),
        "basic-auth" => {
            r#"{"users": {"ann": "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$PL01amPyeUuxG7H0vIr5X+qHkZvWnHmGBGXFYvh8z2E"}}"#
        }
        "cors" => r#"{"allow_origins": ["https://app.example.com"]}"#,
        "ext-auth" => r#"{"upstream": "auth", "path": "/check"}"#,
        "headers" => r#"{"request": {"set": {"x-a": "b"}}, "response": {"remove": ["server"]}}"#,
        "ip-allow" => r#"{"allow": ["192.0.2.0/24"]}"#,
        "jwt" => {
            r#"{"keys": [{"secret": "0123456789abcdef0123456789abcdef"}], "audience": "shop"}"#
        }
        "rate-limit" => r#"{"rate": 1, "burst": 5}"#,
        "redirect" => r#"{"to": "https://{host}{path}{query}", "status": 308}"#,
        "rewrite" => r#"{"prefix": {"from": "/a", "to": "/b"}}"#,
        "traffic-split" => {
            r#"{"key": {"header": "x-user"}, "upstreams": [{"name": "a", "weight": 9}, {"name": "b", "weight": 1}]}"#
        }
        _ => "{}",
    };
    text.to_owned()
}

fn broken(kit: &Conformance, component: &Component) -> Vec<String> {
    let findings = kit
        .check(component)
        .unwrap_or_else(|error| panic!("{error}"));
    let broken = findings.into_iter().filter_map(|finding| {
        let how = finding.broken?;
        Some(format!("{}: {how}", finding.duty))
    });
    broken.collect()
}

#[test]
fn every_built_in_selector_keeps_the_contract() {
    for (name, bytes) in SELECTORS {
        let kit = Conformance {
            config: config(name),
            stable: ["ip-hash", "consistent-hash"].contains(name),
            ..Conformance::default()
        };
        let broken = broken(&kit, &Component::from_bytes(*bytes));
        assert!(broken.is_empty(), "{name}: {broken:#?}");
    }
}

#[test]
fn every_built_in_filter_keeps_the_contract() {
    for (name, bytes) in FILTERS {
        let kit = Conformance {
            config: config(name),
            limits: Limits {
                // Passwords are hashed to be slow.
                deadline: Duration::from_millis(200),
                memory: 64 << 20,
                http: vec!["auth".to_owned()],
                ..Limits::default()
            },
            ..Conformance::default()
        };
        let broken = broken(&kit, &Component::from_bytes(*bytes));
        assert!(broken.is_empty(), "{name}: {broken:#?}");
    }
}

/// A selector with one fault, and the duties that it must be found to break.
fn found(selector: &Selector, stable: bool) -> Vec<String> {
    let kit = Conformance {
        stable,
        longest: 100,
        ..Conformance::default()
    };
    broken(&kit, &Component::from_bytes(selector.component()))
}

#[test]
fn one_that_breaks_the_contract_is_found() {
    let select = |text: &str| Selector {
        select: text.to_owned(),
        ..Selector::default()
    };
    // Always the first: excluded or draining or not, and whatever stands first.
    let first = found(&Selector::default(), true);
    for duty in ["is not excluded", "the only one", "a retry", "stays"] {
        assert!(
            first.iter().any(|broken| broken.contains(duty)),
            "{duty}: {first:#?}"
        );
    }
    assert!(
        first
            .iter()
            .any(|broken| broken.contains("not known is refused")),
        "{first:#?}"
    );
    let looping = found(
        &select(&format!("{LOOP} (call $choose (i32.const 0))")),
        false,
    );
    assert!(
        looping
            .iter()
            .any(|broken| broken.contains("deadline fault")),
        "{looping:#?}"
    );
    let eating = found(
        &select(&format!("{EAT_MEMORY} (call $choose (i32.const 0))")),
        false,
    );
    assert!(
        eating.iter().any(|broken| broken.contains("memory fault")),
        "{eating:#?}"
    );
    let second = found(&select("(call $choose (i32.const 1))"), false);
    assert!(
        second.iter().any(|broken| broken.contains("drain")),
        "{second:#?}"
    );
}
