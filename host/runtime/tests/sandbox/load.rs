//! What is refused at load, and that the refusal says why.

use crate::support::{Request, SANDBOX, ask, by, endpoints, start};
use std::time::Duration;
use tidegate_components::{EAT_MEMORY, LOOP, OUTSIDE, REFUSE, Selector};
use tidegate_runtime::{FaultKind, LoadError, Options, Sandbox};

fn refusal(bytes: &[u8]) -> LoadError {
    match SANDBOX.component(bytes) {
        Ok(_) => panic!("it was accepted"),
        Err(error) => error,
    }
}

fn text(component: &str) -> Vec<u8> {
    wat::parse_str(component).unwrap()
}

#[test]
fn what_is_no_component_is_told_what_it_is() {
    for (bytes, expected) in [
        (&b""[..], "the file is empty"),
        (b"\0asm", "does not begin like one"),
        (b"#!/bin/sh", "does not begin like one"),
        (b"\x7fELF\x02\x01\x01\0", "native code"),
        (
            &Selector::default().module(),
            "core module; build for the target wasm32-wasip2",
        ),
    ] {
        let error = refusal(bytes);
        assert!(matches!(error, LoadError::NotAComponent(_)));
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[test]
fn a_truncated_component_is_refused_wherever_it_ends() {
    let whole = Selector::chaos().component();
    for length in (0..whole.len()).step_by(97).chain([whole.len() - 1]) {
        let error = refusal(&whole[..length]);
        let of_the_bytes = matches!(error, LoadError::NotAComponent(_) | LoadError::Compile(_));
        // A cut between two sections leaves a component with less in it.
        let of_what_is_missing = matches!(error, LoadError::WrongWorld(_));
        assert!(of_the_bytes || of_what_is_missing, "{length}: {error}");
    }
}

/// Whatever the bytes say, the sandbox answers, and a call ends.
#[test]
fn a_component_with_a_flipped_bit_is_refused_or_harmless() {
    let list = endpoints(3);
    let whole = Selector::turning(1).component();
    for position in (8..whole.len()).step_by(31) {
        let mut bytes = whole.clone();
        bytes[position] ^= 1 << (position % 8);
        let Ok(component) = SANDBOX.component(&bytes) else {
            continue;
        };
        let mut purpose = by("web");
        purpose.limits.setup_deadline = Duration::from_millis(50);
        if let Ok(selector) = SANDBOX.selector(&component, purpose, &list) {
            let _ = ask(&selector, &list, Request::new(0, &[0]));
        }
    }
}

#[test]
fn a_component_over_the_bound_is_refused_unread() {
    let options = Options {
        max_component: 100,
        ..Options::default()
    };
    let sandbox = Sandbox::new(options).unwrap();
    let refused = sandbox.component(&[0; 101]).err();
    assert!(matches!(
        refused,
        Some(LoadError::TooLarge {
            actual: 101,
            bound: 100
        })
    ));
    let read = sandbox.component(&[0; 100]).err();
    assert!(matches!(read, Some(LoadError::NotAComponent(_))));
}

#[test]
fn another_world_is_named() {
    let error = refusal(&text("(component)"));
    assert!(matches!(error, LoadError::WrongWorld(_)), "{error}");
    assert!(error.to_string().contains("it exports nothing"), "{error}");
    for (export, said) in [
        ("selector@0.2.0", "made for version 0.2.0 of the contract"),
        ("filter@1.0.0", "made for version 1.0.0 of the contract"),
    ] {
        let newer = format!(
            r#"(component (instance $it) (export "tidegate:plugin/{export}" (instance $it)))"#
        );
        let error = refusal(&text(&newer));
        assert!(error.to_string().contains(said), "{error}");
    }
    let hollow =
        r#"(component (instance $it) (export "tidegate:plugin/selector@0.1.0" (instance $it)))"#;
    let error = refusal(&text(hollow));
    assert!(matches!(error, LoadError::Contract(_)), "{error}");
}

#[test]
fn an_import_that_is_not_offered_is_named() {
    let error = refusal(&Selector::outside().component_in(OUTSIDE));
    assert!(matches!(error, LoadError::Imports { .. }), "{error}");
    assert!(
        error.to_string().contains("`test:plugin/outside`"),
        "{error}"
    );
    let network = r#"(component
        (import "wasi:http/outgoing-handler@0.2.0" (instance))
        (instance $it) (export "tidegate:plugin/selector@0.1.0" (instance $it)))"#;
    let LoadError::Imports { names, .. } = refusal(&text(network)) else {
        panic!("another refusal");
    };
    assert_eq!(names, ["`wasi:http/outgoing-handler@0.2.0`"]);
}

fn configured(configure: &str) -> LoadError {
    let made = Selector {
        configure: configure.into(),
        ..Selector::default()
    };
    failed(&made)
}

fn failed(made: &Selector) -> LoadError {
    let mut purpose = by("web");
    purpose.limits.setup_deadline = Duration::from_millis(20);
    match start(made, purpose, &endpoints(3)) {
        Ok(_) => panic!("it was accepted"),
        Err(error) => error,
    }
}

#[test]
fn a_configure_that_refuses_is_quoted() {
    let LoadError::Refused(message) = configured(REFUSE) else {
        panic!("another refusal");
    };
    assert_eq!(message, "the configuration is not to my taste");
}

#[test]
fn a_configure_or_update_that_fails_is_told_how() {
    for (statements, kind) in [
        ("unreachable", FaultKind::Trap),
        (LOOP, FaultKind::Deadline),
        (EAT_MEMORY, FaultKind::Memory),
    ] {
        let error = configured(statements);
        let LoadError::Failed { call, fault } = error else {
            panic!("{error}");
        };
        assert_eq!((call, fault.kind), ("configure", kind));
        let error = failed(&Selector {
            update: statements.into(),
            ..Selector::default()
        });
        let LoadError::Failed { call, fault } = error else {
            panic!("{error}");
        };
        assert_eq!((call, fault.kind), ("update", kind));
    }
}

#[test]
fn a_component_that_cannot_start_is_told_how() {
    let hoard = Selector {
        pages: 1_000,
        ..Selector::default()
    };
    let spinning = Selector {
        functions: "(func $spin (loop $forever (br $forever))) (start $spin)".into(),
        ..Selector::default()
    };
    for (made, kind) in [(hoard, FaultKind::Memory), (spinning, FaultKind::Deadline)] {
        let error = failed(&made);
        let LoadError::Start(fault) = error else {
            panic!("{error}");
        };
        assert_eq!(fault.kind, kind, "{fault}");
    }
}
